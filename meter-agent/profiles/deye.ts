/**
 * Deye's inverters, sold as Sunsynk and Sol-Ark too. Register 0 says what they are: 2 string, 3 one-phase hybrid, 4 micro,
 * 5 three-phase low voltage, 6 three-phase high voltage; older firmware has the number in the high byte. Sources: evcc (e),
 * ha-solarman (h), sunsynk (s), registers of real devices (D).
 */
import type { Formula, PointData, ProfileData } from './profile.ts'

const nan32 = [0xffffffff]
const highVoltageTypes = [6, 0x600, 0x106]
const highVoltage = [{ point: 'deviceType', oneOf: highVoltageTypes }]
const lowVoltage = [{ point: 'deviceType', noneOf: highVoltageTypes }]
const onePhaseTypes = [3, 0x300]
const threePhaseTypes = [5, 0x500, ...highVoltageTypes]
const deviceType: PointData = { address: 0, type: 'u16', evidence: 'e h' }
const kinds = [
  { types: [2, 0x200], is: 'a string inverter', profile: 'deye-string' },
  { types: onePhaseTypes, is: 'a one-phase hybrid', profile: 'deye-1p' },
  { types: [4, 0x400], is: 'a micro inverter', profile: 'deye-micro' },
  { types: threePhaseTypes, is: 'a three-phase hybrid', profile: 'deye-3p' },
]
function deyeRecognition(profile: string): ProfileData['recognition'] {
  return {
    how: 'Register 0 says what the device is: string inverter, one-phase hybrid, micro inverter or three-phase hybrid.',
    own: kinds.filter((kind) => kind.profile === profile).map(({ types }) => ({ point: 'deviceType', oneOf: types })),
    others: kinds
      .filter((kind) => kind.profile !== profile)
      .map(({ types, is, profile: better }) => ({ when: { point: 'deviceType', oneOf: types }, is, profile: better })),
  }
}
const serial = { address: 3, type: 'string', words: 5, evidence: 'h' } as const
const watts = (address: number, evidence: string) => ({ address, type: 'u16', evidence }) as const

const map = {
  manufacturer: 'Deye',
  unit: 1,
  functions: [3],
  wordOrder: 'low-first',
  identity: { serialNumber: ['serial'] },
} satisfies Partial<ProfileData>

