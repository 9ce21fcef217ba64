/**
 * Meters of makers of whom one map is known: Finder, Inepro, Janitza, Shelly, Siemens. Sources: mbmd (m), Victron's
 * dbus-modbus-client (v), the makers' papers as those quote them (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const float = (address: number, evidence: string, scale = 0): PointData => ({ address, type: 'f32', scale, evidence })
const reading: ProfileData['reading'] = {
  powerW: [{ plus: ['power'] }],
  importWh: [{ plus: ['imported'] }],
  exportWh: [{ plus: ['exported'] }],
}
const phasePowers = [{ plus: ['power1'] }, { plus: ['power2'] }, { plus: ['power3'] }]

export const finder7m: ProfileData = {
  name: 'finder-7m',
  manufacturer: 'Finder',
  covers: 'Finder 7M.24 and 7M.38 meters',
  unit: 1,
  otherUnits: [33],
  counting: 'unknown',
  recognition: {
    how: 'The model (input register 0) begins with 7M.24 or 7M.38.',
    own: [{ point: 'model', startsWith: ['7M.24', '7M.38', '7M24', '7M38'] }],
    others: [{ when: { point: 'model', startsWith: ['7E', '6M'] }, is: 'another of Finder’s devices' }],
  },
  knownFaults: [
    'Whether the energies are floats or whole numbers, the two sources do not agree: nothing is sold on them.',
  ],
  functions: [4],
  points: {
    model: { address: 0, type: 'string', words: 8, evidence: 'w' },
    power: float(2536, 'm w'),
    power1: float(2530, 'm w'),
    power2: float(2532, 'm w'),
    power3: float(2534, 'm w'),
    imported: float(2752, 'm ?'),
    exported: float(2756, 'm ?'),
  },
  identity: { model: 'model' },
  phasePowers,
  reading,
}

export const ineproPro380: ProfileData = {
  name: 'inepro-pro380',
  manufacturer: 'Inepro',
  covers: 'Inepro PRO380 three-phase meters',
  notes: ['Its RS-485 has no ground: an insulated adapter is needed.'],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'Register 0x1010 holds 0x2007.',
    own: [{ point: 'typeCode', oneOf: [0x2007] }],
  },
  functions: [3],
  largestGap: 20,
  points: {
    typeCode: { address: 0x1010, type: 'u16', evidence: 'v' },
    serial: { address: 0x4000, type: 'u32', missing: [0, 0xffffffff], evidence: 'v' },
    power: float(0x5012, 'm v', 3),
    power1: float(0x5014, 'm v', 3),
    power2: float(0x5016, 'm v', 3),
    power3: float(0x5018, 'm v', 3),
    imported: float(0x600c, 'm v', 3),
    exported: float(0x6018, 'm v', 3),
  },
  identity: { serialNumber: ['serial'] },
  phasePowers,
  reading,
}

export const janitza: ProfileData = {
  name: 'janitza',
  manufacturer: 'Janitza',
  covers: 'Janitza meters with the common map (B series, UMG 96, UMG 604)',
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'No register is known that says what the device is.',
  },
  knownFaults: ['Whether the energies are in Wh or in kWh, the sources do not agree: nothing is sold on them.'],
  functions: [3],
  largestGap: 60,
  points: {
    power1: float(0x4a4c, 'm w'),
    power2: float(0x4a4e, 'm w'),
    power3: float(0x4a50, 'm w'),
    imported: float(0x4a7c, 'm ?'),
    exported: float(0x4a84, 'm ?'),
  },
  identity: {},
  phasePowers,
  reading: { ...reading, powerW: [{ plus: ['power1', 'power2', 'power3'] }] },
}

export const shellyPro3em: ProfileData = {
  name: 'shelly-pro-3em',
  manufacturer: 'Shelly',
  covers: 'Shelly Pro 3EM in its three-phase profile',
  notes: ['Switch Modbus on in its settings. It serves input registers only.'],
  unit: 1,
  counting: 'per-phase',
  recognition: {
    how: 'The model (input register 6) begins with SPEM-003.',
    own: [{ point: 'model', startsWith: ['SPEM-003'] }],
    others: [{ when: { point: 'model', startsWith: ['SNEM', 'SPEM-002', 'S3EM'] }, is: 'another of Shelly’s meters' }],
  },
  knownFaults: ['Counts each phase by itself: where the utility’s meter balances the phases its energy is not sold.'],
  functions: [4],
  wordOrder: 'low-first',
  largestGap: 60,
  points: {
    serial: { address: 0, type: 'string', words: 6, swappedBytes: true, evidence: 'v w' },
    model: { address: 6, type: 'string', words: 10, swappedBytes: true, evidence: 'v w' },
    power: float(1013, 'v w'),
    power1: float(1024, 'v w'),
    power2: float(1044, 'v w'),
    power3: float(1064, 'v w'),
    imported: float(1162, 'v w'),
    exported: float(1164, 'v w'),
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  phasePowers,
  reading,
}

const wattHours = (address: number, evidence: string): PointData => ({ address, type: 'f64', evidence })

export const siemensPac2200: ProfileData = {
  name: 'siemens-pac2200',
  manufacturer: 'Siemens',
  covers: 'Siemens SENTRON 7KM PAC2200 meters',
  unit: 1,
  otherUnits: [126],
  counting: 'unknown',
  recognition: {
    how: 'The order number (64002) begins with 7KM2200.',
    own: [{ point: 'model', startsWith: ['7KM2200', '7KM 2200'] }],
    others: [
      { when: { point: 'model', startsWith: ['7KM3', '7KM4', '7KM5', '7KM1'] }, is: 'another of the maker’s meters' },
    ],
  },
  knownFaults: [
    'Each tariff has a counter of its own: once the second has counted, the sum of both is shown and not sold.',
  ],
  functions: [3, 4],
  largestGap: 40,
  points: {
    model: { address: 64_002, type: 'string', words: 10, evidence: 'w' },
    power: float(65, 'm w'),
    power1: float(25, 'm w'),
    power2: float(27, 'm w'),
    power3: float(29, 'm w'),
    imported1: wattHours(801, 'm w'),
    imported2: wattHours(805, 'w'),
    exported1: wattHours(809, 'm w'),
    exported2: wattHours(813, 'w'),
  },
  identity: { model: 'model' },
  phasePowers,
  reading: {
    powerW: [{ plus: ['power'] }],
    importWh: [
      { plus: ['imported1'], when: [{ point: 'imported2', oneOf: [0] }] },
      { plus: ['imported1', 'imported2'], verified: false },
    ],
    exportWh: [
      { plus: ['exported1'], when: [{ point: 'exported2', oneOf: [0] }] },
      { plus: ['exported1', 'exported2'], verified: false },
    ],
  },
}
