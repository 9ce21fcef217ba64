/**
 * The price levels of one book: a queue of orders per tick, and bitmaps that find the next price at which any rest.
 *
 * Prices span 2³¹ ticks, of which a book uses few: they are the leaves of a tree of 256-way nodes, four levels deep, made
 * when first used; empty ones are used for other prices. Both sides share it, since a book is never crossed. A leaf
 * takes 2 kB, so a book with prices close together costs little and one with far-flung prices a few kB for each.
 */

const digitBits = 8
const fanOut = 2 ** digitBits
const lowDigit = fanOut - 1
const wordsPerNode = fanOut / 32
const innerDepth = 3
const recentLeaves = 16
/** A book with prices close together makes no more leaves than these and keeps them; those beyond are used for other prices. */
const keptLeaves = 64
/** Ticks lie strictly inside ±2³⁰; this makes them positive 31-bit numbers. */
const offset = 2 ** 30

/** What `nextAbove` and `nextBelow` return where no order rests that way. */
export const noLevel = -1

export class PriceLevels {
  /** First and last order of a level's queue, −1 where it is empty: at 2 × level and 2 × level + 1. */
  queues = new Int32Array(2 * fanOut).fill(-1)
  private leafBits = new Int32Array(wordsPerNode)
  /** How many levels of a leaf are marked. */
  private leafMarks = new Int32Array(1)
  private leafFirstTick = new Int32Array(1)
  /** The slot (node × fan-out + digit) in which a leaf or an inner node hangs; −1 for the root. */
  private leafParent = new Int32Array(1)
  private innerParent = new Int32Array(4).fill(-1)
  /** Children by slot, −1 where none was made yet. */
  private children = new Int32Array(4 * fanOut).fill(-1)
  private innerBits = new Int32Array(4 * wordsPerNode)
  private leafCount = 0
  private readonly emptyLeaves: number[] = []
  private innerCount = 1
  // The leaves found last, by the low bits of the leaf's prices: most descents end here.
  private readonly recentPages = new Int32Array(recentLeaves).fill(-1)
  private readonly recentLeaf = new Int32Array(recentLeaves)

  /** The level of a tick, made if it is new. */
  levelAt(tick: number): number {
    const price = tick + offset
    const page = price >>> digitBits
    const recent = page & (recentLeaves - 1)
    if (this.recentPages[recent] !== page) {
      this.recentPages[recent] = page
      this.recentLeaf[recent] = this.leafOf(price)
    }
    return this.recentLeaf[recent]! * fanOut + (price & lowDigit)
  }

  tickOf(level: number): number {
    return this.leafFirstTick[level >> digitBits]! + (level & lowDigit)
  }

  /** Notes that orders rest at a level where none did. */
  mark(level: number): void {
    const leaf = level >> digitBits
    setBit(this.leafBits, level)
    if (++this.leafMarks[leaf]! > 1) return
    for (let slot = this.leafParent[leaf]!; slot >= 0; slot = this.innerParent[slot >> digitBits]!)
      setBit(this.innerBits, slot)
  }

  /** Notes that no order rests at a level any more; its neighbours can be asked for until the next call of `levelAt`. */
  unmark(level: number): void {
    const leaf = level >> digitBits
    clearBit(this.leafBits, level)
    if (--this.leafMarks[leaf]! > 0) return
    if (leaf >= keptLeaves) this.unhang(leaf)
    for (let slot = this.leafParent[leaf]!; slot >= 0; slot = this.innerParent[slot >> digitBits]!) {
      clearBit(this.innerBits, slot)
      if (nextBit(this.innerBits, slot >> digitBits, 0) >= 0) return
    }
  }

  /** The next level above at which orders rest. */
  nextAbove(level: number): number {
    const leaf = level >> digitBits
    const near = nextBit(this.leafBits, leaf, (level & lowDigit) + 1)
    if (near >= 0) return leaf * fanOut + near
    let height = 0
    for (let slot = this.leafParent[leaf]!; slot >= 0; slot = this.innerParent[slot >> digitBits]!) {
      const digit = nextBit(this.innerBits, slot >> digitBits, (slot & lowDigit) + 1)
      if (digit >= 0) {
        let node = this.children[(slot & ~lowDigit) + digit]!
        for (; height > 0; height--) node = this.children[node * fanOut + nextBit(this.innerBits, node, 0)]!
        return node * fanOut + nextBit(this.leafBits, node, 0)
      }
      height++
    }
    return noLevel
  }

  /** The next level below at which orders rest. */
  nextBelow(level: number): number {
    const leaf = level >> digitBits
    const near = previousBit(this.leafBits, leaf, (level & lowDigit) - 1)
    if (near >= 0) return leaf * fanOut + near
    let height = 0
    for (let slot = this.leafParent[leaf]!; slot >= 0; slot = this.innerParent[slot >> digitBits]!) {
      const digit = previousBit(this.innerBits, slot >> digitBits, (slot & lowDigit) - 1)
      if (digit >= 0) {
        let node = this.children[(slot & ~lowDigit) + digit]!
        for (; height > 0; height--) node = this.children[node * fanOut + previousBit(this.innerBits, node, lowDigit)]!
        return node * fanOut + previousBit(this.leafBits, node, lowDigit)
      }
      height++
    }
    return noLevel
  }

  private leafOf(price: number): number {
    let node = 0
    for (let depth = 0; depth < innerDepth; depth++) {
      const slot = node * fanOut + ((price >>> (digitBits * (innerDepth - depth))) & lowDigit)
      node = this.children[slot]!
      if (node === -1) {
        node = depth === innerDepth - 1 ? this.newLeaf(slot, price - (price & lowDigit) - offset) : this.newInner(slot)
        this.children[slot] = node
      }
    }
    return node
  }

  private unhang(leaf: number): void {
    this.emptyLeaves.push(leaf)
    this.children[this.leafParent[leaf]!] = -1
    const page = (this.leafFirstTick[leaf]! + offset) >>> digitBits
    const recent = page & (recentLeaves - 1)
    if (this.recentPages[recent] === page) this.recentPages[recent] = -1
  }

  private newLeaf(parentSlot: number, firstTick: number): number {
    const leaf = this.emptyLeaves.pop() ?? this.leafCount++
    this.queues = roomFor(this.queues, this.leafCount * 2 * fanOut, -1)
    this.leafBits = roomFor(this.leafBits, this.leafCount * wordsPerNode, 0)
    this.leafMarks = roomFor(this.leafMarks, this.leafCount, 0)
    this.leafFirstTick = roomFor(this.leafFirstTick, this.leafCount, 0)
    this.leafParent = roomFor(this.leafParent, this.leafCount, -1)
    this.leafFirstTick[leaf] = firstTick
    this.leafParent[leaf] = parentSlot
    return leaf
  }

  private newInner(parentSlot: number): number {
    const node = this.innerCount++
    this.children = roomFor(this.children, this.innerCount * fanOut, -1)
    this.innerBits = roomFor(this.innerBits, this.innerCount * wordsPerNode, 0)
    this.innerParent = roomFor(this.innerParent, this.innerCount, -1)
    this.innerParent[node] = parentSlot
    return node
  }
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
