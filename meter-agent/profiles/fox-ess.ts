/**
 * Fox ESS hybrids of the H3 series. Sources: evcc (e), foxess_modbus (f), web pages (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number, evidence: string): PointData => ({ address, type: 'i16', evidence })
const tenthKwh = (address: number, evidence: string): PointData => ({ address, type: 'u32', scale: 2, evidence })

export const foxEssH3: ProfileData = {
  name: 'fox-ess-h3',
  manufacturer: 'Fox ESS',
  covers: 'Fox ESS H3 three-phase hybrid inverters',
  notes: ['The unit id is 247. Newer H3 PRO and one-phase H1 and KH have other registers.'],
  unit: 247,
  counting: 'unknown',
  recognition: {
    how: 'The model (30000) begins with H3-; an H3 PRO, an H1 and a KH have other maps.',
    own: [{ point: 'model', startsWith: ['H3-', 'AC3-', 'AIO-H3'] }],
    others: [
      { when: { point: 'model', startsWith: ['H3 PRO', 'H3-PRO', 'H3PRO', 'P3'] }, is: 'an H3 PRO' },
      { when: { point: 'model', startsWith: ['H1', 'KH', 'AC1', 'AIO-H1'] }, is: 'a one-phase hybrid' },
    ],
  },
  knownFaults: ['Only one source names the counter of what is fed in: it is shown and not sold.'],
  functions: [3],
  largestGap: 30,
  points: {
    model: { address: 30_000, type: 'string', words: 16, evidence: 'f w' },
    panels1: watts(31_002, 'e f'),
    panels2: watts(31_005, 'e f'),
    feedIn1: watts(31_026, 'e f'),
    feedIn2: watts(31_027, 'e f'),
    feedIn3: watts(31_028, 'e f'),
    batteryPower: watts(31_036, 'e f'),
    charge: { address: 31_038, type: 'u16', missing: [0xffff], evidence: 'e f' },
    yield: tenthKwh(32_000, 'w ?'),
    // Only one source has it: its neighbours are where both have theirs.
    exported: tenthKwh(32_009, 'f ?'),
    imported: tenthKwh(32_012, 'e f'),
  },
  identity: { model: 'model' },
  phasePowers: [{ minus: ['feedIn1'] }, { minus: ['feedIn2'] }, { minus: ['feedIn3'] }],
  reading: {
    powerW: [{ minus: ['feedIn1', 'feedIn2', 'feedIn3'] }],
    productionW: [{ plus: ['panels1', 'panels2'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
