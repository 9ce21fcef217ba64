/**
 * KOSTAL's inverters and its Smart Energy Meter. Sources: evcc (e), KOSTAL's and TQ's interface descriptions as public readers
 * quote them (w).
 */
import type { ProfileData } from './profile.ts'

export const kostalPlenticore: ProfileData = {
  name: 'kostal-plenticore',
  manufacturer: 'KOSTAL',
  covers: 'KOSTAL PLENTICORE and PIKO IQ inverters (port 1502)',
  notes: ['Offers no import and export energies: use the KOSTAL Smart Energy Meter or SunSpec.'],
  unit: 71,
  otherPorts: [1502],
  counting: 'unknown',
  recognition: {
    how: 'The product name (768) is PLENTICORE or PIKO.',
    own: [{ point: 'product', startsWith: ['PLENTICORE', 'PIKO'] }],
  },
  knownFaults: ['On a PLENTICORE G2 the yield (1056) reads 0 most of the time: beside power that is not taken.'],
  functions: [3],
  // The order can be switched in the device: the grid frequency tells which one it uses.
  wordOrder: { tellingPoint: 'frequency', atLeast: 45, atMost: 65 },
  points: {
    product: { address: 768, type: 'string', words: 32, evidence: 'w' },
    serial: { address: 14, type: 'string', words: 8, evidence: 'w' },
    frequency: { address: 152, type: 'f32', evidence: 'w' },
    power: { address: 252, type: 'f32', evidence: 'e w' },
    dcPower: { address: 100, type: 'f32', evidence: 'w ?' },
    yield: { address: 1056, type: 'f32', evidence: 'w' },
    charge: { address: 514, type: 'u16', missing: [0xffff], evidence: 'w' },
    batteryPower: { address: 582, type: 'i16', missing: [0x8000], evidence: '?' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: [{ plus: ['dcPower'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

export const kostalKsem: ProfileData = {
  name: 'kostal-ksem',
  manufacturer: 'KOSTAL',
  covers: 'KOSTAL Smart Energy Meter (it speaks SunSpec too)',
  unit: 1,
  counting: 'balanced',
  recognition: {
    how: 'Register 8192 holds the maker’s number 0x5233, which TQ-Systems’ meters share; a B-control EM is its relative.',
    own: [{ point: 'maker', oneOf: [0x5233] }],
  },
  knownFaults: ['The scale of the energies rests on one weak source: nothing is sold on them; its SunSpec model is.'],
  functions: [3],
  points: {
    maker: { address: 8192, type: 'u16', evidence: 'w' },
    drawn: { address: 0, type: 'u32', scale: -1, missing: [0xffffffff], evidence: 'w w' },
    fed: { address: 2, type: 'u32', scale: -1, missing: [0xffffffff], evidence: 'w w' },
    // The scale is from one weak source: compare with TotWhImp of its SunSpec meter model.
    imported: { address: 512, type: 'u64', scale: -1, missing: [0xffff_ffff_ffff_ffffn], evidence: 'w w ?' },
    exported: { address: 516, type: 'u64', scale: -1, missing: [0xffff_ffff_ffff_ffffn], evidence: 'w w ?' },
  },
  identity: {},
  reading: {
    powerW: [{ plus: ['drawn'], minus: ['fed'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
  },
}
