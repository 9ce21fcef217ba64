/**
 * What a batch rests on that nobody signs: which grid the area cleared by, from when orders counted and in which order they
 * had come, forward trades, offers, suspended meters, seats left out. Its hash is part of the statement's root, so it is
 * fixed before the batch is settled: nobody can be told another story later, or than anybody else.
 *
 * Anyone recomputes the hash: keccak-256(0x05 ‖ salt[32] ‖ SHA-256(text)), where text is the UTF-8 of the JSON that
 * `statedHash` builds, arrays only, without spaces; SHA-256, since the text of a large area is long. Everything is in the order in which the area's file has it.
 */
import { concat, keccak256, sha256, toUtf8Bytes } from 'ethers'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Zone } from '../market/auction.ts'

/** What the area clears by from an interval on, beside the rules that everybody signed. */
export interface Grid {
  from: UtcSeconds
  lowestTicks: Ticks
  zones: Zone[]
}

export interface StatedFacts {
  /** Ascending by `from`; the first one is in force from the batch's beginning. */
  grids: Grid[]
  /** Spot orders in order of arrival, with the seat that each is of and the intervals of the batch in which it could count. */
  orders: { order: Hex; seat: number; activeFrom: UtcSeconds; activeUntil: UtcSeconds }[]
  /** Of each interval in the order in which they were made. */
  forwardTrades: { start: UtcSeconds; buyOrder: Hex; sellOrder: Hex; priceTicks: Ticks; energyWh: Wh }[]
  /** The energy that each order brought to an interval's auction; less than metered and signed where funds were short. */
  offers: { start: UtcSeconds; order: Hex; offeredWh: Wh }[]
  /** Seats that were suspended when an interval was computed. */
  suspended: { start: UtcSeconds; seat: number }[]
  /** Seats that could not pay, in the order in which they were left out. */
  leftOut: number[]
  /** How many readings were in when the batch was cut. */
  readings: number
}

/** `salt` is 32 secret random bytes; deleting it makes the hash say nothing. */
export function statedHash(facts: StatedFacts, salt: Hex): Hex {
  const places = new Map(facts.orders.map(({ order }, place) => [order, place]))
  const text = JSON.stringify([
    facts.grids.map(({ from, lowestTicks, zones }) => [
      from,
      lowestTicks,
      zones.map(({ id, parent, feeTicksPerKwh, capacityWh }) => [id, parent ?? null, feeTicksPerKwh, capacityWh]),
    ]),
    facts.orders.map(({ order, seat, activeFrom, activeUntil }) => [order, seat, activeFrom, activeUntil]),
    facts.forwardTrades.map(({ start, buyOrder, sellOrder, priceTicks, energyWh }) => [
      ...[start, buyOrder, sellOrder, priceTicks, energyWh],
    ]),
    facts.offers.map(({ start, order, offeredWh }) => [start, places.get(order) ?? order, offeredWh]),
    facts.suspended.map(({ start, seat }) => [start, seat]),
    facts.leftOut,
    facts.readings,
  ])
  return keccak256(concat(['0x05', salt, sha256(toUtf8Bytes(text))]))
}
