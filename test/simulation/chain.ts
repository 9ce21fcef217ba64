/**
 * The escrow on its chain: blocks, what people arrange there, and batches that settle only as the contract would have it. Here
 * time is always right; but the chain may stand still, and what a server has heard of it may be old.
 */

import type { SeatRecord } from '../../server/chain/seat-view.ts'
import type { BatchCut } from '../../server/market/area/area.ts'
import {
  type AreaEscrow,
  checkBatch,
  type EscrowState,
  Insolvent,
  type SeatPlace,
  type SignedRegisters,
} from './contract.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { boundaryAfter, intervalSeconds, withdrawalDelaySeconds } from './street.ts'

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
  /** Blocks are made, but no server hears of them until then. */
  unheardUntilMs = 0
  /** Until then nobody pays for sending a batch. */
  unsettledUntilMs = 0
  private readonly scheduler: Scheduler
  private readonly random: Random
  private readonly isSigned: (reading: SignedRegisters) => boolean
  private waiting: { transaction: Transaction; done: (went: boolean) => void }[] = []

  constructor(
    scheduler: Scheduler,
    random: Random,
    { areas, isSigned }: { areas: number; isSigned: (reading: SignedRegisters) => boolean },
  ) {
    this.scheduler = scheduler
    this.random = random
    this.isSigned = isSigned
    const empty: AreaEscrow = { seats: new Map(), settledUntil: 0, settled: new Map() }
    const numbered = Array.from({ length: areas }, (_, index): [number, AreaEscrow] => [index + 1, empty])
    const state: EscrowState = { areas: new Map(numbered), seatsOf: new Map() }
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
   * Settles a batch of an area with the signatures of its entries' registers. Throws `Insolvent` where somebody cannot pay it now; what
   * else the contract would refuse it for is given to `done`, or null.
   */
  settle(
    area: number,
    batch: BatchCut,
    signatures: readonly (string | null)[],
    done: (refusal: string | null) => void,
  ): void {
    const { isSigned } = this
    const check = ({ areas }: EscrowState, time: number) =>
      checkBatch(areas.get(area)!, batch, { time, signatures, isSigned })
    const now = check(this.head.state, Math.floor(this.scheduler.nowMs / 1000))
    if (now instanceof Insolvent) throw now
    if (typeof now === 'string') {
      done(now)
      return
    }
    this.send((state, time) => {
      // Another server has sent it as well.
      if (state.areas.get(area)!.settled.has(batch.end)) return null
      const next = check(state, time)
      if (typeof next !== 'string' && !(next instanceof Insolvent)) return withArea(state, area, next)
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

/** A seat that a meter has or had, and what stands there. */
export interface HeldSeat extends SeatPlace {
  record: SeatRecord
}

/** The seats of a meter, in whatever area, the newest last. */
export function seatsOf({ state }: Pick<Block, 'state'>, meter: string): HeldSeat[] {
  const places = state.seatsOf.get(meter) ?? []
  return places.map((place) => ({ ...place, record: recordAt(state, place)! }))
}

function recordAt({ areas }: EscrowState, { area, seat }: SeatPlace): SeatRecord | undefined {
  return areas.get(area)?.seats.get(seat)
}

/**
 * Opens the next seat: for a meter that is free, or whose seat, in whatever area, ends with it. `epoch` begins where the meter's
 * registers stand.
 */
export function openSeat(
  {
    area,
    account,
    meter,
    epoch,
  }: Pick<SeatPlace, 'area'> & {
    account: string
    meter: string
    epoch: SeatRecord['epochStart']
  },
  limits: MandateLimits,
): Transaction {
  return (state, time) => {
    const held = seatsOf({ state }, meter)
    const former = held.at(-1)
    const isOpen = former !== undefined && !former.record.terms.at(-1)!.closed
    if (isOpen && former.record.account === account && former.area === area) return null
    const closed = isOpen ? closeSeat(former)(state, time)! : state
    const free = former === undefined ? 0 : recordAt(closed, former)!.terms.at(-1)!.from
    const from = Math.max(boundaryAfter(time), free)
    if (limits.validUntil <= from) return null
    const seat = state.areas.get(area)!.seats.size + 1
    const versions = held.flatMap(({ record }) =>
      record.account === account ? record.terms.map(({ mandate }) => mandate.version) : [],
    )
    const record: SeatRecord = {
      ...{ seat, account, meter, standings: [], balance: 0n, withdrawal: null, withdrawalNonce: 0, movesTo: null },
      // A meter takes its keys along.
      keys: former?.record.keys ?? [],
      terms: [{ from, mandate: mandateOf(limits, Math.max(0, ...versions) + 1), closed: false }],
      ...{ base: epoch, openedAt: from, epochStart: epoch, confirmations: 0, inForceUntil: 0 },
    }
    const places = [...(state.seatsOf.get(meter) ?? []), { area, seat }]
    return withSeat({ ...closed, seatsOf: new Map([...closed.seatsOf, [meter, places]]) }, area, record)
  }
}

/** The next key of a meter signs its readings after a boundary that is at least an interval ahead; `key` is the last one until then. */
export function rotateKey(
  meter: string,
  { key, next, from: wanted }: { key: string; next: string; from: number },
): Transaction {
  return (state, time) => {
    const held = seatsOf({ state }, meter)
    const newest = held.at(-1)!.record
    const last = newest.terms.at(-1)!
    if ((last.closed && last.from <= time) || key !== (newest.keys.at(-1)?.key ?? meter)) return null
    const earliest = Math.max(time + intervalSeconds, wanted, (newest.keys.at(-1)?.from ?? 0) + 1)
    const from = boundaryAfter(earliest - 1)
    // Every seat of the meter learns of the key: a former one may still run.
    return held.reduce((before, { area, record }) => {
      return withSeat(before, area, { ...record, keys: [...record.keys, { key: next as `0x${string}`, from }] })
    }, state)
  }
}

function mandateOf(limits: MandateLimits, version: number): Mandate {
  return { ...limits, version } as Mandate
}

export function closeSeat(place: SeatPlace): Transaction {
  return onSeat(place, (seat, time) => {
    const last = seat.terms.at(-1)!
    if (last.closed) return null
    return { terms: scheduled(seat.terms, { ...last, from: boundaryAfter(time), closed: true }) }
  })
}

export function changeMandate(place: SeatPlace, limits: MandateLimits): Transaction {
  return onSeat(place, (seat, time) => {
    const last = seat.terms.at(-1)!
    const from = boundaryAfter(time)
    if (last.closed || limits.validUntil <= from) return null
    const mandate = mandateOf(limits, last.mandate.version + 1)
    return { terms: scheduled(seat.terms, { from, mandate, closed: false }) }
  })
}

export function confirmMeter(
  place: SeatPlace,
  { zone, nameplateWh }: { zone: string; nameplateWh: number },
): Transaction {
  return onSeat(place, (seat, time) => ({
    standings: scheduled(seat.standings, { from: boundaryAfter(time), zone, nameplateWh, grade: 0, barred: false }),
    confirmations: seat.confirmations + 1,
  }))
}

/** What a revocation and a suspension have in common. */
export function barMeter(place: SeatPlace): Transaction {
  return onSeat(place, (seat, time) => {
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

export function deposit(place: SeatPlace, amount: bigint): Transaction {
  return onSeat(place, ({ balance }) => ({ balance: balance + amount }))
}

export function requestWithdrawal(place: SeatPlace, amount: bigint): Transaction {
  return onSeat(place, ({ account, withdrawalNonce }, time) => {
    const claimableAt = time + withdrawalDelaySeconds
    return { withdrawal: { amount, to: account, claimableAt }, withdrawalNonce: withdrawalNonce + 1 }
  })
}

export function claim(place: SeatPlace): Transaction {
  return onSeat(place, ({ withdrawal, balance }, time) => {
    if (withdrawal === null || withdrawal.claimableAt > time) return null
    const paid = withdrawal.amount < balance ? withdrawal.amount : balance
    return { balance: balance - paid, withdrawal: null }
  })
}

/** Begins a new epoch of a seat's meter; what is not settled of the epoch before never will be. */
export function startEpoch(place: SeatPlace, epoch: SeatRecord['epochStart']): Transaction {
  return onSeat(place, ({ base }) => {
    if (epoch.epoch <= base.epoch || epoch.time < base.time) return null
    return { base: epoch, epochStart: epoch }
  })
}

function onSeat(
  place: SeatPlace,
  change: (seat: SeatRecord, time: number, state: EscrowState) => Partial<SeatRecord> | null,
): Transaction {
  return (state, time) => {
    const seat = recordAt(state, place)
    const changed = seat === undefined ? null : change(seat, time, state)
    return changed === null ? null : withSeat(state, place.area, { ...seat!, ...changed })
  }
}

function withSeat(state: EscrowState, area: number, record: SeatRecord): EscrowState {
  const before = state.areas.get(area)!
  return withArea(state, area, { ...before, seats: new Map([...before.seats, [record.seat, record]]) })
}

function withArea(state: EscrowState, number: number, area: AreaEscrow): EscrowState {
  return { ...state, areas: new Map([...state.areas, [number, area]]) }
}

function scheduled<Change extends { from: number }>(before: readonly Change[], change: Change): Change[] {
  return [...before.filter(({ from }) => from < change.from), change]
}
