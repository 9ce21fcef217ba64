/** Germany: MSCONS (UN/EDIFACT D.04B, EDI@Energy), quarter-hours of market and metering locations. */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { commaForm, type DecimalForm, pointForm, readEnergy, unitPowers } from '../decimal.ts'
import { readInterchange, type Segment } from '../edifact.ts'
import { ExchangeError, type ExchangeErrorCode } from '../error.ts'
import { marketLocationFault, meteringLocationFault } from '../identifiers.ts'
import { dayOf, isoSeconds, localSeconds } from '../instants.ts'
import type { EnergyDirection, OfficialValues, ValueQuality } from '../official-values.ts'
import { inQuotes, shortened } from '../quote.ts'
import { type Choice, repeated, ValueTable } from '../value-table.ts'

const intervalSeconds = 900
const qualifiers = new Map<string, ValueQuality>([
  ['220', 'measured'],
  ['67', 'substituted'],
  ['Z18', 'estimated'],
  ['20', 'missing'],
  ['201', 'missing'],
])
/** What a message is about, by its check number. */
const readable = new Set(['13025', '13018', '13027', '13019'])
const notReadable = new Map([
  ['13017', 'register readings are no energies of intervals'],
  ['13006', 'it withdraws values'],
])
const directionOf = new Map<string, EnergyDirection>([
  ['1', 'import'],
  ['2', 'export'],
])

interface Message {
  reference: string
  /** DTM+137. */
  createdAt: UtcSeconds | null
  checkNumber: string | null
  firstSegment: number
}

/** A quantity whose start and end are still to come. */
interface Quantity {
  place: string
  energyMicroWh: number | null
  quality: ValueQuality
  start?: UtcSeconds
  end?: UtcSeconds
}

/** Reads an interchange. Throws `ExchangeError`. */
export function readMscons(bytes: Buffer): OfficialValues {
  const { decimalSign, segments } = readInterchange(bytes)
  const reader = new MessageReader(decimalSign === ',' ? commaForm : pointForm)
  for (const segment of segments) reader.take(segment)
  return reader.finish()
}

class MessageReader {
  readonly #form: DecimalForm
  readonly #table = new ValueTable()
  readonly #messages: Message[] = []
  #interchange: string | null = null
  #ended = false
  #message: Message | null = null
  #location: string | null = null
  #series: number | null = null
  #quantity: Quantity | null = null
  #place = ''

  constructor(form: DecimalForm) {
    this.#form = form
  }

