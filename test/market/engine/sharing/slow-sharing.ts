/**
 * The slow and obvious twin of sharing by a key: from what each seat drew and fed in to who gets what at which price, with whole
 * lists and bigints and one Wh at a time where that is plainer.
 */
import type { DeclaredRound } from '../../../../server/market/area/declarations.ts'

export interface SlowMember {
  seat: number
  /** Place of its zone; zones are `parent` and `feeTicks` by place. */
  zone: number
  importWh: number
  exportWh: number
  isMeasured: boolean
  /** What mandate and funds leave of each side, and the worst price of each. */
  mayBuyWh: number
  maySellWh: number
  buyLimit: number
  sellLimit: number
}

export interface SlowSharing {
  members: SlowMember[]
  consumers: number[]
  producers: number[]
  rounds: DeclaredRound[]
  priceTicks: number
  parent: number[]
  feeTicks: number[]
}

export interface SlowTrade {
  boughtWh: number
  soldWh: number
  paid: bigint
  received: bigint
}

/** One unit after the other to whoever is furthest behind its part; ties to the earlier. */
function slowShare(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n)
  const parts = weights.map(() => 0)
  if (sum === 0n) return parts
  for (const [place, weight] of weights.entries()) parts[place] = Number((BigInt(total) * BigInt(weight)) / sum)
  const behind = (place: number) => BigInt(total) * BigInt(weights[place]!) - BigInt(parts[place]!) * sum
  for (let left = total - parts.reduce((all, part) => all + part, 0); left > 0; left -= 1) {
    let most = 0
    for (const place of parts.keys()) if (behind(place) > behind(most)) most = place
    parts[most]! += 1
  }
  return parts
}

/** What each consumer gets of an offer. */
function slowKey(rounds: readonly DeclaredRound[], offeredWh: number, consumedWh: readonly number[]): number[] {
  const got = consumedWh.map(() => 0)
  const sum = (list: readonly number[]) => list.reduce((all, own) => all + own, 0)
  let granted = 0n
  for (const { ofMillionths, key } of rounds) {
    granted += BigInt(ofMillionths)
    const openWh = () => Number((BigInt(offeredWh) * granted) / 1_000_000n) - sum(got)
    const lacks = () => consumedWh.map((wh, place) => wh - got[place]!)
    const give = (parts: readonly number[]) => {
      for (const [place, part] of parts.entries()) got[place]! += part
    }
    if (key.type === 'proportional') give(slowShare(Math.min(openWh(), sum(lacks())), lacks()))
    else if (key.type === 'cascade') {
      for (const rank of [...new Set(key.ranks)].filter((own) => own !== null).sort((a, b) => a - b)) {
        const among = lacks().map((wh, place) => (key.ranks[place] === rank ? wh : 0))
        give(slowShare(Math.min(openWh(), sum(among)), among))
      }
    } else if (!key.repeated) {
      const rest = 1_000_000 - sum(key.sharesMillionths)
      const parts = slowShare(openWh(), [...key.sharesMillionths, rest])
      give(lacks().map((wh, place) => Math.min(wh, parts[place]!)))
    } else {
      for (;;) {
        const open = key.sharesMillionths.map((share, place) => (lacks()[place]! > 0 ? share : 0))
        if (openWh() === 0 || sum(open) === 0) break
        const parts = slowShare(openWh(), open)
        give(lacks().map((wh, place) => Math.min(wh, parts[place]!)))
      }
    }
  }
  return got
}

