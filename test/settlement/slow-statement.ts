/** Statements as their rule is written down, with no thought of speed: what the fast ones are compared with. */
import { concat, keccak256, solidityPackedKeccak256 } from 'ethers'

export interface SlowFill {
  seat: number
  start: number
  /** Its place among the stages. */
  stage: number
  /** `0x` and 64 digits. */
  reference: string
  side: 'buy' | 'sell'
  energyWh: number
  amount: bigint
}

export interface SlowBatch {
  area: number
  end: number
  number: number
  secret: string
  stated: string
}

export function slowSeed({ secret, number }: Pick<SlowBatch, 'secret' | 'number'>, seat: number): string {
  return solidityPackedKeccak256(['uint8', 'bytes32', 'uint32', 'uint32'], [6, secret, number, seat])
}

/** The leaves' hashes in their order; `fills` may come in any order. */
export function slowLeaves(batch: SlowBatch, fills: readonly SlowFill[]): string[] {
  const sorted = [...fills].sort(
    (a, b) => a.seat - b.seat || a.start - b.start || a.stage - b.stage || (a.reference < b.reference ? -1 : 1),
  )
  return sorted.map((fill, place) => {
    const own = sorted.findIndex(({ seat }) => seat === fill.seat)
    const seed = slowSeed(batch, fill.seat)
    const salt = solidityPackedKeccak256(['uint8', 'bytes32', 'uint32'], [3, seed, place - own])
    return solidityPackedKeccak256(
      ['uint8', 'bytes32', 'uint32', 'uint32', 'uint32', 'uint8', 'bytes32', 'uint8', 'uint48', 'int128'],
      [
        ...[0, salt, batch.area, fill.start, fill.seat, fill.stage, fill.reference],
        ...[fill.side === 'buy' ? 0 : 1, fill.energyWh, fill.amount],
      ],
    )
  })
}

/** RFC 6962, section 2.1. */
export function slowTree(leaves: readonly string[]): string {
  if (leaves.length === 0) return `0x${'0'.repeat(64)}`
  if (leaves.length === 1) return leaves[0]!
  const split = splitOf(leaves.length)
  return keccak256(concat(['0x01', slowTree(leaves.slice(0, split)), slowTree(leaves.slice(split))]))
}

/** The hashes beside the way of some neighbouring leaves, from below and left before right, read off the whole tree. */
export function slowSiblings(leaves: readonly string[], first: number, length: number): string[] {
  const beside: string[] = []
  let level = [...leaves]
  let own = leaves.map((_, place) => place >= first && place < first + length)
  while (level.length > 1) {
    const isPaired = (place: number) => own[place % 2 === 0 ? place + 1 : place - 1] === true
    beside.push(...level.filter((_, place) => !own[place] && isPaired(place)))
    const above = Array.from({ length: Math.ceil(level.length / 2) }, (_, place) => [2 * place, 2 * place + 1])
    own = above.map((pair) => pair.some((place) => own[place] === true))
    level = above.map((pair) => slowTree(level.slice(pair[0], pair[1]! + 1)))
  }
  return beside
}

/** The largest power of two below `count`, which is at least 2. */
function splitOf(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1))
}

export function slowRoot(batch: SlowBatch, leaves: readonly string[]): string {
  return solidityPackedKeccak256(
    ['uint8', 'uint32', 'uint32', 'uint32', 'bytes32', 'bytes32'],
    [4, batch.area, batch.end, leaves.length, slowTree(leaves), batch.stated],
  )
}
