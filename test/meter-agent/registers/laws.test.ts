/** The laws of metering over random polls, faults and restarts. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BoundaryReading } from '../../../meter-agent/registers/meter.ts'
import { epochTime, type Poll, TestMeter } from './metering.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`metering laws: SEED=${seed}`)

const intervalSeconds = 60
const resolutionWh = 1

/** What happens between one poll and the next. */
type Event =
  | { kind: 'polls'; count: number; powerW: number }
  | { kind: 'silence'; seconds: number; powerW: number }
  | { kind: 'zeros'; count: number; powerW: number }
  | { kind: 'garbage'; value: number; powerW: number }
  | { kind: 'frozen'; count: number; powerW: number }
  | { kind: 'reset'; to: number }
  | { kind: 'restart' }
  | { kind: 'clock'; byMs: number }
  | { kind: 'foreign'; count: number; powerW: number }
  | { kind: 'noPower'; count: number; powerW: number }

const power = fc.integer({ min: -10_000, max: 10_000 })
const count = fc.integer({ min: 1, max: 60 })
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('polls' as const), count, powerW: power }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('silence' as const),
      seconds: fc.integer({ min: 1, max: 1000 }),
      powerW: power,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('zeros' as const), count, powerW: power }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('garbage' as const),
      value: fc.integer({ min: 50_000_000, max: 2 ** 32 }),
      powerW: power,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('frozen' as const),
      count: fc.integer({ min: 1, max: 200 }),
      powerW: power,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), to: fc.integer({ min: 0, max: 5000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('clock' as const), byMs: fc.integer({ min: -300_000, max: 300_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign' as const), count, powerW: power }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('noPower' as const), count, powerW: power }) },
)

/** What the world knows and the agent does not: true energies, and when which of them had been counted. */
interface World {
  readings: BoundaryReading[]
  /** True energy counted since the epoch's start when a reading was made, by reading. */
  counted: { importWh: number; exportWh: number }[]
  meter: TestMeter
}

function live(events: readonly Event[], pollSeconds = 5): World {
  const meter = new TestMeter({ intervalMs: intervalSeconds * 1000, gapLimitMs: 3 * pollSeconds * 1000 })
  let at = 0
  let clockSeconds = 0
  const truth = { importWh: 0, exportWh: 0 }
  const register = { importWh: 100_000, exportWh: 200_000 }
  const counted: World['counted'] = []

  const pass = (seconds: number, powerW: number) => {
    at += seconds
    const importWh = (Math.max(powerW, 0) * seconds) / 3600
    const exportWh = (Math.max(-powerW, 0) * seconds) / 3600
    truth.importWh += importWh
    truth.exportWh += exportWh
    register.importWh += importWh
    register.exportWh += exportWh
  }
  const poll = (values: Poll) => {
    const readings = meter.poll(at + clockSeconds, values)
    for (const _reading of readings) counted.push({ ...truth })
  }
  const honest = (powerW: number | null): Poll => ({
    importWh: Math.floor(register.importWh),
    exportWh: Math.floor(register.exportWh),
    powerW,
    resolutionWh,
  })

  poll(honest(0))
  for (const happening of events) {
    switch (happening.kind) {
      case 'polls':
      case 'noPower':
      case 'zeros':
      case 'foreign':
      case 'frozen': {
        const stuck = honest(happening.powerW)
        for (let n = 0; n < happening.count; n += 1) {
          pass(pollSeconds, happening.powerW)
          const values = honest(happening.kind === 'noPower' ? null : happening.powerW)
          if (happening.kind === 'zeros') poll({ ...values, importWh: 0, exportWh: 0 })
          else if (happening.kind === 'foreign') poll({ ...values, exportWh: 9_000_000, serialNumber: 'other' })
          else if (happening.kind === 'frozen') poll(stuck)
          else poll(values)
        }
        break
      }
      case 'silence':
        pass(happening.seconds, happening.powerW)
        break
      case 'garbage':
        pass(pollSeconds, happening.powerW)
        poll({ ...honest(happening.powerW), exportWh: happening.value })
        break
      case 'reset':
        // Downwards only: a device whose register jumps up has counted, as far as anyone can know.
        register.importWh = Math.min(register.importWh, happening.to)
        register.exportWh = Math.min(register.exportWh, happening.to)
        break
      case 'restart':
        meter.restart()
        break
      case 'clock':
        clockSeconds += happening.byMs / 1000
        meter.clockOffsetMs += happening.byMs
        break
    }
  }
  return { readings: meter.readings, counted, meter }
}

const worlds = fc.array(event, { minLength: 1, maxLength: 60 })
const settings = { seed, numRuns: Number(process.env.RUNS ?? 100) }

describe(`over any sequence of polls, faults and restarts (SEED=${seed})`, () => {
  test('no register shows more than the device had counted, plus its resolution', () => {
    fc.assert(
      fc.property(worlds, (events) => {
        const { readings, counted } = live(events)
        for (const [index, { importWh, exportWh }] of readings.entries()) {
          expect(importWh).toBeLessThanOrEqual(counted[index]!.importWh + resolutionWh)
          expect(exportWh).toBeLessThanOrEqual(counted[index]!.exportWh + resolutionWh)
        }
      }),
      settings,
    )
  })

  test('registers never fall, boundaries only advance, sequence numbers have no hole', () => {
    fc.assert(
      fc.property(worlds, (events) => {
        const { readings } = live(events)
        for (const [index, reading] of readings.entries()) {
          const before = readings[index - 1]
          expect(reading.sequence).toBe(index + 1)
          expect((reading.time - epochTime) % intervalSeconds).toBe(0)
          if (!before) continue
          expect(reading.time).toBeGreaterThan(before.time)
          expect(reading.importWh).toBeGreaterThanOrEqual(before.importWh)
          expect(reading.exportWh).toBeGreaterThanOrEqual(before.exportWh)
        }
      }),
      settings,
    )
  })

  test('an interval between two measured readings holds the energy that flowed in it, within the resolution', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), (events, steady) => {
        // Frozen counters and clocks apart, whose truth is not that of their interval.
        const kept = events.filter(({ kind }) => !['frozen', 'clock', ...(steady ? ['reset'] : [])].includes(kind))
        const { readings, counted } = live(kept, 1)
        for (const [index, reading] of readings.entries()) {
          const before = readings[index - 1]
          if (
            !before ||
            reading.quality !== 0 ||
            before.quality !== 0 ||
            reading.time - before.time !== intervalSeconds
          )
            continue
          // The true counters at the polls that made the readings are at most the gap limit past the boundaries.
          const flowed = counted[index]!.exportWh - counted[index - 1]!.exportWh
          expect(Math.abs(reading.exportWh - before.exportWh - flowed)).toBeLessThanOrEqual(
            1 + 2 + (10_000 * 2 * 3) / 3600,
          )
        }
      }),
      settings,
    )
  })

  test('a restart in the middle of quick polls changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ count, powerW: power }), { minLength: 1, maxLength: 20 }), (stretches) => {
        const polls = stretches.map((stretch): Event => ({ kind: 'polls', ...stretch }))
        const restarted = polls.flatMap((stretch): Event[] => [stretch, { kind: 'restart' }])
        expect(live(restarted).readings).toEqual(live(polls).readings)
      }),
      settings,
    )
  })

  test('intervals telescope: what they hold sums to what the counters moved, whatever the boundaries', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ count, powerW: power }), { minLength: 5, maxLength: 30 }), (stretches) => {
        const { readings, counted } = live(stretches.map((stretch): Event => ({ kind: 'polls', ...stretch })))
        const last = readings.at(-1)
        if (!last) return
        expect(readings.every(({ quality }) => quality === 0)).toBe(true)
        const sum = readings.reduce(
          (total, { exportWh }, index) => total + exportWh - (readings[index - 1]?.exportWh ?? 0),
          0,
        )
        expect(sum).toBe(last.exportWh)
        expect(counted.at(-1)!.exportWh - last.exportWh).toBeLessThanOrEqual(2 + (10_000 * 5) / 3600)
      }),
      settings,
    )
  })
})
