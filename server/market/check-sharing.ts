/** The part of the checker that is about sharing at the margin: every zone and order at its margin got its pro rata part. */

import { energyFirst, supportingPrices } from './check-prices.ts'
import { type Breach, breach, type ClaimedResult } from './claimed-result.ts'
import { quoted } from './errors.ts'

/** What a party's supply is just below and just above its zone's price. */
interface Band {
  below: number
  above: number
}

/** Expects a result that prices support (`checkSupport`). */
export function checkSharing(claim: ClaimedResult): Breach | null {
  const price = supportingPrices(claim, energyFirst).lowest
  const ownOrders = claim.zones.map((): number[] => [])
  for (const [i, zone] of claim.zoneOfOrder.entries()) ownOrders[zone]!.push(i)
  const own = claim.zones.map((_, zone) => ownBand(claim, ownOrders[zone]!, price[zone]!))
  const exported = exportBands(claim, price, own)
  for (const zone of claim.leavesFirst.toReversed()) {
    const found = checkZone(claim, {
      zone,
      price: price[zone]!,
      own: own[zone]!,
      ownOrders: ownOrders[zone]!,
      exported,
    })
    if (found) return found
  }
  return null
}

function keyOf({ orders }: ClaimedResult, order: number): number {
  const { side, limitTicks } = orders[order]!
  return limitTicks * energyFirst.factor + (side === 'buy' ? energyFirst.buyerBonus : 0)
}

/** Net supply of a zone's own orders around a price: sellers below it sell, buyers above it buy, those at it may do either. */
function ownBand(claim: ClaimedResult, ownOrders: number[], price: number): Band {
  let below = 0
  let above = 0
  for (const order of ownOrders) {
    const { side, energyWh } = claim.orders[order]!
    const key = keyOf(claim, order)
    if (side === 'sell' && key < price) below += energyWh
    if (side === 'sell' && key <= price) above += energyWh
    if (side === 'buy' && key >= price) below -= energyWh
    if (side === 'buy' && key > price) above -= energyWh
  }
  return { below, above }
}

/** What each zone would export around its parent’s price: fixed unless its link passes the price on. */
function exportBands(claim: ClaimedResult, price: readonly number[], own: Band[]): Band[] {
  const exported: Band[] = []
  for (const zone of claim.leavesFirst) {
    const { feeTicksPerKwh, capacityWh } = claim.zones[zone]!
    const capacity = capacityWh ?? Number.POSITIVE_INFINITY
    const fee = feeTicksPerKwh * energyFirst.factor
    const rise = claim.parentOf[zone]! < 0 ? Number.NaN : price[claim.parentOf[zone]!]! - price[zone]!
    const least = rise === -fee ? -capacity : 0
    const most = rise === fee ? capacity : 0
    const flow = claim.flowWh[zone]!
    const clipped = (net: number) => (rise === fee || rise === -fee ? Math.min(Math.max(net, least), most) : flow)
    const sum = (side: keyof Band) =>
      claim.childrenOf[zone]!.reduce((net, child) => net + exported[child]![side], own[zone]![side])
    exported[zone] = { below: clipped(sum('below')), above: clipped(sum('above')) }
  }
  return exported
}

interface ZoneMargin {
  zone: number
  price: number
  own: Band
  ownOrders: number[]
  exported: Band[]
}

function checkZone(claim: ClaimedResult, { zone, price, own, ownOrders, exported }: ZoneMargin): Breach | null {
  const children = claim.childrenOf[zone]!
  const parties = [own, ...children.map((child) => exported[child]!)]
  const widths = parties.map(({ below, above }) => above - below)
  const buyersAreMarginal = Math.abs(price % 2) === 1
  const suppliedWh = claim.flowWh[zone]! - parties.reduce((sum, { below }) => sum + below, 0)
  const toShare = buyersAreMarginal ? widths.reduce((sum, width) => sum + width, 0) - suppliedWh : suppliedWh
  const shares = largestRemainder(toShare, widths)
  for (const [i, child] of children.entries()) {
    const { below, above } = exported[child]!
    const expected = buyersAreMarginal ? above - shares[i + 1]! : below + shares[i + 1]!
    if (claim.flowWh[child] !== expected) {
      const { id } = claim.zones[child]!
      return breach(
        'SHARING',
        id,
        `zone ${quoted(id)}: its share at its parent’s margin makes its export ${expected} Wh, not ${claim.flowWh[child]}`,
      )
    }
  }
  const marginal = ownOrders.filter((order) => keyOf(claim, order) === price)
  const fills = largestRemainder(
    shares[0]!,
    marginal.map((order) => claim.orders[order]!.energyWh),
  )
  for (const [i, order] of marginal.entries()) {
    if (claim.filledWh[order] === fills[i]) continue
    const { id } = claim.orders[order]!
    return breach(
      'SHARING',
      id,
      `order ${quoted(id)}: its share at the margin is ${fills[i]} Wh, not ${claim.filledWh[order]}`,
    )
  }
  return null
}

/** `total` shared pro rata to `weights` in whole units; remainders by size, then by place. */
function largestRemainder(total: number, weights: number[]): number[] {
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n)
  if (sum === 0n) return weights.map(() => 0)
  const products = weights.map((weight) => BigInt(weight) * BigInt(total))
  const shares = products.map((product) => Number(product / sum))
  const byRemainder = products
    .map((product, i) => ({ i, remainder: product % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.i - b.i : a.remainder > b.remainder ? -1 : 1))
  const left = total - shares.reduce((all, share) => all + share, 0)
  for (const { i } of byRemainder.slice(0, left)) shares[i]! += 1
  return shares
}
