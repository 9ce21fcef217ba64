/**
 * The stage of agreements: what two accounts agreed on is honoured before anything else is traded, in the order in which the
 * agreements were accepted, inside both mandates and the room of the links between the two.
 *
 * Several of one seller that were signed as one group share what it has pro rata to what each may take, floored to whole Wh,
 * the remainder by largest remainder. The seller receives the price; the buyer pays it and the grid fee of the way.
 */
import type { Wh } from '../../../../contracts/protocol/units.ts'
import type { AgreementState, AreaConfig, Outcome } from '../../engine/area.ts'
import { type OutcomeCode, outcomeCodes, type Side, sides } from '../../engine/codes.ts'
import { type Purse, stakesOf } from '../../engine/funds.ts'
import type { Fill, Interval, PromisedEnergy } from '../../engine/interval.ts'
import { buyableWh, isSuspended, sellableWh, termsAt } from '../../engine/state.ts'
import { shareProRata } from '../../pro-rata.ts'
import { feeOf, type Grid, gridOf, type Step, wayBetween } from '../grid.ts'
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
    const feeTicks = feeOf(grid, wayBetween(grid, zoneOf(grid, seller.terms.zone), zoneOf(grid, buyer.terms.zone)))
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

function zoneOf({ indexOf, root }: Grid, zone: string | null): number {
  return zone === null ? root : (indexOf.get(zone) ?? root)
}

/** An agreement in one interval, as far as it has got. */
interface Claim {
  promised: PromisedEnergy
  agreement: AgreementState
  seller: PoolSeat
  buyer: PoolSeat
  way: Step[]
  /** What it asks of the seller's surplus, and what it gets. */
  askedWh: Wh
  filledWh: Wh
  code: OutcomeCode
  because: OutcomeCode | null
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
    honour(claims, surplusWh.get(claims[0]!.promised.seller)!, pool.config.highestTicks)
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
  return { promised, agreement, seller, buyer, way, askedWh: 0, filledWh: 0, code: 'honoured', because: null }
}

/** Shares what a seller has left among one group; `surplusWh` is what it had before any agreement. */
function honour(claims: readonly Claim[], surplusWh: Wh, highestTicks: number): void {
  const { seller } = claims[0]!
  for (const claim of claims) {
    const { agreement, promised, buyer } = claim
    claim.askedWh = Math.min(shareOf(agreement, surplusWh), promised.energyWh)
    const refusal = reasonNotToHonour(claim, highestTicks)
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
    else if (claim.code === 'honoured' && claim.promised.isCut && claim.askedWh === claim.promised.energyWh) {
      claim.code = 'escrow-low'
    }
  }
}

/** Prices, fees included, keep to the window that every batch fits. */
function reasonNotToHonour(
  { seller, buyer, promised }: Claim,
  highestTicks: number,
): { code: OutcomeCode; because: OutcomeCode | null } | null {
  if (seller.refusal !== null) return { code: 'seller-side', because: seller.refusal }
  if (buyer.refusal !== null) return { code: 'buyer-side', because: buyer.refusal }
  const { priceTicks, feeTicks } = promised
  const mostTicks = Math.min(buyer.terms.buyCeiling, highestTicks)
  const fits = priceTicks >= seller.terms.sellFloor && priceTicks + feeTicks <= mostTicks
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
  const room = Math.min(...way.map(({ zone, up }) => grid.capacityWh[zone]! - up * flowWh[zone]!))
  if (room < claim.filledWh) {
    claim.filledWh = Math.max(0, room)
    claim.code = 'link-taken'
  }
  const energyWh = claim.filledWh
  seller.sellWh -= energyWh
  buyer.buyWh -= energyWh
  for (const { zone, up } of way) flowWh[zone]! += up * energyWh
  sums.matchedWh += energyWh
  sums.fees += BigInt(feeTicks) * BigInt(energyWh)
  for (const side of sides) {
    const own = side === 'sell' ? seller : buyer
    const price = side === 'sell' ? priceTicks : priceTicks + feeTicks
    if (claim.askedWh > 0) own.outcomes.push(outcomeOf(claim, side, price))
    fills.push({ stage: 'agreements', arrival, slot: own.seat.slot, side, energyWh, amount: price * energyWh })
  }
}

function outcomeOf({ promised, askedWh, filledWh, code, because }: Claim, side: Side, price: number): Outcome {
  return {
    ...{ stage: 'agreements', arrival: promised.arrival, side, limitTicks: price, offeredWh: askedWh, filledWh },
    ...{ priceTicks: filledWh === 0 ? null : price, amount: BigInt(price) * BigInt(filledWh), code },
    details: because === null ? [] : [outcomeCodes.indexOf(because)],
  }
}

/** Without a seat its agreements are void on both sides; the others stay. */
function without({ interval }: Computed, out: number): Reduction {
  const voided = new Set(
    interval.promised.flatMap(({ arrival, seller, buyer }) => (seller === out || buyer === out ? [arrival] : [])),
  )
  const feeOfArrival = new Map(interval.promised.map(({ arrival, feeTicks }) => [arrival, feeTicks]))
  const own = [...interval.fills].filter(({ stage }) => stage === 'agreements')
  const fills = own.map((fill) => (voided.has(fill.arrival) ? { ...fill, energyWh: 0, amount: 0 } : fill))
  const bought = fills.filter(({ side }) => side === 'buy')
  const matchedWh = bought.reduce((sum, { energyWh }) => sum + energyWh, 0)
  const gridFees = bought.reduce((sum, { arrival, energyWh }) => {
    return sum + BigInt(feeOfArrival.get(arrival)!) * BigInt(energyWh)
  }, 0n)
  return { fills, matchedWh, gridFees, congestionRent: 0n, gridTake: gridFees }
}

export const agreementsStage: Stage = { name: 'agreements', promise, allocate, without }
