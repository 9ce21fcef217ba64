/**
 * Laws of shared energy over random streets: both sides the same, never more than was metered, signed and paid for, money to the
 * last unit, and the engine's stage against its slow twin. `RUNS=1000` plays more of them, `SEED=1` others.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IntervalRun } from '../../../../server/market/area/area.ts'
import type { DeclaredRound } from '../../../../server/market/area/declarations.ts'
import { apply } from '../../../../server/market/engine/engine.ts'
import { hashState, snapshotOf, stateOf } from '../../../../server/market/engine/snapshot.ts'
import { boundary, passTime, reading, rules, seat, t0, terms } from '../street.ts'
import { declaring, firstResult, keyOf, openShared, quantitiesOf } from './members.ts'
import { slowSharing } from './slow-sharing.ts'

const seed = Number(process.env.SEED ?? 20_261_128)
const numRuns = Number(process.env.RUNS ?? 150)

const zones = [
  { id: 'street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
  { id: 'north', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
  { id: 'south', parent: 'street', feeTicksPerKwh: 30, capacityWh: null },
  { id: 'lane', parent: 'south', feeTicksPerKwh: 70, capacityWh: null },
  { id: 'yard', parent: 'south', feeTicksPerKwh: 0, capacityWh: null },
]
const parent = zones.map((zone) => zones.findIndex(({ id }) => id === zone.parent))

const member = fc.record({
  zone: fc.nat(zones.length - 1),
  importWh: fc.oneof({ weight: 3, arbitrary: fc.nat(900) }, { weight: 2, arbitrary: fc.constant(0) }),
  exportWh: fc.oneof({ weight: 1, arbitrary: fc.nat(900) }, { weight: 2, arbitrary: fc.constant(0) }),
  quality: fc.constantFrom(0, 0, 0, 0, 0, 0, 1),
  maxSellWh: fc.constantFrom(2_000, 2_000, 300),
  maxBuyWh: fc.constantFrom(2_000, 2_000, 250),
  sellFloor: fc.constantFrom(500, 500, 500, 1_250),
  buyCeiling: fc.constantFrom(3_000, 3_000, 1_290, 1_150),
  balance: fc.constantFrom(10n ** 12n, 10n ** 12n, 200_000n),
  isConsumer: fc.constantFrom(true, true, false),
  isProducer: fc.constantFrom(true, true, false),
  share: fc.nat(1_000_000),
  rank: fc.option(fc.nat(2), { nil: null }),
})
const roundKind = fc.record({
  kind: fc.constantFrom('proportional' as const, 'static' as const, 'cascade' as const),
  repeated: fc.boolean(),
  part: fc.integer({ min: 1, max: 500_000 }),
})
const streets = fc.record({
  members: fc.array(member, { minLength: 2, maxLength: 12 }),
  rounds: fc.array(roundKind, { minLength: 1, maxLength: 2 }),
  isWhole: fc.boolean(),
})
type Street = typeof streets extends fc.Arbitrary<infer Value> ? Value : never

const priceTicks = 1_200

/** The street's area, with every meter read but nothing declared yet. */
function areaOf({ members }: Street, allocation: 1 | 2) {
  const seats = members.map((own, place) => {
    const { zone, maxSellWh, maxBuyWh, sellFloor, buyCeiling, balance } = own
    const limits = terms({ zone: zones[zone]!.id, maxSellWh, maxBuyWh, sellFloor, buyCeiling })
    return seat(place + 1, { balance, terms: [limits] })
  })
  return openShared(allocation, seats, { zones, rules: { ...rules, allocation } })
}

function readingsOf({ members }: Street) {
  const time = boundary(1)
  const readings = members.map(({ importWh, exportWh, quality }, place) =>
    reading(place + 1, time, importWh, exportWh, { quality }),
  )
  return { type: 'readings' as const, atMs: time * 1000 + 1_000, readings }
}

function roundsOf({ members, rounds, isWhole }: Street): DeclaredRound[] {
  const consumers = members.filter(({ isConsumer }) => isConsumer)
  const sum = Math.max(
    1,
    consumers.reduce((all, { share }) => all + share, 0),
  )
  return rounds.map(({ kind, repeated, part }, place): DeclaredRound => {
    const ofMillionths = isWhole && rounds.length === 1 ? 1_000_000 : Math.min(part, 1_000_000 - place * 500_000)
    if (kind === 'proportional') return { ofMillionths, key: { type: kind } }
    if (kind === 'cascade') return { ofMillionths, key: { type: kind, ranks: consumers.map(({ rank }) => rank) } }
    const sharesMillionths = consumers.map(({ share }) => Math.floor((share * 1_000_000) / sum))
    return { ofMillionths, key: { type: kind, sharesMillionths, repeated } }
  })
}

