/**
 * A batch's statement: all its final fills as salted Merkle leaves, whose root is settled with the batch. Every account
 * can prove its own fills from its leaves, and learns nothing of the others from their hashes.
 *
 * Anyone recomputes the root by these rules (integers big-endian, `‖` joins bytes, the hash is keccak-256):
 * - Leaves are one per (interval, order) with energy, ascending by interval start, then by order digest.
 * - leaf = hash(0x00 ‖ salt[32] ‖ area[4] ‖ start[4] ‖ seat[4] ‖ order[32] ‖ side[1] ‖ energyWh[6] ‖ amount[16]), where side
 *   is 0 for bought and 1 for sold, and amount is what was paid or received in ledger units, two's complement.
 * - The tree is RFC 6962's: node = hash(0x01 ‖ left ‖ right), the left half holding the largest power of two of leaves
 *   below their number; the tree of one leaf is the leaf; of none it is 32 zero bytes.
 * - root = hash(0x04 ‖ area[4] ‖ end[4] ‖ count[4] ‖ tree ‖ stated[32]), where `stated` is the hash of what nobody signs
 *   (`stated-facts.ts`); of batches from before that was kept, hash(0x02 ‖ area[4] ‖ end[4] ‖ count[4] ‖ tree).
 *
 * Salts are hash(0x03 ‖ seed[32] ‖ index[4]) of one secret random seed, which is not kept: the salts are kept leaf by leaf,
 * so that deleting one makes that leaf unlinkable and touches no other.
 */
import { keccak256 } from '../../contracts/protocol/keccak.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { Side } from '../market/auction.ts'
import { SettlementError } from './error.ts'

/** What one order bought or sold in one interval; `amount` was paid or received, all fees and refunds included. */
export interface StatementFill {
  start: UtcSeconds
  seat: number
  order: Hex
  side: Side
  energyWh: Wh
  amount: LedgerUnits
}

export interface StatementLeaf {
  fill: StatementFill
  salt: Hex
  hash: Hex
}

export interface StatementBatch {
  area: number
  end: UtcSeconds
  /** The hash of what is stated beside the fills; null for a batch that keeps none. */
  stated: Hex | null
}

export interface Statement {
  root: Hex
  leaves: StatementLeaf[]
}

/** Where a leaf stands and the sibling hashes from it to the tree's top. */
export interface LeafProof {
  index: number
  count: number
  siblings: Hex[]
}

/**
 * Makes a batch's statement; the order of `fills` does not matter, those without energy are left out. `seed` is 32 secret
 * random bytes. Throws `SettlementError` `SETTLEMENT_STATEMENT` on a wrong seed or two fills of one order in one interval.
 */
export function statementOf(batch: StatementBatch, fills: StatementFill[], seed: Uint8Array): Statement {
  if (seed.length !== 32) throw new SettlementError('SETTLEMENT_STATEMENT', 'a seed has 32 bytes')
  const leaves = sortedFills(fills).map((fill, index) => {
    const salt = hashOf(['0x03', seed, unsigned(index, 4)])
    return { fill, salt, hash: leafHash(batch.area, fill, salt) }
  })
  return {
    root: statementRoot(
      batch,
      leaves.map(({ hash }) => hash),
    ),
    leaves,
  }
}

/** The root of a statement with these leaf hashes, in leaf order. */
export function statementRoot(batch: StatementBatch, hashes: Hex[]): Hex {
  return rootOf(batch, hashes.length, treeHash(hashes))
}

/** The fills that have a leaf, in leaf order. Throws `SETTLEMENT_STATEMENT` on two fills of one order in one interval. */
export function sortedFills(fills: StatementFill[]): StatementFill[] {
  const sorted = fills
    .filter(({ energyWh }) => energyWh > 0)
    .sort((a, b) => a.start - b.start || (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
  sorted.forEach((fill, index) => {
    const before = sorted[index - 1]
    if (before !== undefined && before.start === fill.start && before.order === fill.order) {
      throw new SettlementError('SETTLEMENT_STATEMENT', `order ${fill.order} has two fills at ${fill.start}`)
    }
  })
  return sorted
}

export function leafHash(area: number, fill: StatementFill, salt: Hex): Hex {
  return hashOf([
    '0x00',
    salt,
    unsigned(area, 4),
    unsigned(fill.start, 4),
    unsigned(fill.seat, 4),
    fill.order,
    fill.side === 'buy' ? '0x00' : '0x01',
    unsigned(fill.energyWh, 6),
    unsigned(BigInt.asUintN(128, fill.amount), 16),
  ])
}

/** The proof of the leaf at `index` among all leaf hashes of the batch, in leaf order. */
export function proveLeaf(hashes: Hex[], index: number): LeafProof {
  if (!(index >= 0 && index < hashes.length)) {
    throw new SettlementError('SETTLEMENT_STATEMENT', `there is no leaf ${index} among ${hashes.length}`)
  }
  const siblings: Hex[] = []
  let from = 0
  let to = hashes.length
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      siblings.push(treeHash(hashes.slice(middle, to)))
      to = middle
    } else {
      siblings.push(treeHash(hashes.slice(from, middle)))
      from = middle
    }
  }
  return { index, count: hashes.length, siblings: siblings.reverse() }
}

/** Whether the leaf stands where the proof says in the statement that has this root. */
export function verifyLeaf(batch: StatementBatch, root: Hex, leaf: Hex, proof: LeafProof): boolean {
  const { index, count } = proof
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 0 && index < count)) return false
  const siblings = [...proof.siblings]
  const climb = (position: number, size: number): Hex | null => {
    if (size === 1) return leaf
    const split = splitOf(size)
    const below = position < split ? climb(position, split) : climb(position - split, size - split)
    const sibling = siblings.shift()
    if (below === null || sibling === undefined) return null
    return position < split ? nodeHash(below, sibling) : nodeHash(sibling, below)
  }
  const tree = climb(index, count)
  return tree !== null && siblings.length === 0 && rootOf(batch, count, tree) === root
}

function treeHash(hashes: Hex[]): Hex {
  if (hashes.length === 0) return `0x${'0'.repeat(64)}`
  if (hashes.length === 1) return hashes[0]!
  const split = splitOf(hashes.length)
  return nodeHash(treeHash(hashes.slice(0, split)), treeHash(hashes.slice(split)))
}

/** The largest power of two below `count`, which is at least 2. */
function splitOf(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1))
}

function nodeHash(left: Hex, right: Hex): Hex {
  return hashOf(['0x01', left, right])
}

function rootOf({ area, end, stated }: StatementBatch, count: number, tree: Hex): Hex {
  const own = [unsigned(area, 4), unsigned(end, 4), unsigned(count, 4), tree]
  return hashOf(stated === null ? ['0x02', ...own] : ['0x04', ...own, stated])
}

/** Of the parts, joined as bytes. */
function hashOf(parts: readonly (Hex | Uint8Array)[]): Hex {
  const bytes = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part.slice(2), 'hex') : part)),
  )
  return `0x${Buffer.from(keccak256(bytes).buffer).toString('hex')}`
}

/** Big-endian. Throws `SETTLEMENT_STATEMENT` where the value does not fit. */
function unsigned(value: number | bigint, bytes: number): Uint8Array {
  const digits = BigInt(value).toString(16)
  if (value < 0 || digits.length > 2 * bytes) {
    throw new SettlementError('SETTLEMENT_STATEMENT', `${value} does not fit ${bytes} bytes`)
  }
  return Buffer.from(digits.padStart(2 * bytes, '0'), 'hex')
}
