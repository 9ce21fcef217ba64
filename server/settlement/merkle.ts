/**
 * The Merkle tree of RFC 6962 over 32-byte hashes, kept so that a proof costs little.
 *
 * node = keccak-256(0x01 ‖ left ‖ right). The left half holds as many leaves as the largest power of two that is below their number.
 * Seen from below: neighbours are joined two by two, and a last node without a neighbour rises as it is. All nodes of the levels
 * 0 (leaves), 8, 16 … are kept, in chunks of 256: the nodes of a chunk are those below one node of the next kept level. A node of a
 * level in between is made from at most 128 nodes of one chunk.
 */
import { keccak256 } from '../../contracts/protocol/keccak.ts'

export const hashBytes = 32
/** Kept levels lie this far apart. */
const levelStep = 8
/** Nodes of a chunk. */
export const chunkNodes = 2 ** levelStep

/** The tree of no leaves. */
const emptyTree = new Uint8Array(hashBytes)

const joined = new Uint8Array(1 + 2 * hashBytes)
joined[0] = 1

function nodeOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  joined.set(left, 1)
  joined.set(right, 1 + hashBytes)
  return keccak256(joined)
}

function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * hashBytes, (index + 1) * hashBytes)
}

/** The node above some neighbouring nodes of one level, at least one. */
function nodeAbove(hashes: Uint8Array): Uint8Array {
  let count = hashes.length / hashBytes
  // This must be a copy: some kinds of buffers share their bytes with a slice.
  const level = new Uint8Array(hashes)
  for (; count > 1; count = Math.ceil(count / 2)) {
    const pairs = Math.floor(count / 2)
    for (let pair = 0; pair < pairs; pair += 1) {
      level.set(nodeOf(hashAt(level, 2 * pair), hashAt(level, 2 * pair + 1)), pair * hashBytes)
    }
    if (count % 2 === 1) level.copyWithin(pairs * hashBytes, (count - 1) * hashBytes, count * hashBytes)
  }
  return level.slice(0, hashBytes)
}

/** Takes chunks of the kept levels as they become whole, the last one of each level with the nodes that are left. */
export type KeepChunk = (level: number, chunk: number, hashes: Uint8Array) => void

/** Builds a tree from its leaves, in their order and in little memory. */
export class TreeBuilder {
  private readonly keep: KeepChunk
  /** The chunk of each kept level that is being filled. */
  private readonly levels: { chunk: number; count: number; hashes: Uint8Array }[] = []

  constructor(keep: KeepChunk) {
    this.keep = keep
  }

  add(leaf: Uint8Array): void {
    this.addTo(0, leaf)
  }

  private addTo(place: number, hash: Uint8Array): void {
    let level = this.levels[place]
    if (level === undefined) {
      level = { chunk: 0, count: 0, hashes: new Uint8Array(chunkNodes * hashBytes) }
      this.levels[place] = level
    }
    // A full chunk is handed out when the next node comes: only then is it known not to be the level's only one.
    if (level.count === chunkNodes) this.rise(place, level)
    level.hashes.set(hash, level.count * hashBytes)
    level.count += 1
  }

  private rise(place: number, level: { chunk: number; count: number; hashes: Uint8Array }): void {
    const hashes = level.hashes.slice(0, level.count * hashBytes)
    this.keep(place * levelStep, level.chunk, hashes)
    level.chunk += 1
    level.count = 0
    this.addTo(place + 1, nodeAbove(hashes))
  }

  /** Hands out what is left and returns the tree's hash; 32 zero bytes for a tree without leaves. */
  finish(): Uint8Array {
    for (let place = 0; ; place += 1) {
      const level = this.levels[place]
      if (level === undefined) return emptyTree
      if (level.chunk > 0) {
        this.rise(place, level)
        continue
      }
      const hashes = level.hashes.slice(0, level.count * hashBytes)
      this.keep(place * levelStep, 0, hashes)
      return nodeAbove(hashes)
    }
  }
}

