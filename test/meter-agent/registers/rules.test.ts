/** The rules of metering as examples. */
import { describe, expect, test } from 'vitest'
import { mostBoundariesAtOnce } from '../../../meter-agent/registers/meter.ts'
import { timingOf } from '../../../meter-agent/registers/timing.ts'
import { type Poll, TestMeter } from './metering.ts'

/** Exports at a constant power from a counter that stands at 1,000 Wh at the epoch's start; import stands at 500 Wh. */
const exporting =
  (powerW: number, more: Poll = {}) =>
  (atSeconds: number): Poll => ({
    importWh: 500,
    exportWh: 1000 + Math.floor((powerW * atSeconds) / 3600),
    powerW: -powerW,
    ...more,
  })

describe('boundaries', () => {
  test('a register is interpolated between the samples around a boundary and rounded down', () => {
    const meter = new TestMeter()
    meter.poll(-2, { importWh: 500, exportWh: 1000 })
    meter.poll(0, { importWh: 500, exportWh: 1000 })
    for (let at = 50; at < 898; at += 50) meter.poll(at, { importWh: 500, exportWh: 1000 })
    meter.poll(898, { importWh: 502, exportWh: 1010 })
    // At 900 s, 2 of 7 s: 10 + 7 × 2/7 = 12 exactly, 2 + 6 × 2/7 = 3.71.
    const [reading] = meter.poll(905, { importWh: 508, exportWh: 1017 })
    expect(reading).toEqual({
      epoch: 1,
      time: 1_800_000_900,
      importWh: 3,
      exportWh: 12,
      quality: 0,
      reasons: [],
      productionWh: null,
      sequence: 1,
    })
  })

  test('a sample on the boundary is the register, at once', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, () => ({ importWh: 1, exportWh: 2 }))
    expect(meter.poll(900, { importWh: 1, exportWh: 5 })).toMatchObject([{ exportWh: 3, quality: 0 }])
    meter.pollFromTo(905, 1800, 5, () => ({ importWh: 1, exportWh: 5 }))
    expect(meter.at(2)).toMatchObject({ exportWh: 3, quality: 0, sequence: 2 })
  })

  test('nothing is read before a sample at or after the boundary', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 899, 1, exporting(1000))
    expect(meter.readings).toEqual([])
    expect(meter.poll(900.001, exporting(1000)(900))).toHaveLength(1)
  })

  test('the register is 0 where the epoch starts, interpolated like any other', () => {
    const meter = new TestMeter({ intervalMs: 10_000, gapLimitMs: 3000 })
    meter.poll(-1, { importWh: 0, exportWh: 1000 })
    meter.poll(1, { importWh: 0, exportWh: 1002 })
    meter.pollFromTo(2, 9, 1, () => ({ importWh: 0, exportWh: 1002 }))
    // 1001 Wh at the start, 1004 Wh at 10 s.
    expect(meter.poll(11, { importWh: 0, exportWh: 1006 })).toMatchObject([{ exportWh: 3, quality: 0 }])
  })

  test('polls that begin inside an interval leave that interval estimated, and the next is measured', () => {
    const meter = new TestMeter()
    meter.pollFromTo(1000, 3600, 5, exporting(3600))
    expect(meter.readings).toMatchObject([
      { time: 1_800_001_800, exportWh: 800, quality: 1, reasons: ['first'] },
      { time: 1_800_002_700, exportWh: 1700, quality: 0, reasons: [] },
      { time: 1_800_003_600, exportWh: 2600, quality: 0, reasons: [] },
    ])
  })

  test('both directions may advance in one interval and are not netted', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 900, 5, (at) => ({ importWh: Math.floor(at / 9), exportWh: Math.floor(at / 4.5) }))
    expect(meter.at(1)).toMatchObject({ importWh: 100, exportWh: 200, quality: 0 })
  })

  test('the defaults derive from the interval', () => {
    expect(timingOf(900)).toEqual({ intervalMs: 900_000, pollMs: 5000, gapLimitMs: 60_000 })
    expect(timingOf(10)).toEqual({ intervalMs: 10_000, pollMs: 1000, gapLimitMs: 3000 })
    expect(timingOf(60)).toEqual({ intervalMs: 60_000, pollMs: 5000, gapLimitMs: 15_000 })
    expect(timingOf(900, 30)).toEqual({ intervalMs: 900_000, pollMs: 30_000, gapLimitMs: 90_000 })
  })
})

