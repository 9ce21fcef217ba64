/** Register maps of Growatt's inverters. */
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

const map = {
  manufacturer: 'Growatt',
  unit: 1,
  functions: [4],
  window: 125,
  largestGap: 110,
  serialPauseMs: 850,
  identity: {},
} satisfies Partial<ProfileData>

export const growattMin: ProfileData = {
  ...map,
  name: 'growatt-min',
  covers: 'Growatt MIN, MIC and MOD string inverters',
  points: { power: tenthWatt(35, 'e x'), yield: tenthKwh(55, 'e x') },
  reading: { productionW: [{ plus: ['power'] }], productionWh: [{ plus: ['yield'] }] },
}

export const growattSph: ProfileData = {
  ...map,
  name: 'growatt-sph',
  covers: 'Growatt SPH hybrid inverters',
  notes: ['Registers 1044 to 1051 are not trusted on some models: no energy of the meter is sold.'],
  points: {
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
  points: {
    pv1: tenthWatt(3005, 'e x'),
    pv2: tenthWatt(3009, 'e x'),
    pv3: tenthWatt(3013, 'e x'),
    pv4: tenthWatt(3017, 'e x'),
    yield: tenthKwh(3053, 'e x'),
    olderYield: tenthKwh(91, 'e x'),
    toUser: tenthWatt(3041, 'e x'),
    toGrid: onlyFeedIn(3043),
    imported: tenthKwh(3069, 'e x'),
    exported: tenthKwh(3073, 'x'),
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
