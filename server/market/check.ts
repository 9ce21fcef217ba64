/**
 * Says whether an auction's result is right, from the auction and the result alone: it shares no code with the clearing,
 * so either can convict the other.
 *
 * The optimum is proved, not computed again: a result is optimal exactly when prices exist that support it (the duals of
 * the linear program), and those are found by walking its fills and flows.
 */
import { type AuctionInput, type AuctionResult, auctionColumns } from './auction.ts'
import { checkPrices, checkSupport } from './check-prices.ts'
import { checkSharing } from './check-sharing.ts'
import { type Breach, breach, type ClaimedResult } from './claimed-result.ts'
import { quoted } from './errors.ts'

/** Returns the first breach, or `null` for a right result. Throws `MarketError` for an input that is refused. */
export function checkAuction(input: AuctionInput, result: AuctionResult): Breach | null {
  auctionColumns(input)
  const listing = checkListing(input, result)
  if (listing) return listing
  const claim = claimOf(input, result)
  return (
    checkFills(claim) ??
    checkCapacities(claim) ??
    checkBalances(claim) ??
    checkSupport(claim) ??
    checkSharing(claim) ??
    checkPrices(claim) ??
    checkTotals(claim)
  )
}

/** Every zone and every link once and in input order; fills of known orders, each at most once, in input order. */
function checkListing(input: AuctionInput, result: AuctionResult): Breach | null {
  const zoneIds = input.zones.map((zone) => zone.id)
  const linkIds = input.zones.flatMap((zone) => (zone.parent === undefined ? [] : [zone.id]))
  const strangeZone = firstDifference(
    zoneIds,
    result.zones.map((zone) => zone.zone),
  )
  if (strangeZone)
    return breach('LISTING', strangeZone.id, `zones must list all zones in input order; ${strangeZone.text}`)
  const strangeFlow = firstDifference(
    linkIds,
    result.flows.map((flow) => flow.zone),
  )
  if (strangeFlow)
    return breach('LISTING', strangeFlow.id, `flows must list all links in input order; ${strangeFlow.text}`)
  const position = new Map(input.orders.map((order, i) => [order.id, i]))
  let last = -1
  for (const fill of result.fills) {
    const at = position.get(fill.order)
    if (at === undefined) return breach('LISTING', fill.order, `fill of an unknown order ${quoted(fill.order)}`)
    if (at <= last)
      return breach(
        'LISTING',
        fill.order,
        `fills must stand in input order, each order once; ${quoted(fill.order)} does not`,
      )
    last = at
  }
  return null
}

function firstDifference(expected: string[], found: string[]): { id: string; text: string } | null {
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    const [wanted, got] = [expected[i], found[i]]
    if (wanted === got) continue
    if (wanted === undefined) return { id: got!, text: `${quoted(got!)} is too many` }
    return { id: wanted, text: `${quoted(wanted)} is missing at position ${i + 1}` }
  }
  return null
}

function claimOf(input: AuctionInput, result: AuctionResult): ClaimedResult {
  const { zones, orders } = input
  const indexOfZone = new Map(zones.map((zone, i) => [zone.id, i]))
  const parentOf = zones.map((zone) => (zone.parent === undefined ? -1 : indexOfZone.get(zone.parent)!))
  const childrenOf: number[][] = zones.map(() => [])
  for (const [zone, parent] of parentOf.entries()) if (parent >= 0) childrenOf[parent]!.push(zone)
  const rootFirst = [parentOf.indexOf(-1)]
  for (const zone of rootFirst) for (const child of childrenOf[zone]!) rootFirst.push(child)
  const filledOf = new Map(result.fills.map((fill) => [fill.order, fill.energyWh]))
  const flowOf = new Map(result.flows.map((flow) => [flow.zone, flow.exportWh]))
  return {
    zones,
    orders,
    zoneOfOrder: orders.map((order) => indexOfZone.get(order.zone)!),
    parentOf,
    leavesFirst: rootFirst.reverse(),
    childrenOf,
    filledWh: orders.map((order) => filledOf.get(order.id) ?? 0),
    flowWh: zones.map((zone) => flowOf.get(zone.id) ?? 0),
    result,
  }
}

