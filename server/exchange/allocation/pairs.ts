/** Who got whose energy: what producers gave and consumers got, as amounts between each two. */
import { shareWhole } from './largest-remainder.ts'

export interface Pair {
  /** Places in the lists. */
  producer: number
  consumer: number
  energyWh: number
}

/**
 * Pairs producers with consumers so that every producer gives exactly what it gave and every consumer gets exactly what it
 * got, pro rata as closely as whole Wh allow; both lists have the same sum. Lists no pair without energy; by producer, then
 * consumer.
 */
export function pairUp(givenWh: readonly number[], gotWh: readonly number[]): Pair[] {
  const sum = (list: readonly number[]) => list.reduce((total, wh) => total + wh, 0)
  if (sum(givenWh) !== sum(gotWh)) throw new RangeError('what was given is not what was got')
  const open = [...gotWh]
  const pairs: Pair[] = []
  for (const [producer, wh] of givenWh.entries()) {
    // Pro rata to what is still open, of which there is at least as much, so nobody gets more than that.
    for (const [consumer, energyWh] of shareWhole(wh, open).entries()) {
      open[consumer]! -= energyWh
      if (energyWh > 0) pairs.push({ producer, consumer, energyWh })
    }
  }
  return pairs
}

/** What each producer gave of what was allocated altogether: pro rata to what it fed in. */
export function givenBy(allocatedWh: number, producedWh: readonly number[]): number[] {
  return shareWhole(allocatedWh, producedWh)
}