export const deye1p: ProfileData = {
  ...map,
  name: 'deye-1p',
  covers: 'Deye, Sunsynk and Sol-Ark one-phase hybrid inverters',
  notes: [
    'Some models (16 kW, some of 10 kW, by firmware) show the grid’s power in steps of 10 W and nothing in the map says so: if it is a tenth of what the meter shows, use deye-1p-x10.',
  ],
  counting: 'one-phase',
  recognition: deyeRecognition('deye-1p'),
  knownFaults: [
    'Set to "zero export to load", register 169 shows the inverter’s own port: the clamp at the grid connection is read (172).',
  ],
  largestGap: 90,
  points: {
    serial,
    deviceType,
    pv1: watts(186, 'e s h'),
    pv2: watts(187, 'e s h'),
    pv3: watts(188, 'e s h'),
    pv4: watts(189, 'e s h'),
    yield: { address: 96, type: 'u32', scale: 2, missing: nan32, evidence: 'e s h' },
    // The clamp at the grid connection; 169 agrees with it in one mode and is the inverter's own port in the other.
    power: { address: 172, type: 'i16', evidence: 'D h' },
    inverterPort: { address: 169, type: 'i16', evidence: 'D e s' },
    // 79 between the two words is the grid frequency.
    imported: { address: 80, lowWordAddress: 78, type: 'u32', scale: 2, missing: nan32, evidence: 'e s h' },
    exported: { address: 81, type: 'u32', scale: 2, missing: nan32, evidence: 'e s h' },
    batteryPower: { address: 190, type: 'i16', evidence: 'D e s' },
    charge: { address: 184, type: 'u16', missing: [0xffff], evidence: 'D e s' },
  },
  reading: {
    powerW: [{ plus: ['power'] }, { plus: ['inverterPort'] }],
    productionW: [{ plus: ['pv1', 'pv2', 'pv3', 'pv4'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

/** Told apart by its owner only: no register says in which steps the power counts. */
export const deye1pX10: ProfileData = {
  ...deye1p,
  name: 'deye-1p-x10',
  covers:
    'Deye, Sunsynk and Sol-Ark one-phase hybrid inverters that show the power of the grid in steps of 10 W (16 kW)',
  notes: ['Compare the power with the meter’s own display before anything is sold: with deye-1p it is a tenth of it.'],
  points: {
    ...deye1p.points,
    power: { address: 172, type: 'i16', scale: 1, evidence: 's ?' },
    inverterPort: { address: 169, type: 'i16', scale: 1, evidence: 's ?' },
  },
}

/** Newer firmware of high-voltage models counts in whole kWh, and nothing in the map says which firmware it is. */
const energy = (point: string): Partial<Formula>[] => [
  { plus: [point], when: lowVoltage },
  { plus: [point], when: highVoltage, stepWh: 1_000, verified: false },
]
const dcPower = (...points: string[]): Partial<Formula>[] => [
  { plus: points, when: lowVoltage },
  { plus: points, when: highVoltage, shift: 1 },
]

export const deye3p: ProfileData = {
  ...map,
  name: 'deye-3p',
  covers: 'Deye, Sunsynk and Sol-Ark three-phase hybrid inverters, low and high voltage',
  counting: 'unknown',
  recognition: deyeRecognition('deye-3p'),
  knownFaults: [
    'High-voltage models with newer firmware count in whole kWh and nothing says so: their energy is not sold.',
  ],
  largestGap: 60,
  points: {
    serial,
    deviceType,
    pv1: watts(672, 'e s h'),
    pv2: watts(673, 'e s h'),
    pv3: watts(674, 'e s h'),
    pv4: watts(675, 'e s h'),
    yield: { address: 534, type: 'u32', scale: 2, missing: nan32, evidence: 'e s h' },
    // Newer firmware has a high word at 690. Where it agrees with this one's sign it adds nothing; where not, this one holds.
    power: { address: 625, type: 'i16', evidence: 'D e s' },
    imported: { address: 522, type: 'u32', scale: 2, missing: nan32, evidence: 'e s h' },
    exported: { address: 524, type: 'u32', scale: 2, missing: nan32, evidence: 'e s h' },
    batteryPower: { address: 590, type: 'i16', evidence: 'D e s' },
    charge: { address: 588, type: 'u16', missing: [0xffff], evidence: 'D e s' },
  },
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: dcPower('pv1', 'pv2', 'pv3', 'pv4'),
    importWh: energy('imported'),
    exportWh: energy('exported'),
    productionWh: energy('yield'),
    batteryPowerW: dcPower('batteryPower'),
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

/** The panels' side of inverters without a battery; two sources do not agree on the order of the words. */
const withoutBattery = {
  ...map,
  largestGap: 30,
  counting: 'unknown',
  knownFaults: [
    'One source reads the high word first, one the low word: a power that would be megawatts is not taken.',
    'It has no grid meter of its own: running hours and grid settings stand where hybrids have energies.',
  ],
  points: {
    serial,
    deviceType,
    yield: { address: 63, type: 'u32', scale: 2, evidence: 'e h ?' },
    power: { address: 86, type: 'u32', scale: -1, evidence: 'e h ?' },
  },
  reading: { productionW: [{ plus: ['power'] }], productionWh: [{ plus: ['yield'] }] },
} satisfies Partial<ProfileData>

export const deyeString: ProfileData = {
  ...withoutBattery,
  name: 'deye-string',
  covers: 'Deye and Sunsynk string inverters',
  recognition: deyeRecognition('deye-string'),
}

export const deyeMicro: ProfileData = {
  ...withoutBattery,
  name: 'deye-micro',
  covers: 'Deye, Bosswerk and Anker micro inverters',
  recognition: deyeRecognition('deye-micro'),
}
