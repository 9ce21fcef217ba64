/**
 * What a server does about the chain: it tells the area what counts there, as `server/chain/indexer.ts` does, and sends the batches
 * that the tables hold, as `server/chain/settlement-service.ts` does.
 */
import type { ConnectedArea } from '../../server/areas/messages.ts'
import { chainSeatOf, type SeatRecord } from '../../server/chain/seat-view.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import type { Block, Chain } from './chain.ts'
import { Insolvent, printed } from './contract.ts'
import type { Database } from './database.ts'
import type { Machine } from './machine.ts'
import { frozen } from './port.ts'
import { print } from './print.ts'
import type { Random } from './random.ts'
import { batchSeconds } from './street.ts'
import { readingKey } from './tables.ts'

interface Told {
  /** The newest block that counts, and the newest one. */
  counted: Block
  head: Block
  batchEnd: number
  settledUntil: number
  loads: number
  forms: Map<number, string>
}

export interface FollowerParts {
  area: number
  machine: Machine
  random: Random
  chain: Chain
  database: Database
  handle: ConnectedArea
  /** Hears why the contract refuses a batch. */
  refused(end: number, reason: string): void
}

export class Follower {
  /** Tells everything once more, as an indexer that was started anew. */
  forgets = false
  private readonly parts: FollowerParts
  private told: Told | null = null
  /** Batches that are on their way, by end and number. */
  private readonly sent = new Set<string>()
  /** Batches that are being named, by end. */
  private readonly disowning = new Set<number>()

  constructor(parts: FollowerParts) {
    this.parts = parts
    this.loop(() => this.tell())
    this.loop(async () => this.settle())
  }

  private loop(work: () => Promise<void>): void {
    const { machine, random } = this.parts
    const next = () => machine.after(random.between(1_000, 3_000), once)
    const once = () => void work().then(next, next)
    next()
  }

  private async tell(): Promise<void> {
    const { area, machine, chain, handle, random } = this.parts
    if (machine.scheduler.nowMs < chain.unheardUntilMs) return
    handle.seeChain(chain.head.time * 1000)
    if (this.forgets) this.told = null
    this.forgets = false
    const { counted, head } = chain
    const before = this.told?.loads === handle.status.loads ? this.told : null
    if (before?.counted === counted && before.head === head) {
      handle.chainTold(counted.time * 1000)
      return
    }
    const next: Told = {
      ...{ counted, head },
      batchEnd: Math.floor(counted.time / batchSeconds) * batchSeconds,
      settledUntil: counted.state.areas.get(area)!.settledUntil,
      loads: handle.status.loads,
      forms: new Map(),
    }
    const changed: ChainSeat[] = []
    const newest = head.state.areas.get(area)!.seats
    for (const record of counted.state.areas.get(area)!.seats.values()) {
      const { seat, form } = shown(record, newest.get(record.seat)!)
      next.forms.set(record.seat, form)
      if (before?.forms.get(record.seat) !== form) changed.push(seat)
    }
    const isSame = before?.settledUntil === next.settledUntil && before.batchEnd === next.batchEnd
    if (changed.length === 0 && isSame) {
      handle.chainTold(counted.time * 1000)
      return
    }
    const half = random.chance(0.3) ? changed.length >> 1 : 0
    if (half > 0) await this.deliver(counted, changed.slice(0, half), true)
    await this.deliver(counted, changed.slice(half), false)
    this.told = next
  }

  private async deliver({ number, time, state }: Block, seats: ChainSeat[], isPart: boolean): Promise<void> {
    const { area, handle } = this.parts
    const { settledUntil } = state.areas.get(area)!
    await handle.submit({ type: 'chain', block: number, time, settledUntil, seats, isPart })
  }

  private settle(): void {
    const { area, machine, chain, database, handle, refused } = this.parts
    const { nowMs } = machine.scheduler
    if (nowMs < chain.unheardUntilMs) return
    this.disownOthers()
    if (nowMs < chain.unsettledUntilMs) return
    const { settledUntil, settled } = chain.head.state.areas.get(area)!
    const counted = chain.counted.state.areas.get(area)!
    const ends = [...database.tables.batches.keys()].filter((end) => end > counted.settledUntil)
    const next = ends.sort((a, b) => a - b).find((end) => !settled.has(end))
    if (next === undefined) return
    const { batch, number } = database.tables.batches.get(next)!
    const purpose = `${next} ${number}`
    if (this.sent.has(purpose)) return
    if (batch.start < settledUntil) {
      refused(next, 'CHAIN_OVERTAKEN')
      return
    }
    try {
      this.sent.add(purpose)
      const signatures = batch.entries.map(({ seat, epoch, time }) => {
        return database.tables.readings.get(readingKey(seat, epoch, time))?.signature ?? null
      })
      chain.settle(area, batch, signatures, (reason) => {
        this.sent.delete(purpose)
        if (reason !== null) refused(next, reason)
      })
    } catch (error) {
      this.sent.delete(purpose)
      if (!(error instanceof Insolvent)) throw error
      const seats = error.seats.filter((seat) => cannotPay(batch.entries, counted.seats.get(seat)))
      if (seats.length > 0) handle.submit({ type: 'leave-out', end: next, number, seats }).catch(() => {})
    }
  }

  /** Names the batches that the chain has settled otherwise than they were cut here, and those of which nothing is known here. */
  private disownOthers(): void {
    const { area, chain, database, handle } = this.parts
    const { batches, missed } = database.tables
    for (const [end, { start, entries }] of chain.counted.state.areas.get(area)!.settled) {
      const own = batches.get(end)?.batch
      const isNamed = own === undefined && [...missed].some(([to, from]) => from < end && end <= to)
      if (isNamed || printed(own?.entries) === printed(entries) || this.disowning.has(end)) continue
      this.disowning.add(end)
      const done = () => this.disowning.delete(end)
      handle.submit({ type: 'disown-batch', start, end }).then(done, done)
    }
  }
}

function cannotPay(
  entries: readonly { seat: number; paid: bigint; received: bigint }[],
  record: SeatRecord | undefined,
): boolean {
  let balance = record?.balance ?? 0n
  for (const { seat, paid, received } of entries) {
    if (seat !== record?.seat) continue
    balance += received - paid
    if (balance < 0n) return true
  }
  return false
}

interface Shown {
  newest: SeatRecord
  seat: ChainSeat
  /** The seat as text, to be compared. */
  form: string
}

/** What was made of a record last; records never change in place. */
const shownBefore = new WeakMap<SeatRecord, Shown>()

/** What an area hears of a seat that counts as `record` and is `newest` by the newest block. */
function shown(record: SeatRecord, newest: SeatRecord): Shown {
  const before = shownBefore.get(record)
  if (before?.newest === newest) return before
  const seat = frozen(withOpenRequest(chainSeatOf(record), newest))
  const made = { newest, seat, form: print(seat) }
  shownBefore.set(record, made)
  return made
}

/** A withdrawal binds funds as soon as any block shows it. */
function withOpenRequest(seat: ChainSeat, { withdrawal, withdrawalNonce }: SeatRecord): ChainSeat {
  const isLarger = withdrawal !== null && withdrawal.amount >= (seat.withdrawal?.amount ?? 0n)
  return { ...seat, withdrawal: isLarger ? withdrawal : seat.withdrawal, withdrawalNonce }
}
