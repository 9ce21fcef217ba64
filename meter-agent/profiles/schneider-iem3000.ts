/** Schneider Electric's iEM3000 meters. Sources: mbmd (m), the maker's register list as public readers quote it (w). */
import type { ProfileData } from './profile.ts'

const nan64 = [0x8000_0000_0000_0000n]

export const schneiderIem3000: ProfileData = {
  name: 'schneider-iem3000',
  manufacturer: 'Schneider Electric',
  covers: 'Schneider iEM3155, iEM3255 and A9MEM meters',
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'The model (register 49) is iEM3… or A9MEM3….',
    own: [{ point: 'model', startsWith: ['iEM3', 'A9MEM3'] }],
    others: [
      {
        when: { point: 'model', startsWith: ['iEM2', 'A9MEM2', 'PM'] },
        is: 'another of the maker’s meters',
      },
    ],
  },
  functions: [3],
  points: {
    model: { address: 49, type: 'string', words: 20, evidence: 'w' },
    power: { address: 0x0bf3, type: 'f32', scale: 3, evidence: 'm w' },
    imported: { address: 0x0c83, type: 'i64', missing: nan64, evidence: 'm w' },
    exported: { address: 0x0c87, type: 'i64', missing: nan64, evidence: 'm w' },
  },
  identity: { model: 'model' },
  reading: {
    powerW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
  },
}