/** Fills are whole Wh inside the orders, and the zones' sums are those of the fills. */
function checkFills({ orders, zones, zoneOfOrder, filledWh, result }: ClaimedResult): Breach | null {
  const offeredOf = new Map(orders.map((order) => [order.id, order.energyWh]))
  for (const { order, energyWh } of result.fills) {
    const offeredWh = offeredOf.get(order)!
    if (!Number.isInteger(energyWh) || energyWh <= 0 || energyWh > offeredWh) {
      return breach(
        'FILL_ENERGY',
        order,
        `order ${quoted(order)}: a fill of ${energyWh} Wh is not a whole number from 1 to ${offeredWh}`,
      )
    }
  }
  const soldWh = zones.map(() => 0)
  const boughtWh = zones.map(() => 0)
  for (const [i, order] of orders.entries()) {
    const sums = order.side === 'sell' ? soldWh : boughtWh
    sums[zoneOfOrder[i]!]! += filledWh[i]!
  }
  for (const [i, zone] of result.zones.entries()) {
    if (zone.soldWh !== soldWh[i] || zone.boughtWh !== boughtWh[i]) {
      const text = `its fills sell ${soldWh[i]} and buy ${boughtWh[i]} Wh, not ${zone.soldWh} and ${zone.boughtWh}`
      return breach('ZONE_ENERGY', zone.zone, `zone ${quoted(zone.zone)}: ${text}`)
    }
  }
  const matchedWh = boughtWh.reduce((sum, energy) => sum + energy, 0)
  if (result.matchedWh === matchedWh) return null
  return breach('MATCHED_ENERGY', undefined, `the fills buy ${matchedWh} Wh, not ${result.matchedWh}`)
}

/** No link carries more than its capacity. */
function checkCapacities({ zones, parentOf, flowWh }: ClaimedResult): Breach | null {
  for (const [i, { id, capacityWh }] of zones.entries()) {
    if (parentOf[i]! < 0 || capacityWh === null || Math.abs(flowWh[i]!) <= capacityWh) continue
    const text = `its link carries ${flowWh[i]} Wh, its capacity is ${capacityWh} Wh`
    return breach('LINK_CAPACITY', id, `zone ${quoted(id)}: ${text}`)
  }
  return null
}

/** What a zone sells and takes in equals what it buys and sends out. */
function checkBalances({ zones, childrenOf, flowWh, result }: ClaimedResult): Breach | null {
  for (const [i, { id }] of zones.entries()) {
    const { soldWh, boughtWh } = result.zones[i]!
    const arrivingWh = childrenOf[i]!.reduce((sum, child) => sum + flowWh[child]!, 0)
    const surplusWh = soldWh - boughtWh + arrivingWh
    if (surplusWh === flowWh[i]!) continue
    return breach(
      'ENERGY_BALANCE',
      id,
      `zone ${quoted(id)}: ${surplusWh} Wh are left over, but ${flowWh[i]} Wh leave it`,
    )
  }
  return null
}

/** The sums of money, and that buyers pay what sellers, grid fees and congestion rent get. */
function checkTotals({ zones, orders, filledWh, flowWh, result }: ClaimedResult): Breach | null {
  const flowOfLink = new Map(zones.map((zone, i) => [zone.id, flowWh[i]!]))
  const feeOfLink = new Map(zones.map((zone) => [zone.id, zone.feeTicksPerKwh]))
  let surplus = 0n
  for (const [i, order] of orders.entries()) {
    const worth = BigInt(order.limitTicks) * BigInt(filledWh[i]!)
    surplus += order.side === 'buy' ? worth : -worth
  }
  let gridFees = 0n
  let rent = 0n
  for (const flow of result.flows) {
    const carriedWh = BigInt(Math.abs(flowOfLink.get(flow.zone)!))
    gridFees += BigInt(feeOfLink.get(flow.zone)!) * carriedWh
    rent += BigInt(flow.congestionTicks) * carriedWh
  }
  const sides = new Map(orders.map((order) => [order.id, order.side]))
  let paid = 0n
  for (const fill of result.fills) {
    const amount = BigInt(fill.priceTicks) * BigInt(fill.energyWh)
    paid += sides.get(fill.order) === 'buy' ? amount : -amount
  }
  const totals = [
    ['WELFARE', 'welfare', surplus - gridFees, result.welfare],
    ['GRID_FEES', 'grid fees', gridFees, result.gridFees],
    ['CONGESTION_RENT', 'congestion rent', rent, result.congestionRent],
    ['ZERO_SUM', 'what buyers pay beyond what sellers receive', gridFees + rent, paid],
  ] as const
  for (const [rule, name, expected, found] of totals) {
    if (expected !== found) return breach(rule, undefined, `${name} must be ${expected} ledger units, not ${found}`)
  }
  return null
}