  take(segment: Segment): void {
    const { number, tag, elements } = segment
    this.#place = `segment ${number} ${tag}`
    if (this.#ended) this.#refuse('VALUES_SYNTAX', 'something follows UNZ')
    // Start and end of a value follow it at once.
    if (this.#quantity !== null && tag !== 'DTM') this.#endQuantity()
    const first = elements[0] ?? []
    switch (tag) {
      case 'UNB':
        if (number !== 1) this.#refuse('VALUES_SYNTAX', 'UNB is not the first segment')
        this.#interchange = elements[4]?.[0] ?? ''
        break
      case 'UNH':
        this.#openMessage(segment)
        break
      case 'UNT':
        this.#closeMessage(segment)
        break
      case 'UNZ':
        this.#closeInterchange(elements)
        break
      case 'UNG':
      case 'UNE':
        this.#refuse('VALUES_SYNTAX', 'functional groups are not read')
        break
      case 'RFF':
        if (first[0] === 'Z13') this.#setCheckNumber(first[1] ?? '')
        break
      case 'DTM':
        this.#takeTime(first)
        break
      case 'LOC':
        this.#location = first[0] === '172' ? this.#readLocation(elements[1]?.[0] ?? '') : null
        this.#series = null
        break
      case 'LIN':
        this.#series = null
        break
      case 'PIA':
        if (first[0] === '5') this.#openRegister(elements[1] ?? [])
        break
      case 'QTY':
        this.#takeQuantity(first)
        break
    }
    if (this.#message === null && !['UNB', 'UNT', 'UNZ'].includes(tag)) {
      this.#refuse('VALUES_SYNTAX', 'outside a message')
    }
  }

  finish(): OfficialValues {
    if (!this.#ended) throw new ExchangeError('VALUES_SYNTAX', '', 'the file is cut short: UNZ is missing')
    if (this.#table.rows === 0) throw new ExchangeError('VALUES_COUNT', '', 'no value in any message')
    const corrected = new Set<string>()
    const choose: Choice = ({ point, ...identity }, a, b) => {
      const [older, newer] = [a, b].map(({ source }) => this.#messages[source]!.createdAt!)
      const again = () =>
        repeated({ point, ...identity }, a.start, 'stands twice, and nothing says which value is valid')
      if (a.source === b.source) throw again()
      if (older === newer) {
        if (a.energyMicroWh !== b.energyMicroWh || a.quality !== b.quality) throw again()
        return a
      }
      corrected.add(point)
      return older! < newer! ? b : a
    }
    const spans = (series: number) => {
      const rows = this.#table.rowsOf(series)
      if (rows.length === 0) return []
      return [{ start: this.#table.startOf(rows[0]!), end: this.#table.startOf(rows.at(-1)!) + intervalSeconds }]
    }
    const series = this.#table.finish({ choose, spans })
    const warnings = [...corrected].map(
      (point) => `${point}: values stand in several messages; the newest message counts`,
    )
    const created = this.#messages.map(({ createdAt }) => createdAt!)
    return { createdAt: created.reduce((a, b) => Math.max(a, b)), series, warnings }
  }

  #refuse(code: ExchangeErrorCode, reason: string): never {
    throw new ExchangeError(code, this.#place, reason)
  }

  #openMessage({ number, elements }: Segment): void {
    if (this.#interchange === null) this.#refuse('VALUES_SYNTAX', 'a message before UNB')
    if (this.#message !== null) this.#refuse('VALUES_SYNTAX', 'a message inside another: UNT is missing')
    const [type, version, release, agency] = elements[1] ?? []
    if (type !== 'MSCONS' || version !== 'D' || release !== '04B' || agency !== 'UN') {
      this.#refuse('VALUES_FORMAT', `message ${(elements[1] ?? []).join(':')}, expected MSCONS:D:04B:UN`)
    }
    this.#message = { reference: elements[0]?.[0] ?? '', createdAt: null, checkNumber: null, firstSegment: number }
    this.#messages.push(this.#message)
    this.#location = null
    this.#series = null
  }

  #closeMessage({ number, elements }: Segment): void {
    const message = this.#message ?? this.#refuse('VALUES_SYNTAX', 'outside a message')
    const count = number - message.firstSegment + 1
    const said = elements[0]?.[0] ?? ''
    if (said !== String(count))
      this.#refuse('VALUES_COUNT', `counts ${shortened(said)} segments, but there are ${count}`)
    const reference = elements[1]?.[0] ?? ''
    if (reference !== message.reference) this.#refuse('VALUES_SYNTAX', `ends ${inQuotes(reference)}, not this message`)
    if (message.createdAt === null) this.#refuse('VALUES_TIME', 'DTM+137 of the message is missing')
    if (message.checkNumber === null) this.#refuse('VALUES_CODE', 'RFF+Z13 of the message is missing')
    this.#message = null
  }

  #closeInterchange(elements: string[][]): void {
    if (this.#message !== null) this.#refuse('VALUES_SYNTAX', 'UNT of the last message is missing')
    const [said, reference] = [elements[0]?.[0] ?? '', elements[1]?.[0] ?? '']
    if (said !== String(this.#messages.length)) {
      this.#refuse('VALUES_COUNT', `counts ${shortened(said)} messages, but there are ${this.#messages.length}`)
    }
    if (reference !== this.#interchange)
      this.#refuse('VALUES_SYNTAX', `ends ${inQuotes(reference)}, not this interchange`)
    this.#ended = true
  }

  #setCheckNumber(checkNumber: string): void {
    if (!readable.has(checkNumber)) {
      const why = notReadable.get(checkNumber) ?? 'it is not known'
      this.#refuse('VALUES_CODE', `check number ${inQuotes(checkNumber)}: ${why}`)
    }
    if (this.#message !== null) this.#message.checkNumber = checkNumber
  }

  #takeTime([qualifier, text = '', format = '']: string[]): void {
    if (this.#message === null) return
    if (qualifier === '137') {
      if (this.#message.createdAt !== null) this.#refuse('VALUES_SYNTAX', 'DTM+137 stands twice in a message')
      this.#message.createdAt = this.#readTime(text, format)
    } else if (this.#quantity !== null && (qualifier === '163' || qualifier === '164')) {
      const key = qualifier === '163' ? 'start' : 'end'
      if (this.#quantity[key] !== undefined) this.#refuse('VALUES_SYNTAX', `DTM+${qualifier} stands twice`)
      this.#quantity[key] = this.#readTime(text, format)
    }
  }

  /** Format 303, whose offset from UTC is always none. */
  #readTime(text: string, format: string): UtcSeconds {
    const [, year, month, day, hour, minute] =
      (format === '303' ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)\+00$/.exec(text) : null) ?? []
    const isTime = year !== undefined
    const seconds = isTime ? localSeconds(dayOf(+year, +month!, +day!), +hour!, +minute!) : null
    if (seconds === null) {
      this.#refuse('VALUES_TIME', `${inQuotes(`${text}:${format}`)} is no time CCYYMMDDHHMM+00 in format 303`)
    }
    return seconds
  }

  #readLocation(location: string): string {
    const fault = /^\d+$/.test(location) ? marketLocationFault(location) : meteringLocationFault(location)
    if (fault !== null) this.#refuse('VALUES_POINT', `location ${inQuotes(location)} ${fault}`)
    return location
  }

  #openRegister([code = '', type]: string[]): void {
    if (this.#location === null) this.#refuse('VALUES_POINT', 'a register without LOC+172')
    const group = /^1-\d{1,2}:([12])\.29\.\d{1,3}$/.exec(code)?.[1]
    if (group === undefined || type !== 'SRW')
      this.#refuse('VALUES_CODE', `OBIS ${inQuotes(code)} is no load curve of energy`)
    const direction = directionOf.get(group)!
    this.#series = this.#table.open(
      { point: this.#location, direction, channel: 'total', code, community: null, intervalSeconds },
      () => this.#place,
    )
  }

  #takeQuantity([qualifier = '', text = '', unit]: string[]): void {
    if (unit !== 'KWH') this.#refuse('VALUES_UNIT', `unit ${shortened(unit)}, expected KWH`)
    const quality = qualifiers.get(qualifier)
    if (quality === undefined) this.#refuse('VALUES_QUALITY', `qualifier ${inQuotes(qualifier)} is not known`)
    if (this.#location === null) this.#refuse('VALUES_POINT', 'a value without LOC+172')
    if (this.#series === null) this.#refuse('VALUES_CODE', 'a value without PIA+5')
    const energyMicroWh = text === '' ? null : readEnergy(text, unitPowers.kWh, this.#form, () => this.#place)
    this.#quantity = {
      place: this.#place,
      energyMicroWh: quality === 'missing' ? null : energyMicroWh,
      quality,
    }
  }

  #endQuantity(): void {
    const { place, energyMicroWh, quality, start, end } = this.#quantity!
    this.#quantity = null
    if (start === undefined || end === undefined) {
      throw new ExchangeError('VALUES_TIME', place, 'DTM+163 or DTM+164 of the value is missing')
    }
    if (end - start !== intervalSeconds || start % intervalSeconds !== 0) {
      const reason = `from ${isoSeconds(start)} to ${isoSeconds(end)} is no quarter-hour`
      throw new ExchangeError('VALUES_TIME', place, reason)
    }
    this.#table.add(this.#series!, start, energyMicroWh, quality, this.#messages.length - 1)
  }
}
