/**
 * From quantities that somebody else decided to fills: never more than was metered, mandated and covered by funds and budgets, both sides the
 * same, at the area's price inside every mandate. Whatever does not fit stays with the supplier, and the outcome says why.
 *
 * The order is: what a member may move of its quantity; where one side may move more than the other, it is cut pro rata; the
 * price; the way from zone to zone (`nearest.ts`), inside which the members of the two zones share pro rata. Where the price of a
 * way lies outside somebody's limit, that part is left out, and the other side of the way is cut pro rata. All shares are whole Wh
 * by largest remainder, ties by seat.
 */
import type { Ticks, Wh } from '../../../../contracts/protocol/units.ts'
import { shareWhole } from '../../../exchange/allocation/largest-remainder.ts'
import type { Outcome } from '../../area/area.ts'
import { affordableWh } from '../../area/budgets.ts'
import type { SeatOutcomeCode, StageName } from '../../area/codes.ts'
import type { ClearedSums, Fill } from '../../area/interval.ts'
import type { Side } from '../../auction.ts'
import { shareProRata } from '../../pro-rata.ts'
import { floorDivide } from '../floor-divide.ts'
import { feeOf, type Grid, gridOf, wayBetween } from '../grid.ts'
import { type Allocation, budgetDetails, type Pool, type PoolSeat } from '../pool.ts'
import type { Computed, Reduction } from '../stage.ts'
import { pairZones } from './nearest.ts'
import { priceOf } from './price.ts'

/** A member's side of an interval's energy, as somebody else decided it. */
export interface Quantity {
  own: PoolSeat
  side: Side
  wantedWh: Wh
  /** Said where nothing is to be moved, whatever the reason. */
  because?: SeatOutcomeCode
}

interface Claim extends Quantity {
  /** The worst price, fees included. */
  limitTicks: Ticks
  meteredWh: Wh
  mayWh: Wh
  /** The part of it that no way has taken up yet. */
  openWh: Wh
  filledWh: Wh
  amount: number
  code: SeatOutcomeCode
  details: number[]
  isOutside: boolean
}

type Shared = Allocation & { prices: Pick<ClearedSums, 'zones' | 'flows'> }

/** Gives quantities of a pool to its seats and notes an outcome for each; `arrival` is that of the declaration they follow from. */
export function shareOut(
  pool: Pool,
  { stage, arrival, quantities }: { stage: StageName; arrival: number; quantities: readonly Quantity[] },
): Shared {
  const claims = quantities.map((quantity) => claimOf(pool, quantity))
  balance(claims)
  const moving = claims.filter(({ mayWh }) => mayWh > 0)
  const bids = moving.map(({ side, mayWh, limitTicks }) => ({ side, energyWh: mayWh, limitTicks }))
  const priceTicks = moving.length === 0 ? null : priceOf(pool.state, pool.config, pool.start, bids)
  const flowWh = pool.config.zones.map(() => 0)
  if (priceTicks === null) for (const claim of moving) claim.code = 'no-price'
  else trade(pool, moving, priceTicks, flowWh)
  const togetherWh = sumOf(claims.map(({ side, wantedWh }) => (side === 'sell' ? wantedWh : 0)))
  const fills: Fill[] = []
  const sums = { buy: 0, sell: 0, take: 0n }
  for (const claim of claims) {
    const { own, side, filledWh: energyWh, amount } = claim
    own.outcomes.push(outcomeOf(claim, { stage, arrival, togetherWh }))
    if (energyWh === 0) continue
    if (side === 'buy') own.buyWh -= energyWh
    else own.sellWh -= energyWh
    sums[side] += energyWh
    sums.take += BigInt(side === 'buy' ? amount : -amount)
    fills.push({ stage, arrival, slot: own.seat.slot, side, energyWh, amount })
  }
  const traded = new Set(moving.filter(({ filledWh }) => filledWh > 0).map(({ own }) => own.zone))
  return {
    ...{ fills, matchedWh: sums.buy, gridFees: sums.take, congestionRent: 0n, gridTake: sums.take },
    prices: pricesOf(pool.config.zones, pool.grid, { priceTicks, traded, flowWh }),
  }
}