describe('gaps', () => {
  test('a silence within the limit is measured', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 850, 5, exporting(3600))
    meter.pollFromTo(910, 1800, 5, exporting(3600))
    expect(meter.readings).toMatchObject([
      { exportWh: 900, quality: 0 },
      { exportWh: 1800, quality: 0 },
    ])
  })

  test('a longer silence: boundaries inside are estimated, so is the interval in which it ends, the next is measured', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 800, 5, exporting(3600))
    meter.pollFromTo(2000, 3600, 5, exporting(3600))
    expect(meter.readings).toMatchObject([
      { exportWh: 900, quality: 1, reasons: ['gap'] },
      { exportWh: 1800, quality: 1, reasons: ['gap'] },
      { exportWh: 2700, quality: 1, reasons: ['gap'] },
      { exportWh: 3600, quality: 0, reasons: [] },
    ])
  })

  test('after a very long silence only the newest boundaries are read', () => {
    const meter = new TestMeter({ intervalMs: 10_000, gapLimitMs: 3000 })
    meter.pollFromTo(0, 9, 1, exporting(3600))
    const days = 3 * 86_400
    const readings = meter.poll(days + 5, exporting(3600)(days + 5))
    expect(readings).toHaveLength(mostBoundariesAtOnce)
    expect(readings.at(-1)).toMatchObject({ exportWh: days, quality: 1, reasons: ['gap'] })
    expect(readings[0]!.sequence).toBe(1)
  })

  test('a restart is a gap like any other', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 800, 5, exporting(3600))
    meter.restart()
    meter.pollFromTo(850, 950, 5, exporting(3600))
    meter.restart()
    meter.pollFromTo(1100, 1800, 5, exporting(3600))
    expect(meter.readings).toMatchObject([
      { exportWh: 900, quality: 0 },
      { exportWh: 1800, quality: 1, reasons: ['gap'] },
    ])
  })
})

