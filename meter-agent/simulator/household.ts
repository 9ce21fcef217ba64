/** A home's consumption, production and battery over the day. */
import { cloudiness, dayFraction, noise, type Panels, panelPowerW, type Sky } from './sky.ts'

export const loadProfileNames = ['household', 'flat', 'bakery', 'school', 'farm', 'none'] as const
export type LoadProfile = (typeof loadProfileNames)[number]

/** What does not change about a home. */
export interface HomeTraits {
  seed: number
  /** All homes under one sky share its clouds. */
  cloudSeed: number
  sky: Sky
  /** `null`: a home that only buys. */
  panels: Panels | null
  load: LoadProfile
  /** Multiplies the load profile. */
  loadScale: number
  /** `null`: no battery. */
  battery: { capacityWh: number; powerW: number } | null
  /** What the grid connection can carry, either way. */
  mainFuseW: number
}

/** What changes; counters only grow. Plain numbers: it is saved as JSON. */
export interface HomeState {
  timeMs: number
  importMilliWh: number
  exportMilliWh: number
  productionMilliWh: number
  batteryWh: number
  /** At the grid connection point, import positive. */
  powerW: number
  productionW: number
  /** Power of the battery, positive while it discharges. */
  batteryPowerW: number
  /** With what the car draws. */
  loadW: number
  carW: number
  /** What the car has drawn in all. */
  carMilliWh: number
}

/** Losses of a full cycle are taken when charging. */
const chargeEfficiency = 0.92
const milliWhPerWattSecond = 1000 / 3600

/** Watts by the hour of the sky day, from midnight; in between they are interpolated. */
const loadsW: Record<LoadProfile, readonly number[]> = {
  household: [
    220, 190, 180, 180, 190, 260, 520, 780, 640, 480, 430, 520, 780, 560, 430, 410, 480, 760, 1180, 1320, 1100, 820,
    520, 310,
  ],
  flat: [
    110, 100, 95, 95, 100, 140, 300, 420, 300, 210, 190, 230, 340, 250, 200, 190, 230, 380, 620, 680, 560, 420, 260,
    150,
  ],
  bakery: [
    2100, 4800, 6900, 7400, 7200, 6600, 5600, 4700, 4100, 3700, 3300, 3100, 2900, 2500, 2200, 2000, 1900, 1700, 1200,
    800, 600, 500, 600, 1100,
  ],
  school: [
    500, 480, 470, 470, 500, 800, 2200, 5200, 7600, 8200, 8400, 8300, 8000, 7400, 6200, 4300, 2900, 2000, 1300, 1000,
    800, 650, 560, 520,
  ],
  farm: [
    900, 850, 850, 900, 1700, 3600, 4300, 3200, 2100, 1800, 1700, 1800, 2000, 1800, 1700, 1800, 2600, 4200, 4500, 3000,
    1800, 1300, 1050, 950,
  ],
  none: [0],
}

/** A home in which nothing has been counted yet. */
export function newHome(
  timeMs: number,
  counters: { importWh: number; exportWh: number; productionWh: number },
): HomeState {
  return {
    timeMs,
    importMilliWh: counters.importWh * 1000,
    exportMilliWh: counters.exportWh * 1000,
    productionMilliWh: counters.productionWh * 1000,
    batteryWh: 0,
    powerW: 0,
    productionW: 0,
    batteryPowerW: 0,
    loadW: 0,
    carW: 0,
    carMilliWh: 0,
  }
}

/**
 * The home `seconds` later: powers of the new moment, energies as power × time. The same home and state give the same result.
 * The fuse limits what is drawn by shedding load, the car's first, and what is fed in by throttling the panels.
 *
 * @param wantedCarW what a car would draw now
 */
export function advanceHome(home: HomeTraits, state: HomeState, seconds: number, wantedCarW = 0): HomeState {
  const timeMs = state.timeMs + seconds * 1000
  const cloud = cloudiness(home.cloudSeed, home.sky, timeMs)
  let productionW = home.panels ? panelPowerW(home.panels, home.sky, timeMs, cloud) : 0
  let loadW = loadAt(home, timeMs) + wantedCarW
  let carW = wantedCarW
  const batteryPowerW = batteryPower(home, state, productionW - loadW, seconds)
  const unlimitedW = loadW - productionW - batteryPowerW
  if (unlimitedW > home.mainFuseW) {
    loadW -= unlimitedW - home.mainFuseW
    carW = Math.max(0, carW - (unlimitedW - home.mainFuseW))
  }
  if (-unlimitedW > home.mainFuseW) productionW -= -unlimitedW - home.mainFuseW
  const powerW = loadW - productionW - batteryPowerW
  const milliWh = (watts: number) => Math.max(0, watts) * seconds * milliWhPerWattSecond
  const storedWh = (-batteryPowerW * (batteryPowerW < 0 ? chargeEfficiency : 1) * seconds) / 3600
  return {
    timeMs,
    importMilliWh: state.importMilliWh + milliWh(powerW),
    exportMilliWh: state.exportMilliWh + milliWh(-powerW),
    productionMilliWh: state.productionMilliWh + milliWh(productionW),
    batteryWh: home.battery ? Math.min(home.battery.capacityWh, Math.max(0, state.batteryWh + storedWh)) : 0,
    powerW,
    productionW,
    batteryPowerW,
    loadW,
    carW,
    carMilliWh: state.carMilliWh + milliWh(carW),
  }
}

function loadAt(home: HomeTraits, timeMs: number): number {
  const hours = loadsW[home.load]
  const at = dayFraction(home.sky, timeMs) * hours.length
  const index = Math.floor(at) % hours.length
  const share = at - Math.floor(at)
  const usualW = hours[index]! * (1 - share) + hours[(index + 1) % hours.length]! * share
  const skyHours = ((timeMs - home.sky.epochMs) / 1000 / home.sky.dayLengthSeconds) * 24
  const unrest = 0.7 + 0.6 * noise(home.seed, skyHours / 0.35)
  return usualW * home.loadScale * unrest
}

/** Takes what is left over and gives what is missing, within its power and its charge. Discharging positive. */
function batteryPower({ battery }: HomeTraits, { batteryWh }: HomeState, surplusW: number, seconds: number): number {
  if (!battery) return 0
  const hours = seconds / 3600
  if (surplusW >= 0) {
    const roomW = (battery.capacityWh - batteryWh) / hours / chargeEfficiency
    return -Math.min(surplusW, battery.powerW, roomW)
  }
  return Math.min(-surplusW, battery.powerW, batteryWh / hours)
}
