/**
 * Who gave whom how much in which interval (France's full dynamic key, and whoever wants to compute it again): exact Wh, and
 * beside each the coefficient of its producer, with a row for the rest, so that every producer's coefficients are one.
 */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { wholeMillionths } from '../allocation/allocate.ts'
import { ExchangeError } from '../error.ts'
import { isoSeconds, readBoundary } from '../instants.ts'
import { inQuotes } from '../quote.ts'
import { separatedRows } from '../separated-values.ts'

export interface Triple {
  producer: string
  consumer: string
  start: UtcSeconds
  energyWh: number
}

/** What a producer fed in in one interval, of which the triples are parts. */
export interface FedIn {
  producer: string
  start: UtcSeconds
  energyWh: number
}

const header = 'producer,consumer,start,energyWh,coefficient'
/** The line with which the file begins. */
export const triplesHeader = `${header}\r\n`
/** Stands where a consumer stands: what no consumer got. */
const rest = 'rest'
const decimals = 6

/**
 * The rows of productions and of what became of them, in the order of the productions. Throws `VALUES_SUM` where more was given than
 * produced or by nobody who produced, `VALUES_POINT` for a consumer with the name of the rest.
 */
export function tripleRows(productions: readonly FedIn[], triples: readonly Triple[]): string {
  const key = ({ producer, start }: { producer: string; start: UtcSeconds }) => `${start} ${producer}`
  const byProduction = new Map<string, Triple[]>(productions.map((production) => [key(production), []]))
  for (const triple of triples) {
    const of = byProduction.get(key(triple))
    if (of === undefined)
      throw new ExchangeError(
        'VALUES_SUM',
        inQuotes(triple.producer),
        `nothing was produced at ${isoSeconds(triple.start)}`,
      )
    if (triple.consumer === rest) throw new ExchangeError('VALUES_POINT', '', `no consumer can be named ${rest}`)
    of.push(triple)
  }
  const lines: string[] = []
  for (const { producer, start, energyWh } of productions) {
    let [leftWh, leftMillionths] = [energyWh, wholeMillionths]
    const row = (consumer: string, wh: number, millionths: number) =>
      lines.push([cell(producer), cell(consumer), isoSeconds(start), wh, coefficientText(millionths)].join(','))
    for (const triple of byProduction.get(`${start} ${producer}`)!) {
      const millionths = Number((BigInt(wholeMillionths) * BigInt(triple.energyWh)) / BigInt(Math.max(energyWh, 1)))
      leftWh -= triple.energyWh
      leftMillionths -= millionths
      row(triple.consumer, triple.energyWh, millionths)
    }
    if (leftWh < 0)
      throw new ExchangeError('VALUES_SUM', inQuotes(producer), `gave more than it produced at ${isoSeconds(start)}`)
    row(rest, leftWh, leftMillionths)
  }
  return lines.map((line) => `${line}\r\n`).join('')
}

/** Reads such a file. Throws `VALUES_SYNTAX`, `VALUES_TIME`, and `VALUES_SUM` where a producer's coefficients are not one. */
export function readTriples(bytes: Buffer): { productions: FedIn[]; triples: Triple[] } {
  const productions: FedIn[] = []
  const triples: Triple[] = []
  let [givenWh, millionths, first] = [0, 0, true]
  for (const { line, fields } of separatedRows(bytes, ',', 'utf8')) {
    const place = () => `line ${line}`
    if (first && fields.join(',') !== header)
      throw new ExchangeError('VALUES_SYNTAX', place(), `expected the header ${header}`)
    if (!first) {
      const [producer, consumer, time, energy, coefficient] = fields
      if (fields.length !== 5 || !/^\d{1,15}$/.test(energy!) || !/^[01]\.\d{6}$/.test(coefficient!)) {
        throw new ExchangeError('VALUES_SYNTAX', place(), 'no row of producer, consumer, start, energy and coefficient')
      }
      const start = readBoundary(time!, place)
      givenWh += Number(energy)
      millionths += Number(coefficient!.replace('.', ''))
      if (consumer === rest) {
        if (millionths !== wholeMillionths) {
          throw new ExchangeError(
            'VALUES_SUM',
            place(),
            `coefficients of ${inQuotes(producer!)} add up to ${millionths} millionths`,
          )
        }
        productions.push({ producer: producer!, start, energyWh: givenWh })
        ;[givenWh, millionths] = [0, 0]
      } else triples.push({ producer: producer!, consumer: consumer!, start, energyWh: Number(energy) })
    }
    first = false
  }
  if (millionths !== 0) throw new ExchangeError('VALUES_SYNTAX', '', 'cut short: a rest is missing')
  return { productions, triples }
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function coefficientText(millionths: number): string {
  const digits = String(millionths).padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
