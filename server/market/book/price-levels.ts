/**
 * The price levels of one book: a queue of orders per tick, and a bitmap that finds the next price at which any rest.
 *
 * Prices span 2³¹ ticks, of which a book uses few: they are the leaves of a tree of 256-way nodes, four levels deep, made
 * when first used and kept. Both sides share it, since a book is never crossed. A leaf takes 2 kB, so a book with prices
 * close together costs little and one with far-flung prices a few kB for each.
 */

const digitBits = 8
const fanOut = 2 ** digitBits
const wordsPerNode = fanOut / 32
const innerDepth = 3
const recentLeaves = 16
/** Ticks lie strictly inside ±2³⁰; this makes them positive 31-bit numbers. */
const offset = 2 ** 30

/** What `nextAbove` and `nextBelow` return when no order rests there: beyond every legal price. */
export const nothingAbove = 2 ** 30
export const nothingBelow = -(2 ** 30)

export class PriceLevels {
  /** First and last order of a level's queue, −1 where it is empty: at 2 × level and 2 × level + 1. */
  queues = new Int32Array(2 * fanOut).fill(-1)
  private leafBits = new Int32Array(wordsPerNode)
  /** How many levels of a leaf are marked. */
  private leafMarks = new Int32Array(1)
  private leafCount = 0
  // The leaves found last, by the low bits of the leaf's prices: most descents end here.
  private readonly recentPages = new Int32Array(recentLeaves).fill(-1)
  private readonly recentLeaf = new Int32Array(recentLeaves)
  /** Children by node and digit, −1 where none was made yet. */
  private children = new Int32Array(4 * fanOut).fill(-1)
  private innerBits = new Int32Array(4 * wordsPerNode)
  private innerCount = 1

  /** The level of a tick, made if it is new. */
  levelAt(tick: number): number {
    const price = tick + offset
    const page = price >>> digitBits
    const recent = page & (recentLeaves - 1)
    if (this.recentPages[recent] !== page) {
      this.recentPages[recent] = page
      this.recentLeaf[recent] = this.leafOf(price)
    }
    return this.recentLeaf[recent]! * fanOut + (price & (fanOut - 1))
  }

  private leafOf(price: number): number {
    let node = 0
    for (let depth = 0; depth < innerDepth; depth++) {
      const at = node * fanOut + digitOf(price, depth)
      node = this.children[at]!
      if (node === -1) {
        node = depth === innerDepth - 1 ? this.newLeaf() : this.newInner()
        this.children[at] = node
      }
    }
    return node
  }

  /** Notes that orders rest at `level`, which is `tick`'s. */
  mark(tick: number, level: number): void {
    setBit(this.leafBits, level)
    if (++this.leafMarks[level >> digitBits]! > 1) return
    const price = tick + offset
    let node = 0
    for (let depth = 0; depth < innerDepth; depth++) {
      const at = node * fanOut + digitOf(price, depth)
      setBit(this.innerBits, at)
      node = this.children[at]!
    }
  }

  /** Notes that no order rests at `level`, which is `tick`'s, any more. */
  unmark(tick: number, level: number): void {
    clearBit(this.leafBits, level)
    if (--this.leafMarks[level >> digitBits]! > 0) return
    const price = tick + offset
    const [top, middle, bottom] = this.innerPath(price)
    clearBit(this.innerBits, bottom)
    if (!isEmpty(this.innerBits, bottom >> digitBits)) return
    clearBit(this.innerBits, middle)
    if (isEmpty(this.innerBits, middle >> digitBits)) clearBit(this.innerBits, top)
  }

  /** The lowest tick above `tick`, a tick whose level exists, at which orders rest; `nothingAbove` if there is none. */
  nextAbove(tick: number): number {
    const price = tick + offset
    const leaf = this.levelAt(tick) >> digitBits
    const near = nextBit(this.leafBits, leaf, (price & (fanOut - 1)) + 1)
    if (near >= 0) return price - (price & (fanOut - 1)) + near - offset
    const path = this.innerPath(price)
    for (let depth = innerDepth - 1; depth >= 0; depth--) {
      const at = path[depth]!
      const digit = nextBit(this.innerBits, at >> digitBits, (at & (fanOut - 1)) + 1)
      if (digit >= 0) return this.descend(price, depth, digit, nextBit, 0)
    }
    return nothingAbove
  }

