/**
 * Why a home sold or bought what it did, in the words of whoever lives there: one sentence for each code of the market, with the number
 * that would have changed the result. Sentences begin with their side and end with a full stop.
 */
import type { OutcomeResource } from '../../server/api/resources.ts'
import { difference, energy, moneyWords, priceWords, signOf } from '../money/format.ts'
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

type Code = OutcomeResource['code']
type SeatCode =
  | 'seat-closed'
  | 'suspended'
  | 'mandate-expired'
  | 'zone-unknown'
  | 'grade-not-settling'
  | 'no-reading'
  | 'estimated'
  | 'doubtful'
  | 'before-base'

/** What a sentence may say; quantities are written already. */
export interface OutcomeParts {
  sells: boolean
  limit: string
  offered: string
  filled: string
  /** Null where nothing was traded at a price. */
  price: string | null
  /** By how much the limit missed the price or the best one to be had. */
  gap: string | null
  best: string | null
  zone: string
  covered: string
  /** Why one of the two sides could not trade. */
  because: string
  /** Whether it was the own side that could not. */
  isOwn: boolean
  /** The daily budget, and what of it was left to the quarter-hour. */
  budget: string
  budgetLeft: string
  /** Of shared energy: what the own meter measured, and what was shared together. */
  metered: string
  together: string
}

interface OutcomeTexts {
  sides: Record<OutcomeResource['stage'], { sell: string; buy: string }>
  seat: Record<SeatCode, string>
  otherwise: string
  codes: Record<Exclude<Code, SeatCode>, (facts: OutcomeParts) => string>
}

