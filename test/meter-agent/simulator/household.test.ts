/** The physics of the sun and of a home. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advanceHome, type HomeState, type HomeTraits, newHome } from '../../../meter-agent/simulator/household.ts'
import { cloudiness, panelPowerW, type Sky } from '../../../meter-agent/simulator/sky.ts'

const sky: Sky = { dayLengthSeconds: 360, epochMs: 0, latitudeDegrees: 50, declinationDegrees: 15 }
const south = { peakKw: 10, azimuthDegrees: 180, tiltDegrees: 35 }
const hour = (h: number) => (h / 24) * sky.dayLengthSeconds * 1000

const base: HomeTraits = {
  seed: 1,
  cloudSeed: 1,
  sky,
  panels: south,
  load: 'household',
  loadScale: 1,
  battery: null,
  mainFuseW: 43_470,
}
const counters = { importWh: 0, exportWh: 0, productionWh: 0 }

function live(home: HomeTraits, steps: number, seconds = 0.25): HomeState[] {
  const states = [newHome(0, counters)]
  for (let step = 0; step < steps; step += 1) states.push(advanceHome(home, states.at(-1)!, seconds))
  return states
}

describe('the sun', () => {
  it('gives nothing at night and most of the peak power on a clear noon', () => {
    expect(panelPowerW(south, sky, hour(0), 0)).toBe(0)
    expect(panelPowerW(south, sky, hour(3), 0)).toBe(0)
    const noonW = panelPowerW(south, sky, hour(12), 0)
    expect(noonW).toBeGreaterThan(7_500)
    expect(noonW).toBeLessThanOrEqual(10_000)
  })

  it('stands in the east in the morning', () => {
    const east = { ...south, azimuthDegrees: 90 }
    const west = { ...south, azimuthDegrees: 270 }
    expect(panelPowerW(east, sky, hour(9), 0)).toBeGreaterThan(1.5 * panelPowerW(west, sky, hour(9), 0))
    expect(panelPowerW(west, sky, hour(15), 0)).toBeCloseTo(panelPowerW(east, sky, hour(9), 0), 6)
  })

  it('is dimmed by clouds, and clouds stay between clear and overcast', () => {
    expect(panelPowerW(south, sky, hour(12), 1)).toBeLessThan(0.4 * panelPowerW(south, sky, hour(12), 0))
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 2 ** 41 }), (seed, nowMs) => {
        const cloud = cloudiness(seed, sky, nowMs)
        expect(cloud).toBeGreaterThanOrEqual(0)
        expect(cloud).toBeLessThanOrEqual(1)
      }),
      { seed: 7 },
    )
  })
})

describe('a home', () => {
  const homes = fc.record({
    seed: fc.integer({ min: 0, max: 1000 }),
    panels: fc.constantFrom(null, south, { peakKw: 3, azimuthDegrees: 250, tiltDegrees: 10 }),
    load: fc.constantFrom('household', 'flat', 'bakery', 'school', 'farm', 'none'),
    loadScale: fc.double({ min: 0, max: 30, noNaN: true }),
    battery: fc.constantFrom(null, { capacityWh: 5, powerW: 3000 }, { capacityWh: 10_000, powerW: 5000 }),
    mainFuseW: fc.constantFrom(4_000, 43_470),
  }) as fc.Arbitrary<Partial<HomeTraits>>

  it('conserves energy, keeps its fuse and its battery’s limits, and only counts up', () => {
    fc.assert(
      fc.property(homes, (changes) => {
        const home = { ...base, ...changes }
        const states = live(home, 400, 1)
        for (const [index, state] of states.slice(1).entries()) {
          const before = states[index]!
          expect(state.loadW - state.productionW - state.batteryPowerW).toBeCloseTo(state.powerW, 6)
          expect(Math.abs(state.powerW)).toBeLessThanOrEqual(home.mainFuseW + 1e-6)
          expect(state.batteryWh).toBeGreaterThanOrEqual(0)
          expect(state.batteryWh).toBeLessThanOrEqual(home.battery?.capacityWh ?? 0)
          expect(state.productionW).toBeGreaterThanOrEqual(0)
          for (const counter of ['importMilliWh', 'exportMilliWh', 'productionMilliWh'] as const) {
            expect(state[counter]).toBeGreaterThanOrEqual(before[counter])
          }
          const netMilliWh = state.importMilliWh - before.importMilliWh - (state.exportMilliWh - before.exportMilliWh)
          expect(netMilliWh).toBeCloseTo((state.powerW * 1000) / 3600, 3)
        }
      }),
      { seed: 11, numRuns: 40 },
    )
  })

  it('lives the same life however often it is stopped and started again', () => {
    const whole = live(base, 2_000).at(-1)!
    let state = newHome(0, counters)
    for (let step = 0; step < 2_000; step += 1) {
      state = advanceHome(base, step % 7 === 0 ? JSON.parse(JSON.stringify(state)) : state, 0.25)
    }
    expect(state).toEqual(whole)
  })

  it('stores its surplus and uses it after dusk', () => {
    const home = { ...base, battery: { capacityWh: 5_000, powerW: 3_000 } }
    const states = live(home, 360, 1)
    expect(Math.min(...states.map((state) => state.batteryPowerW))).toBeLessThan(-1_000)
    expect(states.at(-1)!.batteryPowerW).toBeGreaterThan(0)
  })
})