/** By seat, and what the grid operator's account takes. */
export function slowSharing(sharing: SlowSharing): { trades: Map<number, SlowTrade>; take: bigint } {
  const { members, consumers, producers, rounds, priceTicks, parent, feeTicks } = sharing
  const memberOf = new Map(members.map((own) => [own.seat, own]))
  const net = (seat: number, side: 'import' | 'export') => {
    const own = memberOf.get(seat)!
    const both = own.importWh - own.exportWh
    return own.isMeasured ? Math.max(0, side === 'import' ? both : -both) : 0
  }
  const produced = producers.map((seat) => net(seat, 'export'))
  const consumed = consumers.map((seat) => net(seat, 'import'))
  const sum = (list: readonly number[]) => list.reduce((all, own) => all + own, 0)
  const got = slowKey(rounds, sum(produced), consumed)
  const given = slowShare(sum(got), produced)
  const mayBuy = consumers.map((seat, place) => Math.min(got[place]!, memberOf.get(seat)!.mayBuyWh))
  const maySell = producers.map((seat, place) => Math.min(given[place]!, memberOf.get(seat)!.maySellWh))
  const both = Math.min(sum(mayBuy), sum(maySell))
  const [buys, sells] = [slowShare(both, mayBuy), slowShare(both, maySell)]
  const trades = new Map(members.map(({ seat }) => [seat, { boughtWh: 0, soldWh: 0, paid: 0n, received: 0n }]))
  let take = 0n
  const depth = (zone: number): number => (parent[zone]! < 0 ? 0 : 1 + depth(parent[zone]!))
  const isBelow = (zone: number, above: number): boolean =>
    zone === above || (parent[zone]! >= 0 && isBelow(parent[zone]!, above))
  const zones = [...parent.keys()]
  const openIn = (zone: number, seats: readonly number[], open: readonly number[]) =>
    sum(open.filter((_, place) => memberOf.get(seats[place]!)!.zone === zone))
  // What is open as the zones' pairing sees it: all members of a zone together.
  const openSell = zones.map((zone) => openIn(zone, producers, sells))
  const openBuy = zones.map((zone) => openIn(zone, consumers, buys))
  const orderOf = (node: number) => below.get(node)!
  const below = new Map<number, number[]>()
  for (const node of [...zones].sort((a, b) => depth(b) - depth(a) || a - b)) {
    // Itself first, then its children's zones in the order in which those were worked through.
    below.set(node, [node, ...children(node).flatMap(orderOf)])
  }
  function children(node: number): number[] {
    return zones.filter((zone) => parent[zone] === node)
  }
  for (const node of [...zones].sort((a, b) => depth(b) - depth(a) || a - b)) {
    const inside = orderOf(node).filter((zone) => isBelow(zone, node))
    const gives = inside.filter((zone) => openSell[zone]! > 0)
    const gets = inside.filter((zone) => openBuy[zone]! > 0)
    const energyWh = Math.min(sum(gives.map((zone) => openSell[zone]!)), sum(gets.map((zone) => openBuy[zone]!)))
    const from = slowShare(
      energyWh,
      gives.map((zone) => openSell[zone]!),
    )
    const to = slowShare(
      energyWh,
      gets.map((zone) => openBuy[zone]!),
    )
    for (const [place, zone] of gives.entries()) openSell[zone]! -= from[place]!
    for (const [place, zone] of gets.entries()) openBuy[zone]! -= to[place]!
    const stillTo = [...to]
    for (const [place, zone] of gives.entries()) {
      const parts = slowShare(from[place]!, stillTo)
      for (const [other, partWh] of parts.entries()) {
        stillTo[other]! -= partWh
        if (partWh > 0) way(zone, gets[other]!, partWh)
      }
    }
  }
  function way(fromZone: number, toZone: number, energyWh: number): void {
    const path = (zone: number): number[] => (parent[zone]! < 0 ? [zone] : [zone, ...path(parent[zone]!)])
    const [up, down] = [path(fromZone), path(toZone)]
    const links = [...up.filter((zone) => !down.includes(zone)), ...down.filter((zone) => !up.includes(zone))]
    const fee = sum(links.map((zone) => feeTicks[zone]!))
    const taken = (zone: number, seats: readonly number[], open: number[]) => {
      const places = seats.flatMap((seat, place) => (memberOf.get(seat)!.zone === zone ? [place] : []))
      const parts = slowShare(
        energyWh,
        places.map((place) => open[place]!),
      )
      for (const [index, place] of places.entries()) open[place]! -= parts[index]!
      return places.map((place, index) => ({ own: memberOf.get(seats[place]!)!, partWh: parts[index]! }))
    }
    const giving = taken(fromZone, producers, sells).filter(({ own }) => own.sellLimit <= priceTicks)
    const getting = taken(toZone, consumers, buys).filter(({ own }) => priceTicks + fee <= own.buyLimit)
    const keptWh = Math.min(sum(giving.map(({ partWh }) => partWh)), sum(getting.map(({ partWh }) => partWh)))
    const soldParts = slowShare(
      keptWh,
      giving.map(({ partWh }) => partWh),
    )
    const boughtParts = slowShare(
      keptWh,
      getting.map(({ partWh }) => partWh),
    )
    for (const [place, { own }] of giving.entries()) {
      const trade = trades.get(own.seat)!
      trade.soldWh += soldParts[place]!
      trade.received += BigInt(priceTicks) * BigInt(soldParts[place]!)
    }
    for (const [place, { own }] of getting.entries()) {
      const trade = trades.get(own.seat)!
      trade.boughtWh += boughtParts[place]!
      trade.paid += BigInt(priceTicks + fee) * BigInt(boughtParts[place]!)
    }
    take += BigInt(fee) * BigInt(keptWh)
  }
  return { trades, take }
}
