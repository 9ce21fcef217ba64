/**
 * Sungrow's inverters. Register 4999 holds a type code: 0x0D.. and 0x0E.. are hybrids, the others string inverters; 5000 the
 * power they are built for. Sources: evcc (e), mkaiser's SHx map (k), SunGather (t), web pages and issues (w;
 * an SG50RS whose owner compared 5094 and 5098 with its own page).
 */
import type { PointData, ProfileData } from './profile.ts'

const typeCode: PointData = { address: 4999, type: 'u16', missing: [0xffff], evidence: 'k t' }
const ratedPower: PointData = { address: 5000, type: 'u16', scale: 2, missing: [0, 0xffff], evidence: 'k t' }
const hybridTypes: [number, number] = [0x0d00, 0x0eff]

const nan32 = [0xffffffff]
const nanSigned32 = [0x7fffffff]

export const sungrowSh: ProfileData = {
  name: 'sungrow-sh',
  manufacturer: 'Sungrow',
  covers: 'Sungrow SH hybrid inverters',
  notes: ['Through a WiNet-S dongle some registers are missing and more than one read a second stalls.'],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'The type code (4999) of a hybrid is 0x0D.. or 0x0E..; other codes are string inverters.',
    own: [{ point: 'typeCode', between: hybridTypes }],
    others: [
      { when: { point: 'typeCode', between: [1, 0x0cff] }, is: 'a string inverter', profile: 'sungrow-sg' },
      { when: { point: 'typeCode', between: [0x0f00, 0xfffe] }, is: 'a string inverter', profile: 'sungrow-sg' },
    ],
  },
  knownFaults: ['Words that arrive one register late make powers of megawatts: they are not taken.'],
  functions: [4],
  wordOrder: 'low-first',
  largestGap: 16,
  points: {
    serial: { address: 4989, type: 'string', words: 10, evidence: 'k' },
    typeCode,
    ratedPower,
    dcPower: { address: 5016, type: 'u32', missing: nan32, evidence: 'e k' },
    yield: { address: 13002, type: 'u32', scale: 2, missing: nan32, evidence: 'e k' },
    feedIn: { address: 13009, type: 'i32', missing: nanSigned32, evidence: 'e k' },
    imported: { address: 13036, type: 'u32', scale: 2, missing: nan32, evidence: 'e k' },
    exported: { address: 13045, type: 'u32', scale: 2, missing: nan32, evidence: 'k t' },
    flow: { address: 13000, type: 'u16', evidence: 'e' },
    batteryCurrent: { address: 13020, type: 'i16', evidence: 'e' },
    batteryPower: { address: 13021, type: 'i16', evidence: 'e' },
    charge: { address: 13022, type: 'u16', scale: -1, evidence: 'e k' },
  },
  identity: { model: 'typeCode', serialNumber: ['serial'] },
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['dcPower'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    // Old firmware sends a magnitude and says elsewhere that it charges; new firmware sends discharging as positive.
    batteryPowerW: [
      {
        plus: ['batteryPower'],
        negativeWhenAny: [
          { point: 'flow', bit: 1 },
          { point: 'batteryCurrent', below: 0 },
        ],
      },
    ],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
  ratedPowerW: [{ plus: ['ratedPower'] }],
}

export const sungrowSg: ProfileData = {
  name: 'sungrow-sg',
  manufacturer: 'Sungrow',
  covers: 'Sungrow SG string inverters',
  notes: ['Import and export exist only on models with a meter.'],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'The type code (4999) is there and none of a hybrid’s (0x0D.., 0x0E..).',
    own: [
      { point: 'typeCode', between: [1, 0x0cff] },
      { point: 'typeCode', between: [0x0f00, 0xfffe] },
    ],
    others: [{ when: { point: 'typeCode', between: hybridTypes }, is: 'a hybrid', profile: 'sungrow-sh' }],
  },
  knownFaults: ['Without a meter the power reads −1 W beside counters that are not there: nothing of it is taken.'],
  functions: [4],
  wordOrder: 'low-first',
  largestGap: 60,
  points: {
    typeCode,
    ratedPower,
    power: { address: 5030, type: 'u32', missing: nan32, evidence: 'e t' },
    yieldFine: { address: 5143, type: 'u32', scale: 2, missing: nan32, evidence: 't' },
    yieldCoarse: { address: 5003, type: 'u32', scale: 3, missing: nan32, evidence: 'e t' },
    meterPower: { address: 5082, type: 'i32', missing: nanSigned32, evidence: 'e t' },
    imported: { address: 5098, type: 'u32', scale: 2, missing: nan32, evidence: 'e t' },
    exported: { address: 5094, type: 'u32', scale: 2, missing: nan32, evidence: 't w' },
  },
  identity: {},
  reading: {
    // Without a meter the power reads −1 and the energies are not there.
    powerW: [
      {
        plus: ['meterPower'],
        unless: [{ point: 'meterPower', oneOf: [-1] }, { missing: 'imported' }, { missing: 'exported' }],
      },
    ],
    productionW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yieldFine'] }, { plus: ['yieldCoarse'] }],
  },
  ratedPowerW: [{ plus: ['ratedPower'] }],
}
