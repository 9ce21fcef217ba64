/**
 * The durable store of an agent: metering states, readings on their way, and what became of them.
 *
 * LevelDB (`classic-level`) because it installs without a compiler, writes several records atomically, is locked to one
 * process, and survives a kill at any instruction: its log is checksummed and a torn end is dropped. A batch that signs
 * something is written with `sync: true`, so the disk has it before the network can: after a power cut the agent may not
 * find a boundary unsigned that the server has seen signed, or it could sign another value for it. What can be done
 * again (an acknowledgement, a poll that completed no boundary) is written without waiting for the disk.
 *
 * Live values are never stored. Readings leave the queue only when the server has them or will never take them, and the store
 * only once they are settled on chain: a server that was restored from an old copy gets them again.
 */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { CodedError } from '../../contracts/protocol/error.ts'
import type { LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { Gap, ReadingAck, SignedReading } from '../../contracts/protocol/wire.ts'
import type { MeterState } from '../registers/state.ts'
import { parseState, printState } from '../registers/state.ts'

export class OutboxError extends CodedError<
  'OUTBOX_LOCKED' | 'OUTBOX_OPEN' | 'OUTBOX_READ' | 'OUTBOX_WRITE' | 'OUTBOX_FOREIGN' | 'OUTBOX_STATE'
> {
  override readonly name = 'OutboxError'
  constructor(code: OutboxError['code'], message: string, cause?: unknown) {
    super(code, message, { cause })
  }
}

/** Where the store lies in an agent's data folder. */
export function outboxFolder(dataFolder: string): string {
  return join(dataFolder, 'outbox')
}

/** A reading the server will never take, with its reason. */
export interface RefusedReading {
  reading: SignedReading
  code: string
  message: string
}

/** What readings in a folder are signed for; a folder serves one escrow for its whole life. */
export interface OutboxDomain {
  chainId: number
  escrow: string
}

export interface OutboxLimits {
  /** How many acknowledged readings stay to be looked at once they are settled. */
  acknowledgedKept: number
  /** How many acknowledged readings stay in all, settled or not; the oldest go first. */
  unsettledKept: number
  /** How many refused readings stay; the oldest go first. */
  refusedKept: number
}

const defaultLimits: OutboxLimits = { acknowledgedKept: 1000, unsettledKept: 500_000, refusedKept: 100_000 }

type Put = { type: 'put'; key: string; value: string }
type Del = { type: 'del'; key: string }

const keys = {
  domain: 'domain',
  state: (meter: string) => `state!${meter}`,
  made: (meter: string) => `made!${meter}`,
  keys: (meter: string) => `keys!${meter}`,
  queued: (time: number, meter: string, epoch: number) => `queue!${timed(time, meter, epoch)}`,
  acknowledged: (time: number, meter: string, epoch: number) => `done!${timed(time, meter, epoch)}`,
  refused: (time: number, meter: string, epoch: number) => `refused!${timed(time, meter, epoch)}`,
}

/** Sorts by time, then meter, then epoch. */
function timed(time: number, meter: string, epoch: number): string {
  return `${time.toString().padStart(10, '0')}!${meter}!${epoch.toString().padStart(5, '0')}`
}

/** The end of the keys that begin with a prefix: `~` sorts after everything that follows a `!` here. */
function rangeOf(prefix: string) {
  return { gte: `${prefix}!`, lt: `${prefix}!~` }
}

export class Outbox {
  readonly folder: string
  readonly #limits: OutboxLimits
  #db: ClassicLevel<string, string>
  #counts = { queued: new Map<string, number>(), refused: new Map<string, number>() }
  #kept = { acknowledged: 0, refused: 0 }
  /** How far each meter is settled, as the server said last. */
  readonly #settledTo = new Map<string, number>()
  /** What reads readings and writes what became of them goes one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(folder: string, db: ClassicLevel<string, string>, limits: OutboxLimits) {
    this.folder = folder
    this.#db = db
    this.#limits = limits
  }

  /**
   * Opens the store in a folder, making it where there is none. Throws `OUTBOX_LOCKED` while another process has it,
   * `OUTBOX_FOREIGN` where it belongs to another chain or escrow, `OUTBOX_OPEN` where it cannot be read.
   */
  static async open(folder: string, domain: OutboxDomain, limits: Partial<OutboxLimits> = {}): Promise<Outbox> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const outbox = new Outbox(folder, await openDatabase(folder), { ...defaultLimits, ...limits })
    try {
      await outbox.#claim(domain)
      await outbox.#count()
    } catch (error) {
      await outbox.close()
      throw error
    }
    return outbox
  }

  /** The stored metering state of a meter; `null` where there is none. Throws `OUTBOX_STATE` on one it cannot continue. */
  async state(meter: string): Promise<MeterState | null> {
    const text = await this.#read((db) => db.get(keys.state(meter)))
    if (text === undefined) return null
    try {
      return parseState(text)
    } catch (error) {
      throw new OutboxError(
        'OUTBOX_STATE',
        `cannot continue the metering state of ${meter}: ${messageOf(error)}`,
        error,
      )
    }
  }

  /** Remembers that a meter's key was made for this store, so that a missing state is a state that never was. */
  async noteKey(meter: string): Promise<void> {
    await this.#write([{ type: 'put', key: keys.made(meter), value: '' }], true)
  }

  async hasNoted(meter: string): Promise<boolean> {
    return (await this.#read((db) => db.get(keys.made(meter)))) !== undefined
  }

  /** The keys that followed the meter's first one, as `takeKeys` stored them. */
  async keys(meter: string): Promise<LaterKey[]> {
    const text = await this.#read((db) => db.get(keys.keys(meter)))
    return text === undefined ? [] : (JSON.parse(text) as LaterKey[])
  }

  /**
   * Stores the keys that followed a meter's first one, and what `signAgain` makes of its readings, all or nothing and on the
   * disk: readings in the queue are replaced, acknowledged ones that changed are queued once more. Throws as `commit`.
   */
  takeKeys(
    meter: string,
    later: readonly LaterKey[],
    signAgain: (reading: SignedReading) => SignedReading,
  ): Promise<void> {
    return this.#inTurn(() => this.#takeKeys(meter, later, signAgain))
  }

  async #takeKeys(
    meter: string,
    later: readonly LaterKey[],
    signAgain: (reading: SignedReading) => SignedReading,
  ): Promise<void> {
    const operations: (Put | Del)[] = [{ type: 'put', key: keys.keys(meter), value: JSON.stringify(later) }]
    let queuedAgain = 0
    for (const prefix of ['queue', 'done']) {
      await this.#read(async (db) => {
        for await (const [key, value] of db.iterator(rangeOf(prefix))) {
          if (meterOf(key) !== meter) continue
          const before = JSON.parse(value) as SignedReading
          const again = signAgain(before)
          if (again.signature === before.signature) continue
          const queued = keys.queued(again.time, meter, again.epoch)
          operations.push({ type: 'put', key: queued, value: JSON.stringify(again) })
          if (key === queued) continue
          operations.push({ type: 'del', key })
          queuedAgain += 1
        }
      })
    }
    await this.#write(operations, true)
    add(this.#counts.queued, meter, queuedAgain)
    this.#kept.acknowledged -= queuedAgain
  }

  /** Whether a reading of a meter up to a boundary (UTC seconds), or at it, waits for the server. */
  async hasQueuedUpTo(meter: string, time: number): Promise<boolean> {
    const { gte } = rangeOf('queue')
    return this.#read(async (db) => {
      for await (const key of db.keys({ gte, lt: `queue!${timed(time + 1, '', 0)}` })) {
        if (meterOf(key) === meter) return true
      }
      return false
    })
  }

  /**
   * Stores a meter's state together with the readings signed on the way to it, all or nothing; when this returns after
   * signing, the disk has them. Throws `OUTBOX_WRITE` (disk full, broken): then `reopen` and read the state again, since
   * nobody can know whether the write happened.
   */
  async commit(
    meter: string,
    state: MeterState,
    signed: readonly SignedReading[],
    options: { durable: boolean } = { durable: signed.length > 0 },
  ): Promise<void> {
    const operations: Put[] = [{ type: 'put', key: keys.state(meter), value: printState(state) }]
    for (const reading of signed) {
      const key = keys.queued(reading.time, reading.meter, reading.epoch)
      operations.push({ type: 'put', key, value: JSON.stringify(reading) })
    }
    await this.#write(operations, options.durable)
    for (const reading of signed) add(this.#counts.queued, reading.meter, 1)
  }

  /**
   * Readings waiting for the server, of meters that `accepts` names: those at or after `currentFrom` (UTC seconds) first,
   * then the backlog, each from the oldest on.
   */
  async waiting(options: {
    limit: number
    currentFrom: number
    accepts: (meter: string) => boolean
  }): Promise<SignedReading[]> {
    const { gte, lt } = rangeOf('queue')
    const border = `queue!${timed(options.currentFrom, '', 0)}`
    const found: SignedReading[] = []
    for (const range of [
      { gte: border, lt },
      { gte, lt: border },
    ]) {
      if (found.length >= options.limit) break
      await this.#read(async (db) => {
        for await (const [key, value] of db.iterator(range)) {
          if (!options.accepts(meterOf(key))) continue
          found.push(JSON.parse(value) as SignedReading)
          if (found.length >= options.limit) break
        }
      })
    }
    return found
  }

  /** Ends the life of readings that the server has, or will never take, in the queue; not of those signed again since `sent`. */
  settle(results: readonly ReadingAck[], sent: readonly SignedReading[] = []): Promise<void> {
    return this.#inTurn(() => this.#settle(results, sent))
  }

  async #settle(results: readonly ReadingAck[], sent: readonly SignedReading[]): Promise<void> {
    const signatures = new Map(
      sent.map((reading) => [keys.queued(reading.time, reading.meter, reading.epoch), reading.signature]),
    )
    const operations: (Put | Del)[] = []
    const ended: { meter: string; refused: boolean }[] = []
    for (const { meter, epoch, time, status, code, message } of results) {
      const key = keys.queued(time, meter, epoch)
      const value = await this.#read((db) => db.get(key))
      if (value === undefined) continue
      const reading = JSON.parse(value) as SignedReading
      if (signatures.has(key) && signatures.get(key) !== reading.signature) continue
      operations.push({ type: 'del', key })
      const refused: RefusedReading = { reading, code: code ?? '', message: message ?? '' }
      operations.push(
        status === 'refused'
          ? { type: 'put', key: keys.refused(time, meter, epoch), value: JSON.stringify(refused) }
          : { type: 'put', key: keys.acknowledged(time, meter, epoch), value },
      )
      ended.push({ meter, refused: status === 'refused' })
    }
    if (operations.length === 0) return
    await this.#write(operations, false)
    for (const { meter, refused } of ended) {
      add(this.#counts.queued, meter, -1)
      if (refused) add(this.#counts.refused, meter, 1)
      this.#kept[refused ? 'refused' : 'acknowledged'] += 1
    }
    const { unsettledKept, refusedKept } = this.#limits
    this.#kept.acknowledged = await this.#prune('done', this.#kept.acknowledged, unsettledKept, () => true)
    this.#kept.refused = await this.#prune('refused', this.#kept.refused, refusedKept, () => true)
  }

  /**
   * Compares what the server has acknowledged of a meter with what it says it has. Of those that are newer than its
   * newest or in a gap before it, and not settled, it has lost its copy: they are queued once more, on the disk. Resolves with how many those are.
   */
  compare(
    meter: string,
    { newest, gaps, settledTo }: { newest: { epoch: number; time: number }; gaps: readonly Gap[]; settledTo: number },
  ): Promise<number> {
    const isHeld = (epoch: number, time: number) =>
      epoch < newest.epoch ||
      (epoch === newest.epoch && time <= newest.time && !gaps.some(({ from, to }) => time >= from && time <= to))
    this.#settledTo.set(meter, settledTo)
    return this.#inTurn(async () => {
      const isSettled = (key: string) => timeOf(key) <= (this.#settledTo.get(meterOf(key)) ?? 0)
      const { acknowledgedKept } = this.#limits
      this.#kept.acknowledged = await this.#prune('done', this.#kept.acknowledged, acknowledgedKept, isSettled)
      const operations: (Put | Del)[] = []
      await this.#read(async (db) => {
        const from = `done!${timed(settledTo + 1, '', 0)}`
        for await (const [key, value] of db.iterator({ ...rangeOf('done'), gte: from })) {
          if (meterOf(key) !== meter) continue
          const { epoch, time } = JSON.parse(value) as SignedReading
          if (isHeld(epoch, time)) continue
          operations.push({ type: 'del', key }, { type: 'put', key: keys.queued(time, meter, epoch), value })
        }
      })
      if (operations.length === 0) return 0
      await this.#write(operations, true)
      const queuedAgain = operations.length / 2
      add(this.#counts.queued, meter, queuedAgain)
      this.#kept.acknowledged -= queuedAgain
      return queuedAgain
    })
  }

  /** How many readings of a meter wait for the server. */
  queued(meter: string): number {
    return this.#counts.queued.get(meter) ?? 0
  }

  /** How many readings of a meter the server has refused for good. */
  refused(meter: string): number {
    return this.#counts.refused.get(meter) ?? 0
  }

  /** The newest readings that the server refused for good, newest first. */
  async refusals(limit: number): Promise<RefusedReading[]> {
    const values = await this.#read((db) => db.values({ ...rangeOf('refused'), reverse: true, limit }).all())
    return values.map((value) => JSON.parse(value) as RefusedReading)
  }

  /** The newest readings that the server has acknowledged, newest first. */
  async acknowledged(limit: number): Promise<SignedReading[]> {
    const values = await this.#read((db) => db.values({ ...rangeOf('done'), reverse: true, limit }).all())
    return values.map((value) => JSON.parse(value) as SignedReading)
  }

  /** Opens the store anew after a failed write; throws like `open`, and may be tried again. */
  async reopen(): Promise<void> {
    if (this.#db.status !== 'closed') await this.#db.close()
    this.#db = await openDatabase(this.folder)
    await this.#count()
  }

  async close(): Promise<void> {
    await this.#db.close()
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #read<T>(action: (db: ClassicLevel<string, string>) => Promise<T>): Promise<T> {
    try {
      return await action(this.#db)
    } catch (error) {
      throw new OutboxError('OUTBOX_READ', `cannot read ${this.folder}: ${messageOf(error)}`, error)
    }
  }

  async #write(operations: (Put | Del)[], sync: boolean): Promise<void> {
    try {
      await this.#db.batch(operations, { sync })
    } catch (error) {
      const detail = messageOf(error)
      throw new OutboxError('OUTBOX_WRITE', `cannot write to ${this.folder} (${detail}): is the disk full?`, error)
    }
  }

  async #claim(domain: OutboxDomain): Promise<void> {
    const text = await this.#db.get(keys.domain)
    const wanted = JSON.stringify({ chainId: domain.chainId, escrow: domain.escrow })
    if (text === undefined) return this.#write([{ type: 'put', key: keys.domain, value: wanted }], true)
    if (text === wanted) return
    const { chainId, escrow } = JSON.parse(text) as OutboxDomain
    throw new OutboxError(
      'OUTBOX_FOREIGN',
      `${this.folder} holds readings for escrow ${escrow} on chain ${chainId}: use another dataFolder for escrow ${domain.escrow} on chain ${domain.chainId}`,
    )
  }

  async #count(): Promise<void> {
    const count = async (prefix: string) => {
      const counts = new Map<string, number>()
      for await (const key of this.#db.keys(rangeOf(prefix))) add(counts, meterOf(key), 1)
      return counts
    }
    const total = (counts: Map<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0)
    this.#counts = { queued: await count('queue'), refused: await count('refused') }
    this.#kept = { acknowledged: total(await count('done')), refused: total(this.#counts.refused) }
  }

  /** Deletes what may go of the oldest beyond `most`; a tenth more than that may wait, so that deleting is rare. */
  async #prune(
    prefix: 'done' | 'refused',
    kept: number,
    most: number,
    mayGo: (key: string) => boolean,
  ): Promise<number> {
    if (kept <= most * 1.1) return kept
    const oldest = (await this.#db.keys({ ...rangeOf(prefix), limit: kept - most }).all()).filter(mayGo)
    if (oldest.length === 0) return kept
    await this.#write(
      oldest.map((key) => ({ type: 'del', key })),
      false,
    )
    if (prefix === 'refused') for (const key of oldest) add(this.#counts.refused, meterOf(key), -1)
    return kept - oldest.length
  }
}

async function openDatabase(folder: string): Promise<ClassicLevel<string, string>> {
  // Native code, loaded only by who opens a store.
  const { ClassicLevel } = await import('classic-level')
  // Two small write buffers instead of two of 4 MB: readings are few and memory in a home gateway is scarce.
  const db = new ClassicLevel<string, string>(folder, { writeBufferSize: 1 << 20, cacheSize: 1 << 20 })
  try {
    await db.open()
    return db
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause
    if (cause?.code === 'LEVEL_LOCKED') {
      throw new OutboxError(
        'OUTBOX_LOCKED',
        `another agent uses ${folder}: stop it first, or give this one a dataFolder of its own`,
        error,
      )
    }
    throw new OutboxError('OUTBOX_OPEN', `cannot open ${folder}: ${cause?.message ?? messageOf(error)}`, error)
  }
}

function meterOf(key: string): string {
  return key.split('!')[2]!
}

function timeOf(key: string): number {
  return Number(key.split('!')[1])
}

function add(counts: Map<string, number>, meter: string, by: number): void {
  counts.set(meter, (counts.get(meter) ?? 0) + by)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