describe('falling counters', () => {
  test('zeros for one poll are ignored in value and leave the interval doubtful', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 400, 5, exporting(3600))
    expect(meter.poll(405, { importWh: 0, exportWh: 0, powerW: -3600 })).toEqual([])
    expect(meter.outcome).toBe('held')
    meter.pollFromTo(410, 1800, 5, exporting(3600))
    expect(meter.readings).toMatchObject([
      { exportWh: 900, importWh: 0, quality: 2, reasons: ['implausible'] },
      { exportWh: 1800, importWh: 0, quality: 0 },
    ])
  })

  test('zeros over a boundary hold the register; the energy comes when the counter is back', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 800, 5, exporting(3600))
    meter.pollFromTo(805, 1000, 5, () => ({ importWh: 500, exportWh: 0, powerW: -3600 }))
    meter.pollFromTo(1005, 2700, 5, exporting(3600))
    expect(meter.readings).toMatchObject([
      { exportWh: 800, quality: 2 },
      { exportWh: 1800, quality: 2 },
      { exportWh: 2700, quality: 0 },
    ])
  })

  test('a constant 0 is never a reset', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    meter.pollFromTo(900, 7200, 5, () => ({ importWh: 500, exportWh: 0, powerW: -3600 }))
    expect(meter.readings.map(({ quality }) => quality)).toEqual(new Array(8).fill(2))
    expect(meter.readings.at(-1)).toMatchObject({ exportWh: 895 })
  })

  test('a lower value that counts what flows for a quarter of an hour is a reset; what was between is lost', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    // New counter from 40 Wh at 1000 s on.
    meter.pollFromTo(1000, 3600, 5, (at) => ({ importWh: 500, exportWh: 40 + (at - 1000), powerW: -3600 }))
    // Confirmed at 1900 s: 895 + 900. The reading of 1800 s still holds 895.
    expect(meter.at(2)).toMatchObject({ exportWh: 895, quality: 2 })
    expect(meter.at(3)).toMatchObject({ exportWh: 895 + 1700, quality: 2, reasons: ['implausible', 'reset'] })
    expect(meter.at(4)).toMatchObject({ exportWh: 895 + 2600, quality: 0, reasons: [] })
  })

  test('a lower value that advances without power is no reset', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    meter.pollFromTo(900, 2700, 5, (at) => ({ importWh: 500, exportWh: 40 + (at - 900), powerW: 0 }))
    expect(meter.readings.at(-1)).toMatchObject({ exportWh: 895, quality: 2 })
  })

  test.each([
    ['0', 0],
    ['a little', 3],
  ])(
    'a new meter that shows %s of what never flows is followed once its other side has shown that it is new',
    (_what, newWh) => {
      const meter = new TestMeter({ confirmed: false })
      const importing = (fromWh: number, exportWh: number) => (at: number) => ({
        importWh: fromWh + at / 3.6,
        exportWh,
        powerW: 1000,
      })
      meter.pollFromTo(0, 1795, 5, importing(5_000_000, 12))
      meter.pollFromTo(1800, 6300, 5, importing(70, newWh))
      expect(meter.readings.slice(1).map(({ quality }) => quality)).toEqual([2, 2, 0, 0, 0, 0])
      expect(meter.readings.at(-1)).toMatchObject({ exportWh: 0, reasons: [] })
      // What it counts later is counted from there.
      meter.pollFromTo(6305, 9900, 5, (at) => ({ importWh: 1820, exportWh: newWh + (at - 6300), powerW: -3600 }))
      expect(meter.readings.at(-1)).toMatchObject({ exportWh: 3600, quality: 0 })
    },
  )

  test('a side that falls alone, or shows what did not flow, is not followed', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, (at) => ({ importWh: 5_000 + at / 3.6, exportWh: 12_000, powerW: 1000 }))
    meter.pollFromTo(900, 5400, 5, (at) => ({ importWh: 5_000 + at / 3.6, exportWh: 30, powerW: 1000 }))
    expect(meter.readings.at(-1)).toMatchObject({ exportWh: 0, quality: 2, reasons: ['implausible'] })
    meter.pollFromTo(5405, 9900, 5, (at) => ({ importWh: (at - 5400) / 3.6, exportWh: 30 + at - 5400, powerW: 1000 }))
    expect(meter.readings.at(-1)).toMatchObject({ exportWh: 0, quality: 2, reasons: ['implausible'] })
  })

  test('a fall of at most two steps keeps the highest value and stays measured', () => {
    const meter = new TestMeter()
    const jitter = (at: number): Poll => ({
      importWh: 500,
      exportWh: 1000 + Math.floor(at / 4) - (at % 2 ? 2 : 0),
      powerW: -900,
    })
    meter.pollFromTo(0, 901, 1, jitter)
    expect(meter.at(1)).toMatchObject({ exportWh: 225, quality: 0, reasons: [] })
  })

  test('another serial number holds everything until the known device is back', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    meter.pollFromTo(900, 1795, 5, exporting(3600, { serialNumber: 'S2' }))
    meter.pollFromTo(1800, 3600, 5, exporting(3600))
    expect(meter.at(1)).toMatchObject({ exportWh: 895, quality: 2, reasons: ['device-changed'] })
    expect(meter.at(2)).toMatchObject({ exportWh: 1800, quality: 2, reasons: ['device-changed'] })
    expect(meter.at(3)).toMatchObject({ exportWh: 2700, quality: 0 })
  })
})

