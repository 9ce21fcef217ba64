/** Seeded random auctions for the property tests: trees of 1–40 zones, depth 1–5, ties, odd fees, shut and full links. */
import type { AuctionInput, AuctionOrder, Zone } from '../../server/market/auction.ts'

/** A small seeded generator of whole numbers (mulberry32). */
export class Dice {
  private state: number

  constructor(seed: number) {
    this.state = seed
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    const unit = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    return least + Math.floor(unit * (most - least + 1))
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)]!
  }
}

export interface AuctionShape {
  mostZones: number
  mostOrders: number
  mostWh: number
}

export const smallTrees: AuctionShape = { mostZones: 6, mostOrders: 14, mostWh: 12 }
export const wideTrees: AuctionShape = { mostZones: 40, mostOrders: 120, mostWh: 5000 }

/** One random auction; the same seed and shape give the same auction. */
export function randomAuction(seed: number, shape: AuctionShape): AuctionInput {
  const dice = new Dice(seed)
  const zones = randomZones(dice, shape)
  const spreadTicks = dice.oneOf([1, 3, 10, 1000])
  const centreTicks = dice.oneOf([0, -5, 1750, -300_000_000])
  const orders: AuctionOrder[] = []
  const orderCount = dice.between(0, shape.mostOrders)
  for (let i = 0; i < orderCount; i++) {
    orders.push({
      id: `o${i}`,
      side: dice.oneOf(['buy', 'sell'] as const),
      zone: dice.oneOf(zones).id,
      energyWh: dice.between(1, dice.oneOf([1, 3, shape.mostWh])),
      limitTicks: centreTicks + dice.between(-spreadTicks, spreadTicks),
    })
  }
  return { zones, orders }
}

function randomZones(dice: Dice, { mostZones, mostWh }: AuctionShape): Zone[] {
  const deepest = dice.between(1, 5)
  const feeChoices = dice.oneOf([[0], [0, 1], [0, 1, 3, 7], [0, 1, 2, 333]])
  const capacityChoices = dice.oneOf([[null], [null, 0, 1], [0, 1, 2, mostWh], [null, mostWh, 3 * mostWh]])
  const depthOf = new Map<Zone, number>()
  const zones: Zone[] = []
  const zoneCount = dice.between(1, dice.oneOf([3, mostZones]))
  for (let i = 0; i < zoneCount; i++) {
    const candidates = zones.filter((zone) => depthOf.get(zone)! < deepest)
    const parent = i === 0 ? undefined : dice.oneOf(candidates)
    const zone: Zone = {
      id: `z${i}`,
      feeTicksPerKwh: dice.oneOf(feeChoices),
      capacityWh: dice.oneOf(capacityChoices),
      ...(parent && { parent: parent.id }),
    }
    depthOf.set(zone, parent ? depthOf.get(parent)! + 1 : 0)
    zones.push(zone)
  }
  return shuffled(dice, zones)
}

/** Zones may be listed in any order, children before parents too. */
function shuffled<T>(dice: Dice, items: T[]): T[] {
  const left = [...items]
  const drawn: T[] = []
  while (left.length > 0) drawn.push(...left.splice(dice.between(0, left.length - 1), 1))
  return drawn
}
