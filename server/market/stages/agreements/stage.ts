/**
 * The stage of agreements: what two accounts agreed on is honoured before anything else is traded, in the order in which the
 * agreements were accepted, inside both mandates and the room of the links between the two.
 *
 * Several of one seller that were signed as one group share what it has pro rata to what each may take, floored to whole Wh,
 * the remainder by largest remainder. The seller receives the price; the buyer pays it and the grid fee of the way.
 */
import type { Wh } from '../../../../contracts/protocol/units.ts'
import type { AgreementState, AreaConfig, Outcome } from '../../area/area.ts'
import { outcomeCodes, type SeatOutcomeCode, sides } from '../../area/codes.ts'
import { type Purse, stakesOf } from '../../area/funds.ts'
import type { Fill, Interval, PromisedEnergy } from '../../area/interval.ts'
import { buyableWh, isSuspended, sellableWh, termsAt } from '../../area/state.ts'
import type { Side } from '../../auction.ts'
import { shareProRata } from '../../pro-rata.ts'
import { feeOf, gridOf, type Step, wayBetween } from '../grid.ts'
import type { Allocation, Pool, PoolSeat } from '../pool.ts'
import type { Computed, PromiseState, Reduction, Stage } from '../stage.ts'
import { shareOf } from './agreements.ts'

/** Sets aside what each agreement may move and cost in the interval. */
function promise(state: PromiseState, interval: Interval, config: AreaConfig, purse: Purse): void {
  const { start } = interval
  const grid = gridOf(config)
  for (const agreement of inOrder(state, start)) {
    const seller = partyOf(state, agreement.seller, start)
    const buyer = partyOf(state, agreement.buyer, start)
    if (seller === null || buyer === null) continue
    const mostWh = Math.min(mostOf(agreement, sellableWh(seller.terms, config)), buyableWh(buyer.terms, config))
    const feeTicks = feeOf(grid, wayBetween(grid, grid.placeOf(seller.terms.zone), grid.placeOf(buyer.terms.zone)))
    const { arrival, priceTicks } = agreement
    const terms = { seller: agreement.seller, buyer: agreement.buyer, priceTicks, feeTicks }
    const energyWh = purse.cover(arrival, mostWh, stakesOf(terms))
    interval.promised.push({ arrival, ...terms, energyWh, isCut: energyWh < mostWh })
    interval.isChanged = true
  }
}

/** Those that cover an interval, a group where its first one stands. */
function inOrder({ agreements }: PromiseState, start: number): AgreementState[] {
  const covering = [...agreements.values()].filter((agreement) => agreement.start <= start && start < agreement.end)
  return covering.sort((a, b) => a.group - b.group || a.arrival - b.arrival)
}

function partyOf(state: PromiseState, number: number, start: number) {
  const seat = state.seats.get(number)
  const terms = seat === undefined ? null : termsAt(seat, start)
  if (seat === undefined || terms === null || terms.closed || isSuspended(state, seat)) return null
  return { seat, terms }
}

/** The most that an agreement can move of a surplus of so much. */
function mostOf(agreement: AgreementState, surplusWh: Wh): Wh {
  return Math.min(shareOf(agreement, surplusWh), surplusWh)
}

/** An agreement in one interval, as far as it has got. */
interface Claim {
  promised: PromisedEnergy
  agreement: AgreementState
  seller: PoolSeat
  buyer: PoolSeat
  way: Step[]
  /** Its part of the seller's surplus; what of that it asks for, as far as funds cover it; and what it gets. */
  claimedWh: Wh
  askedWh: Wh
  filledWh: Wh
  code: SeatOutcomeCode
  because: SeatOutcomeCode | null
}

