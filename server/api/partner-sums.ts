/** With whom a seat traded in a range, summed: of each interval its stored results, paired by the area's zones of that time. */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { commonZone, type Partnership, pairPartners } from '../market/partners.ts'
import type { Database } from '../store/database.ts'
import {
  type NamedTrade,
  namedTrades,
  preferredSeats,
  type seatNames,
  type TradedInterval,
  tradedBeside,
} from '../store/partner-store.ts'
import type { SeatKey } from '../store/rows.ts'
import type { SettingsHistory } from './area-tables.ts'
import type { PartnerSum } from './told-partners.ts'

/** Rows of seats that one answer looks at: a month of quarter-hours of seventy homes, all of which trade in each. */
const mostRows = 200_000
/** Rows after which other requests have their turn. */
const rowsAtOnce = 5_000

export interface PartnerSums {
  /** Later than what was asked for, where that has more rows than one answer looks at. */
  from: UtcSeconds
  bought: PartnerSum[]
  sold: PartnerSum[]
  /** Every other seat that traded in that time, with the nearest zone that holds it and the seat. */
  around: Map<number, string>
  /** The seat's zones, from its own to the root, as they are called when it traded last. */
  chain: AreaSettings['zones']
}

type Preferred = Awaited<ReturnType<typeof preferredSeats>>

/** @param key.from, key.to half open. */
export async function partnerSums(
  database: Database,
  key: SeatKey & { from: UtcSeconds; to: UtcSeconds },
  { history, names }: { history: SettingsHistory; names: Awaited<ReturnType<typeof seatNames>> },
): Promise<PartnerSums> {
  const limit = Math.max(1, Math.floor(mostRows / Math.max(1, names.length)))
  const intervals = await tradedBeside(database, { ...key, limit })
  const from = intervals.length < limit ? key.from : intervals.at(-1)!.start
  const named = groupByStart(
    await namedTrades(database, { area: key.area, starts: intervals.map(({ start }) => start) }),
  )
  const preferred = await preferredSeats(database, key.area)
  const [bought, sold] = [new Map<string, PartnerSum>(), new Map<string, PartnerSum>()]
  const around = new Map<number, string>()
  let rows = 0
  for (const interval of intervals) {
    rows += interval.seats.length
    if (rows > rowsAtOnce) {
      await new Promise(setImmediate)
      rows = 0
    }
    const { zones, rules } = history.at(interval.start)
    const parent = parentsOf(zones)
    const own = interval.zones[interval.seats.indexOf(key.seat)]!
    for (const [at, seat] of interval.seats.entries()) {
      if (seat === key.seat || around.has(seat)) continue
      around.set(seat, zones[commonZone(parent, own, interval.zones[at]!)]!.zone)
    }
    const turn = Math.floor(interval.start / rules.intervalSeconds)
    for (const pair of pairsOf(interval, { parent, turn, named: named.get(interval.start) ?? [], preferred })) {
      const { zone } = zones[pair.zone]!
      if (pair.buyer === key.seat) add(bought, { seat: pair.seller, zone, energyWh: pair.energyWh })
      if (pair.seller === key.seat) add(sold, { seat: pair.buyer, zone, energyWh: pair.energyWh })
    }
  }
  const chain = chainOf(intervals[0], key.seat, history)
  return { from, bought: [...bought.values()], sold: [...sold.values()], around, chain }
}

/** Energy that was traded ahead or agreed has its partners; the rest is paired. */
export function pairsOf(
  { start, seats, zones, sold, bought }: TradedInterval,
  {
    parent,
    turn,
    named,
    preferred,
  }: { parent: readonly number[]; turn: number; named: readonly NamedTrade[]; preferred: Preferred },
): Partnership[] {
  const parties = new Map(
    seats.map((seat, at) => [seat, { seat, zone: zones[at]!, soldWh: sold[at]!, boughtWh: bought[at]! }]),
  )
  const pairs = named.map(({ seller, buyer, wh }) => {
    const [from, to] = [parties.get(seller)!, parties.get(buyer)!]
    from.soldWh -= wh
    to.boughtWh -= wh
    return { seller, buyer, zone: commonZone(parent, from.zone, to.zone), energyWh: wh }
  })
  const wished = preferred
    .filter(({ since }) => since <= start)
    .flatMap(({ one, other }) => [
      { seller: one, buyer: other },
      { seller: other, buyer: one },
    ])
  return [...pairs, ...pairPartners({ parent, parties: [...parties.values()], preferred: wished, turn })]
}

function parentsOf(zones: AreaSettings['zones']): number[] {
  const placeOf = new Map(zones.map(({ zone }, place) => [zone, place]))
  return zones.map(({ parent }) => (parent === null ? -1 : placeOf.get(parent)!))
}

function chainOf(newest: TradedInterval | undefined, seat: number, history: SettingsHistory): AreaSettings['zones'] {
  if (newest === undefined) return []
  const { zones } = history.at(newest.start)
  const parent = parentsOf(zones)
  const chain: AreaSettings['zones'] = []
  for (let zone = newest.zones[newest.seats.indexOf(seat)]!; zone >= 0; zone = parent[zone]!) chain.push(zones[zone]!)
  return chain
}

function add(sums: Map<string, PartnerSum>, sum: PartnerSum): void {
  const name = `${sum.seat} ${sum.zone}`
  const known = sums.get(name)
  if (known === undefined) sums.set(name, { ...sum })
  else known.energyWh += sum.energyWh
}

function groupByStart(trades: readonly NamedTrade[]): Map<UtcSeconds, NamedTrade[]> {
  const groups = new Map<UtcSeconds, NamedTrade[]>()
  for (const trade of trades) groups.set(trade.start, [...(groups.get(trade.start) ?? []), trade])
  return groups
}

export function sumOf(sums: readonly { energyWh: Wh }[]): Wh {
  return sums.reduce((sum, { energyWh }) => sum + energyWh, 0)
}