/** Neighbouring leaves: `length` from the place `first` on. */
export interface LeafRange {
  first: number
  length: number
}

/** The nodes that stand beside the way from neighbouring leaves to the top, from below, and left before right. */
function* besideTheWay(count: number, { first, length }: LeafRange): Generator<{ level: number; index: number }> {
  let from = first
  let to = first + length
  for (let level = 0, width = count; width > 1; level += 1, width = Math.ceil(width / 2)) {
    if (from % 2 === 1) yield { level, index: from - 1 }
    if (to % 2 === 1 && to < width) yield { level, index: to }
    from = Math.floor(from / 2)
    to = Math.ceil(to / 2)
  }
}

/** Where a node is made from: nodes `[from, to)` of a chunk of a kept level. */
function sourceOf(count: number, { level, index }: { level: number; index: number }) {
  const kept = level - (level % levelStep)
  const width = Math.ceil(count / 2 ** kept)
  const span = 2 ** (level - kept)
  const chunk = Math.floor((index * span) / chunkNodes)
  const from = index * span - chunk * chunkNodes
  return { level: kept, chunk, from, to: Math.min(from + span, width - chunk * chunkNodes) }
}

/** The chunks that a proof of neighbouring leaves is made from. */
export function chunksFor(count: number, range: LeafRange): { level: number; chunk: number }[] {
  const named = new Map<string, { level: number; chunk: number }>()
  for (const node of besideTheWay(count, range)) {
    const { level, chunk } = sourceOf(count, node)
    named.set(`${level} ${chunk}`, { level, chunk })
  }
  return [...named.values()]
}

/**
 * The hashes beside the way from neighbouring leaves (at least one) to the top, 32 bytes each: with the leaves they give the
 * tree's hash. `chunkOf` returns the chunks that `chunksFor` names. On each side and between two kept levels at most 255 nodes are
 * hashed.
 */
export function siblingsOf(
  count: number,
  range: LeafRange,
  chunkOf: (level: number, chunk: number) => Uint8Array,
): Uint8Array {
  const siblings: Uint8Array[] = []
  for (const node of besideTheWay(count, range)) {
    const { level, chunk, from, to } = sourceOf(count, node)
    siblings.push(nodeAbove(chunkOf(level, chunk).subarray(from * hashBytes, to * hashBytes)))
  }
  return Buffer.concat(siblings)
}

/**
 * The hash of the tree of `count` leaves in which these neighbouring leaves stand from `first` on, computed with the hashes beside their
 * way; null where the hashes are too few or too many, or the leaves have no place in such a tree.
 */
export function treeOf(count: number, first: number, leaves: Uint8Array, siblings: Uint8Array): Uint8Array | null {
  const range = { first, length: leaves.length / hashBytes }
  if (range.length === 0 || first < 0 || first + range.length > count) return null
  let level: Uint8Array = leaves
  let from = first
  let to = first + range.length
  let used = 0
  const next = () => hashAt(siblings, used++)
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    const hasLeft = from % 2 === 1
    const hasRight = to % 2 === 1 && to < width
    if ((used + Number(hasLeft) + Number(hasRight)) * hashBytes > siblings.length) return null
    const left = hasLeft ? [next()] : []
    const right = hasRight ? [next()] : []
    level = pairUp(Buffer.concat([...left, level, ...right]))
    from = Math.floor(from / 2)
    to = Math.ceil(to / 2)
  }
  return used * hashBytes === siblings.length ? level : null
}

/** The nodes one level up; a last one without a neighbour rises as it is. */
function pairUp(hashes: Uint8Array): Uint8Array {
  const count = hashes.length / hashBytes
  const above = new Uint8Array(Math.ceil(count / 2) * hashBytes)
  for (let index = 0; index < count; index += 2) {
    const own = hashAt(hashes, index)
    above.set(index + 1 < count ? nodeOf(own, hashAt(hashes, index + 1)) : own, (index / 2) * hashBytes)
  }
  return above
}
