/** Segments of a UN/EDIFACT interchange (ISO 9735, syntax 3) out of the bytes of a file, one at a time. */
import { ExchangeError } from './error.ts'
import { inQuotes } from './quote.ts'

const longestSegmentBytes = 1 << 16

export interface Segment {
  /** Counted from 1, the service string advice not among them. */
  number: number
  tag: string
  /** Elements after the tag, each a list of components. */
  elements: string[][]
}

export interface Interchange {
  decimalSign: '.' | ','
  segments: Iterable<Segment>
}

interface Signs {
  component: number
  element: number
  decimal: '.' | ','
  release: number | null
  end: number
}

const defaults: Signs = { component: 0x3a, element: 0x2b, decimal: '.', release: 0x3f, end: 0x27 }
const adviceBytes = 9
const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Reads the signs and then, as they are asked for, the segments. Throws `VALUES_SYNTAX`. */
export function readInterchange(bytes: Buffer): Interchange {
  let from = 0
  while (from < bytes.length && isBlank(bytes[from]!)) from++
  const advised = bytes.toString('latin1', from, from + 3) === 'UNA'
  const signs = advised ? readAdvice(bytes, from) : defaults
  return { decimalSign: signs.decimal, segments: segmentsOf(bytes, advised ? from + adviceBytes : from, signs) }
}

function readAdvice(bytes: Buffer, from: number): Signs {
  const [component, element, decimal, release, , end] = bytes.subarray(from + 3, from + adviceBytes)
  const sign = String.fromCharCode(decimal ?? 0)
  const used = [component, element, end, ...(release === 0x20 ? [] : [release])]
  const usable = used.every((byte) => byte !== undefined && !isBlank(byte) && !/\w/.test(String.fromCharCode(byte)))
  if (!usable || new Set(used).size !== used.length || (sign !== '.' && sign !== ',')) {
    throw new ExchangeError('VALUES_SYNTAX', 'UNA', 'its signs cannot be told apart')
  }
  return {
    component: component!,
    element: element!,
    decimal: sign,
    release: release === 0x20 ? null : release!,
    end: end!,
  }
}

function* segmentsOf(bytes: Buffer, first: number, signs: Signs): Generator<Segment> {
  let number = 0
  let at = first
  for (;;) {
    while (at < bytes.length && isBlank(bytes[at]!)) at++
    if (at >= bytes.length) return
    number++
    const elements: string[][] = [[]]
    const begin = at
    let component = ''
    let from = at
    for (; ; at++) {
      if (at >= bytes.length || at - begin > longestSegmentBytes) {
        throw new ExchangeError('VALUES_SYNTAX', `segment ${number}`, 'the file is cut short: the segment does not end')
      }
      const byte = bytes[at]!
      if (byte === signs.release) {
        component += bytes.toString('latin1', from, at)
        from = ++at
      } else if (byte === signs.component || byte === signs.element || byte === signs.end) {
        elements.at(-1)!.push(component + bytes.toString('latin1', from, at))
        component = ''
        from = at + 1
        if (byte === signs.element) elements.push([])
        if (byte === signs.end) break
      }
    }
    at++
    const tag = elements.shift()![0]!
    if (!/^[A-Z]{3}$/.test(tag)) {
      throw new ExchangeError('VALUES_SYNTAX', `segment ${number}`, `${inQuotes(tag)} is no segment`)
    }
    yield { number, tag, elements }
  }
}
