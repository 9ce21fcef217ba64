/** What accounts and the grid operator arrange on the chain while the street trades: none of it may surprise a batch. */
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
import { midnight, withdrawalDelaySeconds } from './street.ts'

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
    const acts = ['mandate', 'mandate', 'deposit', 'withdraw', 'confirm', 'revoke', 'epoch', 'close', 'move'] as const
    const act = isClosed ? 'open' : isBarred ? random.pick(['confirm', 'confirm', 'close'] as const) : random.pick(acts)
    if (act === 'mandate') chain.send(changeMandate(number, randomLimits(random)))
    else if (act === 'deposit') chain.send(deposit(number, BigInt(random.whole(100_000, 3_000_000))))
    else if (act === 'withdraw') this.withdraw(number)
    else if (act === 'confirm') chain.send(confirmMeter(number, randomPlace(random)))
    else if (act === 'revoke') chain.send(barMeter(number))
    else if (act === 'epoch') this.replaceMeter(household)
    else if (act === 'close') chain.send(closeSeat(number))
    else if (act === 'open') this.open(household, random.pick(household.accounts))
    else this.open(household, household.accounts.find((account) => account !== seat.account)!)
  }

  private withdraw(number: number): void {
    const { scheduler, random, chain } = this.parts
    const { balance } = chain.head.state.seats.get(number)!
    const amount = random.chance(0.5) ? balance : BigInt(random.whole(1, 1_000_000))
    if (amount > 0n) chain.send(requestWithdrawal(number, amount))
    scheduler.after(withdrawalDelaySeconds * 1000 + random.between(0, 60_000), () => chain.send(claim(number)))
  }

  /**
   * The operator carries a new epoch once it has begun, while the batch in which it begins is open. Where that comes too late, the
   * meter begins one more, until its seat has the epoch that it counts in.
   */
  private replaceMeter(household: Household): void {
    const { scheduler, random, chain } = this.parts
    const { home } = household
    const epoch = home.replaceMeter()
    const seat = () => [...chain.head.state.seats.values()].findLast(({ meter }) => meter === home.meter)!
    scheduler.after(epoch.time * 1000 - scheduler.nowMs + random.between(500, 20_000), () => {
      chain.send(startEpoch(seat().seat, epoch))
    })
    scheduler.after(epoch.time * 1000 - scheduler.nowMs + 60_000, () => {
      if (home.epoch === epoch && seat().epochStart.epoch < epoch.epoch) this.replaceMeter(household)
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
