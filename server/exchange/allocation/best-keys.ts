/**
 * Which keys would have been best for whom, from what was produced and consumed: the fixed coefficients under which the
 * most of the production would have been used in the community, and what every kind of key would have given to each.
 */
import { type AllocationRound, allocate, inOneRound, wholeMillionths } from './allocate.ts'
import { shareWhole } from './largest-remainder.ts'

/** Whole Wh by interval, in the same order everywhere. */
export interface History {
  producedWh: readonly number[]
  /** Consumption by consumer, then by interval. */
  consumedWh: readonly (readonly number[])[]
}

/**
 * Fixed shares in millionths, together the whole, that would have covered the most consumption. What a share covers of one
 * consumer is concave in the share, so the best shares are those at which one more millionth would be worth the same
 * everywhere: that worth is found by bisection. What then is left over is shared by consumption.
 */
export function bestStaticShares({ producedWh, consumedWh }: History): number[] {
  const curves = consumedWh.map((consumed) => new WorthCurve(producedWh, consumed))
  let [low, high] = [0, producedWh.reduce((all, wh) => all + wh, 0) + 1]
  const sharesAt = (worth: number) => curves.map((curve) => curve.shareWorth(worth))
  const sum = (shares: readonly number[]) => shares.reduce((all, share) => all + share, 0)
  for (let step = 0; step < 200 && sum(sharesAt(low)) > wholeMillionths; step++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (sum(sharesAt(middle)) > wholeMillionths) low = middle
    else high = middle
  }
  const shares = sharesAt(sum(sharesAt(low)) > wholeMillionths ? high : low)
  const rest = wholeMillionths - sum(shares)
  // Those who could still use more, at the worth that was found, take what is left; if nobody could, by consumption.
  const more = sharesAt(low).map((share, i) => share - shares[i]!)
  const weights = sum(more) >= rest ? more : consumedWh.map((consumed) => sum(consumed))
  const extra =
    sum(weights) === 0
      ? shareWhole(
          rest,
          weights.map(() => 1),
        )
      : shareWhole(rest, weights)
  return shares.map((share, i) => share + extra[i]!)
}

/** What one more part of the production is worth to a consumer: the production of the intervals in which it is not covered. */
class WorthCurve {
  /** Shares at which an interval is covered, ascending, and the production of the intervals from there on. */
  readonly #coveredAt: Float64Array
  readonly #productionFrom: Float64Array

  constructor(producedWh: readonly number[], consumedWh: readonly number[]) {
    const lit = [...producedWh.keys()].filter((i) => producedWh[i]! > 0)
    const ratio = (i: number) => consumedWh[i]! / producedWh[i]!
    lit.sort((a, b) => ratio(a) - ratio(b))
    this.#coveredAt = Float64Array.from(lit, ratio)
    this.#productionFrom = new Float64Array(lit.length + 1)
    for (let at = lit.length - 1; at >= 0; at--) {
      this.#productionFrom[at] = this.#productionFrom[at + 1]! + producedWh[lit[at]!]!
    }
  }

  /** The largest share, in millionths, up to which one more part of the production is worth more than `worthWh`. */
  shareWorth(worthWh: number): number {
    let [from, to] = [0, this.#coveredAt.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#productionFrom[middle]! > worthWh) from = middle + 1
      else to = middle
    }
    const share = from === 0 ? 0 : Math.min(1, this.#coveredAt[from - 1]!)
    return Math.floor(share * wholeMillionths)
  }
}

/** Shares for one interval, pro rata to what was consumed in it: the best coefficients of an hour, seen from afterwards. */
export function sharesOfInterval({ consumedWh }: History, interval: number): number[] | null {
  const weights = consumedWh.map((consumed) => consumed[interval]!)
  return weights.every((wh) => wh === 0) ? null : shareWhole(wholeMillionths, weights)
}

/** What each consumer would have got over the whole history, by keys that may differ from interval to interval. */
export function coveredBy(
  { producedWh, consumedWh }: History,
  keyOf: (interval: number) => readonly AllocationRound[],
): number[] {
  const covered = consumedWh.map(() => 0)
  for (const [interval, offered] of producedWh.entries()) {
    if (offered === 0) continue
    const consumed = consumedWh.map((ofConsumer) => ofConsumer[interval]!)
    for (const [i, wh] of allocate(keyOf(interval), offered, consumed).entries()) covered[i]! += wh
  }
  return covered
}

/** A key of fixed shares, in one round. */
export function fixedKey(sharesMillionths: readonly number[]): AllocationRound[] {
  return inOneRound({ kind: 'static', sharesMillionths, repeated: false })
}
