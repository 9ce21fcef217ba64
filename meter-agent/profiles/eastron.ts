/** Register maps of Eastron's meters. */
import type { ProfileData } from './profile.ts'

const reading: ProfileData['reading'] = {
  powerW: [{ plus: ['power'] }],
  importWh: [{ plus: ['imported'] }],
  exportWh: [{ plus: ['exported'] }],
}

// The resettable counters from 0x0180 on are not used. A float of a value never seen is 0, not NaN.
const shared = {
  manufacturer: 'Eastron',
  unit: 1,
  functions: [4],
  registersPerRequest: 80,
  largestGap: 60,
  identity: {},
  reading,
} satisfies Partial<ProfileData>

export const eastronSdm630: ProfileData = {
  ...shared,
  name: 'eastron-sdm630',
  covers: 'Eastron SDM630 three-phase meters',
  points: {
    power: { address: 0x0034, type: 'f32', evidence: 'm w' },
    imported: { address: 0x0048, type: 'f32', scale: 3, evidence: 'm w' },
    exported: { address: 0x004a, type: 'f32', scale: 3, evidence: 'm w' },
  },
}

export const eastronSdm120: ProfileData = {
  ...shared,
  name: 'eastron-sdm120',
  covers: 'Eastron SDM120 and SDM230 one-phase meters',
  notes: ['The factory setting of an SDM120 is probably 2400 baud.'],
  points: {
    power: { address: 0x000c, type: 'f32', evidence: 'D e m' },
    imported: { address: 0x0048, type: 'f32', scale: 3, evidence: 'D e m' },
    exported: { address: 0x004a, type: 'f32', scale: 3, evidence: 'D e m' },
  },
}