/** Energy and money of a result, whoever decided the quantities. */
function checkRun({ members }: Street, result: IntervalRun): void {
  const sums = { sold: 0, bought: 0, take: 0n }
  for (const { seat: number, importWh, exportWh, soldWh, boughtWh, paid, received, quality } of result.seats) {
    const own = members[number - 1]!
    expect(soldWh).toBeLessThanOrEqual(Math.min(Math.max(0, exportWh - importWh), own.maxSellWh))
    expect(boughtWh).toBeLessThanOrEqual(Math.min(Math.max(0, importWh - exportWh), own.maxBuyWh))
    if (quality !== 'measured') expect(soldWh + boughtWh).toBe(0)
    expect(paid <= BigInt(own.buyCeiling) * BigInt(boughtWh) && paid <= own.balance).toBe(true)
    expect(received >= BigInt(own.sellFloor) * BigInt(soldWh)).toBe(true)
    expect(received).toBe(BigInt(priceTicks) * BigInt(soldWh))
    sums.sold += soldWh
    sums.bought += boughtWh
    sums.take += paid - received
  }
  const { matchedWh, gridTake, gridFees } = result
  expect(sums).toEqual({ sold: matchedWh, bought: matchedWh, take: gridTake })
  expect(gridFees).toBe(gridTake)
  expect(gridTake <= BigInt(rules.maxGridPerKwh) * BigInt(matchedWh)).toBe(true)
  // What flows over the links is what the zones give and get.
  const flow = new Map(result.flows.map(({ zone, exportWh }) => [zone, exportWh]))
  for (const [place, { zone, soldWh, boughtWh }] of result.zones.entries()) {
    const below = zones.reduce((all, { id }, other) => (parent[other] === place ? all + flow.get(id)! : all), 0)
    expect(soldWh - boughtWh + below).toBe(flow.get(zone) ?? 0)
  }
}

describe(`shared energy over random streets (SEED=${seed}, RUNS=${numRuns})`, () => {
  it('a key gives what its slow twin says, inside every limit, and again after a restart', () => {
    let matched = 0
    fc.assert(
      fc.property(streets, (street) => {
        const { members } = street
        const area = areaOf(street, 2)
        const listed = (field: 'isConsumer' | 'isProducer') =>
          members.flatMap((own, place) => (own[field] ? [place + 1] : []))
        const [consumers, producers] = [listed('isConsumer'), listed('isProducer')]
        const rounds = roundsOf(street)
        area.run(
          declaring(t0 * 1000 - 2_000, keyOf(rounds, { consumers, producers }), { start: t0, end: boundary(96) }),
        )
        area.run({ type: 'tick', atMs: boundary(1) * 1000 - 1_000, seal: null })
        const restored = stateOf(snapshotOf(area.state) as { name: string; bytes: Buffer }[])
        const result = firstResult(area.run(readingsOf(street)))
        checkRun(street, result)
        const command = readingsOf(street)
        const again = [...passTime(restored, command.atMs), ...apply(restored, command)]
        expect(firstResult([...again, ...passTime(restored, restored.nowMs)])).toEqual(result)
        expect(hashState(restored)).toBe(hashState(area.state))
        const slow = slowSharing({
          ...{ consumers, producers, rounds, priceTicks, parent, feeTicks: zones.map((zone) => zone.feeTicksPerKwh) },
          members: members.map((own, place) => {
            const worst = Math.min(own.buyCeiling, priceTicks + feeBound(own.zone))
            const isMeasured = own.quality === 0
            const mayBuyWh = Math.min(own.maxBuyWh, Number(own.balance / BigInt(worst)))
            return {
              ...{ seat: place + 1, zone: own.zone, importWh: own.importWh, exportWh: own.exportWh, isMeasured },
              ...{ mayBuyWh, maySellWh: own.maxSellWh, buyLimit: own.buyCeiling, sellLimit: own.sellFloor },
            }
          }),
        })
        const told = new Map(result.seats.map(({ seat: number, ...row }) => [number, row]))
        for (const [number, trade] of slow.trades) {
          const { boughtWh = 0, soldWh = 0, paid = 0n, received = 0n } = told.get(number) ?? {}
          expect({ number, boughtWh, soldWh, paid, received }).toEqual({ number, ...trade })
        }
        expect(result.gridTake).toBe(slow.take)
        matched += result.matchedWh
      }),
      { seed, numRuns },
    )
    expect(matched).toBeGreaterThan(20 * numRuns)
  })

  it('quantities that the grid operator declares keep to every limit, whatever it says, and to what it says', () => {
    let matched = 0
    fc.assert(
      fc.property(
        streets,
        fc.array(fc.tuple(fc.nat(600), fc.nat(600)), { minLength: 12, maxLength: 12 }),
        (street, said) => {
          const area = areaOf(street, 1)
          area.run(readingsOf(street))
          const rows = street.members.map(
            (_, place) => [place + 1, said[place]![0], said[place]![1]] as [number, number, number],
          )
          const difference = rows.reduce((all, [, allocatedWh, sharedWh]) => all + allocatedWh - sharedWh, 0)
          if (difference > 0) rows[0]![2] += difference
          else rows[0]![1] -= difference
          const events = area.run(
            declaring(boundary(1) * 1000 + 62_000, quantitiesOf(t0, rows), { start: t0, end: boundary(1) }),
          )
          const result = firstResult(events)
          checkRun(street, result)
          for (const { seat: number, boughtWh, soldWh } of result.seats) {
            const [, allocatedWh, sharedWh] = rows[number - 1]!
            expect(boughtWh <= allocatedWh && soldWh <= sharedWh).toBe(true)
          }
          matched += result.matchedWh
        },
      ),
      { seed, numRuns },
    )
    expect(matched).toBeGreaterThan(20 * numRuns)
  })
})

/** The most that a way from or to a zone can cost, as funds are set aside for it. */
function feeBound(zone: number): number {
  const toRoot = (own: number): number => (parent[own]! < 0 ? 0 : zones[own]!.feeTicksPerKwh + toRoot(parent[own]!))
  return toRoot(zone) + Math.max(...zones.map((_, own) => toRoot(own)))
}
