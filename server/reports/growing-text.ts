/** Text of ASCII that grows piece by piece in one stretch of memory, which is used again: pieces that wait for others are no garbage of the heap. */

const firstBytes = 1 << 16

export class GrowingText {
  #bytes = Buffer.allocUnsafe(firstBytes)
  #length = 0

  add(text: string): void {
    this.#makeRoom(text.length)
    this.#length += this.#bytes.write(text, this.#length, 'latin1')
  }

  /** Takes all of another one behind what it has; the other is empty then. */
  addAll(other: GrowingText): void {
    this.#makeRoom(other.#length)
    this.#length += other.#bytes.copy(this.#bytes, this.#length, 0, other.#length)
    other.#length = 0
  }

  /** What it has; it is empty then. */
  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#length)
    this.#length = 0
    return text
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + more))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
