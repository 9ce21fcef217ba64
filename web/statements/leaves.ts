/**
 * Computes a statement's leaves and root again in the browser. It follows the rules that `server/settlement/statement.ts`
 * states, but uses none of the server's code: integers are big-endian, `‖` joins bytes, the hash is keccak-256.
 */
import { concat, keccak256, toBeHex } from 'ethers'
import type { StatementFile } from '../../server/settlement/statement-file.ts'

const stages = ['agreements', 'forward', 'spot', 'imported', 'coefficients'] as const

/**
 * The hash of each leaf: hash(0x00 ‖ salt ‖ area ‖ start ‖ seat ‖ stage ‖ reference ‖ side ‖ energy ‖ amount), where salt n =
 * hash(0x03 ‖ seed ‖ n).
 */
export function leafHashes({ area, seat, seed, leaves }: StatementFile): string[] {
  return leaves.map(({ start, stage, reference, side, energyWh, amount }, place) =>
    keccak256(
      concat([
        '0x00',
        keccak256(concat(['0x03', seed!, toBeHex(place, 4)])),
        toBeHex(area, 4),
        toBeHex(start, 4),
        toBeHex(seat, 4),
        toBeHex(stages.indexOf(stage), 1),
        reference,
        side === 'buy' ? '0x00' : '0x01',
        toBeHex(energyWh, 6),
        toBeHex(BigInt.asUintN(128, BigInt(amount)), 16),
      ]),
    ),
  )
}

/**
 * The top of a tree of `count` leaves (RFC 6962, where a node is hash(0x01 ‖ left ‖ right)). The given leaves stand in it side
 * by side from `first` on, and the other hashes lead from them to the top. The answer is null where there are too few or too
 * many of those hashes, or where the leaves have no place in the tree.
 */
export function treeTop(
  count: number,
  first: number,
  leaves: readonly string[],
  siblings: readonly string[],
): string | null {
  let [from, to, used] = [first, first + leaves.length, 0]
  if (leaves.length === 0 || first < 0 || to > count) return null
  let level = [...leaves]
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    if (from % 2 === 1) level.unshift(siblings[used++] ?? '')
    if (to % 2 === 1 && to < width) level.push(siblings[used++] ?? '')
    if (level.includes('')) return null
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, pair) => {
      const [left, right] = [level[2 * pair]!, level[2 * pair + 1]]
      return right === undefined ? left : keccak256(concat(['0x01', left, right]))
    })
    from = Math.floor(from / 2)
    to = Math.ceil(to / 2)
  }
  return used === siblings.length ? level[0]! : null
}

/**
 * The root that is settled: hash(0x04 ‖ area ‖ end ‖ count ‖ tree ‖ stated); null where the leaves have no place in such a
 * tree.
 */
export function statementRootOf(file: StatementFile): string | null {
  const { area, end, count, first, siblings, stated } = file
  const top = treeTop(count, first, leafHashes(file), siblings)
  if (top === null) return null
  return keccak256(concat(['0x04', toBeHex(area, 4), toBeHex(end, 4), toBeHex(count, 4), top, stated]))
}
