/**
 * The escrow on its chain: blocks, what people arrange there, and batches that settle only as the contract would have it. Here
 * time is always right; but the chain may stand still, and what a server has heard of it may be old.
 */

import type { SeatRecord } from '../../server/chain/seat-view.ts'
import type { BatchCut } from '../../server/market/area/area.ts'
import { checkBatch, type EscrowState, Insolvent, type SignedRegisters } from './contract.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { boundaryAfter, config, withdrawalDelaySeconds } from './street.ts'

export interface Block {
  number: number
  /** UTC seconds. */
  time: number
  state: EscrowState
}

type Mandate = SeatRecord['terms'][number]['mandate']

/** What an account signs for a seat. */
export type MandateLimits = Pick<Mandate, 'sellFloor' | 'buyCeiling' | 'maxSellWh' | 'maxBuyWh' | 'validUntil'>

/** A transaction: gives the escrow that follows, or null where the contract refuses it. */
export type Transaction = (state: EscrowState, time: number) => EscrowState | null

export class Chain {
  readonly blocks: Block[]
  /** Blocks from one to the newest, both counted, before it counts. */
  readonly confirmations = 3
  stoppedUntilMs = 0
  /** Until then nobody pays for sending a batch. */
  unsettledUntilMs = 0
  private readonly scheduler: Scheduler
  private readonly random: Random
  private readonly isSigned: (reading: SignedRegisters) => boolean
  private waiting: { transaction: Transaction; done: (went: boolean) => void }[] = []

  constructor(scheduler: Scheduler, random: Random, isSigned: (reading: SignedRegisters) => boolean) {
    this.scheduler = scheduler
    this.random = random
    this.isSigned = isSigned
    const state: EscrowState = { seats: new Map(), settledUntil: 0, settled: new Map() }
    this.blocks = [{ number: 0, time: Math.floor(scheduler.nowMs / 1000), state }]
    this.mineLater()
  }

  get head(): Block {
    return this.blocks.at(-1)!
  }

  /** The newest block that counts. */
  get counted(): Block {
    return this.blocks.at(-this.confirmations) ?? this.blocks[0]!
  }

  /** Sends a transaction; `done` hears whether it did something. */
  send(transaction: Transaction, done: (went: boolean) => void = () => {}): void {
    this.scheduler.after(this.random.between(100, 2_000), () => this.waiting.push({ transaction, done }))
  }

  /** Sends a transaction that the next block has. */
  sendAtOnce(transaction: Transaction): void {
    this.waiting.push({ transaction, done: () => {} })
  }

  /** Carries transactions out at once, in a block of their own. */
  mine(): void {
    const time = Math.floor(this.scheduler.nowMs / 1000)
    let { state } = this.head
    const sent = this.waiting
    this.waiting = []
    for (const { transaction, done } of sent) {
      const next = transaction(state, time)
      state = next ?? state
      done(next !== null)
    }
    this.blocks.push({ number: this.head.number + 1, time, state })
  }

  /**
   * Settles a batch. Throws `Insolvent` where somebody cannot pay it now; what else the contract would refuse it for is given to
   * `done`, or null.
   */
  settle(batch: BatchCut, done: (refusal: string | null) => void): void {
    const check = (state: EscrowState, time: number) => checkBatch(state, batch, { time, isSigned: this.isSigned })
    const now = check(this.head.state, Math.floor(this.scheduler.nowMs / 1000))
    if (now instanceof Insolvent) throw now
    if (typeof now === 'string') {
      done(now)
      return
    }
    this.send((state, time) => {
      // Another server has sent it as well.
      if (state.settled.has(batch.end)) return null
      const next = check(state, time)
      if (typeof next !== 'string' && !(next instanceof Insolvent)) return next
      // Somebody took their money out since it was sent: whoever sent it looks again.
      done(typeof next === 'string' ? next : null)
      return null
    })
  }

  private mineLater(): void {
    this.scheduler.after(this.random.between(2_000, 6_000), () => {
      if (this.scheduler.nowMs >= this.stoppedUntilMs) this.mine()
      this.mineLater()
    })
  }
}