function allocate(pool: Pool): Allocation {
  const byArrival = new Map([...agreementsOf(pool)].map((agreement) => [agreement.arrival, agreement]))
  const surplusWh = new Map<number, Wh>()
  const groups = new Map<number, Claim[]>()
  for (const promised of pool.interval.promised) {
    const agreement = byArrival.get(promised.arrival)
    const claim = agreement === undefined ? null : claimOf(pool, promised, agreement)
    if (claim === null) continue
    surplusWh.set(promised.seller, surplusWh.get(promised.seller) ?? claim.seller.sellWh)
    const group = groups.get(claim.agreement.group)
    if (group === undefined) groups.set(claim.agreement.group, [claim])
    else group.push(claim)
  }
  const fills: Fill[] = []
  const sums = { matchedWh: 0, fees: 0n }
  for (const claims of groups.values()) {
    honour(claims, surplusWh.get(claims[0]!.promised.seller)!, pool.config)
    for (const claim of claims) book(pool, claim, { fills, sums })
  }
  return { fills, matchedWh: sums.matchedWh, gridFees: sums.fees, congestionRent: 0n, gridTake: sums.fees }
}

function agreementsOf({ state }: Pool): Iterable<AgreementState> {
  return state.agreements.values()
}

function claimOf(pool: Pool, promised: PromisedEnergy, agreement: AgreementState): Claim | null {
  const seller = pool.seats.get(promised.seller)
  const buyer = pool.seats.get(promised.buyer)
  if (seller === undefined || buyer === undefined) return null
  const way = wayBetween(pool.grid, seller.zone, buyer.zone)
  return {
    ...{ promised, agreement, seller, buyer, way, claimedWh: 0, askedWh: 0, filledWh: 0 },
    ...{ code: 'honoured', because: null },
  }
}

/** Shares what a seller has left among one group; `surplusWh` is what it had before any agreement. */
function honour(claims: readonly Claim[], surplusWh: Wh, config: AreaConfig): void {
  const { seller } = claims[0]!
  for (const claim of claims) {
    const { agreement, promised, buyer } = claim
    claim.claimedWh = shareOf(agreement, surplusWh)
    claim.askedWh = Math.min(claim.claimedWh, promised.energyWh)
    const refusal = reasonNotToHonour(claim, config)
    if (refusal !== null) {
      claim.code = refusal.code
      claim.because = refusal.because
    } else if (buyer.buyWh < claim.askedWh) claim.code = 'less-taken'
  }
  const open = claims.filter(({ code }) => code === 'honoured' || code === 'less-taken')
  const mayTake = open.map(({ askedWh, buyer }) => Math.min(askedWh, buyer.buyWh))
  const wantedWh = mayTake.reduce((sum, energyWh) => sum + energyWh, 0)
  const shares = wantedWh <= seller.sellWh ? mayTake : shareProRata(seller.sellWh, Float64Array.from(mayTake))
  for (const [index, claim] of open.entries()) {
    claim.filledWh = shares[index]!
    if (claim.filledWh < mayTake[index]!) claim.code = 'less-delivered'
    else if (claim.code === 'honoured' && claim.askedWh < claim.claimedWh)
      claim.code = reasonToAskLess(claim, surplusWh)
  }
}

/** Why less was set aside for an agreement than its part of the surplus. */
function reasonToAskLess({ promised, claimedWh, askedWh }: Claim, surplusWh: Wh): SeatOutcomeCode {
  if (promised.isCut) return 'escrow-low'
  return askedWh < Math.min(claimedWh, surplusWh) ? 'less-taken' : 'less-delivered'
}

/** Prices, fees included, keep to the window that every batch fits. */
function reasonNotToHonour(
  { seller, buyer, promised }: Claim,
  { lowestTicks, highestTicks }: AreaConfig,
): { code: SeatOutcomeCode; because: SeatOutcomeCode | null } | null {
  if (seller.refusal !== null) return { code: 'seller-side', because: seller.refusal }
  if (buyer.refusal !== null) return { code: 'buyer-side', because: buyer.refusal }
  const { priceTicks, feeTicks } = promised
  const leastTicks = Math.max(seller.terms.sellFloor, lowestTicks)
  const mostTicks = Math.min(buyer.terms.buyCeiling, highestTicks)
  const fits = priceTicks >= leastTicks && priceTicks + feeTicks <= mostTicks
  return fits ? null : { code: 'outside-mandate', because: null }
}

