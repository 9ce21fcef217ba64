/**
 * Daily budgets: the most that what a home gets from neighbours may cost in one local day, fees included.
 *
 * A day's charges are those of its intervals as they stand. Whenever an interval is computed, also when it is computed again, a
 * home buys at most for what its budget leaves beside all other intervals of the day: so what comes late changes its own interval
 * only, and no later one is computed again for it. What was promised before (agreements and trades ahead) is kept in any case; it
 * counts, and comes first. An interval in which a home was paid for taking energy adds nothing to the budget.
 */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { BudgetState, CommandOf, Event } from './area.ts'
import { dayStart } from './clock.ts'
import type { Interval } from './interval.ts'
import { ordersAtOnce, spendNonce, takeCredit } from './orders.ts'
import { refused } from './refusal.ts'
import {
  type AreaState,
  configAt,
  configNow,
  firstStartAfter,
  highestNonce,
  noncesOf,
  type SeatState,
  seatOf,
} from './state.ts'

/** Takes a budget up: it counts from the next interval on, instead of the one before. */
export function setBudget(state: AreaState, { id, budget }: CommandOf<'budget'>): Event[] {
  const seat = seatOf(state, budget.account, budget.meter)
  if (seat === null) return refused(id, 'ORDER_NO_SEAT')
  const { rulesHash, rules } = configNow(state)
  if (budget.rules !== rulesHash) return refused(id, 'ORDER_RULES')
  const last = noncesOf(state, budget.account, budget.meter).budget
  if (budget.nonce <= last) return refused(id, 'ORDER_NONCE', [budget.nonce, last])
  const highest = highestNonce(last, state.nowMs)
  if (budget.nonce > highest) return refused(id, 'ORDER_NONCE_STEP', [budget.nonce, highest])
  if (!takeCredit(state, seat)) return refused(id, 'ORDER_RATE', [ordersAtOnce])

  state.arrivals += 1
  const activeFrom = firstStartAfter(state.nowMs, rules.intervalSeconds)
  const taken: BudgetState = { id, arrival: state.arrivals, amount: budget.amount, activeFrom }
  spendNonce(state, seat, 'budget', budget.nonce)
  const begun = seat.budgets.filter((known) => known.activeFrom < activeFrom)
  const counting = begun.findLastIndex((known) => known.activeFrom <= state.firstStart)
  seat.budgets = [...begun.slice(Math.max(0, counting)), taken]
  return [{ type: 'budget-set', seat: seat.chain.seat, nonce: budget.nonce, budget: taken }]
}

/** The budget that counts for an interval, in ledger units, or null. */
function budgetAt({ budgets }: Pick<SeatState, 'budgets'>, start: UtcSeconds): number | null {
  const amount = budgets.findLast(({ activeFrom }) => activeFrom <= start)?.amount ?? 0
  return amount === 0 ? null : amount
}

/** What a seat's daily budget lets it buy in one interval. */
export interface SeatBudget {
  /** The budget of the whole day, in ledger units. */
  amount: number
  /** Left to the interval beside all others of the day. */
  left: LedgerUnits
  /** What the interval's stages have charged so far. */
  charged: LedgerUnits
  /** Whether the seat got less because of it. */
  isBinding: boolean
}

/** Where the budgets come from by which an interval is computed. */
export interface Budgets {
  of(seat: SeatState): SeatBudget | null
}

/** What every seat's budget leaves to an interval whose own charges are not counted. */
export function budgetsAt(state: AreaState, start: UtcSeconds): Budgets {
  const spent = state.spent.get(dayOf(state, start))
  return {
    of(seat) {
      const amount = budgetAt(seat, start)
      if (amount === null) return null
      const left = BigInt(amount) - (spent?.get(seat.chain.seat) ?? 0n)
      return { amount, left: left > 0n ? left : 0n, charged: 0n, isBinding: false }
    },
  }
}

/** The energy, at most `wantedWh`, that a budget still pays for where a kWh costs so much at worst. */
export function affordableWh(budget: SeatBudget | null, limitTicks: Ticks, wantedWh: Wh): Wh {
  if (budget === null || limitTicks <= 0) return wantedWh
  const left = budget.left - budget.charged
  const mostWh = left > 0n ? left / BigInt(limitTicks) : 0n
  if (mostWh >= BigInt(wantedWh)) return wantedWh
  budget.isBinding = true
  return Number(mostWh)
}

/** Counts what an interval costs each seat towards its day. */
export function countCharges(state: AreaState, interval: Interval): void {
  change(state, interval, (sum, charge) => sum + charge)
}

/** Takes an interval's charges off its day again, before they change. */
export function discountCharges(state: AreaState, interval: Interval): void {
  change(state, interval, (sum, charge) => sum - charge)
}

function change(
  state: AreaState,
  interval: Interval,
  changed: (sum: LedgerUnits, charge: LedgerUnits) => LedgerUnits,
): void {
  if (interval.fills.length === 0) return
  const day = dayOf(state, interval.start)
  const spent = state.spent.get(day) ?? new Map<number, LedgerUnits>()
  for (const [slot, charge] of chargesOf(interval)) {
    if (charge <= 0) continue
    const seat = state.slots[slot]!
    const sum = changed(spent.get(seat) ?? 0n, BigInt(charge))
    if (sum === 0n) spent.delete(seat)
    else spent.set(seat, sum)
  }
  if (spent.size === 0) state.spent.delete(day)
  else state.spent.set(day, spent)
}

/** What energy bought in an interval costs, by the place of the seat; one order's charge is below 2⁴⁷ in size, and so is the sum. */
function chargesOf({ fills: { slot, amount, kind } }: Interval): Map<number, number> {
  const charges = new Map<number, number>()
  for (let index = 0; index < kind.length; index += 1) {
    if ((kind[index]! & 1) === 1) continue
    charges.set(slot[index]!, (charges.get(slot[index]!) ?? 0) + amount[index]!)
  }
  return charges
}

function dayOf(state: AreaState, start: UtcSeconds): UtcSeconds {
  return dayStart(configAt(state, start).clock, start)
}

/** Forgets days of which every interval is forgotten. */
export function forgetDays(state: AreaState): void {
  const first = dayOf(state, state.firstStart)
  for (const day of state.spent.keys()) if (day < first) state.spent.delete(day)
}
