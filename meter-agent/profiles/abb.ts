/**
 * ABB's A and B series meters (EQ). Register 0x8960 holds the type in letters. Sources: mbmd (m), Victron's dbus-modbus-client (v),
 * ABB's manual as they quote it.
 */
import type { PointData, ProfileData } from './profile.ts'

const centiwatts = (address: number): PointData => ({ address, type: 'i32', scale: -2, evidence: 'm v' })

export const abbAb: ProfileData = {
  name: 'abb-ab',
  manufacturer: 'ABB',
  covers: 'ABB A41, A43, A44, B21, B23 and B24 meters',
  notes: ['Only variants of the grades silver to platinum count both directions.'],
  unit: 1,
  otherUnits: [2],
  counting: 'unknown',
  recognition: {
    how: 'Register 0x8960 holds the type in letters: A41, A43, A44, B21, B23 or B24.',
    own: [{ point: 'model', startsWith: ['A41', 'A43', 'A44', 'B21', 'B23', 'B24'] }],
    others: [
      {
        when: { point: 'model', startsWith: ['C11', 'C13', 'D11', 'D13', 'M1M', 'M2M', 'M4M'] },
        is: 'another of ABB’s meters',
      },
    ],
  },
  functions: [3],
  largestGap: 20,
  points: {
    model: { address: 0x8960, type: 'string', words: 6, evidence: 'v w' },
    serial: { address: 0x8900, type: 'u32', missing: [0xffffffff], evidence: 'v w' },
    power: centiwatts(0x5b14),
    power1: centiwatts(0x5b16),
    power2: centiwatts(0x5b18),
    power3: centiwatts(0x5b1a),
    imported: { address: 0x5000, type: 'u64', scale: 1, evidence: 'm v' },
    exported: { address: 0x5004, type: 'u64', scale: 1, evidence: 'm v' },
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  // A one-phase meter says "not there" for its phases.
  phasePowers: [{ plus: ['power1'] }, { plus: ['power2'] }, { plus: ['power3'] }],
  reading: {
    powerW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
  },
}
