/**
 * Sofar inverters of the G3 protocol (HYD hybrids, KTL-G3). Sources: evcc (e), Sofar's register list as several public readers
 * quote it (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const tensOfWatts = (address: number): PointData => ({ address, type: 'i16', scale: 1, evidence: 'e w' })
const tenthKwh = (address: number, evidence: string): PointData => ({ address, type: 'u32', scale: 2, evidence })

export const sofarG3: ProfileData = {
  name: 'sofar-g3',
  manufacturer: 'Sofar',
  covers: 'Sofar HYD 3–6K-EP, HYD 5–20K-3PH and KTL-G3 inverters, ZCS Azzurro',
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'The serial number (0x0445) begins with S or Z and a model letter.',
    own: [
      {
        point: 'serial',
        startsWith: ['SA', 'SB', 'SC', 'SD', 'SE', 'SF', 'SG', 'SH', 'SJ', 'SL', 'SM', 'SP', 'SQ', 'SS', 'ZM', 'ZP'],
      },
    ],
  },
  knownFaults: [
    'Powers come in steps of 10 W, energies in steps of 100 Wh.',
    'The sign of the battery’s power is not agreed on: it is not read.',
  ],
  functions: [3],
  largestGap: 40,
  registersPerRequest: 60,
  points: {
    serial: { address: 0x0445, type: 'string', words: 7, evidence: 'w w' },
    feedIn: tensOfWatts(0x0488),
    feedIn1: tensOfWatts(0x0493),
    feedIn2: tensOfWatts(0x049e),
    feedIn3: tensOfWatts(0x04a9),
    panels: { address: 0x05c4, type: 'u16', scale: 2, evidence: 'e w' },
    charge: { address: 0x0608, type: 'u16', missing: [0xffff], evidence: 'e w' },
    yield: tenthKwh(0x0686, 'e w'),
    imported: tenthKwh(0x068e, 'e w'),
    exported: tenthKwh(0x0692, 'w w'),
  },
  identity: { serialNumber: ['serial'] },
  phasePowers: [{ minus: ['feedIn1'] }, { minus: ['feedIn2'] }, { minus: ['feedIn3'] }],
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['panels'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
