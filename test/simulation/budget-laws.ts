/**
 * The law of daily budgets, checked at every computation (decision 0019): what the auction charges a home in an interval is at most
 * what its budget leaves beside all other intervals of the local day as they stand, and beside what it had promised before.
 */
import type { BudgetState, Event, IntervalRun } from '../../server/market/area/area.ts'
import type { Logged } from './database.ts'
import type { Verdict } from './verdict.ts'

/** The area's clock is UTC: its settings name no other. */
const daySeconds = 86_400

export class BudgetLaws {
  private readonly verdict: Verdict
  private budgets = new Map<number, BudgetState[]>()
  /** What each seat pays for energy, by start and seat; where it is paid for taking it, the day is charged nothing. */
  private charges = new Map<number, Map<number, bigint>>()

  constructor(verdict: Verdict) {
    this.verdict = verdict
  }

  follow(events: readonly Event[]): void {
    // Where it is named later the money of this journal's own batch was never moved, but its intervals are final.
    const isAdopted = events.some(({ type }) => type === 'chain-followed')
    for (const event of events) {
      if (event.type === 'budget-set') {
        this.budgets.set(event.seat, [...(this.budgets.get(event.seat) ?? []), event.budget])
      } else if (event.type === 'interval-cleared') {
        this.check(event.result)
        this.charges.set(event.result.start, new Map(event.result.seats.map(({ seat, paid }) => [seat, paid])))
      } else if (event.type === 'interval-reduced') {
        for (const { seat, paid } of event.changes) this.charges.get(event.start)?.set(seat, paid)
      } else if (event.type === 'batch-missed' && isAdopted) {
        for (const start of this.charges.keys()) {
          if (start >= event.start && start < event.end) this.charges.delete(start)
        }
      }
    }
  }

  /** The journal is shorter again. */
  restart(log: readonly Logged[]): void {
    this.budgets = new Map()
    this.charges = new Map()
    for (const { journaled } of log) this.follow(journaled.events)
  }

  private check({ start, seats, budgets }: IntervalRun): void {
    const said = new Map(budgets.map(({ seat, left }) => [seat, left]))
    for (const { seat, outcomes } of seats) {
      const amount = this.budgets.get(seat)?.findLast(({ activeFrom }) => activeFrom <= start)?.amount ?? 0
      if (amount === 0) {
        this.verdict.holds('budgets', !said.has(seat), () => `seat ${seat} has no budget in ${start}, and one binds it`)
        continue
      }
      let [promised, auctioned] = [0n, 0n]
      for (const { side, stage, amount: charge } of outcomes) {
        if (side !== 'buy') continue
        if (stage === 'spot') auctioned += charge
        else promised += charge
      }
      const left = atLeastNothing(BigInt(amount) - this.othersOf(seat, start))
      const most = atLeastNothing(left - promised)
      this.verdict.holds('budgets', auctioned <= most, () => {
        return `seat ${seat} buys for ${auctioned} in ${start}, and its budget of ${amount} leaves ${most}`
      })
      const named = said.get(seat)
      if (named === undefined) continue
      this.verdict.holds('budgets', named === left, () => {
        return `seat ${seat} is told that ${named} was left to ${start}, and it was ${left}`
      })
    }
  }

  /** What the other intervals of the day have charged a seat. */
  private othersOf(seat: number, start: number): bigint {
    const day = Math.floor(start / daySeconds)
    let sum = 0n
    for (const [other, charges] of this.charges) {
      if (other !== start && Math.floor(other / daySeconds) === day) sum += atLeastNothing(charges.get(seat) ?? 0n)
    }
    return sum
  }
}

function atLeastNothing(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
