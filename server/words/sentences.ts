/** Sentences for what the engine says in codes and numbers: the one place where they are made. */
import type { Ticks, Wh } from '../../contracts/protocol/units.ts'
import type { Outcome } from '../market/area/area.ts'
import { type OrderCode, outcomeCodes, type ReadingCode, type SeatOutcomeCode } from '../market/area/codes.ts'
import type { Side } from '../market/auction.ts'
import { quoted } from '../market/errors.ts'
import type { OrderOutcome } from '../market/explain.ts'
import type { Amounts, Measures } from './amounts.ts'
import { agreementKinds, factsOf, orderDetails, readingDetails } from './details.ts'
import type { Language, OutcomeFacts } from './language.ts'

/** The sentence of an outcome, with the side and the stage before it; `zoneNames` are those of the interval's zones. */
export function outcomeSentence(
  language: Language,
  outcome: Outcome,
  { measures, zoneNames }: { measures: Measures; zoneNames: readonly string[] },
): string {
  const { stage, side, code } = outcome
  const sentence = language.outcomes[code](factsOfOutcome(outcome, language.amounts(measures), zoneNames))
  return `${language.outcomeOf(stage, side)}: ${sentence}.`
}

/** What the numbers that come with an outcome's code mean; null where they do not belong to it. */
export function meaningOf({ code, details, offeredWh }: Outcome): {
  /** The best price in reach after fees. */
  bestTicks: Ticks | null
  /** The place of the zone whose link was full. */
  fullZone: number | null
  /** For how much energy the money reached. */
  coveredWh: Wh
  /** Why the other or the own side could not trade. */
  because: SeatOutcomeCode | null
  /** Of shared energy: what was measured of this side, and what was shared together. */
  meteredWh: Wh
  togetherWh: Wh
  /** The daily budget, and what it left to the interval, in ledger units. */
  budget: number | null
  budgetLeft: number | null
} {
  const isMissed = code === 'price-too-high' || code === 'price-too-low' || code === 'price-outside-mandate'
  const [meteredWh = 0, togetherWh = 0] = code === 'allocated' ? details : []
  const isBudgeted = code === 'budget-reached'
  const [budgetLeft = null, budget = null] = isBudgeted ? details.slice(1) : []
  return {
    ...{ meteredWh, togetherWh, budget, budgetLeft },
    bestTicks: (code === 'link-full' ? details[1] : isMissed ? details[0] : null) ?? null,
    fullZone: code === 'link-full' ? (details[0] ?? null) : null,
    coveredWh: isBudgeted || code === 'escrow-low' ? (details[0] ?? offeredWh) : offeredWh,
    because: becauseOf({ code, details }),
  }
}

function factsOfOutcome(outcome: Outcome, amounts: Amounts, zoneNames: readonly string[]): OutcomeFacts {
  const { stage, side, limitTicks, offeredWh, filledWh, priceTicks, code } = outcome
  const { bestTicks, fullZone, coveredWh, because, meteredWh, togetherWh, budget, budgetLeft } = meaningOf(outcome)
  const missed = code === 'price-too-high' || code === 'price-too-low'
  return {
    ...{ stage, side, because },
    limit: amounts.price(limitTicks),
    offered: amounts.energy(offeredWh),
    filled: amounts.energy(filledWh),
    price: priceTicks === null ? null : amounts.price(priceTicks),
    gap: missed ? gapOf(amounts, limitTicks, priceTicks ?? bestTicks) : null,
    best: bestTicks === null ? null : amounts.price(bestTicks),
    zone: fullZone === null ? null : (zoneNames[fullZone] ?? null),
    covered: amounts.energy(coveredWh),
    metered: amounts.energy(meteredWh),
    together: amounts.energy(togetherWh),
    budget: amounts.money(budget ?? 0),
    budgetLeft: amounts.money(budgetLeft ?? 0),
  }
}

function gapOf(amounts: Amounts, limitTicks: Ticks, against: Ticks | null): string | null {
  return against === null ? null : amounts.gap(Math.abs(limitTicks - against))
}

/** Why a side could not trade, where the outcome was that one of the two could not. */
export function becauseOf({ code, details }: Pick<Outcome, 'code' | 'details'>): SeatOutcomeCode | null {
  const isOfParty = code === 'seller-side' || code === 'buyer-side'
  return isOfParty ? (outcomeCodes[details[0]!] ?? null) : null
}

/** What the auction of a file says of one order; prices have `priceDecimals` decimals and no currency. */
export function auctionSentence(language: Language, side: Side, outcome: OrderOutcome, priceDecimals: number): string {
  const { code, limitTicks, offeredWh, filledWh, priceTicks, bestTicks, gapTicks, link } = outcome
  const amounts = language.amounts({ priceDecimals, currency: null })
  const hasBest = Number.isFinite(bestTicks)
  return language.outcomes[code]({
    ...{ stage: 'spot', side },
    limit: amounts.price(limitTicks),
    offered: amounts.energy(offeredWh),
    filled: amounts.energy(filledWh),
    price: priceTicks === null ? null : amounts.price(priceTicks),
    gap: gapTicks === undefined ? null : amounts.gap(gapTicks),
    best: hasBest ? amounts.price(bestTicks) : null,
    zone: link === undefined ? null : quoted(link),
    covered: amounts.energy(offeredWh),
    metered: amounts.energy(offeredWh),
    together: amounts.energy(offeredWh),
    budget: amounts.money(0),
    budgetLeft: amounts.money(0),
    because: null,
  })
}

/** Why an order, a cancellation, an agreement or a session key was refused. */
export function orderSentence(
  language: Language,
  { code, details }: { code: OrderCode; details: readonly number[] },
  measures: Measures,
): string {
  const facts = factsOf(orderDetails[code], details, language.amounts(measures))
  return (language.orders[code] as (told: object) => string)(facts)
}

/** Why a reading was refused. */
export function readingSentence(
  language: Language,
  { code, details }: { code: ReadingCode; details: readonly number[] },
  measures: Measures,
): string {
  const facts = factsOf(readingDetails[code], details, language.amounts(measures))
  return (language.readings[code] as (told: object) => string)(facts)
}

/** What became of a trade that was made ahead; `outcome` is that of the order which traded, null before it is computed. */
export function tradeSentence(
  language: Language,
  trade: { side: Side; energyWh: Wh; deliveredWh: Wh | null; outcome: Pick<Outcome, 'code' | 'details'> | null },
  measures: Measures,
): string {
  const { side, energyWh, deliveredWh, outcome } = trade
  const amounts = language.amounts(measures)
  const missedWh = energyWh - (deliveredWh ?? 0)
  const status = deliveredWh === null ? 'agreed' : missedWh === 0 ? 'kept' : deliveredWh === 0 ? 'void' : 'short'
  return language.trade({
    ...{ side, status },
    energy: amounts.energy(energyWh),
    delivered: amounts.energy(deliveredWh ?? 0),
    missed: amounts.energy(missedWh),
    code: outcome?.code ?? null,
    because: outcome === null ? null : becauseOf(outcome),
  })
}

/** What an agreement is about: how much, and at which price. */
export function agreementSentence(
  language: Language,
  { kind, amount, priceTicks }: { kind: number; amount: number; priceTicks: Ticks },
  measures: Measures,
): string {
  const amounts = language.amounts(measures)
  return language.agreement({
    kind: agreementKinds[kind]!,
    energy: amounts.energy(amount),
    share: amounts.share(amount),
    price: amounts.price(priceTicks),
  })
}
