/**
 * One word for one idea, for each reader and language: what the market calls interval, provisional, run, clearing price, mandate,
 * escrow and settlement has a name of everyday life on the page. Catalogues take these words from here.
 */
import type { PageLanguage } from './language.ts'

/**
 * The readers of a text: somebody with a roof or a flat (`home`), or the people of the utility. Visitors read the same words as
 * homes.
 */
type Reader = 'home' | 'utility'

export interface Vocabulary {
  /** The market's interval: "quarter-hour". */
  period: (seconds: number) => string
  periods: (seconds: number) => string
  /** A result that may still change. */
  notFinal: string
  /** A result that was changed, by how many times it was. */
  corrected: (times: number) => string
  /** The price that the auction found. */
  theirPrice: string
  /** What an account signed once: worst prices and most energy. */
  limit: string
  /** An account's money in the escrow. */
  purse: string
  /** Settled on chain. */
  paid: string
  /** Metered energy that no neighbour took or gave. */
  rest: string
}

/** The lengths of intervals that have a name, by their seconds. */
const names = {
  en: { 900: ['quarter-hour', 'quarter-hours'], 1800: ['half-hour', 'half-hours'], 3600: ['hour', 'hours'] },
  de: {
    900: ['Viertelstunde', 'Viertelstunden'],
    1800: ['halbe Stunde', 'halbe Stunden'],
    3600: ['Stunde', 'Stunden'],
  },
} as const satisfies Record<PageLanguage, Record<number, readonly [string, string]>>

function named(language: PageLanguage, seconds: number, count: 0 | 1, otherwise: string): string {
  const known: Record<number, readonly [string, string]> = names[language]
  return known[seconds]?.[count] ?? otherwise
}

const home: Record<PageLanguage, Vocabulary> = {
  en: {
    period: (seconds) => named('en', seconds, 0, 'period'),
    periods: (seconds) => named('en', seconds, 1, 'periods'),
    notFinal: 'not final yet',
    corrected: () => 'corrected',
    theirPrice: 'the neighbours’ price',
    limit: 'your signed limit',
    purse: 'your purse',
    paid: 'paid',
    rest: 'with the supplier',
  },
  de: {
    period: (seconds) => named('de', seconds, 0, 'Runde'),
    periods: (seconds) => named('de', seconds, 1, 'Runden'),
    notFinal: 'noch nicht endgültig',
    corrected: () => 'berichtigt',
    theirPrice: 'der Preis der Nachbarn',
    limit: 'Ihre unterschriebene Grenze',
    purse: 'Ihr Guthaben',
    paid: 'bezahlt',
    rest: 'mit dem Versorger',
  },
}

export const vocabulary: Record<PageLanguage, Record<Reader, Vocabulary>> = {
  en: {
    home: home.en,
    utility: {
      ...home.en,
      corrected: (times) => (times === 1 ? 'corrected' : `corrected ${times} times`),
      purse: 'the purse',
      limit: 'the signed limit',
    },
  },
  de: {
    home: home.de,
    utility: {
      ...home.de,
      corrected: (times) => (times === 1 ? 'berichtigt' : `${times}-mal berichtigt`),
      purse: 'das Guthaben',
      limit: 'die unterschriebene Grenze',
    },
  },
}