/** Takes a claim's energy off both seats and the links between them, and notes it. */
function book(
  { grid, flowWh }: Pool,
  claim: Claim,
  { fills, sums }: { fills: Fill[]; sums: { matchedWh: Wh; fees: bigint } },
): void {
  const { promised, seller, buyer, way } = claim
  const { arrival, priceTicks, feeTicks } = promised
  const energyWh = carry(way, claim.filledWh, flowWh, (zone) => grid.capacityWh[zone]!)
  if (energyWh < claim.filledWh) claim.code = 'link-taken'
  claim.filledWh = energyWh
  seller.sellWh -= energyWh
  buyer.buyWh -= energyWh
  sums.matchedWh += energyWh
  sums.fees += BigInt(feeTicks) * BigInt(energyWh)
  for (const side of sides) {
    const own = side === 'sell' ? seller : buyer
    const price = side === 'sell' ? priceTicks : priceTicks + feeTicks
    if (claim.claimedWh > 0) own.outcomes.push(outcomeOf(claim, side, price))
    fills.push({ stage: 'agreements', arrival, slot: own.seat.slot, side, energyWh, amount: price * energyWh })
  }
}

/** Puts as much on a way as its links have room for, and says how much that is. */
function carry(way: readonly Step[], wantedWh: Wh, flowWh: number[], capacityWh: (zone: number) => Wh): Wh {
  const room = Math.min(...way.map(({ zone, up }) => capacityWh(zone) - up * flowWh[zone]!))
  const energyWh = Math.max(0, Math.min(wantedWh, room))
  for (const { zone, up } of way) flowWh[zone]! += up * energyWh
  return energyWh
}

function outcomeOf({ promised, claimedWh, filledWh, code, because }: Claim, side: Side, price: number): Outcome {
  return {
    ...{ stage: 'agreements', arrival: promised.arrival, side, limitTicks: price, offeredWh: claimedWh, filledWh },
    ...{ priceTicks: filledWh === 0 ? null : price, amount: BigInt(price) * BigInt(filledWh), code },
    details: because === null ? [] : [outcomeCodes.indexOf(because)],
  }
}

/**
 * Without some seats their agreements are void on both sides. The others stay, as far as the links still carry them: what went
 * the other way and made room for them may be gone.
 */
function without({ state, config, interval, zoneOf }: Computed, out: ReadonlySet<number>): Reduction {
  const grid = gridOf(config)
  const flowWh = config.zones.map(() => 0)
  const spotWh = new Map(interval.cleared!.flows.map(({ zone, exportWh }) => [zone, Math.abs(exportWh)]))
  const roomWh = (zone: number) => grid.capacityWh[zone]! - (spotWh.get(config.zones[zone]!.id) ?? 0)
  const own = [...interval.fills].filter(({ stage }) => stage === 'agreements')
  const before = new Map(own.map(({ arrival, energyWh }) => [arrival, energyWh]))
  const kept = new Map<number, { energyWh: Wh; promised: PromisedEnergy }>()
  for (const promised of interval.promised) {
    const { arrival, seller, buyer } = promised
    const energyWh = before.get(arrival)
    if (energyWh === undefined || out.has(seller) || out.has(buyer)) continue
    const [from, to] = [seller, buyer].map((seat) => zoneOf(state.seats.get(seat)!.slot)) as [number, number]
    kept.set(arrival, { energyWh: carry(wayBetween(grid, from, to), energyWh, flowWh, roomWh), promised })
  }
  const sums = { matchedWh: 0, fees: 0n }
  for (const { energyWh, promised } of kept.values()) {
    sums.matchedWh += energyWh
    sums.fees += BigInt(promised.feeTicks) * BigInt(energyWh)
  }
  const fills = own.flatMap((fill): Fill[] => {
    const left = kept.get(fill.arrival)
    if (left === undefined) return []
    const { energyWh, promised } = left
    const price = fill.side === 'sell' ? promised.priceTicks : promised.priceTicks + promised.feeTicks
    return [{ ...fill, energyWh, amount: price * energyWh }]
  })
  return { fills, matchedWh: sums.matchedWh, gridFees: sums.fees, congestionRent: 0n, gridTake: sums.fees }
}

export const agreementsStage: Stage = { name: 'agreements', promise, allocate, without }
