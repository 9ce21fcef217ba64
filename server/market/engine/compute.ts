/** One computation of an interval: metered energy and what was set aside in, fills, payments and explanations out. */
import type { LedgerUnits, Wh } from '../../../contracts/protocol/units.ts'
import type { AreaConfig, IntervalRun, SeatInterval } from '../area/area.ts'
import type { Budgets } from '../area/budgets.ts'
import { type Energies, settlesOnBilling } from '../area/energy.ts'
import { type ClearedSums, type Fill, Fills, type Interval } from '../area/interval.ts'
import { suspendedSeats } from '../area/state.ts'
import { openPool, type Pool, type PoolSeat, type PoolState } from '../stages/pool.ts'
import { stagesOf } from '../stages/stages.ts'

/**
 * Computes an interval from what is known of it now, keeps its fills, prices and sums, and says the result under the next
 * number. `energies` says what that is, `budgets` what homes may still spend. Metered = own use + matched + residual for every seat; nothing that is not measured at both ends is traded.
 */
export function computeInterval(
  state: PoolState,
  config: AreaConfig,
  interval: Interval,
  { energies, budgets }: { energies: Energies; budgets: Budgets },
): IntervalRun {
  const pool = openPool(state, config, interval, { energies, budgets })
  const sums = { matchedWh: 0, gridFees: 0n, congestionRent: 0n, gridTake: 0n }
  const fills: Fill[] = []
  let prices: Pick<ClearedSums, 'zones' | 'flows'> = { zones: [], flows: [] }
  interval.deliveredWh = []
  for (const stage of stagesOf(config)) {
    const given = stage.allocate(pool)
    fills.push(...given.fills)
    charge(pool, given.fills)
    sums.matchedWh += given.matchedWh
    sums.gridFees += given.gridFees
    sums.congestionRent += given.congestionRent
    sums.gridTake += given.gridTake
    prices = given.prices ?? prices
  }
  const totals = totalsBySlot(fills)
  const told = [...pool.seats.values()].filter((own) => isTold(own, interval, config) && !energies.isWitness(own.seat))
  const zones = prices.zones.map((zone) => ({ ...zone }))
  for (const { zone, importWh, exportWh } of told) {
    zones[zone]!.importWh += importWh
    zones[zone]!.exportWh += exportWh
  }
  for (const { zone, seat } of pool.seats.values()) addTraded(zones[zone]!, totals.get(seat.slot))
  interval.fills = Fills.of(fills)
  interval.cleared = { ...sums, zones, flows: prices.flows }
  interval.run += 1
  interval.isStale = false
  interval.isLent = told.some(({ isSigned }) => !isSigned)
  interval.isChanged = true
  for (const { seat } of told) interval.tell(seat.slot)
  return {
    ...{ start: interval.start, run: interval.run, ...sums, zones, flows: prices.flows },
    missingReadings: told.filter(({ quality }) => quality !== 'measured').length,
    deviationWh: undeliveredWh(state, interval),
    seats: told.map((own) => seatInterval(own, totals.get(own.seat.slot))),
    forward: interval.deliveredWh.map((deliveredWh, index) => ({ number: index + 1, deliveredWh })),
    suspended: suspendedSeats(state),
    budgets: bindingBudgets(pool),
  }
}

/** What a stage gave to homes leaves less of their budgets to the next one. */
function charge({ state, seats }: Pool, fills: readonly Fill[]): void {
  for (const { slot, side, amount } of fills) {
    const budget = side === 'buy' ? seats.get(state.slots[slot]!)!.budget : null
    if (budget !== null) budget.charged += BigInt(amount)
  }
}

function bindingBudgets({ seats }: Pool): IntervalRun['budgets'] {
  return [...seats].flatMap(([seat, { budget }]) => (budget?.isBinding === true ? [{ seat, left: budget.left }] : []))
}

/**
 * Whoever was read at the interval's end or waited for. Where the metering operator's values settle nobody waits for them: there,
 * every member whose value may still come has a row, and so does one whose energy is known otherwise.
 */
function isTold({ seat: { slot }, isSigned, refusal }: PoolSeat, interval: Interval, config: AreaConfig): boolean {
  if (interval.isRead(slot) || interval.isExpected(slot) || !isSigned) return true
  return settlesOnBilling(config) && refusal === 'no-reading'
}

/** What forward trades of the interval promised and nobody delivered or took. */
export function undeliveredWh({ forward }: Pick<PoolState, 'forward'>, { start, deliveredWh }: Interval): Wh {
  const trades = forward.get(start)?.trades ?? []
  return trades.reduce((sum, { energyWh }, index) => sum + energyWh - (deliveredWh[index] ?? 0), 0)
}

/** What the fills of one seat come to. */
export interface Traded {
  boughtWh: Wh
  soldWh: Wh
  paid: LedgerUnits
  received: LedgerUnits
}

/** The sums of an interval's fills, by the seat's place. */
export function totalsBySlot(fills: Iterable<Fill>): Map<number, Traded> {
  const totals = new Map<number, Traded>()
  for (const { slot, side, energyWh, amount } of fills) {
    let traded = totals.get(slot)
    if (traded === undefined) {
      traded = { boughtWh: 0, soldWh: 0, paid: 0n, received: 0n }
      totals.set(slot, traded)
    }
    if (side === 'buy') {
      traded.boughtWh += energyWh
      traded.paid += BigInt(amount)
    } else {
      traded.soldWh += energyWh
      traded.received += BigInt(amount)
    }
  }
  return totals
}

/** Adds what a seat traded to its zone. */
export function addTraded(zone: { boughtWh: Wh; soldWh: Wh }, traded: Traded | undefined): void {
  if (traded === undefined) return
  zone.boughtWh += traded.boughtWh
  zone.soldWh += traded.soldWh
}

const nothing: Traded = { boughtWh: 0, soldWh: 0, paid: 0n, received: 0n }

function seatInterval(own: PoolSeat, traded: Traded = nothing): SeatInterval {
  const { seat, zone, quality, importWh, exportWh, deviationWh, outcomes } = own
  const { boughtWh, soldWh, paid, received } = traded
  const { seat: number } = seat.chain
  return { seat: number, zone, quality, importWh, exportWh, boughtWh, soldWh, paid, received, deviationWh, outcomes }
}
