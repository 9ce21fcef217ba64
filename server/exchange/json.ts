/**
 * JSON out of the bytes of a file, read piece by piece by those who know its shape: numbers stay the text they are, a key
 * may stand only once, and nothing is held but what is asked for.
 */
import { ExchangeError, type ExchangeErrorCode } from './error.ts'
import { inQuotes } from './quote.ts'

const deepest = 64
/** The longest string or number. */
const longestScalar = 1 << 16
const mostKeys = 1000

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [braceOpen, braceClose, bracketOpen, bracketClose] = [0x7b, 0x7d, 0x5b, 0x5d]
const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Reads `bytes`, which must be UTF-8. Throws `VALUES_SYNTAX` with the path of what is wrong, `VALUES_UNSAFE` for depth. */
export class JsonReader {
  readonly #bytes: Buffer
  readonly #path: (string | number)[] = []
  #at: number

  constructor(bytes: Buffer, from = 0) {
    this.#bytes = bytes
    this.#at = from
  }

  /** Where the reader stands, such as `$[3].cups`. */
  place(): string {
    return `$${this.#path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`
  }

  /** The kind of what comes next, without taking it. */
  kind(): JsonKind {
    this.#skipBlanks()
    const byte = this.#bytes[this.#at]
    if (byte === braceOpen) return 'object'
    if (byte === bracketOpen) return 'array'
    if (byte === quote) return 'string'
    const word = this.#word()
    if (word === 'true' || word === 'false') return 'boolean'
    if (word === 'null') return 'null'
    if (numberPattern.test(word)) return 'number'
    throw this.refusal('VALUES_SYNTAX', byte === undefined ? 'the file is cut short' : `${inQuotes(word)} is no JSON`)
  }

  /** Goes through the keys of an object; `take` must take the value of each. */
  object(take: (key: string) => void): void {
    this.#expectKind('object')
    const keys = new Set<string>()
    this.#inside(braceOpen, braceClose, () => {
      this.#skipBlanks()
      if (this.#bytes[this.#at] !== quote) throw this.refusal('VALUES_SYNTAX', 'a key is missing')
      const key = this.#string()
      if (keys.has(key)) throw this.refusal('VALUES_SYNTAX', `key ${inQuotes(key)} stands twice`)
      keys.add(key)
      if (keys.size > mostKeys) throw this.refusal('VALUES_TOO_LARGE', `more than ${mostKeys} keys`)
      this.#expect(colon, 'a colon')
      this.#path.push(key.length > 60 ? `${key.slice(0, 60)}…` : key)
      take(key)
      this.#path.pop()
    })
  }

  /** Goes through the items of an array; `take` must take each. */
  array(take: (index: number) => void): void {
    this.#expectKind('array')
    let index = 0
    this.#inside(bracketOpen, bracketClose, () => {
      this.#path.push(index)
      take(index++)
      this.#path.pop()
    })
  }

  /** Takes a string, number or boolean as its text, or null. Throws for anything else. */
  scalar(): { kind: JsonKind; text: string } {
    const kind = this.kind()
    if (kind === 'string') return { kind, text: this.#string() }
    if (kind === 'object' || kind === 'array') throw this.refusal('VALUES_SYNTAX', `${kind} where a value was expected`)
    const text = this.#word()
    this.#at += text.length
    return { kind, text }
  }

  /** Takes a string. */
  string(): string {
    const { kind, text } = this.scalar()
    if (kind !== 'string') throw this.refusal('VALUES_SYNTAX', `${kind} where text was expected`)
    return text
  }

  /** Takes whatever comes next. */
  skip(): void {
    const kind = this.kind()
    if (kind === 'object') this.object(() => this.skip())
    else if (kind === 'array') this.array(() => this.skip())
    else this.scalar()
  }

  /** Makes sure that nothing follows. */
  end(): void {
    this.#skipBlanks()
    if (this.#at < this.#bytes.length) throw this.refusal('VALUES_SYNTAX', 'something follows the end')
  }

  refusal(code: ExchangeErrorCode, reason: string): ExchangeError {
    return new ExchangeError(code, this.place(), reason)
  }

  #inside(open: number, close: number, takeNext: () => void): void {
    if (this.#path.length >= deepest) throw this.refusal('VALUES_UNSAFE', `nested deeper than ${deepest}`)
    this.#expect(open, 'an opening bracket')
    this.#skipBlanks()
    if (this.#bytes[this.#at] === close) {
      this.#at++
      return
    }
    for (;;) {
      takeNext()
      this.#skipBlanks()
      const byte = this.#bytes[this.#at++]
      if (byte === close) return
      if (byte === comma) continue
      throw this.refusal(
        'VALUES_SYNTAX',
        byte === undefined ? 'the file is cut short' : 'a comma or bracket is missing',
      )
    }
  }

  #expectKind(wanted: JsonKind): void {
    const kind = this.kind()
    if (kind !== wanted) throw this.refusal('VALUES_SYNTAX', `${kind} where ${wanted} was expected`)
  }

  #expect(byte: number, name: string): void {
    this.#skipBlanks()
    if (this.#bytes[this.#at] !== byte) throw this.refusal('VALUES_SYNTAX', `${name} is missing`)
    this.#at++
  }

  #skipBlanks(): void {
    while (isBlank(this.#bytes[this.#at])) this.#at++
  }

  /** The letters and digits that come next, without taking them. */
  #word(): string {
    let end = this.#at
    while (end < this.#bytes.length && end - this.#at < longestScalar) {
      const byte = this.#bytes[end]!
      if (isBlank(byte) || byte === comma || byte === bracketClose || byte === braceClose || byte === colon) break
      end++
    }
    return this.#bytes.toString('latin1', this.#at, end)
  }

  #string(): string {
    const from = this.#at
    let end = from + 1
    while (this.#bytes[end] !== quote) {
      if (end >= this.#bytes.length) throw this.refusal('VALUES_SYNTAX', 'the file is cut short')
      if (end - from > longestScalar)
        throw this.refusal('VALUES_TOO_LARGE', `a text of more than ${longestScalar} bytes`)
      end += this.#bytes[end] === backslash ? 2 : 1
    }
    this.#at = end + 1
    const text = this.#bytes.toString('utf8', from, end + 1)
    try {
      return JSON.parse(text) as string
    } catch {
      throw this.refusal('VALUES_SYNTAX', `${inQuotes(text)} is no text of JSON`)
    }
  }
}
