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
  return exponent === 0 ? Number(raw) : Number(`${raw}e${exponent}`)
}
