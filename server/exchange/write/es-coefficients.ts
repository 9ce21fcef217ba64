/**
 * Spain: the file of coefficients that a collective self-consumption gives to its distributor (RD 244/2019 annex I, as
 * amended by TED/1247/2021): `CUPS;0,333333` or `CUPS;hour;0,333333`, six decimals that add up to exactly one, in every hour.
 */
import { wholeMillionths } from '../allocation/allocate.ts'
import { hoursOfYear } from '../allocation/hour-of-year.ts'
import { commaForm, readDecimal, scaledToWhole } from '../decimal.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { cupsFault } from '../identifiers.ts'
import { inQuotes } from '../quote.ts'

const cupsLength = 22
const decimals = 6

/** Coefficients in millionths, one list for the whole year, or one for each of its hours. */
export interface EsCoefficients {
  /** With 22 characters each, none twice. */
  cups: string[]
  /** By hour (a single list where they are fixed), then by CUPS. */
  millionths: number[][]
}

/**
 * Coefficients pro rata to weights: six decimals rounded down, and the rest, which is shown, on the line of the one whose
 * place is `restAt`.
 */
export function coefficientsOf(weights: readonly number[], restAt: number): { millionths: number[]; rest: number } {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const millionths = weights.map((weight) => Number((BigInt(wholeMillionths) * BigInt(weight)) / BigInt(sum)))
  const rest = wholeMillionths - millionths.reduce((all, each) => all + each, 0)
  millionths[restAt]! += rest
  return { millionths, rest }
}

/**
 * The text of the file: lines parted by CRLF, none at the end. Throws `VALUES_POINT`, `VALUES_REPEATED`, `VALUES_COUNT`
 * or `VALUES_SUM` for coefficients that the distributor would refuse.
 */
export function writeEsCoefficients({ cups, millionths }: EsCoefficients, year: number): string {
  checkCoefficients({ cups, millionths }, year)
  const hourly = millionths.length > 1
  const lines = cups.flatMap((point, i) =>
    millionths.map((ofHour, hour) => {
      const digits = String(ofHour[i]).padStart(decimals + 1, '0')
      const coefficient = `${digits.slice(0, -decimals)},${digits.slice(-decimals)}`
      return hourly ? `${point};${hour + 1};${coefficient}` : `${point};${coefficient}`
    }),
  )
  return lines.join('\r\n')
}

/** `<CAU>_<YYYY>.txt`; the CAU is a CUPS, `A` and three digits. Throws `VALUES_POINT`. */
export function esCoefficientsName(cau: string, year: number): string {
  const match = /^(.{22})A\d{3}$/.exec(cau)
  if (match === null || cupsFault(match[1]!) !== null) {
    throw new ExchangeError(
      'VALUES_POINT',
      '',
      `CAU ${inQuotes(cau)} is no CUPS of 22 characters with A and three digits`,
    )
  }
  return `${cau}_${year}.txt`
}

/** Whether a text begins as such a file does. */
export function beginsEsCoefficients(text: string): boolean {
  return /^ES[^;,\s]{20};(\d{1,4};)?[01],\d/.test(text)
}

/** Reads such a file. Throws as the writer does, and `VALUES_SYNTAX` for a line of another form. */
export function readEsCoefficients(text: string, year: number): EsCoefficients {
  const cups: string[] = []
  const byPoint = new Map<string, number[]>()
  for (const [i, line] of text.split('\r\n').entries()) {
    const refuse = (code: ExchangeErrorCode, reason: string): never => {
      throw new ExchangeError(code, `line ${i + 1}`, reason)
    }
    const fields = line.split(';')
    if (fields.length < 2 || fields.length > 3) refuse('VALUES_SYNTAX', `${inQuotes(line)} is no line of coefficients`)
    const [point, hour, coefficient] = fields.length === 3 ? fields : [fields[0], '1', fields[1]]
    if (!/^[01],\d{6}$/.test(coefficient!)) refuse('VALUES_NUMBER', `${inQuotes(coefficient!)} has no six decimals`)
    let ofPoint = byPoint.get(point!)
    if (ofPoint === undefined) {
      ofPoint = []
      byPoint.set(point!, ofPoint)
      cups.push(point!)
    }
    if (hour !== String(ofPoint.length + 1))
      refuse('VALUES_REPEATED', `hour ${inQuotes(hour!)}, expected ${ofPoint.length + 1}`)
    ofPoint.push(
      Number(
        scaledToWhole(
          readDecimal(coefficient!, commaForm, () => `line ${i + 1}`),
          decimals,
        ),
      ),
    )
  }
  const lists = [...byPoint.values()]
  const hours = lists[0]!.length
  if (lists.some((list) => list.length !== hours)) {
    throw new ExchangeError('VALUES_COUNT', '', 'not every CUPS has as many hours')
  }
  const millionths = Array.from({ length: hours }, (_, hour) => lists.map((list) => list[hour]!))
  const read = { cups, millionths }
  checkCoefficients(read, year)
  return read
}

function checkCoefficients({ cups, millionths }: EsCoefficients, year: number): void {
  const refuse = (code: ExchangeErrorCode, place: string, reason: string): never => {
    throw new ExchangeError(code, place, reason)
  }
  for (const point of cups) {
    const fault = point.length === cupsLength ? cupsFault(point) : 'is no CUPS of 22 characters'
    if (fault !== null) refuse('VALUES_POINT', '', `${inQuotes(point)} ${fault}`)
  }
  if (new Set(cups).size !== cups.length) refuse('VALUES_REPEATED', '', 'a CUPS stands twice')
  if (millionths.length !== 1 && millionths.length !== hoursOfYear(year)) {
    refuse('VALUES_COUNT', '', `coefficients for ${millionths.length} hours, but ${year} has ${hoursOfYear(year)}`)
  }
  for (const [hour, ofHour] of millionths.entries()) {
    const place = millionths.length === 1 ? '' : `hour ${hour + 1}`
    if (ofHour.length !== cups.length)
      refuse('VALUES_COUNT', place, `${ofHour.length} coefficients for ${cups.length} CUPS`)
    const sum = ofHour.reduce((all, each) => all + each, 0)
    if (sum !== wholeMillionths || ofHour.some((each) => each < 0 || !Number.isInteger(each))) {
      refuse('VALUES_SUM', place, `coefficients add up to ${sum} millionths, not to one`)
    }
  }
}
