/** The register map of Schneider's iEM3000 meters. */
import type { ProfileData } from './profile.ts'

const nan64 = [0x8000_0000_0000_0000n]

export const schneiderIem3000: ProfileData = {
  name: 'schneider-iem3000',
  manufacturer: 'Schneider Electric',
  covers: 'Schneider iEM3155, iEM3255 and A9MEM meters',
  unit: 1,
  functions: [3],
  points: {
    power: { address: 0x0bf3, type: 'f32', scale: 3, evidence: 'm' },
    imported: { address: 0x0c83, type: 'i64', missing: nan64, evidence: 'm' },
    exported: { address: 0x0c87, type: 'i64', missing: nan64, evidence: 'm' },
  },
  identity: {},
  reading: {
    powerW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
  },
}
