/**
 * Who of a community gets how much of what it produced in one interval, by the key that its members agreed on: whole Wh,
 * never more than somebody consumed, never more than there is. What nobody gets stays with the supplier.
 *
 * Keys as the laws have them: static (AT "statisch", ES coefficients, FR "statique", US percentages), pro rata to
 * consumption (AT "dynamisch", CH, LU and BE "prorata", FR "dynamique par défaut"), by priority (LU, FR), and rounds of
 * such keys (BE-WAL, BE-BRU "plusieurs tours").
 */
import { shareWhole } from './largest-remainder.ts'

/** The whole, in the unit of shares. */
export const wholeMillionths = 1_000_000

/** How the energy of one round is shared; lists are in the order of the consumers. */
export type AllocationKey =
  /** Pro rata to what each still lacks. */
  | { kind: 'proportional' }
  /**
   * Fixed shares in millionths, together at most the whole. What somebody does not consume is left over; with `repeated`
   * it is shared again among those who still lack something, until nothing is left or nobody lacks anything.
   */
  | { kind: 'static'; sharesMillionths: readonly number[]; repeated: boolean }
  /** The lowest rank first, pro rata among equals; whoever has none gets nothing. */
  | { kind: 'cascade'; ranks: readonly (number | null)[] }

/** One round: how much of the interval's energy it shares at most, and how. */
export interface AllocationRound {
  ofMillionths: number
  key: AllocationKey
}

/** A key by itself, over everything. */
export function inOneRound(key: AllocationKey): AllocationRound[] {
  return [{ ofMillionths: wholeMillionths, key }]
}

/**
 * Allocates `offeredWh` among consumers by rounds, each of which shares its part of the offer, and what earlier rounds left
 * of theirs. All energies are whole Wh and not negative. Returns what each consumer gets, in order.
 *
 * Throws a RangeError where a list has another length than the consumers, or shares exceed the whole: keys are checked
 * when they are agreed on, not here.
 */
export function allocate(
  rounds: readonly AllocationRound[],
  offeredWh: number,
  consumedWh: readonly number[],
): number[] {
  const allocated = consumedWh.map(() => 0)
  let granted = 0
  let givenWh = 0
  for (const { ofMillionths, key } of rounds) {
    granted += ofMillionths
    if (granted > wholeMillionths) throw new RangeError('rounds share more than the whole')
    // Floored, so that rounds never reach for more than there is; the whole is exact.
    const reachWh = Number((BigInt(offeredWh) * BigInt(granted)) / BigInt(wholeMillionths))
    const lacking = consumedWh.map((wh, i) => wh - allocated[i]!)
    for (const [i, wh] of shareByKey(key, reachWh - givenWh, lacking).entries()) {
      allocated[i]! += wh
      givenWh += wh
    }
  }
  return allocated
}

function shareByKey(key: AllocationKey, offeredWh: number, lackingWh: readonly number[]): number[] {
  if (key.kind === 'proportional') return proportionally(offeredWh, lackingWh)
  if (key.kind === 'cascade') return byRank(key.ranks, offeredWh, lackingWh)
  const { sharesMillionths, repeated } = key
  const sum = sharesMillionths.reduce((total, share) => total + share, 0)
  if (sharesMillionths.length !== lackingWh.length || sum > wholeMillionths) {
    throw new RangeError('shares do not fit the consumers or exceed the whole')
  }
  if (repeated) return repeatedly(sharesMillionths, offeredWh, lackingWh)
  // Whoever owns what is not shared out takes part in the rounding, so that 50 % of 3 Wh are not 3.
  const parts = shareWhole(offeredWh, [...sharesMillionths, wholeMillionths - sum])
  return lackingWh.map((lacks, i) => Math.min(lacks, parts[i]!))
}

function proportionally(offeredWh: number, lackingWh: readonly number[]): number[] {
  const sum = lackingWh.reduce((total, wh) => total + wh, 0)
  return offeredWh >= sum ? [...lackingWh] : shareWhole(offeredWh, lackingWh)
}

function byRank(ranks: readonly (number | null)[], offeredWh: number, lackingWh: readonly number[]): number[] {
  if (ranks.length !== lackingWh.length) throw new RangeError('ranks do not fit the consumers')
  const allocated = lackingWh.map(() => 0)
  let left = offeredWh
  for (const rank of [...new Set(ranks)].filter((each) => each !== null).sort((a, b) => a - b)) {
    const among = lackingWh.map((wh, i) => (ranks[i] === rank ? wh : 0))
    for (const [i, wh] of proportionally(left, among).entries()) {
      allocated[i]! += wh
      left -= wh
    }
  }
  return allocated
}

/** Each pass gives everything, or fills somebody up, so there are at most as many passes as consumers and one more. */
function repeatedly(shares: readonly number[], offeredWh: number, lackingWh: readonly number[]): number[] {
  const allocated = lackingWh.map(() => 0)
  for (let left = offeredWh; left > 0; ) {
    const open = shares.map((share, i) => (allocated[i]! < lackingWh[i]! ? share : 0))
    if (open.every((share) => share === 0)) break
    for (const [i, wh] of shareWhole(left, open).entries()) {
      const taken = Math.min(wh, lackingWh[i]! - allocated[i]!)
      allocated[i]! += taken
      left -= taken
    }
  }
  return allocated
}
