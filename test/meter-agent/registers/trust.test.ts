/** Nothing is sold before counters and power have told the same story, and nothing after they have told another one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseState } from '../../../meter-agent/registers/state.ts'
import { epochTime, type Poll, TestMeter } from './metering.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`trust laws: SEED=${seed}`)

const quick = { intervalMs: 10_000, gapLimitMs: 6_000, confirmed: false }
const hours = (powerW: number, atSeconds: number) => (powerW * atSeconds) / 3600

/** What is sold: the rise over all intervals whose two ends are measured. */
function sold(meter: TestMeter, side: 'importWh' | 'exportWh'): number {
  return meter.readings.reduce((sum, reading, index) => {
    const before = meter.readings[index - 1]
    return before && before.quality === 0 && reading.quality === 0 ? sum + reading[side] - before[side] : sum
  }, 0)
}

/** A meter polled every other second that counts in steps. */
function polled(seconds: number, at: (second: number) => Poll, rules: object = quick, everySeconds = 2): TestMeter {
  const meter = new TestMeter(rules)
  meter.pollFromTo(0, seconds, everySeconds, at)
  return meter
}

const counted = (wh: number, stepWh = 1) => Math.floor(wh / stepWh) * stepWh

describe('before the first agreement', () => {
  test('nothing is sold, and everything after it', () => {
    const meter = polled(300, (at) => ({
      importWh: 500,
      exportWh: 1000 + counted(hours(3600, at)),
      powerW: -3600,
    }))
    expect(meter.readings[0]).toMatchObject({ quality: 2, reasons: ['unverified'] })
    expect(meter.readings.slice(3).every(({ quality }) => quality === 0)).toBe(true)
    expect(sold(meter, 'exportWh')).toBeGreaterThan(250)
  })

  test('a side is proven by itself: import at night says nothing of the register of what is fed in', () => {
    const meter = polled(1200, (at) =>
      at < 600
        ? { importWh: 500 + counted(hours(1800, at)), exportWh: 1000, powerW: 1800 }
        : { importWh: 800, exportWh: 1000 + counted(hours(3600, at - 600)), powerW: -3600 },
    )
    const at600 = meter.readings.findIndex(({ time }) => time === epochTime + 610)
    expect(meter.readings[at600 - 2]).toMatchObject({ quality: 0 })
    expect(meter.readings[at600]).toMatchObject({ quality: 2, reasons: expect.arrayContaining(['unverified']) })
    expect(meter.readings.at(-1)).toMatchObject({ quality: 0 })
  })

  test('without power nothing is ever sold, unless the owner has compared the counters', () => {
    const blind = (at: number): Poll => ({ importWh: 500, exportWh: 1000 + counted(hours(5000, at)) })
    expect(sold(polled(3600, blind), 'exportWh')).toBe(0)
    expect(sold(polled(3600, blind, { ...quick, confirmed: true }), 'exportWh')).toBeGreaterThan(4900)
  })

  test.each([40, 100, 300, 3000])('an exchanged meter at %i W sells nothing', (watts) => {
    const meter = polled(7200, (at) => ({
      importWh: 500,
      exportWh: 1000 + counted(hours(watts, at)),
      powerW: watts,
    }))
    expect([sold(meter, 'exportWh'), sold(meter, 'importWh')]).toEqual([0, 0])
  })

  test.each([0.1, 0.5, 2, 10])('a counter of %f times what flows sells nothing', (factor) => {
    const meter = polled(7200, (at) => ({
      importWh: 500,
      exportWh: 1000 + counted(factor * hours(2400, at)),
      powerW: -2400,
    }))
    expect(sold(meter, 'exportWh')).toBe(0)
  })

  test('steps of 100 Wh need five of them', () => {
    const coarse = (at: number): Poll => ({
      importWh: 500,
      exportWh: counted(50_000 + hours(3600, at), 100),
      powerW: -3600,
      resolutionWh: 100,
    })
    const meter = polled(3600, coarse, { ...quick, intervalMs: 60_000 }, 5)
    const first = meter.readings.findIndex(({ exportWh, quality }, index) => {
      return quality === 0 && exportWh > (meter.readings[index - 1]?.exportWh ?? 0)
    })
    expect(meter.readings[first]!.exportWh).toBeGreaterThanOrEqual(500)
    expect(sold(meter, 'exportWh')).toBeGreaterThan(1000)
  })

  test('what is proven stays so over a restart', () => {
    const at = (second: number): Poll => ({
      importWh: 500,
      exportWh: 1000 + counted(hours(3600, second)),
      powerW: -3600,
    })
    const meter = polled(300, at)
    meter.restart()
    meter.pollFromTo(302, 600, 2, at)
    expect(meter.readings.slice(-20).every(({ quality }) => quality === 0)).toBe(true)
  })

  test('what an earlier version stored goes on, unproven', () => {
    const stored = {
      version: 1,
      epoch: 1,
      comparison: null,
      contradicted: true,
      import: { virtualMilliWh: { $n: '5' } },
    }
    expect(parseState(JSON.stringify(stored))).toMatchObject({
      version: 2,
      trust: { proven: { import: false, export: false }, contradicted: true },
      import: { virtualMilliWh: 5n },
    })
    expect(() => parseState('{"version":9}')).toThrow('version 9')
  })
})

