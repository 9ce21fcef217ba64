/**
 * GoodWe's inverters. Their serial numbers carry the family in their middle (…ETU…, …DTU…), as the goodwe library tells them
 * apart. Sources: evcc (e), the goodwe library (g), registers of real devices (D).
 */
import type { ProfileData } from './profile.ts'

const hybridTags = [
  'ETU',
  'ETL',
  'ETR',
  'BHN',
  'EHU',
  'BHU',
  'EHR',
  'BTU',
  'BTN',
  'BTC',
  'ETT',
  'ETC',
  'HUB',
  'HUA',
  'ABP',
  'ETF',
]
const stringTags = [
  'DTU',
  'DTS',
  'MSU',
  'MST',
  'DSN',
  'DTN',
  'DST',
  'NSU',
  'SSN',
  'SST',
  'SSX',
  'SSY',
  'PSB',
  'PSC',
  'SDT',
  'XSU',
]
const batteryTags = ['ESU', 'EMU', 'ESA', 'BPS', 'BPU', 'EMJ', 'IJL']
const isHybrid = [
  { point: 'serial', contains: hybridTags },
  { point: 'model', contains: ['-ET', '-EH', '-BT', '-BH'] },
]
const isString = [
  { point: 'serial', contains: stringTags },
  { point: 'model', contains: ['-DT', '-SDT', '-MS', '-NS', '-XS', 'DNS'] },
]
const isOlderHybrid = {
  when: { point: 'serial', contains: batteryTags },
  is: 'an ES, EM or BP hybrid, which speaks another protocol',
}

const nan32 = [0xffffffff]

/** Some models leave the meter's energies at 0 for good: after a day of running that means they are not offered. */
const bothEnergiesStayZero = [
  { point: 'imported', oneOf: [0] },
  { point: 'exported', oneOf: [0] },
  { point: 'hours', above: 24 },
]
const meterAlive = [{ point: 'meterStatus', oneOf: [1] }]
const hasBattery = [{ point: 'batteryMode', noneOf: [0] }]

export const goodweEt: ProfileData = {
  name: 'goodwe-et',
  manufacturer: 'GoodWe',
  covers: 'GoodWe ET, EH, BT and BH hybrid inverters',
  notes: ['Needs the LAN kit (TCP) or RTU; UDP port 8899 speaks another protocol.'],
  unit: 247,
  otherUnits: [1],
  counting: 'unknown',
  recognition: {
    how: 'The serial number (35003) and the model (35011) name the family: ET, EH, BT or BH.',
    own: isHybrid,
    others: [isOlderHybrid],
  },
  knownFaults: [
    'ET of 20 to 30 kW leave the meter’s energies at 0 while power flows: then they are not taken.',
    'The counters of the inverter’s own port (35195, 35200) are not the meter’s and are not read.',
  ],
  functions: [3],
  largestGap: 70,
  points: {
    serial: { address: 35003, type: 'string', words: 8, evidence: 'D g' },
    model: { address: 35011, type: 'string', words: 5, evidence: 'D g' },
    pv1: { address: 35105, type: 'u32', missing: nan32, evidence: 'D e g' },
    pv2: { address: 35109, type: 'u32', missing: nan32, evidence: 'D e g' },
    pv3: { address: 35113, type: 'u32', missing: nan32, evidence: 'D e g' },
    pv4: { address: 35117, type: 'u32', missing: nan32, evidence: 'D e g' },
    batteryPower: { address: 35182, type: 'i32', evidence: 'D e g' },
    batteryMode: { address: 35184, type: 'u16', evidence: 'D g' },
    yield: { address: 35191, type: 'u32', scale: 2, missing: nan32, evidence: 'D e g' },
    hours: { address: 35197, type: 'u32', missing: nan32, evidence: 'D g' },
    meterStatus: { address: 36004, type: 'u16', evidence: 'D g' },
    exported: { address: 36015, type: 'f32', evidence: 'D g' },
    imported: { address: 36017, type: 'f32', evidence: 'D e g' },
    feedIn: { address: 36025, type: 'i32', evidence: 'D e g' },
    charge: { address: 37007, type: 'u16', missing: [0xffff], evidence: 'D e g' },
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  // 35195 and 35200 count at the inverter's AC port, not at the meter.
  reading: {
    powerW: [{ minus: ['feedIn'], when: meterAlive }],
    productionW: [{ plus: ['pv1', 'pv2', 'pv3', 'pv4'], missingAsZero: true }],
    importWh: [{ plus: ['imported'], when: meterAlive, unless: bothEnergiesStayZero }],
    exportWh: [{ plus: ['exported'], when: meterAlive, unless: bothEnergiesStayZero }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'], when: hasBattery }],
    stateOfChargePercent: [{ plus: ['charge'], when: hasBattery }],
  },
}

export const goodweDt: ProfileData = {
  name: 'goodwe-dt',
  manufacturer: 'GoodWe',
  covers: 'GoodWe DT, SDT, MS, NS and XS string inverters',
  notes: ['The unit id is 127 or 247. The yield reads 0 while the inverter wakes up.'],
  unit: 127,
  otherUnits: [247, 1],
  counting: 'unknown',
  recognition: {
    how: 'The serial number (30004) and the model (30012) name the family: DT, SDT, MS, NS or XS.',
    own: isString,
    others: [isOlderHybrid],
  },
  knownFaults: ['The yield reads 0 while the inverter wakes up: beside power that is not taken.'],
  functions: [3],
  points: {
    serial: { address: 30004, type: 'string', words: 8, evidence: 'D g' },
    model: { address: 30012, type: 'string', words: 5, evidence: 'D g' },
    power: { address: 30127, type: 'u32', missing: nan32, evidence: 'D g' },
    yield: { address: 30145, type: 'u32', scale: 2, missing: nan32, evidence: 'D g' },
    olderPower: { address: 781, type: 'u16', missing: [0xffff], evidence: 'e' },
    olderYield: { address: 786, type: 'u32', scale: 2, missing: nan32, evidence: 'e' },
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  reading: {
    productionW: [{ plus: ['power'] }, { plus: ['olderPower'] }],
    productionWh: [{ plus: ['yield'] }, { plus: ['olderYield'] }],
  },
}
