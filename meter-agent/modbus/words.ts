/** What stands in registers: words to numbers, texts and energies, and back. */

/** Registers as one unsigned number, high word first. */
export function unsigned(words: readonly number[]): bigint {
  return words.reduce((sum, word) => (sum << 16n) | BigInt(word), 0n)
}

/** Text in registers, two bytes each, cut at the first NUL and without trailing blanks; `null` when empty or all 0xFF. */
export function decodeText(words: readonly number[]): string | null {
  if (words.every((word) => word === 0xffff)) return null
  const bytes = Buffer.alloc(words.length * 2)
  words.forEach((word, index) => {
    bytes.writeUInt16BE(word, index * 2)
  })
  const end = bytes.indexOf(0)
  const text = bytes.toString('utf8', 0, end < 0 ? bytes.length : end).trimEnd()
  return text === '' ? null : text
}

/** raw × 10^exponent as the double nearest to it, whose shortest decimal is then the exact one. */
export function scaled(raw: bigint | number, exponent: number): number {
  if (exponent === 0) return Number(raw)
  // Very large and very small floats have an exponent of their own in their decimal.
  const [digits, own = '0'] = String(raw).split('e')
  return Number(`${digits}e${Number(own) + exponent}`)
}

/** Registers by their 0-based address. */
export type RegisterImage = Map<number, number>

/** The words of an integer, high word first, two's complement. */
export function wordsOf(value: bigint, count: number): number[] {
  const whole = BigInt.asUintN(count * 16, value)
  return Array.from({ length: count }, (_, index) => Number((whole >> BigInt((count - 1 - index) * 16)) & 0xffffn))
}

/** The words of a float32, high word first. */
export function float32Words(value: number): number[] {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  return [view.getUint16(0), view.getUint16(2)]
}

/** The words of a float64, high word first. */
export function float64Words(value: number): number[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return [0, 2, 4, 6].map((at) => view.getUint16(at))
}

/** Text in registers, two bytes each, filled with NUL. */
export function textWords(text: string, count: number): number[] {
  const bytes = Buffer.alloc(count * 2)
  bytes.write(text, 'utf8')
  return Array.from({ length: count }, (_, index) => bytes.readUInt16BE(index * 2))
}

/** The raw register for an energy: whole steps of 10^exponent Wh, rounded down as meters do. */
export function energySteps(milliWh: bigint, exponent: number): bigint {
  const power = exponent + 3
  return power >= 0 ? milliWh / 10n ** BigInt(power) : milliWh * 10n ** BigInt(-power)
}
