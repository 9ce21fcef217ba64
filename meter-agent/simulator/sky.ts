/** Where on earth a home stands and how its sky moves. Only the sky is compressed: powers and energies are real. */
export interface Sky {
  /** Real seconds in which the sun goes once round. */
  dayLengthSeconds: number
  /** UTC milliseconds at which a sky day begins (at midnight). */
  epochMs: number
  latitudeDegrees: number
  /** The sun's height over the equator: 23.4 at midsummer, −23.4 at midwinter. */
  declinationDegrees: number
}

/** A roof's or field's panels. */
export interface Panels {
  peakKw: number
  /** The direction that they face: 180 is south. */
  azimuthDegrees: number
  /** How steep they stand: 0 lies flat. */
  tiltDegrees: number
}

const solarConstant = 1_361
const standardIrradiance = 1_000
const losses = 0.86
const diffuseShare = 0.12
const radians = Math.PI / 180

/** The part of the sky day that has passed, from 0 at midnight to 1. */
export function dayFraction(sky: Sky, nowMs: number): number {
  const days = (nowMs - sky.epochMs) / 1000 / sky.dayLengthSeconds
  return days - Math.floor(days)
}

/**
 * DC-to-AC power of panels under a sky with this much cloud, in W.
 *
 * Sun position from hour angle and declination; clear-sky beam after Meinel (1976), 1361 × 0.7^(AM^0.678), with the air mass of a
 * flat earth; diffuse light as a fixed share of the horizontal beam.
 * @param cloud 0 clear to 1 overcast
 */
export function panelPowerW(panels: Panels, sky: Sky, nowMs: number, cloud: number): number {
  const hourAngle = (dayFraction(sky, nowMs) - 0.5) * 2 * Math.PI
  const latitude = sky.latitudeDegrees * radians
  const declination = sky.declinationDegrees * radians
  const up =
    Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle)
  if (up <= 0) return 0
  const west = Math.cos(declination) * Math.sin(hourAngle)
  const south =
    Math.sin(latitude) * Math.cos(declination) * Math.cos(hourAngle) - Math.cos(latitude) * Math.sin(declination)
  const tilt = panels.tiltDegrees * radians
  const facing = panels.azimuthDegrees * radians
  const onPanel = up * Math.cos(tilt) + Math.sin(tilt) * (-Math.cos(facing) * south - Math.sin(facing) * west)
  const airMass = 1 / Math.max(up, 0.02)
  const beam = solarConstant * 0.7 ** (airMass ** 0.678)
  const direct = beam * Math.max(0, onPanel) * (1 - 0.92 * cloud)
  const diffuse = beam * up * diffuseShare * (1 + 0.6 * cloud)
  const power = (panels.peakKw * 1000 * losses * (direct + diffuse)) / standardIrradiance
  return Math.min(power, panels.peakKw * 1000)
}

/** Smooth seeded noise between 0 and 1 that changes about once per unit of `at`; the same for the same seed and place. */
export function noise(seed: number, at: number): number {
  const left = Math.floor(at)
  const share = at - left
  const smooth = share * share * (3 - 2 * share)
  return hashed(seed, left) * (1 - smooth) + hashed(seed, left + 1) * smooth
}

/** How cloudy the sky is, 0 to 1: long fair and dull spells with passing clouds in them. */
export function cloudiness(seed: number, sky: Sky, nowMs: number): number {
  const hours = ((nowMs - sky.epochMs) / 1000 / sky.dayLengthSeconds) * 24
  const spell = noise(seed, hours / 9)
  const passing = noise(seed + 1, hours / 0.6)
  return Math.min(1, Math.max(0, 1.3 * spell + 0.7 * passing - 0.75))
}

/** Mixes two integers into 0 … 1 (the finaliser of MurmurHash3 over both). */
function hashed(seed: number, index: number): number {
  let hash = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(index | 0, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
