/** Huawei's EMMA and SmartLogger, which stand before the inverters. Sources: evcc (e), openWB (o), Huawei's lists (w). */
import type { ProfileData } from './profile.ts'

const nan32 = [0x7fffffff]

export const huaweiEmma: ProfileData = {
  name: 'huawei-emma',
  manufacturer: 'Huawei',
  covers: 'Huawei EMMA energy managers',
  unit: 0,
  otherUnits: [1],
  counting: 'unknown',
  recognition: {
    how: 'The model (30000) begins with EMMA or SmartHEMS; an inverter’s begins with SUN2000.',
    own: [{ point: 'model', startsWith: ['EMMA', 'SmartHEMS'] }],
    others: [
      { when: { point: 'model', startsWith: ['SUN2000', 'SUN5000'] }, is: 'an inverter', profile: 'huawei-sun2000' },
      { when: { point: 'model', startsWith: ['SmartLogger'] }, is: 'a SmartLogger', profile: 'huawei-smartlogger' },
    ],
  },
  knownFaults: ['Only one source names a counter of its sensor, and none the other: nothing is sold on it.'],
  functions: [3],
  timeoutMs: 5_000,
  settleMs: 1_000,
  largestGap: 30,
  points: {
    model: { address: 30_000, type: 'string', words: 15, evidence: 'w' },
    power: { address: 31_657, type: 'i32', missing: nan32, evidence: 'e o' },
    imported: { address: 31_679, type: 'i64', scale: 1, evidence: 'e ?' },
    panels: { address: 30_354, type: 'i32', missing: nan32, evidence: 'e w' },
    yield: { address: 30_344, type: 'u32', scale: 2, evidence: 'e w' },
    charging: { address: 30_360, type: 'i32', missing: nan32, evidence: 'e w' },
    charge: { address: 30_368, type: 'u16', scale: -2, missing: [0xffff], evidence: 'e w' },
  },
  identity: { model: 'model' },
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: [{ plus: ['panels'] }],
    importWh: [{ plus: ['imported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

export const huaweiSmartLogger: ProfileData = {
  name: 'huawei-smartlogger',
  manufacturer: 'Huawei',
  covers: 'Huawei SmartLogger 1000 to 3000, with a meter behind it',
  notes: ['The meter has a unit id of its own, which the logger’s menu shows: the option gridUnit takes it.'],
  unit: 0,
  counting: 'unknown',
  recognition: {
    how: 'The logger’s serial number (40713) is there; an inverter and an EMMA say so in register 30000.',
    own: [{ point: 'serial', startsWith: ['1', '2', '3', 'B', 'E', 'G', 'H', 'N'] }],
    others: [
      { when: { point: 'model', startsWith: ['SUN2000', 'SUN5000'] }, is: 'an inverter', profile: 'huawei-sun2000' },
      { when: { point: 'model', startsWith: ['EMMA', 'SmartHEMS'] }, is: 'an EMMA', profile: 'huawei-emma' },
    ],
  },
  knownFaults: ['Only one source names the meter’s counter, and none the other: nothing is sold on it.'],
  functions: [3],
  timeoutMs: 5_000,
  settleMs: 1_000,
  largestGap: 30,
  points: {
    model: { address: 30_000, type: 'string', words: 15, evidence: 'w' },
    serial: { address: 40_713, type: 'string', words: 10, evidence: 'w' },
    panels: { address: 40_521, type: 'i32', missing: nan32, evidence: 'e ?' },
    yield: { address: 40_560, type: 'u32', scale: 2, evidence: 'e w' },
    power: { address: 32_278, type: 'i32', missing: nan32, at: 'grid', evidence: 'e o' },
    imported: { address: 32_349, type: 'i64', scale: 1, at: 'grid', evidence: 'e ?' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: [{ plus: ['panels'] }],
    importWh: [{ plus: ['imported'] }],
    productionWh: [{ plus: ['yield'] }],
  },
}
