/**
 * What is asked of an order before anything waits for it: that its account has a seat here, and that whoever sends it has not
 * taken its share already. A stranger costs a look into a table in memory, and never a place in a queue.
 */

import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { AreaError } from '../areas/error.ts'
import { languages } from '../words/languages.ts'
import { orderSentence } from '../words/sentences.ts'
import { createAllowance } from './allowance.ts'
import { ApiError, Refused } from './problem.ts'

/** Orders that are worked on at a time, of all, of one network, and of one account once it is known that it signed. */
const most = { all: 10_000, ofNetwork: 2_000, ofAccount: 500 }
/** Orders of one network in a minute that turn out not to be signed by their account; after that it waits. */
const mostFalsePerMinute = 120

/** Orders in a minute that are of nobody here, of one network or account: a hundred in one message cost a look at a hundred forms. */
const mostVainPerMinute = 6_000

/** Who sends something signed: a network, and the account of its session where that belongs here. */
export interface OrderSender {
  network: string
  account: string | null
}

export interface OrderGate {
  /**
   * Takes a place for an order and does the work, which is told how to take one of its account's. Throws `Refused`
   * (`ORDER_NO_SEAT`), `AreaError` (`AREA_NOT_READY`) or `ApiError` (`ORDERS_BUSY`, `TOO_MANY_REQUESTS`).
   */
  enter<Result>(
    area: AreaHandle,
    { account, meter, sender }: { account: string; meter: string; sender: OrderSender },
    work: (asAccount: <Inner>(inner: () => Promise<Inner>) => Promise<Inner>) => Promise<Result>,
  ): Promise<Result>
  /**
   * Takes a place for anything else that is signed and does the work, for which no account need have a seat: what turns out not to be
   * signed by whom it names counts as with orders. Throws `ApiError` (`ORDERS_BUSY`, `TOO_MANY_REQUESTS`).
   */
  judge<Result>(sender: OrderSender, work: () => Promise<Result>): Promise<Result>
  /** Throws `TOO_MANY_REQUESTS` where the sender's orders have been in vain too often to look at another message of them. */
  hear(sender: OrderSender): void
  /** Notes how many orders of a message were of nobody here. */
  heardInVain(sender: OrderSender, orders: number): void
}

export function createOrderGate(nowMs: () => number = Date.now): OrderGate {
  const networks = new Shares(most.ofNetwork)
  const accounts = new Shares(most.ofAccount)
  const falseOrders = createAllowance({
    mostPerMinute: mostFalsePerMinute,
    done: 'one address may send what is not signed by its account',
  })
  const vain = createAllowance({ mostPerMinute: mostVainPerMinute, done: 'one may send orders that are nobody’s here' })
  const nameOf = ({ account, network }: OrderSender) => account ?? network

  async function judged<Result>(who: string, work: () => Promise<Result>): Promise<Result> {
    falseOrders.check(who, nowMs())
    if (networks.total >= most.all) throw busy()
    return networks.run(who, async () => {
      try {
        return await work()
      } catch (error) {
        if (error instanceof ApiError && error.code.endsWith('_SIGNATURE')) falseOrders.use(who, nowMs())
        throw error
      }
    })
  }

  return {
    hear(sender) {
      vain.check(nameOf(sender), nowMs())
    },
    heardInVain(sender, orders) {
      if (orders > 0) vain.charge(nameOf(sender), nowMs(), orders)
    },
    async enter(area, { account, meter, sender }, work) {
      requireSeat(area, { account, meter }, { code: 'ORDER_NO_SEAT', details: [] })
      // Whoever has signed in for this seat needs no share of a network that it has with others.
      return judged(sender.account === account ? account : sender.network, () => {
        return work((inner) => accounts.run(`${area.settings.rulesHash} ${account}`, inner))
      })
    },
    judge: (sender, work) => judged(nameOf(sender), work),
  }
}

/** Throws `Refused` with the refusal where the area has no such seat, or `AreaError` `AREA_NOT_READY` where it cannot know. */
export function requireSeat(
  area: AreaHandle,
  { account, meter }: { account: Address; meter: Address },
  refusal: { code: 'ORDER_NO_SEAT' | 'AGREEMENT_NO_SEAT'; details: readonly number[] },
): void {
  if (hasSeat(area, account, meter)) return
  // What is known of seats is as new as the area is: nobody is made to give up by one that waits.
  if (area.status.condition.is !== 'ready') {
    throw new AreaError('AREA_NOT_READY', 'the area does not know its seats yet; try again')
  }
  throw new Refused(refusal.code, orderSentence(languages.en, refusal, area.settings))
}

function busy(): ApiError {
  return new ApiError('ORDERS_BUSY', 'too many orders are under way; wait for the answers before', {
    retryAfterSeconds: 1,
  })
}

/** How much of something each has under way, and all together. */
class Shares {
  total = 0
  private readonly underWay = new Map<string, number>()
  private readonly mostOfOne: number
  constructor(mostOfOne: number) {
    this.mostOfOne = mostOfOne
  }

  async run<Result>(who: string, work: () => Promise<Result>): Promise<Result> {
    const count = this.underWay.get(who) ?? 0
    if (count >= this.mostOfOne) throw busy()
    this.underWay.set(who, count + 1)
    this.total += 1
    try {
      return await work()
    } finally {
      this.total -= 1
      const left = this.underWay.get(who)! - 1
      if (left === 0) this.underWay.delete(who)
      else this.underWay.set(who, left)
    }
  }
}

/** Whether the area has a seat of this account and meter. */
export function hasSeat(area: AreaHandle, account: Address, meter: Address): boolean {
  return area.seatsOfMeter(meter).some((seat) => seat.account === account)
}
