/** What accounts and the grid operator arrange on the chain while the street trades: none of it may surprise a batch. */
import type { AreaStatus } from '../../server/areas/area-handle.ts'
import {
  barMeter,
  type Chain,
  changeMandate,
  claim,
  closeSeat,
  confirmMeter,
  deposit,
  type MandateLimits,
  openSeat,
  requestWithdrawal,
  startEpoch,
} from './chain.ts'
import type { Home } from './home.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { batchSeconds, midnight, withdrawalDelaySeconds } from './street.ts'

const day = 86_400

/** A home with the accounts that its meter has belonged to. */
export interface Household {
  home: Home
  accounts: readonly string[]
}

export interface PeopleParts {
  scheduler: Scheduler
  random: Random
  chain: Chain
  households: readonly Household[]
  servers: readonly Server[]
}

export function randomLimits(random: Random): MandateLimits {
  return {
    sellFloor: random.whole(-200, 900),
    buyCeiling: random.whole(1_800, 3_400),
    maxSellWh: random.whole(150, 500),
    maxBuyWh: random.whole(150, 500),
    validUntil: random.chance(0.15) ? midnight : midnight + 300 * day,
  }
}

export function randomPlace(random: Random): { zone: string; nameplateWh: number } {
  return {
    zone: random.pick(['south', 'south', 'south', 'south', 'north', 'street']),
    nameplateWh: random.whole(300, 600),
  }
}

export class People {
  isQuiet = false
  private readonly parts: PeopleParts

  constructor(parts: PeopleParts) {
    this.parts = parts
    this.later()
  }

  private later(): void {
    const { scheduler, random } = this.parts
    scheduler.after(random.between(5_000, 60_000), () => {
      if (!this.isQuiet) this.act()
      this.later()
    })
  }

  /** The grid operator hears that a meter has signed two values. */
  reportEquivocation(meter: string): void {
    const { chain } = this.parts
    const seat = [...chain.head.state.seats.values()].findLast((each) => each.meter === meter)
    if (seat !== undefined) chain.send(barMeter(seat.seat))
  }

  private act(): void {
    const { random, chain, households } = this.parts
    const household = random.pick(households)
    const { meter } = household.home
    const seats = [...chain.head.state.seats.values()].filter((seat) => seat.meter === meter)
    const seat = seats.at(-1)!
    const number = seat.seat
    const isClosed = seat.terms.at(-1)!.closed
    const isBarred = seat.standings.at(-1)?.barred !== false
    const acts = [
      ...(['mandate', 'mandate', 'deposit', 'withdraw', 'confirm', 'revoke'] as const),
      ...(['epoch', 'close', 'move', 'leave'] as const),
    ]
    const act = isClosed ? 'open' : isBarred ? random.pick(['confirm', 'confirm', 'close'] as const) : random.pick(acts)
    if (act === 'mandate') chain.send(changeMandate(number, randomLimits(random)))
    else if (act === 'deposit') chain.send(deposit(number, BigInt(random.whole(100_000, 3_000_000))))
    else if (act === 'withdraw') this.withdraw(number)
    else if (act === 'confirm') chain.send(confirmMeter(number, randomPlace(random)))
    else if (act === 'revoke') chain.send(barMeter(number))
    else if (act === 'epoch') this.replaceMeter(household)
    else if (act === 'close') chain.send(closeSeat(number))
    else if (act === 'leave') this.leave(household, number)
    else if (act === 'open') this.open(household, random.pick(household.accounts))
    else this.open(household, household.accounts.find((account) => account !== seat.account)!)
  }

  /** The meter moves to another area, and comes back with a new seat some time later. */
  private leave({ home }: Household, number: number): void {
    const { chain } = this.parts
    home.isElsewhere = (time) => {
      const seats = [...chain.head.state.seats.values()].filter(({ meter }) => meter === home.meter)
      return !seats.some(({ openedAt, terms }) => {
        const last = terms.at(-1)!
        return openedAt <= time && (!last.closed || time <= last.from)
      })
    }
    chain.send(closeSeat(number))
  }

  private withdraw(number: number): void {
    const { scheduler, random, chain } = this.parts
    const { balance } = chain.head.state.seats.get(number)!
    const amount = random.chance(0.5) ? balance : BigInt(random.whole(1, 1_000_000))
    if (amount > 0n) chain.send(requestWithdrawal(number, amount))
    scheduler.after(withdrawalDelaySeconds * 1000 + random.between(0, 60_000), () => chain.send(claim(number)))
  }

  private replaceMeter({ home }: Household): void {
    this.carryEpoch(home, home.replaceMeter())
  }

  /** Asks the operator for the new epoch again and again, until the chain has it. */
  private carryEpoch(home: Home, epoch: Home['epoch']): void {
    const { scheduler, random, chain, servers } = this.parts
    scheduler.after(random.between(5_000, 20_000), () => {
      const seat = [...chain.head.state.seats.values()].findLast(({ meter }) => meter === home.meter)!
      if (home.epoch !== epoch || seat.epochStart.epoch >= epoch.epoch) return
      const { isReady, handle } = random.pick(servers)
      if (isReady && isSettledBefore(handle.status, epoch.time)) chain.send(startEpoch(seat.seat, epoch))
      this.carryEpoch(home, epoch)
    })
  }

  /** A seat for a meter that is free, or that another account hands over; confirmed and funded soon. */
  private open({ home }: Household, account: string): void {
    const { scheduler, random, chain } = this.parts
    const seats = () => [...chain.head.state.seats.values()]
    chain.send(openSeat({ account, meter: home.meter, epoch: home.epoch }, randomLimits(random)), (went) => {
      if (!went) return
      scheduler.after(random.between(5_000, 30_000), () => {
        const { seat } = seats().findLast((each) => each.meter === home.meter)!
        chain.send(deposit(seat, BigInt(random.whole(500_000, 5_000_000))))
        chain.send(confirmMeter(seat, randomPlace(random)))
      })
    })
  }
}

/** Whether the operator's server carries an epoch that begins then: all of the one before is settled, as `server/chain/relay.ts` demands. */
function isSettledBefore({ cutUntil, unsettledFrom }: AreaStatus, time: number): boolean {
  return cutUntil >= Math.ceil(time / batchSeconds) * batchSeconds && (unsettledFrom ?? time) >= time
}