describe('rollover', () => {
  const near = (at: number): Poll => ({
    importWh: 500,
    exportWh: (65_000 + at) % 65_536,
    powerW: -3600,
    maxWh: 65_535,
  })

  test('a wrap that the register’s width explains goes on counting', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 900, 5, near)
    expect(meter.at(1)).toMatchObject({ exportWh: 900, quality: 0, reasons: ['rollover'] })
  })

  test('a wrap with an implausible step is a fall', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 500, 5, near)
    // From 65,500 to 3,000 of 65,536: 3,036 Wh in 5 s.
    meter.pollFromTo(505, 900, 5, (at) => ({
      importWh: 500,
      exportWh: 3000 + (at - 505),
      powerW: -3600,
      maxWh: 65_535,
    }))
    expect(meter.at(1)).toMatchObject({ exportWh: 500, quality: 2, reasons: ['implausible'] })
  })

  test('a fall from the middle of the register is none, however wide it is', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 400, 5, (at) => ({ importWh: 500, exportWh: 30_000 + at, powerW: -3600, maxWh: 65_535 }))
    meter.pollFromTo(405, 900, 5, () => ({ importWh: 500, exportWh: 100, powerW: -3600, maxWh: 65_535 }))
    expect(meter.at(1)).toMatchObject({ exportWh: 400, quality: 2, reasons: ['implausible'] })
  })

  test('without a known width it is a fall', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 900, 5, (at) => ({ ...near(at), maxWh: null }))
    expect(meter.at(1)).toMatchObject({ exportWh: 535, quality: 2 })
  })
})

describe('resolution', () => {
  test('up to 100 Wh a counter settles as it is; beyond it is coarse and never sold', () => {
    const fine = new TestMeter()
    fine.pollFromTo(0, 900, 5, (at) => ({
      importWh: 0,
      exportWh: 100 * Math.floor(at / 100),
      powerW: -3600,
      resolutionWh: 100,
    }))
    expect(fine.at(1)).toMatchObject({ exportWh: 900, quality: 0 })
    const coarse = new TestMeter()
    coarse.pollFromTo(0, 900, 5, (at) => ({
      importWh: 0,
      exportWh: 1000 * Math.floor(at / 900),
      powerW: -3600,
      resolutionWh: 1000,
    }))
    expect(coarse.at(1)).toMatchObject({ quality: 2, reasons: ['coarse'] })
  })

  test('a register map that nobody has confirmed is doubtful', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 900, 5, exporting(3600, { verified: false }))
    expect(meter.at(1)).toMatchObject({ exportWh: 900, quality: 2, reasons: ['unverified'] })
  })
})