const en: OutcomeTexts = {
  sides: {
    spot: { sell: 'Selling', buy: 'Buying' },
    forward: { sell: 'Sold ahead', buy: 'Bought ahead' },
    agreements: { sell: 'Agreed sale', buy: 'Agreed purchase' },
    imported: { sell: 'Shared', buy: 'From the community' },
    coefficients: { sell: 'Shared', buy: 'From the community' },
  },
  seat: {
    'seat-closed': 'this meter took no part',
    suspended: 'the meter is suspended, since it sent two values for one moment',
    'mandate-expired': `the time of ${vocabulary.en.home.limit} was over`,
    'zone-unknown': 'nobody knows where in the grid this meter is',
    'grade-not-settling': 'this kind of meter does not count here',
    'no-reading': 'no value has come from the meter',
    estimated: 'the meter’s value was estimated, and only what is measured is traded',
    doubtful: 'the meter’s value was doubtful, and only what is measured is traded',
    'before-base': 'it lies before the value from which this meter is paid next',
  },
  otherwise: 'this meter could not trade',
  codes: {
    filled: ({ offered, price }) => `all of ${offered}${at(price)}`,
    'partly-filled-at-margin': ({ filled, offered, price }) =>
      `${filled} of ${offered}${at(price)}: your price is just ${vocabulary.en.home.theirPrice}, which you shared with others`,
    'not-filled-at-margin': ({ limit, offered }) =>
      `nothing of ${offered}: your price of ${limit} is just ${vocabulary.en.home.theirPrice}, and others at it took what there was`,
    'price-too-high': (facts) => missed(facts, 'above'),
    'price-too-low': (facts) => missed(facts, 'below'),
    'link-full': ({ filled, offered, price, zone, best, limit }) =>
      `${filled} of ${offered}${at(price)}: the line of ${zone} was full${best === null ? '' : `; beyond it ${best} after fees would have suited your price of ${limit}`}`,
    'no-counterparty': ({ sells }) => (sells ? 'no neighbour needed any' : 'no neighbour had any left'),
    'escrow-low': ({ filled, price, covered }) =>
      `${filled}${at(price)}: ${vocabulary.en.home.purse} held enough for ${covered} only`,
    'budget-reached': ({ filled, price, covered, budget, budgetLeft }) =>
      price === null
        ? `your daily budget of ${budget} is reached, with ${budgetLeft} left`
        : `${filled}${at(price)}: of your daily budget of ${budget} there was ${budgetLeft} left, enough for ${covered} only`,
    'meter-not-confirmed': () => 'the grid operator has not confirmed the meter yet',
    'nothing-to-sell': () => 'nothing was left over',
    'nothing-to-buy': () => 'nothing was needed from outside',
    'used-at-home': ({ sells }) =>
      sells
        ? 'you used what was left over yourself, a moment later'
        : 'your own roof covered it, a moment before or after',
    'mandate-zero': ({ sells }) => `${vocabulary.en.home.limit} leaves nothing to ${sells ? 'sell' : 'buy'}`,
    'traded-before': () => 'all of it had been agreed before',
    honoured: ({ offered, price }) => `all of ${offered}${at(price)}, as agreed`,
    'less-delivered': ({ filled, offered, price }) =>
      `${filled} of ${offered}${at(price)}: less was left over than had been agreed`,
    'less-taken': ({ filled, offered, price }) =>
      `${filled} of ${offered}${at(price)}: less was needed than had been agreed`,
    'seller-side': (facts) => party(facts, 'the seller’s side'),
    'buyer-side': (facts) => party(facts, 'the buyer’s side'),
    'outside-mandate': ({ offered, limit }) =>
      `nothing of ${offered}: ${limit} lay outside what one of the two had signed by then, fees included`,
    'link-taken': ({ filled, offered, price }) => `${filled} of ${offered}${at(price)}: the lines on the way were full`,
    'left-out': () => `${vocabulary.en.home.purse} could not pay for it, so nothing of it counts`,
    'zone-changed': ({ offered }) => `nothing of ${offered}: the two are in different zones by now`,
    'partner-left-out': ({ filled, offered, price }) =>
      `${filled} of ${offered}${at(price)}: somebody who traded with you could not pay and was left out`,
    allocated: ({ filled, price, metered, together }) =>
      `${filled}${at(price)}: your part of the ${together} that were shared; your meter measured ${metered}`,
    'above-metered': ({ filled, offered, price }) => `${filled} of ${offered}${at(price)}: your meter measured no more`,
    'above-mandate': ({ filled, offered, price }) =>
      `${filled} of ${offered}${at(price)}: ${vocabulary.en.home.limit} allows no more`,
    'partner-short': ({ filled, offered, price, sells }) =>
      `${filled} of ${offered}${at(price)}: the others could ${sells ? 'take' : 'give'} no more of it`,
    'price-outside-mandate': ({ filled, offered, best, limit, sells }) =>
      `${filled} of ${offered}: the price${best === null ? '' : ` of ${best}`}${sells ? '' : ' and the grid fee'} lay ${sells ? 'below' : 'above'} ${vocabulary.en.home.limit} of ${limit}`,
    'no-price': ({ offered }) => `nothing of ${offered}: there is no price for this time, or not yet`,
    'not-declared': () => 'the grid operator has not said yet who gets how much',
    'declared-later': ({ filled, offered, price }) =>
      `${filled} of ${offered}${at(price)}: the grid operator changed its mind after it was paid, so nothing moves any more`,
  },
}

function at(price: string | null): string {
  return price === null ? '' : ` at ${price}`
}

function missed({ sells, limit, gap, price, best }: OutcomeParts, where: 'above' | 'below'): string {
  if (gap !== null && price !== null)
    return `your price of ${limit} was ${gap} ${where} ${vocabulary.en.home.theirPrice} of ${price}`
  if (gap !== null && best !== null)
    return `your price of ${limit} was ${gap} ${where} the best offer, which was ${best} after fees`
  return sells ? `no neighbour paid as much as ${limit}` : `no neighbour sold at ${limit}`
}

function party({ offered, because, isOwn }: OutcomeParts, other: string): string {
  return `nothing of ${offered}: on ${isOwn ? 'your own side' : other} ${because}`
}

