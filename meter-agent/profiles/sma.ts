/**
 * SMA's inverters by their own map. Sources: evcc (e), SMA's parameter lists as public readers (OpenEMS among them) quote them (w), a
 * real device (D).
 */
import type { ProfileData } from './profile.ts'

const nan32 = [0xffffffff]
const nanSigned32 = [0x80000000]

export const sma: ProfileData = {
  name: 'sma',
  manufacturer: 'SMA',
  covers: 'SMA inverters with their own register map (prefer SunSpec, unit 126, where it is switched on)',
  notes: ['Behind a Data Manager or Home Manager the unit id is 2.'],
  unit: 3,
  otherUnits: [4, 5, 2],
  counting: 'balanced',
  recognition: {
    how: 'The device class (30051) is 8001, a solar inverter, or 8009, a hybrid one; storage is 8007, a Data Manager 8128.',
    own: [{ point: 'deviceClass', oneOf: [8001, 8009] }],
    others: [
      { when: { point: 'deviceClass', oneOf: [8007] }, is: 'a battery inverter', profile: 'sma-storage' },
      { when: { point: 'deviceClass', oneOf: [8128, 8129, 8130] }, is: 'a Data Manager', profile: 'sma-data-manager' },
    ],
  },
  knownFaults: ['A restart gives "not there" for every counter, then the connection closes: nothing of it is taken.'],
  functions: [3, 4],
  largestGap: 64,
  points: {
    deviceClass: { address: 30051, type: 'u32', missing: [0xffffffff, 0x80000000, 0xfffffffe], evidence: 'w' },
    serial: { address: 30057, type: 'u32', missing: nan32, evidence: '?' },
    acPower: { address: 30775, type: 'i32', missing: nanSigned32, evidence: 'e D' },
    dcPower1: { address: 30773, type: 'i32', missing: nanSigned32, evidence: 'e' },
    dcPower2: { address: 30961, type: 'i32', missing: nanSigned32, evidence: 'e' },
    dcPower3: { address: 30967, type: 'i32', missing: nanSigned32, evidence: 'e' },
    yield: { address: 30513, type: 'u64', missing: [0xffff_ffff_ffff_ffffn], evidence: 'e D' },
    fromGrid: { address: 30865, type: 'i32', missing: nanSigned32, evidence: 'e' },
    intoGrid: { address: 30867, type: 'i32', missing: nanSigned32, evidence: 'e' },
    imported: { address: 30581, type: 'u32', missing: [0xffffffff, 0x80000000], evidence: 'e w' },
    exported: { address: 30583, type: 'u32', missing: [0xffffffff, 0x80000000], evidence: 'e w' },
    batteryCharge: { address: 31393, type: 'u32', missing: nan32, evidence: 'e' },
    batteryDischarge: { address: 31395, type: 'u32', missing: nan32, evidence: 'e' },
    charge: { address: 30845, type: 'u32', missing: nan32, evidence: 'e' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    powerW: [{ plus: ['fromGrid'], minus: ['intoGrid'] }],
    // A hybrid's AC power includes its battery: its panels are on the DC side.
    productionW: [
      {
        plus: ['dcPower1', 'dcPower2', 'dcPower3'],
        missingAsZero: true,
        when: [{ present: 'batteryCharge' }, { present: 'batteryDischarge' }],
      },
      { plus: ['acPower'], unless: [{ present: 'batteryCharge' }, { present: 'batteryDischarge' }] },
    ],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryDischarge'], minus: ['batteryCharge'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

const gridOfSma = {
  powerW: [{ plus: ['fromGrid'], minus: ['intoGrid'] }],
  importWh: [{ plus: ['imported'] }],
  exportWh: [{ plus: ['exported'] }],
} satisfies Partial<ProfileData['reading']>
const { deviceClass, serial, fromGrid, intoGrid, imported, exported, charge } = sma.points

export const smaStorage: ProfileData = {
  name: 'sma-storage',
  manufacturer: 'SMA',
  covers: 'SMA Sunny Boy Storage and Sunny Island battery inverters',
  unit: 3,
  counting: 'balanced',
  recognition: {
    how: 'The device class (30051) is 8007, a battery inverter.',
    own: [{ point: 'deviceClass', oneOf: [8007] }],
    others: [{ when: { point: 'deviceClass', oneOf: [8001, 8009] }, is: 'a solar inverter', profile: 'sma' }],
  },
  knownFaults: ['Its own counters (30513) are the battery’s throughput, not a yield: they are not read.'],
  functions: [3, 4],
  largestGap: 64,
  points: {
    deviceClass: deviceClass!,
    serial: serial!,
    batteryPower: { address: 30775, type: 'i32', missing: nanSigned32, evidence: 'e w' },
    fromGrid: fromGrid!,
    intoGrid: intoGrid!,
    imported: imported!,
    exported: exported!,
    charge: charge!,
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    ...gridOfSma,
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

export const smaDataManager: ProfileData = {
  name: 'sma-data-manager',
  manufacturer: 'SMA',
  covers: 'SMA Data Manager M (unit 2)',
  notes: ['Behind it each inverter has a unit id of its own, from 3 on.'],
  unit: 2,
  counting: 'balanced',
  recognition: {
    how: 'The device class (30051) is one of the communication products, 8128 to 8130.',
    own: [{ point: 'deviceClass', oneOf: [8128, 8129, 8130] }],
    others: [
      { when: { point: 'deviceClass', oneOf: [8001, 8009] }, is: 'a solar inverter', profile: 'sma' },
      { when: { point: 'deviceClass', oneOf: [8007] }, is: 'a battery inverter', profile: 'sma-storage' },
    ],
  },
  knownFaults: ['Only one source names what it shows of the grid: nothing is sold on it.'],
  functions: [3, 4],
  largestGap: 64,
  points: {
    deviceClass: deviceClass!,
    serial: serial!,
    plantPower: { address: 30775, type: 'i32', missing: nanSigned32, evidence: 'e w' },
    plantYield: { address: 30513, type: 'u64', missing: [0xffff_ffff_ffff_ffffn], evidence: 'e w' },
    fromGrid: { ...fromGrid!, evidence: 'e ?' },
    intoGrid: { ...intoGrid!, evidence: 'e ?' },
    imported: { ...imported!, evidence: 'e ?' },
    exported: { ...exported!, evidence: 'e ?' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    ...gridOfSma,
    productionW: [{ plus: ['plantPower'] }],
    productionWh: [{ plus: ['plantYield'] }],
  },
}