function claimOf({ interval }: Pool, quantity: Quantity): Claim {
  const { own, side, wantedWh } = quantity
  const { terms, ownUseWh } = own
  const reservation = interval.reservation(own.seat.slot, side)
  const meteredWh = own.quality === 'measured' ? (side === 'sell' ? own.exportWh : own.importWh) - ownUseWh : 0
  const signed = side === 'buy' ? terms.buyCeiling : terms.sellFloor
  // A mandate that was tightened too late to be known when the interval started still binds.
  const worse = side === 'buy' ? Math.min : Math.max
  const limitTicks = worse(signed, reservation?.limitTicks ?? signed)
  const leftWh = side === 'sell' ? own.sellWh : own.buyWh
  const coveredWh = Math.min(wantedWh, leftWh, reservation?.reservedWh ?? 0)
  const mayWh = side === 'buy' ? affordableWh(own.budget, limitTicks, coveredWh) : coveredWh
  const claim = { ...quantity, limitTicks, meteredWh, mayWh, openWh: mayWh, filledWh: 0, amount: 0, isOutside: false }
  if (mayWh === wantedWh) return { ...claim, code: quantity.because ?? 'allocated', details: [] }
  if (mayWh < coveredWh) return { ...claim, code: 'budget-reached', details: budgetDetails(own, mayWh) }
  const isCut = reservation?.isCut === true && mayWh === reservation.reservedWh
  if (own.refusal === null && isCut) return { ...claim, code: 'escrow-low', details: [mayWh] }
  return { ...claim, code: reasonToMoveLess(own, side, meteredWh, mayWh), details: [] }
}

/** Why a seat moves less than was decided, whatever its funds. */
function reasonToMoveLess(own: PoolSeat, side: Side, meteredWh: Wh, mayWh: Wh): SeatOutcomeCode {
  const { refusal, terms } = own
  if (refusal !== null) return refusal
  if (mayWh === meteredWh) return 'above-metered'
  const mandatedWh = side === 'sell' ? terms.maxSellWh : terms.maxBuyWh
  return mayWh === 0 && mandatedWh > 0 && terms.nameplateWh === null ? 'meter-not-confirmed' : 'above-mandate'
}

/** Cuts the side that may move more to what the other may. */
function balance(claims: readonly Claim[]): void {
  const bySide = (side: Side) => claims.filter((claim) => claim.side === side && claim.mayWh > 0)
  const [buys, sells] = [bySide('buy'), bySide('sell')]
  const mostWh = Math.min(...[buys, sells].map((side) => sumOf(side.map(({ mayWh }) => mayWh))))
  for (const side of [buys, sells]) {
    if (side.length === 0) continue
    const shares = shareProRata(
      mostWh,
      Float64Array.from(side, ({ mayWh }) => mayWh),
    )
    for (const [index, claim] of side.entries()) {
      if (shares[index]! < claim.mayWh) claim.code = 'partner-short'
      claim.mayWh = shares[index]!
      claim.openWh = claim.mayWh
    }
  }
}

/** Fills claims whose two sides are the same, way by way, and notes what flows over the links. */
function trade({ grid, config }: Pool, claims: readonly Claim[], priceTicks: Ticks, flowWh: Wh[]): void {
  const inZone = { buy: byZone(config.zones.length, claims, 'buy'), sell: byZone(config.zones.length, claims, 'sell') }
  const energies = (side: Side) => inZone[side].map((own) => sumOf(own.map(({ mayWh }) => mayWh)))
  for (const { from, to, energyWh } of pairZones(grid, energies('sell'), energies('buy'))) {
    const way = wayBetween(grid, from, to)
    const feeTicks = feeOf(grid, way)
    const giving = partsOf(inZone.sell[from]!, energyWh, ({ limitTicks }) => limitTicks <= priceTicks)
    const getting = partsOf(inZone.buy[to]!, energyWh, ({ limitTicks }) => priceTicks + feeTicks <= limitTicks)
    const keptWh = Math.min(sumOf(giving), sumOf(getting))
    if (keptWh === 0) continue
    fill(inZone.sell[from]!, shareProRata(keptWh, Float64Array.from(giving)), priceTicks)
    fill(inZone.buy[to]!, shareProRata(keptWh, Float64Array.from(getting)), priceTicks + feeTicks)
    for (const { zone, up } of way) flowWh[zone]! += up * keptWh
  }
  for (const claim of claims) {
    if (claim.filledWh === claim.mayWh) continue
    claim.code = claim.isOutside ? 'price-outside-mandate' : 'partner-short'
    claim.details = claim.isOutside ? [priceTicks] : []
  }
}

function byZone(zones: number, claims: readonly Claim[], side: Side): Claim[][] {
  const lists: Claim[][] = Array.from({ length: zones }, () => [])
  for (const claim of claims) if (claim.side === side) lists[claim.own.zone]!.push(claim)
  return lists
}

/** Takes a way's energy off its members, and says how much of it each takes at the way's price. */
function partsOf(claims: readonly Claim[], energyWh: Wh, fits: (claim: Claim) => boolean): Wh[] {
  const parts = shareWhole(
    energyWh,
    claims.map(({ openWh }) => openWh),
  )
  return parts.map((partWh, index) => {
    const claim = claims[index]!
    claim.openWh -= partWh
    if (partWh === 0 || fits(claim)) return partWh
    claim.isOutside = true
    return 0
  })
}