const de: OutcomeTexts = {
  sides: {
    spot: { sell: 'Verkauf', buy: 'Kauf' },
    forward: { sell: 'Im Voraus verkauft', buy: 'Im Voraus gekauft' },
    agreements: { sell: 'Vereinbarter Verkauf', buy: 'Vereinbarter Kauf' },
    imported: { sell: 'Geteilt', buy: 'Aus der Gemeinschaft' },
    coefficients: { sell: 'Geteilt', buy: 'Aus der Gemeinschaft' },
  },
  seat: {
    'seat-closed': 'dieser Zähler nahm nicht teil',
    suspended: 'der Zähler ist gesperrt, denn er hat zwei Werte für einen Zeitpunkt geschickt',
    'mandate-expired': `die Zeit für ${vocabulary.de.home.limit} war abgelaufen`,
    'zone-unknown': 'niemand weiß, wo im Netz dieser Zähler ist',
    'grade-not-settling': 'diese Art von Zähler zählt hier nicht',
    'no-reading': 'vom Zähler kam kein Wert',
    estimated: 'der Wert des Zählers war geschätzt, und gehandelt wird nur Gemessenes',
    doubtful: 'der Wert des Zählers war zweifelhaft, und gehandelt wird nur Gemessenes',
    'before-base': 'sie liegt vor dem Wert, ab dem dieser Zähler als Nächstes bezahlt wird',
  },
  otherwise: 'dieser Zähler konnte nicht handeln',
  codes: {
    filled: ({ offered, price }) => `alles, ${offered}${zu(price)}`,
    'partly-filled-at-margin': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: Ihr Preis ist genau ${vocabulary.de.home.theirPrice}, den Sie mit anderen teilten`,
    'not-filled-at-margin': ({ limit, offered }) =>
      `nichts von ${offered}: Ihr Preis von ${limit} ist genau ${vocabulary.de.home.theirPrice}, und andere bekamen, was da war`,
    'price-too-high': (facts) => verfehlt(facts, 'über'),
    'price-too-low': (facts) => verfehlt(facts, 'unter'),
    'link-full': ({ filled, offered, price, zone, best, limit }) =>
      `${filled} von ${offered}${zu(price)}: die Leitung von ${zone} war voll${best === null ? '' : `; dahinter hätten ${best} nach Gebühren zu Ihrem Preis von ${limit} gepasst`}`,
    'no-counterparty': ({ sells }) => (sells ? 'kein Nachbar brauchte etwas' : 'kein Nachbar hatte etwas übrig'),
    'escrow-low': ({ filled, price, covered }) =>
      `${filled}${zu(price)}: ${vocabulary.de.home.purse} reichte nur für ${covered}`,
    'budget-reached': ({ filled, price, covered, budget, budgetLeft }) =>
      price === null
        ? `Ihr Tagesbudget von ${budget} ist ausgeschöpft, übrig sind ${budgetLeft}`
        : `${filled}${zu(price)}: von Ihrem Tagesbudget von ${budget} waren noch ${budgetLeft} übrig, das reichte nur für ${covered}`,
    'meter-not-confirmed': () => 'der Netzbetreiber hat den Zähler noch nicht bestätigt',
    'nothing-to-sell': () => 'es war nichts übrig',
    'nothing-to-buy': () => 'von außen wurde nichts gebraucht',
    'used-at-home': ({ sells }) =>
      sells
        ? 'was übrig war, haben Sie einen Augenblick später selbst verbraucht'
        : 'das eigene Dach deckte es, einen Augenblick davor oder danach',
    'mandate-zero': ({ sells }) =>
      `${vocabulary.de.home.limit} lässt nichts zum ${sells ? 'Verkaufen' : 'Kaufen'} übrig`,
    'traded-before': () => 'alles war schon vorher vereinbart',
    honoured: ({ offered, price }) => `alles, ${offered}${zu(price)}, wie vereinbart`,
    'less-delivered': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: es blieb weniger übrig, als vereinbart war`,
    'less-taken': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: es wurde weniger gebraucht, als vereinbart war`,
    'seller-side': (facts) => seite(facts, 'auf der Seite des Verkäufers'),
    'buyer-side': (facts) => seite(facts, 'auf der Seite des Käufers'),
    'outside-mandate': ({ offered, limit }) =>
      `nichts von ${offered}: ${limit} lag da schon außerhalb dessen, was einer der beiden unterschrieben hat, Gebühren eingeschlossen`,
    'link-taken': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: die Leitungen auf dem Weg waren voll`,
    'left-out': () => `${vocabulary.de.home.purse} reichte nicht, darum zählt nichts davon`,
    'zone-changed': ({ offered }) => `nichts von ${offered}: die beiden sind inzwischen in verschiedenen Zonen`,
    'partner-left-out': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: jemand, der mit Ihnen handelte, konnte nicht zahlen und fiel heraus`,
    allocated: ({ filled, price, metered, together }) =>
      `${filled}${zu(price)}: Ihr Teil von ${together}, die geteilt wurden; Ihr Zähler maß ${metered}`,
    'above-metered': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: mehr hat Ihr Zähler nicht gemessen`,
    'above-mandate': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: mehr erlaubt ${vocabulary.de.home.limit} nicht`,
    'partner-short': ({ filled, offered, price, sells }) =>
      `${filled} von ${offered}${zu(price)}: mehr davon konnten die anderen nicht ${sells ? 'nehmen' : 'geben'}`,
    'price-outside-mandate': ({ filled, offered, best, limit, sells }) =>
      `${filled} von ${offered}: der Preis${best === null ? '' : ` von ${best}`}${sells ? '' : ' mit der Netzgebühr'} lag ${sells ? 'unter' : 'über'} Ihrer Grenze von ${limit}`,
    'no-price': ({ offered }) => `nichts von ${offered}: für diese Zeit gibt es keinen Preis, oder noch keinen`,
    'not-declared': () => 'der Netzbetreiber hat noch nicht gesagt, wer wie viel bekommt',
    'declared-later': ({ filled, offered, price }) =>
      `${filled} von ${offered}${zu(price)}: der Netzbetreiber hat es geändert, nachdem es bezahlt war, darum bewegt sich nichts mehr`,
  },
}

function zu(price: string | null): string {
  return price === null ? '' : ` zu ${price}`
}

function verfehlt({ sells, limit, gap, price, best }: OutcomeParts, where: 'über' | 'unter'): string {
  const from = where === 'über' ? 'über' : 'unter'
  if (gap !== null && price !== null)
    return `Ihr Preis von ${limit} lag ${gap} ${from} dem Preis der Nachbarn von ${price}`
  if (gap !== null && best !== null)
    return `Ihr Preis von ${limit} lag ${gap} ${from} dem besten Angebot, das nach Gebühren ${best} war`
  return sells ? `kein Nachbar zahlte so viel wie ${limit}` : `kein Nachbar verkaufte zu ${limit}`
}

function seite({ offered, because, isOwn }: OutcomeParts, other: string): string {
  return `nichts von ${offered}: ${isOwn ? 'auf Ihrer eigenen Seite' : other}: ${because}`
}

export const outcomeWords = catalogue<OutcomeTexts>({ en, de })

/** Why a meter could not trade, by the code of it. */
export function seatReason(code: Code | null): string {
  const { seat, otherwise } = outcomeWords()
  return seat[code as SeatCode] ?? otherwise
}

/** What became of an order, as a clause without its side. */
function outcomeClause(outcome: Omit<OutcomeResource, 'message'>, currency: string): string {
  const { code, side, limitPerKwh, offeredWh, filledWh, pricePerKwh, bestPerKwh, fullZone, coveredWh } = outcome
  const { codes } = outcomeWords()
  if (!Object.hasOwn(codes, code)) return seatReason(code)
  const isMissed = code === 'price-too-high' || code === 'price-too-low'
  const against = pricePerKwh ?? bestPerKwh
  return codes[code as keyof typeof codes]({
    sells: side === 'sell',
    limit: priceWords(limitPerKwh),
    offered: energy(offeredWh),
    filled: energy(filledWh),
    price: pricePerKwh === null ? null : priceWords(pricePerKwh),
    gap: isMissed && against !== null ? priceWords(magnitude(difference(limitPerKwh, against))) : null,
    best: bestPerKwh === null ? null : priceWords(bestPerKwh),
    zone: fullZone ?? '',
    covered: energy(coveredWh),
    because: seatReason(outcome.because),
    metered: energy(outcome.meteredWh),
    together: energy(outcome.togetherWh),
    budget: moneyWords(outcome.dailyBudget ?? '0', currency),
    budgetLeft: moneyWords(outcome.budgetLeft ?? '0', currency),
    isOwn: (code === 'seller-side') === (side === 'sell'),
  })
}

/** The whole sentence: side, what became of it, and why. */
export function resultSentence(outcome: Omit<OutcomeResource, 'message'>, currency: string): string {
  return `${outcomeWords().sides[outcome.stage][outcome.side]}: ${outcomeClause(outcome, currency)}.`
}

function magnitude(price: string): string {
  return signOf(price) < 0 ? price.slice(1) : price
}
