/** The canonical binary form: every value has one, reads back as it was, and what has none is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  address,
  bigint,
  bool,
  decode,
  encode,
  hexBytes,
  int,
  list,
  oneOf,
  optional,
  struct,
  text,
  uint,
  union,
} from '../../../server/market/area/binary.ts'

const seed = Number(process.env.SEED ?? 20_261_128)
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')

describe('a value', () => {
  it.each([
    [encode(uint, 0), '00'],
    [encode(uint, 127), '7f'],
    [encode(uint, 128), '8001'],
    [encode(uint, 2 ** 53 - 1), 'ffffffffffffff0f'],
    [encode(int, -1), '01'],
    [encode(int, 1), '02'],
    [encode(bigint, -(2n ** 70n)), 'ffffffffffffffffffff01'],
    [encode(text, 'é'), '02c3a9'],
    [encode(hexBytes, '0x00ff'), '0200ff'],
    [encode(optional(uint), null), '00'],
    [encode(list(bool), [true, false]), '020100'],
    [encode(oneOf(['a', 'b']), 'b'), '01'],
    [encode(union({ one: struct({}), two: struct({ a: uint }) }), { type: 'two', a: 5 }), '0105'],
  ])('has one form (%#)', (bytes, expected) => {
    expect(hex(bytes)).toBe(expected)
  })

  it(`reads back as it was (SEED=${seed})`, () => {
    const value = fc.record({
      number: fc.maxSafeNat(),
      folded: fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }),
      big: fc.bigInt(-(2n ** 90n), 2n ** 90n),
      name: fc.string({ unit: 'binary' }),
      account: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => `0x${hex(bytes)}`),
      signature: fc.uint8Array().map((bytes) => `0x${hex(bytes)}`),
      some: fc.array(fc.option(fc.boolean())),
    })
    const codec = struct({
      ...{ number: uint, folded: int, big: bigint, name: text, account: address, signature: hexBytes },
      some: list(optional(bool)),
    })
    fc.assert(
      fc.property(value, (written) => {
        const bytes = encode(codec, written)
        expect(decode(codec, bytes)).toEqual(written)
        expect(encode(codec, decode(codec, bytes)).equals(bytes)).toBe(true)
      }),
      { seed, numRuns: 300 },
    )
  })

  it.each([
    ['a negative number', () => encode(uint, -1)],
    ['a fraction', () => encode(uint, 1.5)],
    ['a number beyond 2^53', () => encode(uint, 2 ** 53)],
    ['a folded number beyond 2^52', () => encode(int, 2 ** 52)],
    ['a short address', () => encode(address, '0x00')],
    ['an address with capital letters', () => encode(address, `0x${'A'.repeat(40)}`)],
    ['digits that are none', () => encode(hexBytes, '0xzz')],
    ['an odd number of digits', () => encode(hexBytes, '0x123')],
    ['a name of no list', () => encode(oneOf(['a']), 'b' as 'a')],
    ['bytes that end early', () => decode(uint, Buffer.from('80', 'hex'))],
    ['bytes after the value', () => decode(uint, Buffer.from('0000', 'hex'))],
    ['the place of no name', () => decode(oneOf(['a']), Buffer.from('01', 'hex'))],
    ['the place of no kind', () => decode(union({ one: struct({}) }), Buffer.from('01', 'hex'))],
  ])('that has no form is refused: %s', (_, run) => {
    expect(run).toThrow(expect.objectContaining({ code: 'ENGINE_ENCODING' }))
  })
})