  /** The highest tick below `tick`, a tick whose level exists, at which orders rest; `nothingBelow` if there is none. */
  nextBelow(tick: number): number {
    const price = tick + offset
    const leaf = this.levelAt(tick) >> digitBits
    const near = previousBit(this.leafBits, leaf, (price & (fanOut - 1)) - 1)
    if (near >= 0) return price - (price & (fanOut - 1)) + near - offset
    const path = this.innerPath(price)
    for (let depth = innerDepth - 1; depth >= 0; depth--) {
      const at = path[depth]!
      const digit = previousBit(this.innerBits, at >> digitBits, (at & (fanOut - 1)) - 1)
      if (digit >= 0) return this.descend(price, depth, digit, previousBit, fanOut - 1)
    }
    return nothingBelow
  }

  /** From an inner node that `price` passes at `depth`, down its child `digit` to the first marked tick `from` one end. */
  private descend(price: number, depth: number, digit: number, find: typeof nextBit, from: number): number {
    let found = Math.floor(price / 2 ** shiftOf(depth - 1)) * fanOut + digit
    let node = this.children[(this.innerPath(price)[depth]! & ~(fanOut - 1)) + digit]!
    for (let below = depth + 1; below < innerDepth; below++) {
      const next = find(this.innerBits, node, from)
      found = found * fanOut + next
      node = this.children[node * fanOut + next]!
    }
    return found * fanOut + find(this.leafBits, node, from) - offset
  }

  /** Where the path to a price passes the inner nodes: node × fan-out + digit, root first. */
  private innerPath(price: number): [number, number, number] {
    const top = digitOf(price, 0)
    const middle = this.children[top]! * fanOut + digitOf(price, 1)
    return [top, middle, this.children[middle]! * fanOut + digitOf(price, 2)]
  }

  private newLeaf(): number {
    this.queues = roomFor(this.queues, (this.leafCount + 1) * 2 * fanOut, -1)
    this.leafBits = roomFor(this.leafBits, (this.leafCount + 1) * wordsPerNode, 0)
    this.leafMarks = roomFor(this.leafMarks, this.leafCount + 1, 0)
    return this.leafCount++
  }

  private newInner(): number {
    this.children = roomFor(this.children, (this.innerCount + 1) * fanOut, -1)
    this.innerBits = roomFor(this.innerBits, (this.innerCount + 1) * wordsPerNode, 0)
    return this.innerCount++
  }
}

function shiftOf(depth: number): number {
  return digitBits * (innerDepth - depth)
}

function digitOf(price: number, depth: number): number {
  return (price >>> shiftOf(depth)) & (fanOut - 1)
}

function roomFor(numbers: Int32Array<ArrayBuffer>, room: number, filler: number): Int32Array<ArrayBuffer> {
  if (numbers.length >= room) return numbers
  const grown = new Int32Array(Math.max(room, 2 * numbers.length)).fill(filler, numbers.length)
  grown.set(numbers)
  return grown
}

function setBit(bits: Int32Array, at: number): void {
  bits[at >> 5]! |= 1 << (at & 31)
}

function clearBit(bits: Int32Array, at: number): void {
  bits[at >> 5]! &= ~(1 << (at & 31))
}

function isEmpty(bits: Int32Array, node: number): boolean {
  let any = 0
  for (let word = node * wordsPerNode; word < (node + 1) * wordsPerNode; word++) any |= bits[word]!
  return any === 0
}

/** The first set bit of a node at or after `from`, −1 if there is none. */
function nextBit(bits: Int32Array, node: number, from: number): number {
  const base = node * wordsPerNode
  for (let word = from >> 5; word < wordsPerNode; word++) {
    let set = bits[base + word]!
    if (word === from >> 5) set &= -1 << (from & 31)
    if (set !== 0) return word * 32 + (31 - Math.clz32(set & -set))
  }
  return -1
}

/** The last set bit of a node at or before `from`, −1 if there is none. */
function previousBit(bits: Int32Array, node: number, from: number): number {
  const base = node * wordsPerNode
  for (let word = from >> 5; word >= 0; word--) {
    let set = bits[base + word]!
    if (word === from >> 5) set &= -1 >>> (31 - (from & 31))
    if (set !== 0) return word * 32 + (31 - Math.clz32(set))
  }
  return -1
}