function fill(claims: readonly Claim[], shares: ArrayLike<Wh>, priceTicks: Ticks): void {
  for (const [index, claim] of claims.entries()) {
    claim.filledWh += shares[index]!
    claim.amount += priceTicks * shares[index]!
  }
}

function outcomeOf(
  claim: Claim,
  { stage, arrival, togetherWh }: { stage: StageName; arrival: number; togetherWh: Wh },
): Outcome {
  const { side, limitTicks, wantedWh: offeredWh, filledWh, amount, code, meteredWh } = claim
  return {
    ...{ stage, arrival, side, limitTicks, offeredWh, filledWh, amount: BigInt(amount), code },
    priceTicks: filledWh === 0 ? null : floorDivide(BigInt(amount), BigInt(filledWh)),
    details: code === 'allocated' ? [meteredWh, togetherWh] : claim.details,
  }
}

/** What the zones show: the price of the rule wherever energy was shared or passed through, and what flowed. */
function pricesOf(
  zones: Pool['config']['zones'],
  { parent }: Pick<Grid, 'parent'>,
  { priceTicks, traded, flowWh }: { priceTicks: Ticks | null; traded: ReadonlySet<number>; flowWh: readonly Wh[] },
): Pick<ClearedSums, 'zones' | 'flows'> {
  const isPassed = new Set(traded)
  for (const [zone, energyWh] of flowWh.entries()) if (energyWh !== 0) isPassed.add(zone).add(parent[zone]!)
  return {
    zones: zones.map(({ id }, zone) => {
      const ticks = isPassed.has(zone) ? priceTicks : null
      const energies = { soldWh: 0, boughtWh: 0, importWh: 0, exportWh: 0 }
      return { zone: id, priceTicks: ticks, lowestTicks: ticks, highestTicks: ticks, ...energies }
    }),
    flows: zones.flatMap(({ id, parent: above }, zone) =>
      above === null ? [] : [{ zone: id, exportWh: flowWh[zone]!, congestionTicks: 0 }],
    ),
  }
}

/**
 * Without some seats the other side is cut pro rata, and whoever stays keeps its average price; what a buyer pays is rounded
 * down, and the grid operator takes the difference.
 */
export function shareWithout(
  stage: StageName,
  { interval, state, config, zoneOf }: Computed,
  out: ReadonlySet<number>,
): Reduction {
  const kept = [...interval.fills].filter((own) => own.stage === stage && !out.has(state.slots[own.slot]!))
  const energies = (side: Side) => kept.filter((own) => own.side === side).map(({ energyWh }) => energyWh)
  const [bought, sold] = [energies('buy'), energies('sell')]
  const matchedWh = Math.min(sumOf(bought), sumOf(sold))
  const shares = {
    buy: bought.length === 0 ? [] : [...shareProRata(matchedWh, Float64Array.from(bought))],
    sell: sold.length === 0 ? [] : [...shareProRata(matchedWh, Float64Array.from(sold))],
  }
  const grid = gridOf(config)
  const inZone = { buy: config.zones.map(() => 0), sell: config.zones.map(() => 0) }
  const place = { buy: 0, sell: 0 }
  let take = 0n
  const fills = kept.map((own): Fill => {
    const { side, slot } = own
    const energyWh = shares[side][place[side]]!
    place[side] += 1
    const amount = floorDivide(BigInt(own.amount) * BigInt(energyWh), BigInt(own.energyWh))
    inZone[side][zoneOf(slot)]! += energyWh
    take += BigInt(side === 'buy' ? amount : -amount)
    return { ...own, energyWh, amount }
  })
  const flowWh = config.zones.map(() => 0)
  for (const { from, to, energyWh } of pairZones(grid, inZone.sell, inZone.buy)) {
    for (const { zone, up } of wayBetween(grid, from, to)) flowWh[zone]! += up * energyWh
  }
  const traded = new Set([...config.zones.keys()].filter((zone) => inZone.buy[zone]! + inZone.sell[zone]! > 0))
  const priceTicks = interval.cleared!.zones.find((zone) => zone.priceTicks !== null)?.priceTicks ?? null
  const before = new Map(interval.cleared!.zones.map((zone) => [zone.zone, zone]))
  const { zones, flows } = pricesOf(config.zones, grid, { priceTicks, traded, flowWh })
  return {
    ...{ fills, matchedWh, gridFees: take, congestionRent: 0n, gridTake: take },
    prices: { zones: zones.map((zone) => ({ ...before.get(zone.zone)!, ...pricesIn(zone) })), flows },
  }
}

function pricesIn({ priceTicks, lowestTicks, highestTicks }: ClearedSums['zones'][number]) {
  return { priceTicks, lowestTicks, highestTicks }
}

function sumOf(energies: readonly Wh[]): Wh {
  return energies.reduce((sum, energyWh) => sum + energyWh, 0)
}