describe('frozen counters', () => {
  test('ten minutes of power without a step are doubtful, the jump that ends them is a sum and estimated', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 100, 5, exporting(3600))
    meter.pollFromTo(105, 1000, 5, () => ({ importWh: 500, exportWh: 1100, powerW: -3600 }))
    meter.pollFromTo(1005, 2700, 5, exporting(3600))
    expect(meter.at(1)).toMatchObject({ exportWh: 100, quality: 2, reasons: ['frozen'] })
    expect(meter.at(2)).toMatchObject({ exportWh: 1800, quality: 1, reasons: ['frozen'] })
    expect(meter.at(3)).toMatchObject({ exportWh: 2700, quality: 0 })
  })

  test('nine minutes are not ten, and 200 W are not more than 200 W', () => {
    const short = new TestMeter()
    short.pollFromTo(0, 100, 5, exporting(3600))
    short.pollFromTo(105, 640, 5, () => ({ importWh: 500, exportWh: 1100, powerW: -3600 }))
    short.pollFromTo(645, 900, 5, exporting(3600))
    expect(short.at(1)).toMatchObject({ exportWh: 900, quality: 0 })
    const weak = new TestMeter()
    weak.pollFromTo(0, 900, 5, () => ({ importWh: 500, exportWh: 1000, powerW: -200 }))
    expect(weak.at(1)).toMatchObject({ quality: 0, reasons: [] })
  })

  test('power on the other side does not make a counter frozen; on its own side, import as well', () => {
    const feeding = new TestMeter()
    feeding.pollFromTo(0, 900, 5, exporting(3600))
    expect(feeding.at(1)).toMatchObject({ importWh: 0, quality: 0 })
    const drawing = new TestMeter()
    drawing.pollFromTo(0, 900, 5, () => ({ importWh: 500, exportWh: 1000, powerW: 3600 }))
    expect(drawing.at(1)).toMatchObject({ quality: 2, reasons: expect.arrayContaining(['frozen']) })
  })

  test('a boundary signed before the freeze was known stands', () => {
    const meter = new TestMeter({ intervalMs: 300_000, gapLimitMs: 20_000 })
    meter.pollFromTo(0, 100, 5, exporting(3600))
    meter.pollFromTo(105, 1500, 5, () => ({ importWh: 500, exportWh: 1100, powerW: -3600 }))
    expect(meter.at(1)).toMatchObject({ exportWh: 100, quality: 0, reasons: [] })
    expect(meter.at(3)).toMatchObject({ exportWh: 100, quality: 2, reasons: expect.arrayContaining(['frozen']) })
    expect(meter.readings.filter(({ time }) => time === meter.at(1)!.time)).toHaveLength(1)
  })

  test('a counter that is updated every five minutes is not frozen', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 2700, 5, (at) => exporting(3600)(Math.floor(at / 300) * 300))
    expect(meter.readings).toMatchObject([
      { exportWh: 900, quality: 0 },
      { exportWh: 1800, quality: 0 },
      { exportWh: 2700, quality: 0 },
    ])
  })

  test('little power cannot move a coarse step in ten minutes', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 1800, 5, (at) => ({
      importWh: 0,
      exportWh: 100 * Math.floor((250 * at) / 360_000),
      powerW: -250,
      resolutionWh: 100,
    }))
    expect(meter.readings).toMatchObject([{ quality: 0 }, { quality: 0 }])
  })
})

describe('clock', () => {
  test('a clock that is set makes the interval doubtful and no register crosses the step by interpolation', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 800, 5, exporting(3600))
    meter.clockOffsetMs += 200_000
    meter.poll(1005, exporting(3600)(805))
    // At 900 s the new clock had not been known: the register stays at 800 until the sample after the step.
    expect(meter.at(1)).toMatchObject({ exportWh: 800, quality: 2, reasons: ['clock'] })
    meter.pollFromTo(1010, 2700, 5, (at) => exporting(3600)(at - 200))
    expect(meter.at(2)).toMatchObject({ exportWh: 1600, quality: 2, reasons: ['clock'] })
    expect(meter.at(3)).toMatchObject({ exportWh: 2500, quality: 0 })
  })

  test('a clock set back signs no boundary again', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 1000, 5, exporting(3600))
    meter.clockOffsetMs -= 500_000
    meter.pollFromTo(505, 2700, 5, (at) => exporting(3600)(at + 500))
    expect(meter.readings).toMatchObject([
      { time: 1_800_000_900, exportWh: 900, quality: 0, sequence: 1 },
      { time: 1_800_001_800, exportWh: 2300, quality: 2, reasons: ['clock'], sequence: 2 },
      { time: 1_800_002_700, exportWh: 3200, quality: 0, sequence: 3 },
    ])
  })

  test('after a restart with an earlier clock nothing is invented', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 1000, 5, exporting(3600))
    meter.restart()
    meter.pollFromTo(950, 1800, 5, (at) => exporting(3600)(at + 100))
    expect(meter.at(2)).toMatchObject({ exportWh: 1000 + 850, quality: 2, reasons: ['clock'] })
  })

  test('that also holds when the first samples after the restart do not count', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 1000, 5, exporting(3600))
    meter.restart()
    meter.pollProduction('roof', 940, { productionWh: 10 })
    meter.poll(941, { importWh: 0, exportWh: 0, powerW: -3600 })
    meter.poll(943, { importWh: null, exportWh: null })
    expect(meter.outcome).toBe('ignored')
    meter.pollFromTo(950, 1800, 5, (at) => exporting(3600)(at + 100))
    expect(meter.at(2)).toMatchObject({ exportWh: 1000 + 850, quality: 2, reasons: ['clock'] })
  })

  test('a drift below a second between polls is none', () => {
    const meter = new TestMeter()
    for (let at = 0; at <= 900; at += 5) {
      meter.clockOffsetMs += 20
      meter.poll(at, exporting(3600)(at))
    }
    expect(meter.at(1)).toMatchObject({ quality: 0 })
  })
})

