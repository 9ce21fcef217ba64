/**
 * Eastron's meters. They share one map of floats; what each is stands in holding register 0xFC02, as a code that the makers'
 * protocol papers name. All three-phase ones count each phase by itself and add up what is positive and what is negative
 * (openWB/core#1916, hoylabs/OpenDTU-OnBattery#732). Sources: mbmd (m), evcc (e), protocol papers as public readers quote them (w),
 * a real device (D).
 */
import type { PointData, ProfileData } from './profile.ts'

const reading: ProfileData['reading'] = {
  powerW: [{ plus: ['power'] }],
  importWh: [{ plus: ['imported'] }],
  exportWh: [{ plus: ['exported'] }],
}
const meterCode: PointData = { address: 0xfc02, type: 'u16', functionCode: 3, evidence: 'w' }
const kinds = [
  { codes: [0x0020], is: 'an SDM120', profile: 'eastron-sdm120' },
  { codes: [0x002b], is: 'an SDM230', profile: 'eastron-sdm120' },
  { codes: [0x0070, 0x0079], is: 'an SDM630', profile: 'eastron-sdm630' },
  { codes: [0x0084], is: 'an SDM72D-M without V2', profile: 'eastron-sdm72' },
  { codes: [0x0089], is: 'an SDM72D-M V2', profile: 'eastron-sdm72-v2' },
]
function recognition(profile: string): ProfileData['recognition'] {
  return {
    how: 'Holding register 0xFC02 holds the meter’s code; meters that do not answer for it do not say what they are.',
    own: kinds.filter((kind) => kind.profile === profile).map(({ codes }) => ({ point: 'meterCode', oneOf: codes })),
    others: kinds
      .filter((kind) => kind.profile !== profile)
      .map(({ codes, is, profile: better }) => ({ when: { point: 'meterCode', oneOf: codes }, is, profile: better })),
  }
}

// The resettable counters from 0x0180 on are not used. A float of a value never seen is 0, not NaN.
const shared = {
  manufacturer: 'Eastron',
  unit: 1,
  functions: [4],
  registersPerRequest: 60,
  largestGap: 60,
  identity: { serialNumber: ['serial'] },
  reading,
} satisfies Partial<ProfileData>

const serial: PointData = { address: 0xfc00, type: 'u32', functionCode: 3, missing: [0, 0xffffffff], evidence: 'w' }
const phases = (evidence: string) => ({
  power1: { address: 0x000c, type: 'f32', evidence } satisfies PointData,
  power2: { address: 0x000e, type: 'f32', evidence } satisfies PointData,
  power3: { address: 0x0010, type: 'f32', evidence } satisfies PointData,
})
const phasePowers = [{ plus: ['power1'] }, { plus: ['power2'] }, { plus: ['power3'] }]
const notBalanced = 'Counts each phase by itself: where the utility’s meter balances the phases its energy is not sold.'

export const eastronSdm630: ProfileData = {
  ...shared,
  name: 'eastron-sdm630',
  covers: 'Eastron SDM630 three-phase meters',
  counting: 'per-phase',
  recognition: recognition('eastron-sdm630'),
  knownFaults: [notBalanced],
  points: {
    meterCode,
    serial,
    power: { address: 0x0034, type: 'f32', evidence: 'm w' },
    ...phases('m w'),
    imported: { address: 0x0048, type: 'f32', scale: 3, evidence: 'm w' },
    exported: { address: 0x004a, type: 'f32', scale: 3, evidence: 'm w' },
  },
  phasePowers,
}

export const eastronSdm120: ProfileData = {
  ...shared,
  name: 'eastron-sdm120',
  covers: 'Eastron SDM120 and SDM230 one-phase meters',
  notes: ['The factory setting of an SDM120 is probably 2400 baud.'],
  counting: 'one-phase',
  recognition: recognition('eastron-sdm120'),
  points: {
    meterCode,
    serial,
    power: { address: 0x000c, type: 'f32', evidence: 'D e m' },
    imported: { address: 0x0048, type: 'f32', scale: 3, evidence: 'D e m' },
    exported: { address: 0x004a, type: 'f32', scale: 3, evidence: 'D e m' },
  },
}

export const eastronSdm72V2: ProfileData = {
  ...eastronSdm630,
  name: 'eastron-sdm72-v2',
  covers: 'Eastron SDM72D-M V2 three-phase meters',
  recognition: recognition('eastron-sdm72-v2'),
}

export const eastronSdm54: ProfileData = {
  ...eastronSdm630,
  name: 'eastron-sdm54',
  covers: 'Eastron SDM54 three-phase meters',
  recognition: {
    how: 'No code of an SDM54 is known, only those of its relatives: its owner has to confirm it before anything is sold.',
    others: recognition('eastron-sdm54').others,
  },
  knownFaults: [notBalanced],
}

export const eastronSdm72: ProfileData = {
  ...shared,
  name: 'eastron-sdm72',
  covers: 'Eastron SDM72D-M three-phase meters (first version)',
  counting: 'per-phase',
  recognition: recognition('eastron-sdm72'),
  knownFaults: [notBalanced, 'It shows no voltages and no phases.'],
  points: {
    meterCode,
    serial,
    power: { address: 0x0034, type: 'f32', evidence: 'm e' },
    imported: { address: 0x0048, type: 'f32', scale: 3, evidence: 'm e' },
    exported: { address: 0x004a, type: 'f32', scale: 3, evidence: 'm e' },
  },
}
