/** Settings hold from a boundary on, and every interval is computed by those of its time. */
import { describe, expect, it } from 'vitest'
import type { AreaConfig, Event } from '../../../server/market/area/area.ts'
import { configAt } from '../../../server/market/area/state.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { hashState, snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import {
  batchSeconds,
  boundary,
  cleared,
  config,
  eventsOf,
  face,
  following,
  open,
  order,
  placing,
  reading,
  seat,
  t0,
  terms,
  waiting,
} from './street.ts'

const before = t0 * 1000 - 1_000
const south = seat(2, { terms: [terms({ zone: 'south' })] })

const configuring = (atMs: number, change: Partial<AreaConfig>) => {
  return { type: 'configure', atMs, config: { ...config, ...change }, face } as const
}

const feesTimes = (factor: number) =>
  config.zones.map((zone) => ({ ...zone, feeTicksPerKwh: factor * zone.feeTicksPerKwh }))

function trade(seats = [seat(1), south]) {
  const street = open(seats)
  street.run(placing(before, order(1, 'sell')))
  street.run(placing(before, order(2, 'buy')))
  const read = (number: number, atMs = boundary(number) * 1000 + 500): Event[] => {
    const readings = [reading(1, boundary(number), 0, 100 * number), reading(2, boundary(number), 100 * number, 0)]
    return street.run({ type: 'readings', atMs, readings })
  }
  return { ...street, read }
}

describe('settings', () => {
  it('hold from the next interval on, and those before keep theirs', () => {
    const { run, read } = trade()
    const [told] = eventsOf(run(configuring(boundary(1) * 1000 + 1, { zones: feesTimes(2) })), 'configured')
    expect(told).toMatchObject({ from: boundary(2) })
    const fees = [1, 2, 3].flatMap((number) => cleared(read(number)).map(({ gridFees }) => gridFees))
    expect(fees).toEqual([100n * 200n, 100n * 200n, 100n * 400n])
  })

  it('of its time also compute an interval that is computed again long after they changed', () => {
    const { run } = trade()
    const of = (number: number) => {
      return [reading(1, boundary(number), 0, 100 * number), reading(2, boundary(number), 100 * number, 0)] as const
    }
    run({ type: 'readings', atMs: boundary(1) * 1000 + 1, readings: [of(1)[1]] })
    run(configuring(boundary(1) * 1000 + 2, { zones: feesTimes(3) }))
    run({ type: 'readings', atMs: boundary(2) * 1000 + 1, readings: [...of(2)] })
    const [again] = cleared(run({ type: 'readings', atMs: boundary(2) * 1000 + 2, readings: [of(1)[0]] }))
    expect(again).toMatchObject({ start: t0, gridFees: 100n * 200n })
  })

  it('of several changes before one boundary the last counts', () => {
    const { state, run } = trade()
    run(configuring(t0 * 1000 + 1, { zones: feesTimes(2) }))
    run(configuring(t0 * 1000 + 2, { zones: feesTimes(5) }))
    expect(state.configs.map(({ from }) => from)).toEqual([t0, boundary(1)])
    expect(configAt(state, boundary(1)).zones[1]!.feeTicksPerKwh).toBe(500)
  })

  it('are kept as long as an interval in memory needs them, also across a snapshot', () => {
    const { state, run } = trade()
    run(configuring(t0 * 1000 + 1, { zones: feesTimes(2) }))
    run(configuring(boundary(1) * 1000 + 1, { zones: feesTimes(3) }))
    const restored = stateOf(snapshotOf(state) as never)
    expect([t0, boundary(1), boundary(2)].map((start) => configAt(restored, start).zones[1]!.feeTicksPerKwh)).toEqual([
      ...[100, 200, 300],
    ])
    expect(hashState(restored)).toBe(hashState(state))
    run(waiting((t0 + 20 * batchSeconds) * 1000))
    expect(state.configs).toHaveLength(1)
  })

  it('that move the window of prices hold from the next batch on, so that all prices of a batch lie in one window', () => {
    const { run, state } = trade()
    const [told] = eventsOf(
      run(configuring(boundary(1) * 1000 + 1, { lowestTicks: 0, highestTicks: 4_000 })),
      'configured',
    )
    expect(told).toMatchObject({ from: t0 + batchSeconds })
    // Another change meanwhile keeps the window of the running batch, and takes the first one's place.
    const [other] = eventsOf(run(configuring(boundary(1) * 1000 + 2, { graceMs: 5 })), 'configured')
    expect(other).toMatchObject({ from: boundary(2) })
    expect(configAt(state, t0 + batchSeconds)).toMatchObject({ lowestTicks: -600, graceMs: 5 })
  })

  it('void a forward trade whose price they have left behind', () => {
    const cheap = terms({ sellFloor: -600 })
    const { run } = open([seat(1, { terms: [cheap] }), seat(2)])
    const [start, end] = [boundary(4), boundary(5)]
    const ahead = { market: 1, start, end, maxWh: 50, limitPrice: -100 }
    run(placing(before, order(1, 'sell', ahead)))
    run(placing(before, order(2, 'buy', ahead)))
    run(configuring(t0 * 1000 + 1, { lowestTicks: 0, highestTicks: 4_000 }))
    const at = (number: number) => [
      reading(1, boundary(number), 0, 100 * number),
      reading(2, boundary(number), 100 * number, 0),
    ]
    run({ type: 'readings', atMs: start * 1000 + 1, readings: at(4) })
    const result = cleared(run({ type: 'readings', atMs: end * 1000 + 1, readings: at(5) })).at(-1)!
    expect(result.seats.flatMap(({ outcomes }) => outcomes)).toMatchObject([
      { stage: 'forward', code: 'outside-mandate', filledWh: 0 },
      { stage: 'forward', code: 'outside-mandate', filledWh: 0 },
    ])
  })
})

