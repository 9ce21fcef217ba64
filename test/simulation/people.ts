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
  type HeldSeat,
  type MandateLimits,
  openSeat,
  requestWithdrawal,
  rotateKey,
  seatsOf,
  startEpoch,
} from './chain.ts'
import type { SeatPlace } from './contract.ts'
import type { Home } from './home.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { batchSeconds, boundaryAfter, intervalSeconds, midnight, withdrawalDelaySeconds } from './street.ts'

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
  areas: number
  /** Counts what has been played. */
  played(what: Played): void
}

/** What people do to their seats that every street is meant to live through. */
export const playedByPeople = [
  'a meter gets another seat in its area',
  'a meter moves to another area',
  'a meter is replaced',
  'a key follows',
] as const
type Played = (typeof playedByPeople)[number]

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
    const seat = seatsOf(chain.head, meter).at(-1)
    if (seat !== undefined) chain.send(barMeter(seat))
  }

  private act(): void {
    const { random, chain, households } = this.parts
    const household = random.pick(households)
    const { meter } = household.home
    const held = seatsOf(chain.head, meter).at(-1)!
    const { record } = held
    const isClosed = record.terms.at(-1)!.closed
    const isBarred = record.standings.at(-1)?.barred !== false
    const acts = [
      ...(['mandate', 'mandate', 'deposit', 'withdraw', 'confirm', 'revoke'] as const),
      ...(['epoch', 'close', 'move', 'move', 'key', 'key'] as const),
    ]
    const act = isClosed ? 'open' : isBarred ? random.pick(['confirm', 'confirm', 'close'] as const) : random.pick(acts)
    if (act === 'mandate') chain.send(changeMandate(held, randomLimits(random)))
    else if (act === 'deposit') chain.send(deposit(held, BigInt(random.whole(100_000, 3_000_000))))
    else if (act === 'withdraw') this.withdraw(held)
    else if (act === 'confirm') chain.send(confirmMeter(held, randomPlace(random)))
    else if (act === 'revoke') chain.send(barMeter(held))
    else if (act === 'epoch') this.replaceMeter(household)
    else if (act === 'close') chain.send(closeSeat(held))
    else if (act === 'key') this.rotateKey(household.home, record.keys.at(-1)?.key ?? meter)
    else if (act === 'open') this.open(household, random.pick(household.accounts), this.anyArea())
    else this.move(household, held)
  }

  private anyArea(): number {
    return this.parts.random.whole(1, this.parts.areas)
  }

  /** The meter goes to another account, to another area, or both. */
  private move(household: Household, { area, record }: HeldSeat): void {
    const { random } = this.parts
    const to = this.anyArea()
    const isKept = to !== area && random.chance(0.5)
    this.open(household, household.accounts.find((account) => (account === record.account) === isKept)!, to)
  }

  /** The home makes a new key, which its last one vouches for; some time later perhaps than it was meant to sign. */
  private rotateKey(home: Home, key: string): void {
    const { scheduler, random, chain } = this.parts
    const from = boundaryAfter(scheduler.nowMs / 1000) + random.whole(0, 4) * intervalSeconds
    const rotation = rotateKey(home.meter, { key, next: home.nextKey(), from })
    const count = (went: boolean) => went && this.parts.played('a key follows')
    scheduler.after(random.chance(0.3) ? random.between(0, 300_000) : 0, () => chain.send(rotation, count))
  }

  private withdraw({ record: { balance }, ...place }: HeldSeat): void {
    const { scheduler, random, chain } = this.parts
    const amount = random.chance(0.5) ? balance : BigInt(random.whole(1, 1_000_000))
    if (amount > 0n) chain.send(requestWithdrawal(place, amount))
    scheduler.after(withdrawalDelaySeconds * 1000 + random.between(0, 60_000), () => chain.send(claim(place)))
  }

  private replaceMeter({ home }: Household): void {
    this.carryEpoch(home, home.replaceMeter())
  }

  /** Asks the operator for the new epoch again and again, until the chain has it. */
  private carryEpoch(home: Home, epoch: Home['epoch']): void {
    const { scheduler, random, chain, servers, played } = this.parts
    const count = (went: boolean) => went && played('a meter is replaced')
    scheduler.after(random.between(5_000, 20_000), () => {
      const held = seatsOf(chain.head, home.meter).at(-1)!
      if (home.epoch !== epoch || held.record.epochStart.epoch >= epoch.epoch) return
      const server = random.pick(servers)
      const { status } = server.area(held.area)
      if (server.isReadyIn(held.area) && isSettledBefore(status, epoch.time)) chain.send(startEpoch(held, epoch), count)
      this.carryEpoch(home, epoch)
    })
  }

  /** A seat for a meter that is free, or that another account hands over; confirmed and funded soon. */
  private open({ home }: Household, account: string, area: number): void {
    const { scheduler, random, chain, played } = this.parts
    const before = seatsOf(chain.head, home.meter).at(-1)?.area
    chain.send(openSeat({ area, account, meter: home.meter, epoch: home.epoch }, randomLimits(random)), (went) => {
      if (!went) return
      played(before === area ? 'a meter gets another seat in its area' : 'a meter moves to another area')
      scheduler.after(random.between(5_000, 30_000), () => {
        const seat: SeatPlace = seatsOf(chain.head, home.meter).at(-1)!
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