describe('after it', () => {
  /** A house by day: 3 kW into the grid, for some minutes of each hour 2 kW from it. */
  const day = (at: number) => (at % 3600 < 600 ? 2000 : -3000)
  const energies = (at: number, powerAt: (second: number) => number) => {
    let [importWh, exportWh] = [0, 0]
    for (let second = 10; second <= at; second += 10) {
      importWh += hours(Math.max(powerAt(second), 0), 10)
      exportWh += hours(Math.max(-powerAt(second), 0), 10)
    }
    return { importWh, exportWh }
  }

  test('a lag of ten seconds between power and counters is no contradiction', () => {
    const meter = polled(
      14_400,
      (at) => {
        const { importWh, exportWh } = energies(at, day)
        return { importWh: counted(importWh), exportWh: counted(exportWh), powerW: day(Math.max(at - 10, 0)) }
      },
      { intervalMs: 300_000, gapLimitMs: 60_000, confirmed: false },
      10,
    )
    expect(meter.readings.slice(1).flatMap(({ reasons }) => reasons)).not.toContain('implausible')
  })

  test('counters that are updated every five minutes are proven and stay so', () => {
    const meter = polled(
      14_400,
      (at) => {
        const { importWh, exportWh } = energies(Math.floor(at / 300) * 300, day)
        return { importWh: counted(importWh, 10), exportWh: counted(exportWh, 10), powerW: day(at), resolutionWh: 10 }
      },
      { intervalMs: 900_000, gapLimitMs: 60_000, confirmed: false },
      10,
    )
    expect(meter.readings.slice(4).map(({ quality }) => quality)).toEqual(new Array(meter.readings.length - 4).fill(0))
  })

  test('a battery’s charge in the place of what is fed in is noticed within hours, and stays noticed', () => {
    // It charges while the sun shines, so that both agree; then it is full, and the house feeds in.
    const charging = (at: number) => at % 7200 < 3000
    let exportWh = 0
    const meter = polled(
      43_200,
      (at) => {
        if (at > 0 && charging(at)) exportWh += hours(3000, 10)
        return { importWh: 500, exportWh: counted(exportWh), powerW: -3000 }
      },
      { intervalMs: 300_000, gapLimitMs: 60_000, confirmed: false },
      10,
    )
    const late = meter.readings.filter(({ time }) => time > epochTime + 10_800)
    expect(late.every(({ quality }) => quality === 2)).toBe(true)
  })

  test('a meter exchanged for another kind is noticed', () => {
    const meter = polled(3600, (at) => ({
      importWh: 500 + (at > 1200 ? counted(hours(3600, at - 1200)) : 0),
      exportWh: 1000 + counted(hours(3600, Math.min(at, 1200))),
      powerW: -3600,
    }))
    expect(meter.readings.at(-1)).toMatchObject({ quality: 2, reasons: expect.arrayContaining(['implausible']) })
  })
})

describe('phases', () => {
  const crossed = (at: number, more: Poll = {}): Poll => ({
    importWh: counted(hours(1500, at)),
    exportWh: counted(hours(1500, at)),
    powerW: 0,
    phasePowersW: [1500, -1500, 0],
    ...more,
  })

  test('counted each by themselves are not sold where the utility balances them, however the map describes the meter', () => {
    for (const counting of ['per-phase', 'unknown', 'balanced'] as const) {
      const meter = polled(7200, (at) => crossed(at, { counting }))
      expect([sold(meter, 'importWh'), sold(meter, 'exportWh')]).toEqual([0, 0])
    }
  })

  test('are sold where the utility counts so too, and power says the same phase by phase', () => {
    const meter = polled(7200, (at) => crossed(at, { counting: 'per-phase' }), { ...quick, countsPerPhase: true })
    expect(sold(meter, 'exportWh')).toBeGreaterThan(2900)
    const balancing = (at: number): Poll => ({
      importWh: 0,
      exportWh: counted(hours(1000, at)),
      powerW: -1000,
      phasePowersW: [500, -1500, 0],
      counting: 'balanced',
    })
    expect(sold(polled(7200, balancing), 'exportWh')).toBeGreaterThan(1900)
  })
})

describe(`over any loads and any wrong counter (SEED=${seed})`, () => {
  const stretch = fc.record({ powerW: fc.integer({ min: -8000, max: 8000 }), polls: fc.integer({ min: 1, max: 90 }) })

  test('a true meter is never contradicted, and sells what it counts but for the time before', () => {
    fc.assert(
      fc.property(
        fc.array(stretch, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(0.1, 1, 10),
        (stretches, step) => {
          const meter = new TestMeter({ ...quick, nameplateW: 30_000 })
          let at = 0
          const true_ = { importWh: 0, exportWh: 0 }
          for (const { powerW, polls } of stretches) {
            for (let n = 0; n < polls; n += 1) {
              at += 2
              true_.importWh += hours(Math.max(powerW, 0), 2)
              true_.exportWh += hours(Math.max(-powerW, 0), 2)
              meter.poll(at, {
                importWh: counted(true_.importWh + 1e-9, step),
                exportWh: counted(true_.exportWh + 1e-9, step),
                powerW,
                resolutionWh: step,
              })
            }
          }
          expect(meter.readings.flatMap(({ reasons }) => reasons)).not.toContain('implausible')
        },
      ),
      { seed, numRuns: Number(process.env.RUNS ?? 60) },
    )
  })

  test('exchanged counters never sell more than a trace', () => {
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 5, maxLength: 30 }), (stretches) => {
        const meter = new TestMeter({ ...quick, nameplateW: 30_000 })
        let at = 0
        const true_ = { importWh: 0, exportWh: 0 }
        for (const { powerW, polls } of stretches) {
          for (let n = 0; n < polls; n += 1) {
            at += 2
            true_.importWh += hours(Math.max(powerW, 0), 2)
            true_.exportWh += hours(Math.max(-powerW, 0), 2)
            meter.poll(at, { importWh: counted(true_.exportWh), exportWh: counted(true_.importWh), powerW })
          }
        }
        expect(sold(meter, 'exportWh') + sold(meter, 'importWh')).toBe(0)
      }),
      { seed, numRuns: Number(process.env.RUNS ?? 60) },
    )
  })
})
