/**
 * SolaX hybrids (X1 and X3, G3 and G4). The factory's name stands in holding registers, everything else in input registers with
 * the low word first. Sources: evcc (e), openWB (o), SolaX' protocol as several public readers quote it (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const hundredths = (address: number, evidence: string): PointData => ({ address, type: 'u32', scale: 1, evidence })

export const solaxHybrid: ProfileData = {
  name: 'solax-hybrid',
  manufacturer: 'SolaX',
  covers: 'SolaX X1 and X3 hybrid inverters (G3, G4), and Qcells Q.HOME ESS HYB-G3',
  notes: ['On RS-485 the factory setting is 19200 baud.'],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'Holding register 7 holds the factory’s name, SolaX or Qcells.',
    own: [{ point: 'factory', startsWith: ['solax', 'qcells'] }],
  },
  knownFaults: [
    'One source scales the energies ten times larger than three others: they are sold only once power has confirmed them.',
  ],
  functions: [4],
  wordOrder: 'low-first',
  largestGap: 60,
  serialPauseMs: 1_000,
  points: {
    serial: { address: 0, type: 'string', words: 7, functionCode: 3, evidence: 'w w' },
    factory: { address: 7, type: 'string', words: 7, functionCode: 3, evidence: 'w w' },
    model: { address: 14, type: 'string', words: 7, functionCode: 3, evidence: 'w w' },
    panels1: { address: 0x0a, type: 'u16', evidence: 'e o' },
    panels2: { address: 0x0b, type: 'u16', evidence: 'e o' },
    charging: { address: 0x16, type: 'i16', evidence: 'e w' },
    charge: { address: 0x1c, type: 'u16', missing: [0xffff], evidence: 'e w' },
    feedIn: { address: 0x46, type: 'i32', evidence: 'e o' },
    exported: hundredths(0x48, 'o w'),
    imported: hundredths(0x4a, 'o w'),
    yield: { address: 0x94, type: 'u32', scale: 2, evidence: 'e w' },
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['panels1', 'panels2'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
