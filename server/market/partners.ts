/**
 * From whom a buyer's energy came and who bought a seller's: preferred neighbours first, then nearest first. It is said of
 * quantities that are already decided and changes none of them, nor a price.
 */
import type { Wh } from '../../contracts/protocol/units.ts'
import { shareProRata } from './pro-rata.ts'

/** What a seat sold or bought without a partner by name; never both, since a seat trades its net side only. */
export interface Party {
  seat: number
  /** Place of its zone. */
  zone: number
  soldWh: Wh
  boughtWh: Wh
}

export interface Partnership {
  seller: number
  buyer: number
  /** Place of the nearest zone that holds both. */
  zone: number
  energyWh: Wh
}

export interface PartnersInput {
  /** By place of a zone, the place of the one above it; −1 for the root. */
  parent: readonly number[]
  /** The parties of the interval, each seat once. */
  parties: readonly Party[]
  /** Pairs of seats of which one prefers the other. */
  preferred: readonly Pick<Partnership, 'seller' | 'buyer'>[]
  /** Number of the interval: it says where on the ring of a zone's buyers its first seller begins. */
  turn: number
}

interface Open {
  seat: number
  energyWh: Wh
}

/**
 * Pairs all that was sold with all that was bought, in whole Wh; where the sums differ, the rest of the larger one stays alone.
 * The same input in another order gives the same pairs.
 *
 * Preferred pairs come first, the nearest of them before the others: each seller shares what it has left among those that it is
 * preferred with, pro rata to what they lack. Then every zone, from the leaves to the root, pairs what is open in it: the smaller
 * side wholly, the larger one pro rata by largest remainder, and the rest goes up. Within a zone sellers and buyers lie on two
 * rings by seat, each as long as its energy, and what lies side by side is a pair. The rings are turned against each other
 * by another part of a circle in each interval, so that over many of them everybody is paired with everybody pro rata, while in
 * one interval a zone has no more pairs than parties.
 */
export function pairPartners({ parent, parties, preferred, turn }: PartnersInput): Partnership[] {
  const depths = depthsOf(parent)
  const bySeat = [...parties].sort((a, b) => a.seat - b.seat)
  const zoneOf = new Map(bySeat.map(({ seat, zone }) => [seat, zone]))
  const selling = opened(bySeat, 'soldWh')
  const buying = opened(bySeat, 'boughtWh')
  const partnerships = pairPreferred({ parent, depths, zoneOf, preferred, selling, buying })
  const inZone = (open: Iterable<Open>) => {
    const lists: Open[][] = parent.map(() => [])
    for (const own of open) if (own.energyWh > 0) lists[zoneOf.get(own.seat)!]!.push(own)
    return lists
  }
  const [sellers, buyers] = [inZone(selling.values()), inZone(buying.values())]
  for (const zone of [...parent.keys()].sort((a, b) => depths[b]! - depths[a]!)) {
    const [sold, bought] = [sellers[zone]!, buyers[zone]!].map((list) => list.sort((a, b) => a.seat - b.seat))
    const energyWh = Math.min(sumOf(sold!), sumOf(bought!))
    if (energyWh > 0) {
      const from = take(sold!, energyWh)
      const to = turned(take(bought!, energyWh), Math.floor(energyWh * partOfCircle(turn)))
      for (const pair of sideBySide(from, to)) partnerships.push({ ...pair, zone })
    }
    const above = parent[zone]!
    if (above < 0) continue
    for (const own of sold!) if (own.energyWh > 0) sellers[above]!.push(own)
    for (const own of bought!) if (own.energyWh > 0) buyers[above]!.push(own)
  }
  return together(partnerships)
}

/** Place of the nearest zone that holds both. */
export function commonZone(parent: readonly number[], one: number, other: number): number {
  const above = new Set<number>()
  for (let zone = one; zone >= 0; zone = parent[zone]!) above.add(zone)
  let zone = other
  while (!above.has(zone)) zone = parent[zone]!
  return zone
}

