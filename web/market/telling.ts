/** The content of the list of results: the outcomes that explain what the home traded, and which results in a row say the same. */
import type { OutcomeResource, SeatIntervalResource } from '../../server/api/resources.ts'
import { energy, energyCost, moneyWords } from '../money/format.ts'
import { resultSentence } from './outcome-words.ts'
import { marketWords } from './words.ts'

const idle: ReadonlySet<OutcomeResource['code']> = new Set(['nothing-to-sell', 'nothing-to-buy', 'used-at-home'])

/** The sides on which a home may trade at all. */
export interface Sides {
  sells: boolean
  buys: boolean
}

/**
 * Why this home traded what it did, in sentences that begin with the side. A side that has nothing to trade is left out while
 * the other one has something to say; a side that had energy and no price says that it paused. Where the auction traded all
 * that it was asked for and the supplier still took part, one sentence names the number that would have changed this: more in
 * the purse or the daily budget, or an order and a limit for more.
 */
export function reasonsOf(interval: SeatIntervalResource, { sells, buys }: Sides, currency: string): string[] {
  const { outcomes, residualExportWh, residualImportWh } = interval
  const said = marketWords()
  const has = (side: OutcomeResource['side']) => outcomes.some((each) => each.side === side)
  const reasons = [
    ...outcomes.filter(({ code }) => !idle.has(code)).map((own) => resultSentence(own, currency)),
    ...outcomes.flatMap((outcome) => {
      const more = heldBack(interval, outcome, currency)
      return more === null ? [] : [more]
    }),
    ...(sells && residualExportWh > 0 && !has('sell') ? [said.sellingPaused] : []),
    ...(buys && residualImportWh > 0 && !has('buy') ? [said.buyingPaused] : []),
  ]
  if (reasons.length > 0) return reasons
  const first = outcomes.find(({ side }) => side === (sells ? 'sell' : 'buy')) ?? outcomes[0]
  return first === undefined ? [] : [resultSentence(first, currency)]
}

/** What would have let the rest be traded too, where the home asked the auction for less than it had. */
function heldBack(
  { outcomes, residualExportWh, residualImportWh }: SeatIntervalResource,
  { stage, side, code, limitPerKwh, filledWh }: OutcomeResource,
  currency: string,
): string | null {
  const restWh = side === 'sell' ? residualExportWh : residualImportWh
  if (stage !== 'spot' || restWh === 0) return null
  const said = marketWords()
  if (code === 'escrow-low' && side === 'buy')
    return said.purseForMore(moneyWords(energyCost(limitPerKwh, restWh), currency), energy(restWh))
  if (code === 'budget-reached')
    return said.budgetForMore(moneyWords(energyCost(limitPerKwh, restWh), currency), energy(restWh))
  if (code !== 'filled' || filledWh === 0) return null
  const askedWh = outcomes.reduce((sum, each) => (each.side === side ? sum + each.filledWh : sum), 0)
  return said.cappedAt[side](energy(restWh), energy(askedWh))
}

/** The sides on which the auction traded less than it was asked for. */
export function wantingSides({ outcomes }: SeatIntervalResource): OutcomeResource['side'][] {
  const isShort = ({ stage, filledWh, offeredWh }: OutcomeResource) => stage === 'spot' && filledWh < offeredWh
  return outcomes.filter(isShort).map(({ side }) => side)
}

/** One row of the list: one result, or several that followed each other without a trade and say the same. */
export interface ResultRow {
  /** Newest first. */
  intervals: readonly SeatIntervalResource[]
  reasons: readonly string[]
}

export function resultRows(intervals: readonly SeatIntervalResource[], sides: Sides, currency: string): ResultRow[] {
  const rows: { intervals: SeatIntervalResource[]; reasons: string[] }[] = []
  for (const interval of intervals) {
    const reasons = reasonsOf(interval, sides, currency)
    const before = rows.at(-1)
    const older = before?.intervals.at(-1)
    const isSame =
      older !== undefined &&
      older.start === interval.end &&
      [older, interval].every(({ soldWh, boughtWh }) => soldWh === 0 && boughtWh === 0) &&
      older.status === interval.status &&
      older.quality === interval.quality &&
      // Only a final result is marked as corrected.
      (interval.status === 'provisional' || older.run > 1 === interval.run > 1) &&
      before!.reasons.join() === reasons.join()
    if (isSame) before!.intervals.push(interval)
    else rows.push({ intervals: [interval], reasons })
  }
  return rows
}
