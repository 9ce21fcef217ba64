/**
 * The P1 port of Dutch, Belgian, Luxembourgish and other smart meters (DSMR 2.2 to 5, eMUCS), and the same text by an optical head (IEC
 * 62056-21 in push mode). A telegram is text from `/` to `!`; from version 4 on a CRC-16 (polynomial 0xA001, from 0) over all of it
 * follows. Without one, every line must have the form of a line.
 */
import { crc16 } from '../modbus/frames.ts'
import type { FoundTelegram, Framer, MeterTelegram, ObisValue } from './meter-telegram.ts'

const slash = 0x2f
const exclamation = 0x21
const lineFeed = 0x0a
/** Belgian meters with gas, water and a month of peaks send some 3 kB. */
const longestTelegram = 16 * 1024
/** After `!`: four hexadecimal digits, or none. */
const endPattern = /^!([0-9A-F]{4})?[ \t]*\r?\n/i

export class P1Framer implements Framer {
  #input = Buffer.alloc(0)
  /** Bytes of the stream before `#input`. */
  #before = 0

  get pending(): number {
    return this.#input.length
  }

  take(chunk: Buffer): FoundTelegram[] {
    this.#input = Buffer.concat([this.#input, chunk])
    const found: FoundTelegram[] = []
    for (let next = this.#next(); next !== null; next = this.#next()) found.push(next)
    return found
  }

  #next(): FoundTelegram | null {
    const start = this.#input.indexOf(slash)
    this.#skip(start < 0 ? this.#input.length : start)
    if (start < 0) return null
    const end = this.#endOf()
    // Where the next one begins before this one has ended, this one was cut.
    const again = this.#input.subarray(0, end === null ? undefined : end.at).lastIndexOf(Buffer.from('\n/'))
    if (again > 0) {
      this.#skip(again + 1)
      return { kind: 'damage', reason: 'a telegram was cut short' }
    }
    if (end === null) {
      if (this.#input.length <= longestTelegram) return null
      this.#skip(1)
      return { kind: 'damage', reason: 'a telegram does not end' }
    }
    const bytes = Buffer.from(this.#input.subarray(0, end.at + 1))
    const first = this.#before
    this.#skip(end.at + end.size)
    const read = readP1(bytes, end.checksum)
    return 'reason' in read ? { kind: 'damage', ...read } : { kind: 'telegram', telegram: read, bytes, first }
  }

  /** The line that ends the telegram, once it is whole. */
  #endOf(): { at: number; size: number; checksum: string | null } | null {
    for (let at = this.#input.indexOf(exclamation); at >= 0; at = this.#input.indexOf(exclamation, at + 1)) {
      if (this.#input[at - 1] !== lineFeed) continue
      const match = endPattern.exec(this.#input.toString('latin1', at, at + 12))
      if (match) return { at, size: match[0].length, checksum: match[1] ?? null }
    }
    return null
  }

  #skip(count: number): void {
    this.#input = this.#input.subarray(count)
    this.#before += count
  }
}

const objectPattern = /^(\d{1,3}-\d{1,3}:)?(\d{1,3}\.\d{1,3}\.\d{1,3})(?:[*.]\d{1,3})?((?:\([^()]*\))+)$/
const valuePattern = /^\(([+-]?\d{1,15})(?:\.(\d{1,9}))?\*([kM]?)(Wh|W)\)$/

/** Reads a telegram from `/` to `!`. @param checksum the four digits after it */
function readP1(bytes: Buffer, checksum: string | null): MeterTelegram | { reason: string } {
  if (checksum !== null && !checksumFits(bytes, Number.parseInt(checksum, 16))) {
    return { reason: 'a telegram’s checksum does not fit: bytes were lost or changed on the line' }
  }
  if (checksum === null && bytes.some((byte) => byte >= 0x80)) {
    return {
      reason: 'a telegram has bytes that are no text: check the line’s settings (?baud=9600&parity=even&data=7)',
    }
  }
  const [identification = '', ...lines] = bytes.toString('latin1').split(/\r?\n/)
  const objects = new Map<string, string>()
  const values = new Map<string, ObisValue>()
  const odd: string[] = []
  for (const line of joined(lines.slice(0, -1))) {
    if (line === '') continue
    const match = objectPattern.exec(line)
    if (!match) {
      odd.push(line)
      continue
    }
    const [, medium = '1-0:', code, groups] = match as unknown as [string, string | undefined, string, string]
    objects.set(`${medium}${code}`, groups)
    const value = medium === '1-0:' ? valueIn(groups) : null
    if (value && values.has(code)) return { reason: `a telegram has ${code} twice: two were mixed up on the line` }
    if (value) values.set(code, value)
  }
  if (checksum === null && odd.length > 0) {
    return { reason: `a telegram without checksum has a damaged line (${JSON.stringify(odd[0]!.slice(0, 40))})` }
  }
  return {
    identity: {
      manufacturer: /^\/([A-Za-z]{3})/.exec(identification)?.[1] ?? null,
      model: /^\/[A-Za-z]{3}\d?\\?(.*?)\s*$/.exec(identification)?.[1] || null,
      version: null,
      serialNumber: serialOf(objects),
    },
    standard: standardOf(objects),
    meterSeconds: timeOf(objects.get('0-0:1.0.0')),
    values,
    isChecked: checksum !== null,
    warnings:
      checksum === null ? ['its telegrams have no checksum: two in a row must have the same values in them'] : [],
  }
}

/** Some gateways leave out carriage returns, which the checksum counts. */
function checksumFits(bytes: Buffer, wanted: number): boolean {
  if (crc16(bytes, 0) === wanted) return true
  if (bytes.includes(0x0d)) return false
  return crc16(Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'), 0) === wanted
}

/** Older meters put the value of a gas meter on a line of its own. */
function joined(lines: readonly string[]): string[] {
  const whole: string[] = []
  for (const line of lines) {
    if (line.startsWith('(') && whole.length > 0) whole.push(`${whole.pop()}${line}`)
    else whole.push(line)
  }
  return whole
}

function valueIn(groups: string): ObisValue | null {
  const match = valuePattern.exec(groups)
  if (!match) return null
  const [, whole = '', fraction = '', prefix = '', unit = ''] = match
  const exponent = { '': 0, k: 3, M: 6 }[prefix as '' | 'k' | 'M'] - fraction.length
  const digits = whole.replace(/^[+-]/, '').length + fraction.length
  return { raw: BigInt(`${whole}${fraction}`.replace(/^\+/, '')), exponent, unit, digits, doubt: null }
}

/** Where countries put the number of the electricity meter. */
const serialCodes = ['0-0:96.1.1', '0-0:96.1.0', '0-0:42.0.0', '0-0:96.1.255', '1-0:0.0.0', '0-0:98.1.1']

function serialOf(objects: ReadonlyMap<string, string>): string | null {
  for (const code of serialCodes) {
    const text = /^\(([^()]+)\)$/.exec(objects.get(code) ?? '')?.[1]
    if (text) return plainText(text)
  }
  return null
}

/** Texts are sent as the hexadecimal codes of their letters; a number that reads like such codes but gives no text stays. */
function plainText(text: string): string {
  if (!/^([0-9A-F]{2})+$/i.test(text)) return text
  const decoded = Buffer.from(text, 'hex').toString('latin1')
  return /^[\x21-\x7e]+$/.test(decoded) ? decoded : text
}

function standardOf(objects: ReadonlyMap<string, string>): string | null {
  const dsmr = /^\((\d+)\)$/.exec(objects.get('1-3:0.2.8') ?? '')?.[1]
  if (dsmr) return `DSMR ${dsmr.length === 2 ? `${dsmr[0]}.${dsmr[1]}` : dsmr}`
  const emucs = /^\((\d+)\)$/.exec(objects.get('0-0:96.1.4') ?? '')?.[1]
  return emucs ? `eMUCS ${emucs}` : null
}

/** `YYMMDDhhmmss` and `S` (summer, two hours before UTC) or `W` (winter, one hour), in UTC seconds. */
function timeOf(groups: string | undefined): number | null {
  const match = /^\((\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([SW])\)$/.exec(groups ?? '')
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const aheadHours = match[7] === 'S' ? 2 : 1
  return Date.UTC(2000 + year, month - 1, day, hour - aheadHours, minute, second) / 1000
}
