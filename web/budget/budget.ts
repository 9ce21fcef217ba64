/** A buyer's daily budget: the amount that somebody types, the budget that is signed, and the sentences about the day. */
import type { DailyBudget } from '../../contracts/protocol/typed-data.ts'
import { parseMoney } from '../../contracts/protocol/units.ts'
import type { BudgetDayResource } from '../../server/api/budget-resources.ts'
import type { AreaResource, SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { difference, exceeds, moneyScale, moneyWords, readAmount, sum } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import { budgetWords } from './words.ts'

/** The most decimals in a budget that somebody types. */
const decimals = 2
/** The amount by which − and + change the budget, in tokens. */
export const step = '0.5'
/** The budget that is offered to somebody who has none yet, in tokens. */
export const firstBudget = '4'

/** The budget that was typed, in tokens, or null. */
export function readBudget(text: string): string | null {
  return readAmount(text, decimals)
}

/** The amount one step lower or higher; never less than one step. */
export function stepped(amount: string, by: 1 | -1): string {
  const next = by === 1 ? sum([amount, step]) : difference(amount, step)
  return exceeds(step, next) ? step : next
}

/** The budget as it is signed; `amount` is in tokens, and null where there shall be no budget. */
export function budgetOf(
  area: Pick<AreaResource, 'rules' | 'priceDecimals'>,
  { account, meter }: Pick<SeatResource, 'account' | 'meter'>,
  amount: string | null,
  nowMs: number,
): DailyBudget {
  const units = parseMoney(amount ?? '0', area.priceDecimals)
  return { account, meter, rules: area.rules.hash, amount: units, nonce: nowMs }
}

/** Whether the newest result of the day was held back by the budget. */
function isReached(day: BudgetDayResource, newest: SeatIntervalResource | undefined): boolean {
  if (newest === undefined || newest.start < day.dayStart || newest.start >= day.dayEnd) return false
  return newest.outcomes.some(({ code, side }) => side === 'buy' && code === 'budget-reached')
}

/**
 * Sentences about the day: how much is spent, whether that ends buying and until when, and which signed budget does not count
 * yet.
 */
export function sentencesOfDay(
  day: BudgetDayResource,
  { currency, intervalSeconds }: Pick<AreaResource, 'currency' | 'intervalSeconds'>,
  newest: SeatIntervalResource | undefined,
  nowMs: number,
): string[] {
  const said = budgetWords()
  const { budget, paid, newest: signed } = day
  const scale = moneyScale([paid, budget ?? '0'], currency)
  const isComing = signed !== null && Date.parse(signed.effectiveFrom) > nowMs
  const from = isComing ? localTime(signed.effectiveFrom, intervalSeconds) : ''
  return [
    ...(budget === null ? [] : [said.spent(scale.words(paid), scale.words(budget))]),
    ...(budget !== null && isReached(day, newest) ? [said.reached(localTime(day.dayEnd, 60))] : []),
    ...(isComing && signed.amount !== null ? [said.countsFrom(moneyWords(signed.amount, currency), from)] : []),
    ...(isComing && signed.amount === null && budget !== null ? [said.endsFrom(from)] : []),
    ...(budget === null && !isComing ? [said.none] : []),
  ]
}
