/**
 * Registers of Austrian energy communities: what the meter codes of ebutilities.at mean, how the portal's workbook words
 * them, and which of them cannot be larger than which.
 */
import { ExchangeError } from './error.ts'
import { isoSeconds } from './instants.ts'
import {
  type Channel,
  type EnergyDirection,
  inStep,
  type OfficialSeries,
  type ValueQuality,
} from './official-values.ts'
import { inQuotes, shortened } from './quote.ts'

export interface EdaCode {
  code: string
  direction: EnergyDirection
  channel: Channel
}

/** The renewable part of what a consumer was allocated: contained in G.03, so it is left out. */
export const renewablePart = '1-1:2.9.0 G.03R'

const codes: EdaCode[] = [
  { code: '1-1:1.9.0 P.01', direction: 'import', channel: 'total' },
  { code: '1-1:2.9.0 P.01', direction: 'export', channel: 'total' },
  { code: '1-1:1.9.0 G.01', direction: 'import', channel: 'total' },
  { code: '1-1:1.9.0 G.01T', direction: 'import', channel: 'total' },
  { code: '1-1:2.9.0 G.02', direction: 'import', channel: 'offered' },
  { code: '1-1:2.9.0 G.03', direction: 'import', channel: 'shared' },
  { code: '1-1:2.9.0 G.01', direction: 'export', channel: 'total' },
  { code: '1-1:2.9.0 G.01T', direction: 'export', channel: 'total' },
  { code: '1-1:2.9.0 P.01T', direction: 'export', channel: 'residual' },
]

/** What a meter code means; undefined for a code that is not known, and for the renewable part. */
export function edaCode(code: string): EdaCode | undefined {
  return codes.find((each) => each.code === code)
}

/** Marks of values that were measured, replaced or estimated. */
const qualityMarks = new Map<string, ValueQuality>([
  ['L1', 'measured'],
  ['L2', 'substituted'],
  ['L3', 'estimated'],
])

/** What a quality mark means; undefined for one that is not known. */
export function edaQuality(mark: string): ValueQuality | undefined {
  return qualityMarks.get(mark)
}

/** Upper case; a column's text holds exactly one of them. */
const wordings: [wording: string, code: string][] = [
  ['GESAMTVERBRAUCH LT. MESSUNG (BEI TEILNAHME GEM. ERZEUGUNG)', '1-1:1.9.0 G.01'],
  ['VERBRAUCH LT. MESSUNG ENTSPRECHEND DEM TEILNAHMEFAKTOR JE ZP UND EC-ID', '1-1:1.9.0 G.01T'],
  ['ANTEIL GEMEINSCHAFTLICHE ERZEUGUNG', '1-1:2.9.0 G.02'],
  ['EIGENDECKUNG GEMEINSCHAFTLICHE ERZEUGUNG', '1-1:2.9.0 G.03'],
  ['EIGENDECKUNG AUS ERNEUERBARER ENERGIE', renewablePart],
  ['GESAMTE GEMEINSCHAFTLICHE ERZEUGUNG', '1-1:2.9.0 G.01'],
  ['ERZEUGUNG LT. MESSUNG ENTSPRECHEND DEM TEILNAHMEFAKTOR UND EC-ID', '1-1:2.9.0 G.01T'],
  ['GESAMT/ÜBERSCHUSSERZEUGUNG, GEMEINSCHAFTSÜBERSCHUSS', '1-1:2.9.0 P.01'],
  ['RESTÜBERSCHUSS BEI EG UND JE ZP', '1-1:2.9.0 P.01T'],
]

/**
 * The meter code of a column of the workbook, from its text ("Anteil gemeinschaftliche Erzeugung [KWH]"). Throws
 * `VALUES_UNIT` for another unit than kWh, `VALUES_CODE` for a text that is none of the known ones or several.
 */
export function codeOfWording(text: string, place: () => string): string {
  const wording = text.normalize('NFC').toUpperCase().replace(/\s+/g, ' ').trim()
  const unit = /\[([^\]]*)\]$/.exec(wording)?.[1]?.trim()
  if (unit !== 'KWH') {
    throw new ExchangeError('VALUES_UNIT', place(), `unit ${shortened(unit)}, expected KWH`)
  }
  const found = wordings.filter(([known]) => wording.includes(known))
  if (found.length !== 1) throw new ExchangeError('VALUES_CODE', place(), `meter code ${inQuotes(text)} is not known`)
  return found[0]![1]
}

/** The wording of a code in the workbook, upper case and with its unit; undefined for codes that have no column. */
export function wordingOf(code: string): string | undefined {
  const wording = wordings.find(([, known]) => known === code)?.[0]
  return wording === undefined ? undefined : `${wording} [KWH]`
}

const isCommunityTotal = (code: string | null) => code !== null && /G\.01T?$/.test(code)

/**
 * What can be said of a point only when all its registers are known: plain feed-in beside the register of a community is the
 * surplus that went to the supplier.
 */
export function withSurplus(series: readonly OfficialSeries[]): OfficialSeries[] {
  const inCommunity = new Set(series.filter(({ code }) => isCommunityTotal(code)).map(({ point }) => point))
  return series.map((one) =>
    one.code === '1-1:2.9.0 P.01' && inCommunity.has(one.point) ? { ...one, channel: 'residual' } : one,
  )
}

/** 0.000001 kWh, the last digit of the format. */
const roundingMicroWh = 1000

/**
 * Nobody is covered with more than was offered or drawn. Throws `VALUES_SUM` where G.03 exceeds G.02, G.01 or G.01T of its
 * point by more than a rounding.
 */
export function checkCovered(series: readonly OfficialSeries[]): void {
  for (const covered of series) {
    if (covered.code !== '1-1:2.9.0 G.03') continue
    for (const bound of series) {
      const isBound = ['1-1:2.9.0 G.02', '1-1:1.9.0 G.01', '1-1:1.9.0 G.01T'].includes(bound.code ?? '')
      if (!isBound || bound.point !== covered.point || bound.intervalSeconds !== covered.intervalSeconds) continue
      for (const [part, whole] of inStep([covered, bound])) {
        if (part!.energyMicroWh === null || whole!.energyMicroWh === null) continue
        if (part!.energyMicroWh > whole!.energyMicroWh + roundingMicroWh) {
          const place = `point ${covered.point} ${isoSeconds(part!.start)}`
          throw new ExchangeError('VALUES_SUM', place, `${covered.code} is more than ${bound.code}`)
        }
      }
    }
  }
}