describe('plausibility', () => {
  test('an impossible step is rejected and does no harm', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 400, 5, exporting(3600))
    meter.poll(405, { importWh: 500, exportWh: 21_000_000, powerW: -3600 })
    expect(meter.outcome).toBe('rejected')
    meter.pollFromTo(410, 900, 5, exporting(3600))
    expect(meter.at(1)).toMatchObject({ exportWh: 900, quality: 0, reasons: [] })
  })

  test('a step may be 120 % of the nameplate and the resolution, and not a Wh more', () => {
    const fed = (stepWh: number) => {
      const meter = new TestMeter({ nameplateW: 10_000 })
      meter.poll(0, { importWh: 0, exportWh: 0 })
      meter.poll(3600, { importWh: 0, exportWh: stepWh })
      return meter.outcome
    }
    expect([fed(12_001), fed(12_002)]).toEqual(['accepted', 'rejected'])
    const drawn = (stepWh: number) => {
      const meter = new TestMeter({ mainFuseW: 20_000 })
      meter.poll(0, { importWh: 0, exportWh: 0 })
      meter.poll(3600, { importWh: stepWh, exportWh: 0 })
      return meter.outcome
    }
    expect([drawn(24_001), drawn(24_002)]).toEqual(['accepted', 'rejected'])
  })

  test('each side has its own limit of power, one and a half times what it can carry', () => {
    const outcome = (powerW: number) => {
      const meter = new TestMeter({ nameplateW: 10_000, mainFuseW: 20_000 })
      meter.poll(0, { importWh: 0, exportWh: 0, powerW: 0 })
      meter.poll(5, { importWh: 0, exportWh: 0, powerW })
      return meter.outcome
    }
    expect([-15_000, -15_001, 30_000, 30_001].map(outcome)).toEqual(['accepted', 'rejected', 'accepted', 'rejected'])
  })

  test('two agreeing impossible samples, or three within a quarter of an hour, are no new baseline', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    for (const at of [900, 1200, 1790]) meter.poll(at, { importWh: 500, exportWh: 500_000 + at, powerW: -3600 })
    expect(meter.outcome).toBe('rejected')
    const two = new TestMeter()
    two.pollFromTo(0, 895, 5, exporting(3600))
    for (const at of [900, 1900]) two.poll(at, { importWh: 500, exportWh: 500_000 + at, powerW: -3600 })
    expect(two.outcome).toBe('rejected')
    expect(two.readings).toEqual([])
  })

  test('an impossible power is rejected', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    expect(meter.poll(900, { ...exporting(3600)(900), powerW: -15_001 })).toEqual([])
    expect(meter.outcome).toBe('rejected')
    expect(meter.poll(905, exporting(3600)(905))).toMatchObject([{ exportWh: 900, quality: 0 }])
  })

  test('three agreeing impossible samples over a quarter of an hour are a new baseline; the step is never sold', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    meter.pollFromTo(1000, 3600, 50, (at) => ({ importWh: 500, exportWh: 500_000 + (at - 1000), powerW: -3600 }))
    // Confirmed at 1900 s with the 900 Wh counted since 1000 s; no reading in between, then all of them.
    expect(meter.at(1)!.quality).toBe(2)
    expect(meter.at(2)).toMatchObject({ quality: 2, reasons: ['gap', 'reset'].reverse() })
    expect(meter.at(3)).toMatchObject({ exportWh: 895 + 1700, quality: 2 })
    expect(meter.at(4)).toMatchObject({ exportWh: 895 + 2600, quality: 0 })
  })

  test('counters that contradict power are doubtful until they agree', () => {
    const upsideDown = new TestMeter()
    upsideDown.pollFromTo(0, 1800, 5, (at) => ({ importWh: 500 + at, exportWh: 0, powerW: -3600 }))
    for (const reading of upsideDown.readings) {
      expect(reading).toMatchObject({ quality: 2, reasons: expect.arrayContaining(['implausible']) })
    }
    expect(upsideDown.readings).toHaveLength(2)
    const tenfold = new TestMeter()
    tenfold.pollFromTo(0, 900, 5, (at) => ({ ...exporting(5000)(at), powerW: -500 }))
    expect(tenfold.at(1)).toMatchObject({ quality: 2, reasons: ['implausible'] })
  })
})

