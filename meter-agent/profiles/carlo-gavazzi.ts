/** Register maps of Carlo Gavazzi's meters. */
import type { ProfileData } from './profile.ts'

const reading: ProfileData['reading'] = {
  powerW: [{ plus: ['power'] }],
  importWh: [{ plus: ['imported'] }],
  exportWh: [{ plus: ['exported'] }],
}
const map = {
  manufacturer: 'Carlo Gavazzi',
  unit: 1,
  functions: [3, 4],
  wordOrder: 'low-first',
  largestGap: 40,
  identity: {},
  reading,
} satisfies Partial<ProfileData>

export const carloGavazziEm340: ProfileData = {
  ...map,
  name: 'carlo-gavazzi-em340',
  covers: 'Carlo Gavazzi EM330, EM340, ET340 and EM24 Ethernet meters',
  points: {
    power: { address: 0x0028, type: 'i32', scale: -1, missing: [0x7fffffff], evidence: 'm v' },
    imported: { address: 0x0034, type: 'i32', scale: 2, missing: [0x7fffffff], evidence: 'm v' },
    exported: { address: 0x004e, type: 'i32', scale: 2, missing: [0x7fffffff], evidence: 'm v' },
  },
}

export const carloGavazziEm24: ProfileData = {
  ...map,
  name: 'carlo-gavazzi-em24',
  covers: 'Carlo Gavazzi EM24 meters on RS-485',
  notes: ['Variants that do not count export cannot sell.'],
  points: {
    power: { address: 0x0028, type: 'i32', scale: -1, missing: [0x7fffffff], evidence: 'm w' },
    // 0x0042, which others read, is the partial counter that can be reset.
    imported: { address: 0x003e, type: 'i32', scale: 2, missing: [0x7fffffff], evidence: 'm w' },
    exported: { address: 0x005c, type: 'i32', scale: 2, missing: [0x7fffffff], evidence: 'm w' },
  },
}
