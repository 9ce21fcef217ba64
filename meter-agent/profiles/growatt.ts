/**
 * Growatt's inverters. Holding register 30000 holds a device type code on newer firmware; older ones say only what register
 * ranges they serve. Sources: evcc (e), Growatt_ModbusTCP (x), the maker's protocol V1.24 (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const tenthWatt = (address: number, evidence: string): PointData => ({
  address,
  type: 'u32',
  scale: -1,
  missing: [0xffffffff],
  evidence,
})
const tenthKwh = (address: number, evidence: string): PointData => ({
  address,
  type: 'u32',
  scale: 2,
  missing: [0xffffffff],
  evidence,
})
/** One source calls it signed (negative = import), one unsigned: what is imported must not count twice. */
const onlyFeedIn = (address: number): PointData => ({
  address,
  type: 'i32',
  scale: -1,
  keep: 'positive',
  evidence: 'e x ?',
})

const typeCode: PointData = { address: 30_000, type: 'u16', functionCode: 3, evidence: 'x' }
const kinds = [
  { from: 5200, to: 5299, is: 'a MIN, MIC or MOD string inverter', profile: 'growatt-min' },
  { from: 3500, to: 3699, is: 'an SPH hybrid', profile: 'growatt-sph' },
  { from: 5100, to: 5199, is: 'a MIN TL-XH hybrid', profile: 'growatt-tl-xh' },
  { from: 5400, to: 5499, is: 'a MOD TL3-XH hybrid', profile: 'growatt-tl-xh' },
]
/** Only own codes are trusted: a hybrid's yield may be read by the string inverters' map as well. */
function recognition(profile: string): ProfileData['recognition'] {
  return {
    how: 'Holding register 30000 holds a device type code where the firmware has one; older firmware does not say what it is.',
    own: kinds
      .filter((kind) => kind.profile === profile)
      .map(({ from, to }) => ({ point: 'typeCode', between: [from, to] as [number, number] })),
  }
}

const map = {
  manufacturer: 'Growatt',
  unit: 1,
  functions: [4],
  window: 125,
  largestGap: 110,
  serialPauseMs: 850,
  identity: {},
  counting: 'unknown',
} satisfies Partial<ProfileData>

export const growattMin: ProfileData = {
  ...map,
  name: 'growatt-min',
  covers: 'Growatt MIN, MIC and MOD string inverters',
  recognition: recognition('growatt-min'),
  knownFaults: ['At night the firmware writes small negative powers into an unsigned register: they are not taken.'],
  points: { typeCode, power: tenthWatt(35, 'e x'), yield: tenthKwh(55, 'e x') },
  reading: { productionW: [{ plus: ['power'] }], productionWh: [{ plus: ['yield'] }] },
}

export const growattSph: ProfileData = {
  ...map,
  name: 'growatt-sph',
  covers: 'Growatt SPH hybrid inverters',
  notes: ['Registers 1044 to 1051 are not trusted on some models: no energy of the meter is sold.'],
  recognition: recognition('growatt-sph'),
  knownFaults: ['Through some gateways replies arrive one register late: impossible values are not taken.'],
  points: {
    typeCode,
    power: tenthWatt(1, 'e x'),
    yield: tenthKwh(91, 'e x'),
    toUser: tenthWatt(1021, 'e x'),
    toGrid: onlyFeedIn(1029),
    imported: tenthKwh(1046, 'e x ?'),
    exported: tenthKwh(1050, 'x ?'),
    discharging: tenthWatt(1009, 'e x'),
    charging: tenthWatt(1011, 'e x'),
    charge: { address: 1014, type: 'u16', missing: [0xffff], evidence: 'e x' },
  },
  reading: {
    powerW: [{ plus: ['toUser'], minus: ['toGrid'] }],
    productionW: [{ plus: ['power'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['discharging'], minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}

export const growattTlXh: ProfileData = {
  ...map,
  name: 'growatt-tl-xh',
  covers: 'Growatt MIN TL-XH and MOD TL3-XH hybrid inverters',
  recognition: recognition('growatt-tl-xh'),
  knownFaults: ['Through some gateways replies arrive one register late: impossible values are not taken.'],
  points: {
    typeCode,
    pv1: tenthWatt(3005, 'e x'),
    pv2: tenthWatt(3009, 'e x'),
    pv3: tenthWatt(3013, 'e x'),
    pv4: tenthWatt(3017, 'e x'),
    yield: tenthKwh(3053, 'e x'),
    olderYield: tenthKwh(91, 'e x'),
    toUser: tenthWatt(3041, 'e x'),
    toGrid: onlyFeedIn(3043),
    imported: tenthKwh(3069, 'e x'),
    exported: tenthKwh(3073, 'x w'),
    discharging: tenthWatt(3178, 'e x'),
    charging: tenthWatt(3180, 'e x'),
    charge: { address: 3171, type: 'u16', missing: [0xffff], evidence: 'e x' },
  },
  reading: {
    powerW: [{ plus: ['toUser'], minus: ['toGrid'] }],
    productionW: [{ plus: ['pv1', 'pv2', 'pv3', 'pv4'], missingAsZero: true }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'], zeroAsMissing: true }, { plus: ['olderYield'] }, { plus: ['yield'] }],
    batteryPowerW: [{ plus: ['discharging'], minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