describe('what a meter does not offer', () => {
  test('without an export counter the register stays 0', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 900, 5, (at) => ({ importWh: at, powerW: 3600 }))
    expect(meter.at(1)).toMatchObject({ importWh: 900, exportWh: 0, quality: 0 })
  })

  test('a sample without a counter that was there is no sample', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    expect(meter.poll(900, { importWh: 500, exportWh: null, powerW: -3600 })).toEqual([])
    expect(meter.outcome).toBe('ignored')
    meter.poll(905, exporting(3600)(905))
    expect(meter.at(1)).toMatchObject({ exportWh: 900, quality: 0 })
  })
})

describe('what is signed', () => {
  test('a boundary is read once: nothing that becomes known later changes it', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 905, 5, exporting(3600))
    const signed = structuredClone(meter.at(1))
    meter.pollFromTo(910, 1700, 5, () => ({ importWh: 500, exportWh: 0, powerW: -3600 }))
    meter.pollFromTo(1705, 3600, 5, (at) => ({ importWh: 500, exportWh: 40 + (at - 1705), powerW: -3600 }))
    expect(meter.at(1)).toEqual(signed)
    const times = meter.readings.map(({ time }) => time)
    expect(new Set(times).size).toBe(times.length)
  })

  test('the quality of a reading is that of the interval that ends there, and of no other', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 1000, 5, exporting(3600))
    meter.poll(1005, { importWh: 0, exportWh: 0, powerW: -3600 })
    meter.pollFromTo(1010, 2700, 5, exporting(3600))
    expect(meter.readings.map(({ quality }) => quality)).toEqual([0, 2, 0])
  })

  test('a reset leaves the epoch and its register as they are', () => {
    const meter = new TestMeter()
    meter.pollFromTo(0, 895, 5, exporting(3600))
    meter.pollFromTo(900, 3600, 5, (at) => ({ importWh: 500, exportWh: at - 900, powerW: -3600 }))
    expect(new Set(meter.readings.map(({ epoch }) => epoch))).toEqual(new Set([1]))
    const registers = meter.readings.map(({ exportWh }) => exportWh)
    expect(registers).toEqual([...registers].sort((a, b) => a - b))
  })
})

describe('production', () => {
  test('the devices’ production is summed at the boundary where each was sampled around it', () => {
    const meter = new TestMeter()
    for (let at = 0; at <= 905; at += 5) {
      meter.pollProduction('roof', at + 1, { productionWh: 10_000 + (at + 1), productionW: 3600 })
      if (at < 895) meter.pollProduction('barn', at + 1, { productionWh: 20_000 + 2 * (at + 1), productionW: 7200 })
      meter.poll(at, { ...exporting(3600)(at), productionWh: 300 })
    }
    // The barn was last sampled at 891 s: its production at 900 s is not known.
    expect(meter.at(1)).toMatchObject({ productionWh: null, exportWh: 900, quality: 0 })
    for (let at = 910; at <= 1800; at += 5) {
      for (const [name, factor] of [
        ['roof', 1],
        ['barn', 2],
      ] as const) {
        meter.pollProduction(name, at + 1, { productionWh: factor * (10_000 + at + 1), productionW: factor * 3600 })
      }
      meter.poll(at, { ...exporting(3600)(at), productionWh: 300 })
    }
    expect(meter.at(2)).toMatchObject({ productionWh: 300 + 11_800 + 23_600, quality: 0 })
  })
})
