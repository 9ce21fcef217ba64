/**
 * Carlo Gavazzi's meters. They share their first registers and little else; what each is stands in register 0x000B, when that is
 * asked for by itself (among its neighbours it is half of a voltage): 70 to 73 EM24 with RS-485, 100 to 121 the one-phase EM111,
 * EM112 and ET112, 330 to 349 EM330, EM340, ET330, ET340, 1648 to 1653 EM24 Ethernet. Sources: mbmd's maps (m), Victron's
 * dbus-modbus-client (v), the manufacturer's register lists as several public readers quote them (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const typeCode: PointData = { address: 0x000b, type: 'u16', alone: true, evidence: 'v w' }
const energy = (address: number, evidence: string): PointData => ({ address, type: 'i32', scale: 2, evidence })
const power = (address: number, evidence: string): PointData => ({ address, type: 'i32', scale: -1, evidence })

const kinds = [
  { from: 70, to: 73, is: 'an EM24 with RS-485', profile: 'carlo-gavazzi-em24' },
  { from: 100, to: 121, is: 'a one-phase EM111, EM112 or ET112', profile: 'carlo-gavazzi-em112' },
  { from: 330, to: 349, is: 'an EM330, EM340, ET330 or ET340', profile: 'carlo-gavazzi-em340' },
  { from: 1648, to: 1653, is: 'an EM24 Ethernet', profile: 'carlo-gavazzi-em24-ethernet' },
]

/** The type codes say which of the family it is; a meter that has none, or another, is none of them. */
function recognition(profile: string): ProfileData['recognition'] {
  const codes = ({ from, to }: (typeof kinds)[number]) => ({
    point: 'typeCode',
    between: [from, to] as [number, number],
  })
  return {
    how: 'Register 0x000B, asked for by itself, holds a type code; each of the maker’s families has its own.',
    own: kinds.filter((kind) => kind.profile === profile).map(codes),
    others: kinds.filter((kind) => kind.profile !== profile).map((kind) => ({ ...kindOf(kind), when: codes(kind) })),
    otherwise: 'foreign',
  }
}

function kindOf({ is, profile }: (typeof kinds)[number]): { is: string; profile: string } {
  return { is, profile }
}

const map = {
  manufacturer: 'Carlo Gavazzi',
  unit: 1,
  functions: [3, 4],
  wordOrder: 'low-first',
  largestGap: 40,
  identity: { model: 'typeCode' },
  reading: {
    powerW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
  },
} satisfies Partial<ProfileData>

const phases = {
  power1: power(0x0012, 'm v'),
  power2: power(0x0014, 'm v'),
  power3: power(0x0016, 'm v'),
}
const phasePowers = [{ plus: ['power1'] }, { plus: ['power2'] }, { plus: ['power3'] }]

export const carloGavazziEm340: ProfileData = {
  ...map,
  name: 'carlo-gavazzi-em340',
  covers: 'Carlo Gavazzi EM330, EM340, ET330 and ET340 three-phase meters',
  counting: 'unknown',
  recognition: recognition('carlo-gavazzi-em340'),
  knownFaults: [
    'Used on a one-phase EM112 or an EM24 this map shows power factors and tariffs as energy: it is refused.',
  ],
  points: {
    typeCode,
    power: power(0x0028, 'm v'),
    ...phases,
    imported: energy(0x0034, 'm v'),
    exported: energy(0x004e, 'm v'),
  },
  phasePowers,
}

export const carloGavazziEm24Ethernet: ProfileData = {
  ...carloGavazziEm340,
  name: 'carlo-gavazzi-em24-ethernet',
  covers: 'Carlo Gavazzi EM24 meters with Ethernet (AV23X E1, AV53X E1)',
  notes: ['The meter must be set to application H to count what is fed in (register 0xA000 reads 7).'],
  recognition: recognition('carlo-gavazzi-em24-ethernet'),
  // Application H alone counts both directions.
  points: { ...carloGavazziEm340.points, application: { address: 0xa000, type: 'u16', evidence: 'v w' } },
  reading: {
    powerW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [
      { plus: ['exported'], when: [{ point: 'application', oneOf: [7] }] },
      { plus: ['exported'], when: [{ missing: 'application' }], verified: false },
    ],
  },
  knownFaults: [
    'In another application than H the register of the energy fed in holds something else: it is not taken.',
  ],
}

export const carloGavazziEm24: ProfileData = {
  ...map,
  name: 'carlo-gavazzi-em24',
  covers: 'Carlo Gavazzi EM24 meters on RS-485',
  notes: ['Variants that do not count export cannot sell.'],
  counting: 'unknown',
  recognition: recognition('carlo-gavazzi-em24'),
  knownFaults: ['0x0042, which others read as import, is the partial counter that can be reset; the total is 0x003E.'],
  points: {
    typeCode,
    power: power(0x0028, 'm w'),
    ...phases,
    imported: energy(0x003e, 'm w'),
    exported: energy(0x005c, 'm w'),
  },
  phasePowers,
}

export const carloGavazziEm112: ProfileData = {
  ...map,
  name: 'carlo-gavazzi-em112',
  covers: 'Carlo Gavazzi EM111, EM112 and ET112 one-phase meters',
  counting: 'one-phase',
  recognition: recognition('carlo-gavazzi-em112'),
  knownFaults: ['0x0014 is the partial counter that can be reset, 0x0012 counts kvarh: neither is read.'],
  points: {
    typeCode,
    power: power(0x0004, 'v w'),
    imported: energy(0x0010, 'v w'),
    exported: energy(0x0020, 'v w'),
  },
}