function pairPreferred({
  parent,
  depths,
  zoneOf,
  preferred,
  selling,
  buying,
}: Pick<PartnersInput, 'parent' | 'preferred'> & {
  depths: readonly number[]
  zoneOf: ReadonlyMap<number, number>
  selling: ReadonlyMap<number, Open>
  buying: ReadonlyMap<number, Open>
}): Partnership[] {
  // The buyers of a seller below a common zone; the deepest zone first, and in it by seat.
  const groups = new Map<string, { seller: Open; zone: number; buyers: Map<number, Open> }>()
  for (const pair of preferred) {
    const [seller, buyer] = [selling.get(pair.seller), buying.get(pair.buyer)]
    if (seller === undefined || buyer === undefined) continue
    const zone = commonZone(parent, zoneOf.get(pair.seller)!, zoneOf.get(pair.buyer)!)
    const name = `${pair.seller} ${zone}`
    const group = groups.get(name) ?? { seller, zone, buyers: new Map() }
    groups.set(name, group)
    group.buyers.set(pair.buyer, buyer)
  }
  const nearestFirst = [...groups.values()].sort(
    (a, b) => depths[b.zone]! - depths[a.zone]! || a.seller.seat - b.seller.seat,
  )
  return nearestFirst.flatMap(({ seller, zone, buyers }) => {
    const bought = [...buyers.values()].sort((a, b) => a.seat - b.seat)
    const energyWh = Math.min(seller.energyWh, sumOf(bought))
    if (energyWh === 0) return []
    seller.energyWh -= energyWh
    return take(bought, energyWh).map((own) => {
      return { seller: seller.seat, buyer: own.seat, zone, energyWh: own.energyWh }
    })
  })
}

function opened(parties: readonly Party[], side: 'soldWh' | 'boughtWh'): Map<number, Open> {
  const open = parties.filter((party) => party[side] > 0)
  return new Map(open.map((party) => [party.seat, { seat: party.seat, energyWh: party[side] }]))
}

/** Takes so much off what is open, pro rata, and says from whom. */
function take(open: readonly Open[], energyWh: Wh): Open[] {
  const shares = shareProRata(
    energyWh,
    Float64Array.from(open, (own) => own.energyWh),
  )
  return open.flatMap((own, index) => {
    const share = shares[index]!
    own.energyWh -= share
    return share > 0 ? [{ seat: own.seat, energyWh: share }] : []
  })
}

/** Multiples of the golden ratio fill a circle as evenly as can be, however many there are of them. */
function partOfCircle(turn: number): number {
  return (Math.imul(turn, 0x9e37_79b9) >>> 0) / 2 ** 32
}

/** The ring from so many Wh after its beginning on; whoever lies across comes first and last. */
function turned(ring: readonly Open[], byWh: Wh): Open[] {
  const [before, after]: [Open[], Open[]] = [[], []]
  let leftWh = byWh
  for (const { seat, energyWh } of ring) {
    const passedWh = Math.min(leftWh, energyWh)
    leftWh -= passedWh
    if (passedWh > 0) before.push({ seat, energyWh: passedWh })
    if (passedWh < energyWh) after.push({ seat, energyWh: energyWh - passedWh })
  }
  return [...after, ...before]
}

/** What lies side by side of two lists with the same sum. */
function sideBySide(sold: readonly Open[], bought: readonly Open[]): Omit<Partnership, 'zone'>[] {
  const pairs: Omit<Partnership, 'zone'>[] = []
  let [buyer, usedWh] = [0, 0]
  for (const { seat, energyWh } of sold) {
    for (let leftWh = energyWh; leftWh > 0; ) {
      const other = bought[buyer]!
      const pairedWh = Math.min(leftWh, other.energyWh - usedWh)
      pairs.push({ seller: seat, buyer: other.seat, energyWh: pairedWh })
      leftWh -= pairedWh
      usedWh += pairedWh
      if (usedWh === other.energyWh) [buyer, usedWh] = [buyer + 1, 0]
    }
  }
  return pairs
}

/** Each two seats once, by seller and buyer; they have one common zone, so it is the same wherever they are paired. */
function together(partnerships: readonly Partnership[]): Partnership[] {
  const sorted = [...partnerships].sort((a, b) => a.seller - b.seller || a.buyer - b.buyer)
  const merged: Partnership[] = []
  for (const each of sorted) {
    const last = merged.at(-1)
    if (last?.seller === each.seller && last.buyer === each.buyer) last.energyWh += each.energyWh
    else merged.push({ ...each })
  }
  return merged
}

function depthsOf(parent: readonly number[]): number[] {
  return parent.map((_, zone) => {
    let depth = 0
    for (let above = parent[zone]!; above >= 0; above = parent[above]!) depth += 1
    return depth
  })
}

function sumOf(open: readonly Open[]): Wh {
  return open.reduce((sum, { energyWh }) => sum + energyWh, 0)
}