describe('a zone', () => {
  const without = (id: string) => config.zones.filter((zone) => zone.id !== id)

  it('in which somebody lives or will live cannot be taken away, and the refusal names them', () => {
    const moving = seat(3, { terms: [terms(), terms({ from: boundary(50), zone: 'south' })] })
    const { state, run } = trade([seat(1), south, moving])
    const hash = hashState(state)
    expect(() => run(configuring(state.nowMs, { zones: without('south') }))).toThrow(
      expect.objectContaining({ code: 'ENGINE_ZONE_IN_USE', message: expect.stringContaining('seats 2, 3 are in it') }),
    )
    expect(hashState(state)).toBe(hash)
  })

  it('from which everybody has moved or gone can be', () => {
    const moved = seat(2, { terms: [terms({ zone: 'south' }), terms({ from: boundary(1) })] })
    const gone = seat(3, {
      terms: [terms({ zone: 'south' }), terms({ from: boundary(1), zone: 'south', closed: true })],
    })
    const { run } = trade([seat(1), moved, gone])
    expect(() => run(configuring(t0 * 1000 - 500, { zones: without('south') }))).toThrow(
      expect.objectContaining({ code: 'ENGINE_ZONE_IN_USE' }),
    )
    const [told] = eventsOf(run(configuring(t0 * 1000 + 1, { zones: without('south') })), 'configured')
    expect(told).toMatchObject({ from: boundary(1) })
  })

  it('under one that moved keeps its intervals as they were', () => {
    const { run, read } = trade()
    read(1)
    const zones = config.zones.map((zone) => (zone.id === 'south' ? { ...zone, parent: 'north' } : zone))
    run(configuring(boundary(1) * 1000 + 1_000, { zones }))
    const later = [2, 3].flatMap((number) => cleared(read(number)))
    expect(later.map(({ start, gridFees }) => [start, gridFees])).toEqual([
      [boundary(1), 100n * 200n],
      [boundary(2), 100n * 100n],
    ])
  })

  it('that is new is there for whoever is placed in it', () => {
    const { state, run } = trade([seat(1), seat(2, { terms: [terms({ zone: 'east' })] })])
    const zones = [...config.zones, { id: 'east', parent: 'street', feeTicksPerKwh: 50, capacityWh: null }]
    run(configuring(t0 * 1000 + 1, { zones }))
    const results = [1, 2].flatMap((number) => {
      const readings = [reading(1, boundary(number), 0, 100 * number), reading(2, boundary(number), 100 * number, 0)]
      return cleared(run({ type: 'readings', atMs: boundary(number) * 1000 + 1, readings }))
    })
    expect(results.map(({ start, matchedWh, gridFees }) => [start, matchedWh, gridFees])).toEqual([
      [t0, 0, 0n],
      [boundary(1), 100, 100n * 150n],
    ])
    expect(state.seats.size).toBe(2)
  })
})

describe('an area', () => {
  it('keeps its rules', () => {
    const { run } = trade()
    expect(() => run(configuring(t0 * 1000, { rulesHash: `0x${'1'.repeat(64)}` }))).toThrow(
      expect.objectContaining({ code: 'ENGINE_AREA_CHANGED' }),
    )
  })

  it('does nothing before it is configured, and takes no zones that are no tree', () => {
    const { state } = open([])
    state.configs = []
    expect(() => apply(state, following(before, []))).toThrow(
      expect.objectContaining({ code: 'ENGINE_NOT_CONFIGURED' }),
    )
    const zones = [...config.zones, { id: 'north', parent: 'street', feeTicksPerKwh: 0, capacityWh: null }]
    expect(() => apply(state, configuring(before, { zones }))).toThrow(
      expect.objectContaining({ code: 'ZONE_DUPLICATE' }),
    )
  })
})
