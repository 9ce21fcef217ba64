/**
 * Solis inverters. Input register 35000 holds their type: its high byte is 0x10 for those that answer from 3000 on (string) and
 * 0x20 for those from 33000 on (hybrid). Sources: evcc (e), solis_modbus (p), registers of a real device (D).
 */
import type { PointData, ProfileData } from './profile.ts'

const typeCode: PointData = { address: 35_000, type: 'u16', evidence: 'p w' }
const hybridTypes: [number, number] = [0x2000, 0x20ff]
const stringTypes: [number, number] = [0x1000, 0x10ff]

const nan32 = [0xffffffff]
const nanPower = [0x7fffffff, 0x80000000]

export const solisHybrid: ProfileData = {
  name: 'solis-hybrid',
  manufacturer: 'Solis',
  covers: 'Solis S5, S6 and RHI hybrid inverters',
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'Input register 35000 holds the type: 0x20.. is a hybrid, 0x10.. a string inverter.',
    own: [{ point: 'typeCode', between: hybridTypes }],
    others: [{ when: { point: 'typeCode', between: stringTypes }, is: 'a string inverter', profile: 'solis-string' }],
  },
  functions: [4],
  registersPerRequest: 50,
  largestGap: 30,
  pauseMs: 300,
  points: {
    typeCode,
    power: { address: 33057, type: 'u32', missing: nan32, evidence: 'D e p' },
    yield: { address: 33029, type: 'u32', scale: 3, missing: nan32, evidence: 'D p' },
    feedIn: { address: 33263, type: 'i32', missing: nanPower, evidence: 'D e' },
    imported: { address: 33283, type: 'u32', scale: 1, missing: nan32, evidence: 'D e p' },
    exported: { address: 33285, type: 'u32', scale: 1, missing: nan32, evidence: 'D p' },
    batteryPower: { address: 33149, type: 'i32', keep: 'magnitude', missing: nanPower, evidence: 'e p ?' },
    batteryDirection: { address: 33135, type: 'u16', evidence: 'p e' },
    charge: { address: 33139, type: 'u16', missing: [0xffff], evidence: 'D e p' },
  },
  identity: {},
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [
      { plus: ['batteryPower'], when: [{ point: 'batteryDirection', oneOf: [1] }] },
      { minus: ['batteryPower'], when: [{ point: 'batteryDirection', oneOf: [0] }] },
    ],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

export const solisString: ProfileData = {
  name: 'solis-string',
  manufacturer: 'Solis',
  covers: 'Solis string inverters',
  notes: [
    'An S5-GR3P with an Acrel meter has import and export exchanged: compare them with the power before selling.',
  ],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'Input register 35000 holds the type: 0x10.. is a string inverter, 0x20.. a hybrid.',
    own: [{ point: 'typeCode', between: stringTypes }],
    others: [{ when: { point: 'typeCode', between: hybridTypes }, is: 'a hybrid', profile: 'solis-hybrid' }],
  },
  knownFaults: [
    'With an Acrel meter import and export are exchanged: counters that power does not confirm are not sold.',
  ],
  functions: [4],
  registersPerRequest: 50,
  largestGap: 30,
  pauseMs: 300,
  points: {
    typeCode,
    power: { address: 3004, type: 'u32', missing: nan32, evidence: 'e p' },
    yield: { address: 3008, type: 'u32', scale: 3, missing: nan32, evidence: 'e p' },
    feedIn: { address: 3262, type: 'i32', missing: nanPower, evidence: 'e' },
    imported: { address: 3282, type: 'u32', scale: 1, missing: nan32, evidence: 'e p' },
    exported: { address: 3284, type: 'u32', scale: 1, missing: nan32, evidence: 'e p' },
  },
  identity: {},
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
  },
}