/** Opens the next seat: for a meter that is free, or whose seat ends with it. `epoch` begins where the meter's registers stand. */
export function openSeat(
  { account, meter, epoch }: { account: string; meter: string; epoch: SeatRecord['epochStart'] },
  limits: MandateLimits,
): Transaction {
  return (state, time) => {
    const former = [...state.seats.values()].filter((seat) => seat.meter === meter).at(-1)
    const isOpen = former !== undefined && !former.terms.at(-1)!.closed
    if (isOpen && former.account === account) return null
    const closed = isOpen ? closeSeat(former.seat)(state, time)! : state
    const free = former === undefined ? 0 : closed.seats.get(former.seat)!.terms.at(-1)!.from
    const from = Math.max(boundaryAfter(time), free)
    if (limits.validUntil <= from) return null
    const number = state.seats.size + 1
    const versions = [...state.seats.values()].flatMap((seat) =>
      seat.account === account && seat.meter === meter ? seat.terms.map(({ mandate }) => mandate.version) : [],
    )
    const record: SeatRecord = {
      ...{ seat: number, account, meter, keys: [], standings: [], balance: 0n, withdrawal: null, withdrawalNonce: 0 },
      movesTo: null,
      terms: [{ from, mandate: mandateOf(limits, Math.max(0, ...versions) + 1), closed: false }],
      ...{ base: epoch, openedAt: from, epochStart: epoch, confirmations: 0, inForceUntil: 0 },
    }
    return withSeat(closed, record)
  }
}

function mandateOf(limits: MandateLimits, version: number): Mandate {
  return { ...limits, version } as Mandate
}

export function closeSeat(number: number): Transaction {
  return onSeat(number, (seat, time) => {
    const last = seat.terms.at(-1)!
    if (last.closed) return null
    return { terms: scheduled(seat.terms, { ...last, from: boundaryAfter(time), closed: true }) }
  })
}

export function changeMandate(number: number, limits: MandateLimits): Transaction {
  return onSeat(number, (seat, time) => {
    const last = seat.terms.at(-1)!
    const from = boundaryAfter(time)
    if (last.closed || limits.validUntil <= from) return null
    const mandate = mandateOf(limits, last.mandate.version + 1)
    return { terms: scheduled(seat.terms, { from, mandate, closed: false }) }
  })
}

export function confirmMeter(
  number: number,
  { zone, nameplateWh }: { zone: string; nameplateWh: number },
): Transaction {
  return onSeat(number, (seat, time) => ({
    standings: scheduled(seat.standings, { from: boundaryAfter(time), zone, nameplateWh, grade: 0, barred: false }),
    confirmations: seat.confirmations + 1,
  }))
}

/** What a revocation and a suspension have in common. */
export function barMeter(number: number): Transaction {
  return onSeat(number, (seat, time) => {
    const zone = seat.standings.at(-1)?.zone ?? null
    return {
      standings: scheduled(seat.standings, {
        from: boundaryAfter(time),
        zone,
        nameplateWh: null,
        grade: 0,
        barred: true,
      }),
    }
  })
}

export function deposit(number: number, amount: bigint): Transaction {
  return onSeat(number, ({ balance }) => ({ balance: balance + amount }))
}

export function requestWithdrawal(number: number, amount: bigint): Transaction {
  return onSeat(number, ({ account, withdrawalNonce }, time) => {
    const claimableAt = time + withdrawalDelaySeconds
    return { withdrawal: { amount, to: account, claimableAt }, withdrawalNonce: withdrawalNonce + 1 }
  })
}

export function claim(number: number): Transaction {
  return onSeat(number, ({ withdrawal, balance }, time) => {
    if (withdrawal === null || withdrawal.claimableAt > time) return null
    const paid = withdrawal.amount < balance ? withdrawal.amount : balance
    return { balance: balance - paid, withdrawal: null }
  })
}

/**
 * Begins a new epoch of a seat's meter. The operator lets it pass only as long as the batch in which it begins has not ended, so that
 * nothing of the epoch before is cut off.
 */
export function startEpoch(number: number, epoch: SeatRecord['epochStart']): Transaction {
  return onSeat(number, (seat, time, { settledUntil }) => {
    const { batchSeconds } = config.rules
    const batchStart = Math.floor(epoch.time / batchSeconds) * batchSeconds
    const isOpen = time < batchStart + batchSeconds && settledUntil >= batchStart
    if (!isOpen || epoch.epoch <= seat.base.epoch || epoch.time < seat.base.time) return null
    return { base: epoch, epochStart: epoch }
  })
}

function onSeat(
  number: number,
  change: (seat: SeatRecord, time: number, state: EscrowState) => Partial<SeatRecord> | null,
): Transaction {
  return (state, time) => {
    const seat = state.seats.get(number)
    const changed = seat === undefined ? null : change(seat, time, state)
    return changed === null ? null : withSeat(state, { ...seat!, ...changed })
  }
}

function withSeat(state: EscrowState, record: SeatRecord): EscrowState {
  return { ...state, seats: new Map([...state.seats, [record.seat, record]]) }
}

function scheduled<Change extends { from: number }>(before: readonly Change[], change: Change): Change[] {
  return [...before.filter(({ from }) => from < change.from), change]
}
