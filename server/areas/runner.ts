/**
 * Runs one market area: the only writer of its engine and journal.
 *
 * Submissions wait in a queue. A turn takes some of them, or one thing that is due by itself, applies it to the engine, journals it
 * together with its tables in one transaction (group commit), and only then answers. Where both wait they take turns, so that an
 * answer waits for one piece of what is due and no more. A group that changes nothing is answered once the journal has shown
 * that it still ends where this writer believes. Whatever goes wrong in between, the state is thrown away and made again.
 *
 * Everything outside is a parameter (store, lease, clock, timer, secrets), so that a simulation can stand for all of it.
 */
import { createHash } from 'node:crypto'
import { CodedError } from '../../contracts/protocol/error.ts'
import type { AreaConfig, AreaFace, Command, Event } from '../market/area/area.ts'
import { EngineError } from '../market/area/error.ts'
import { configNow } from '../market/area/state.ts'
import { type Due, nextDue } from '../market/engine/engine.ts'
import { encodeCommand } from '../market/engine/journal.ts'
import { whyUnableNow } from '../store/unreachable.ts'
import type { AreaChanges, AreaCondition, AreaStatus, SeatSummary, Submission } from './area-handle.ts'
import type { AreaLease, AreaStore, Journaled, Place } from './area-store.ts'
import { changesOf, type SeatChanges, ToldSeats } from './changes.ts'
import type { AreaClock } from './clock.ts'
import { AreaError } from './error.ts'
import { JournaledArea } from './journaled-area.ts'
import { isFence, isFinal, isPassing } from './store-failure.ts'

/** Commands that wait at most; beyond that callers are told to come back. */
const longestQueue = 10_000
/** Readings and other commands of one turn at most. */
const heaviestGroup = 1_000
const retryMs = { first: 100, longest: 5_000, held: 500 }
/** On a nearly full disk a turn goes well now and then, and making the area again has its price: so long it must go well to count as over. */
const mendedAfterMs = 60_000
/** A lease runs out after this, and is renewed three times as often. */
const leaseSeconds = 5
/** The area looks at its clocks at least this often. */
const longestPauseMs = 1_000
/**
 * A batch whose cut the journal has lost may be on its way to the chain: after a load none is cut before everything is known that
 * the chain has settled until so much later, or half a batch later where that is less.
 */
const longestOnItsWayMs = 300_000
/** A failure that lasts is told again after this. */
const toldAgainMs = 60_000
/** Commands that could not be carried out are remembered, so that repeating one costs no more than its refusal. */
const mostRemembered = 1_000

/** What the runner tells those outside, in order. */
export type Told =
  | ({ type: 'changes'; changes: AreaChanges } & SeatChanges)
  /** The whole list of seats, after loading. */
  | { type: 'seats'; seats: SeatSummary[] }
  | { type: 'status'; status: AreaStatus }
  | { type: 'counted'; counts: Counts }
  | { type: 'failure'; what: string; error: unknown }

/** What happened in one turn, for metrics. */
export interface Counts {
  commands: number
  commitMs: number
  readings: Record<'stored' | 'duplicate' | 'refused', number>
  computed: number
  final: number
  batchWh: number
  queue: number
}

export interface RunnerParts {
  store: AreaStore
  lease: AreaLease
  clock: AreaClock
  /** Names this process to others that would like to write the journal. */
  owner: string
  config: AreaConfig
  face: AreaFace
  /** Makes 32 random bytes. */
  newSecret(): Buffer
  /** Resolves after so many ms. */
  sleep(ms: number): Promise<void>
  monotonicMs(): number
  /** Nothing that is due is done before the chain has been heard of, so that a journal behind the chain is noticed first. */
  waitsForChain: boolean
  /** A snapshot is due when replaying what came after the newest one would take about this long. */
  longestReplayMs: number
  /** How often the area was made before, by a thread that is gone. */
  loadsBefore?: number
  tell(message: Told): void
}

interface Waiting {
  submission: Submission
  /** What was said as of these loads is gone by; undefined for who goes by nothing. */
  loads: number | undefined
  resolve(events: Event[]): void
  reject(error: AreaError): void
}

export class AreaRunner {
  private readonly parts: RunnerParts
  private readonly queue: Waiting[] = []
  /** Commands of a group in which something went wrong: they are carried out one by one, before the queue. */
  private alone: Waiting[] = []
  private readonly unworkable = new Set<string>()
  private readonly toldSeats = new ToldSeats()
  private area: JournaledArea
  private condition: AreaCondition = { is: 'waiting', code: 'AREA_LOADING', reason: 'the journal is being loaded' }
  private isLoaded = false
  private hasChain = false
  /** The area's time once it was loaded, null until then. */
  private loadedMs: number | null = null
  /** Everything that counts on the chain until this time has been told. */
  private toldUntilMs = Number.NEGATIVE_INFINITY
  /** Where the journal ended when the area was there last; where it still does, no row was lost. */
  private endedAt: Place | null = null
  private stopping = false
  /** Whether the turn before did what was due. */
  private didDue = false
  private leasedUntilMs = Number.NEGATIVE_INFINITY
  private askedDatabaseMs = Number.NEGATIVE_INFINITY
  private loads: number
  private snapshot: Promise<void> | null = null
  private wakeUp: () => void = () => {}
  private woken = false
  /** By what failed, the newest that was told of it. */
  private readonly toldFailures = new Map<string, { reason: string; atMs: number }>()

  constructor(parts: RunnerParts) {
    this.parts = parts
    this.loads = parts.loadsBefore ?? 0
    this.area = new JournaledArea(parts.store)
  }

  /** Queues a command; see `AreaHandle.submit`. */
  submit(submission: Submission, loads?: number): Promise<Event[]> {
    return new Promise((resolve, reject) => {
      const { condition } = this
      if (this.stopping || condition.is === 'stopped') {
        const reason = condition.is === 'stopped' ? condition.reason : 'the server is stopping'
        reject(new AreaError('AREA_STOPPED', `the area has stopped: ${reason}`))
      } else if (this.queue.length >= longestQueue) {
        reject(new AreaError('AREA_BUSY', 'too many commands are waiting; try again'))
      } else if (loads !== undefined && loads !== this.loads) {
        reject(madeAgain())
      } else {
        this.queue.push({ submission, loads, resolve, reject })
        this.wake()
      }
    })
  }

  /** A node showed a newest block of this time. */
  seeChain(timeMs: number): void {
    this.parts.clock.seeChain(timeMs)
    this.wake()
  }

  /** Everything that counts on the chain until this time has been submitted, and has been answered. */
  chainTold(timeMs: number): void {
    this.toldUntilMs = timeMs
    this.wake()
  }

  /** Runs until it is stopped, or cannot go on: then its condition says why. */
  async run(): Promise<void> {
    let delayMs = retryMs.first
    let mendedAtMs = Number.NEGATIVE_INFINITY
    while (!this.stopping) {
      try {
        await this.turn()
        if (this.parts.monotonicMs() >= mendedAtMs) delayMs = retryMs.first
      } catch (error) {
        this.unload()
        if (isFence(error)) this.leasedUntilMs = Number.NEGATIVE_INFINITY
        if (isFinal(error)) return this.give(error)
        this.refuseAll(() => new AreaError('AREA_NOT_READY', `the area waits: ${reasonOf(error)}`, { cause: error }))
        const unable = whyUnableNow(error)
        if (unable !== null) mendedAtMs = this.parts.monotonicMs() + mendedAfterMs
        this.become({ is: 'waiting', code: codeOf(error), reason: unable ?? reasonOf(error) })
        const isHeld = error instanceof AreaError && error.code === 'AREA_HELD'
        if (!isHeld) this.tellFailure('the area is made again from its journal', error)
        await this.parts.sleep(isHeld ? retryMs.held : delayMs)
        delayMs = isHeld ? retryMs.first : Math.min(2 * delayMs, retryMs.longest)
      }
    }
  }

  /**
   * Takes no more commands, finishes what is under way, refuses what waits, writes a snapshot and gives the lease up. `running` is
   * what `run` returned.
   */
  async stop(running: Promise<void>): Promise<void> {
    this.stopping = true
    this.wake()
    await running
    this.refuseAll(() => new AreaError('AREA_STOPPED', 'the area has stopped: the server is stopping'))
    await this.snapshot
    if (!this.isLoaded) return
    if (this.area.tailMs > 0) await this.keep()
    await this.parts.lease.release(this.parts.owner).catch(() => {})
  }

  /** The rolling hash of the newest committed command, hexadecimal. */
  get hash(): string {
    return this.area.committed.hash.toString('hex')
  }

  private async turn(): Promise<void> {
    await this.holdLease()
    await this.askDatabase()
    if (!this.isLoaded) await this.load()
    const time = this.parts.clock.read(this.area.state.nowMs)
    if ('code' in time) {
      this.refuseAll(() => new AreaError('AREA_NOT_READY', `the area waits: ${time.reason}`))
      this.become({ is: 'waiting', code: time.code, reason: time.reason })
      await this.pause(longestPauseMs)
      return
    }
    this.loadedMs ??= time.nowMs
    if (this.hasChain || !this.parts.waitsForChain) this.become({ is: 'ready' })
    else this.become({ is: 'waiting', code: 'CHAIN_UNSEEN', reason: 'the chain has not been heard of yet' })
    // Where something went wrong, each command is tried with nothing else, so that none is blamed for another.
    const next = this.nextDue()
    const due = next !== null && next.atMs <= time.nowMs && this.alone.length === 0 ? next : null
    this.didDue = due !== null && !(this.didDue && this.queue.length > 0)
    if (due !== null && this.didDue) return this.carryOutDue(due, time.nowMs)
    const group = this.takeGroup()
    if (group.length > 0) return this.carryOut(group, time.nowMs)
    await this.pause(Math.max(1, Math.min(longestPauseMs, (next?.atMs ?? Number.POSITIVE_INFINITY) - time.nowMs)))
  }

  /** What comes due next, or null where nothing does before more is known of the chain. */
  private nextDue(): Due | null {
    if (!this.parts.waitsForChain) return nextDue(this.area.state)
    const due = this.hasChain ? nextDue(this.area.state) : null
    return due?.work === 'cut' && !this.knowsWhatIsSettled() ? null : due
  }

  private knowsWhatIsSettled(): boolean {
    const { batchSeconds } = configNow(this.area.state).rules
    const onItsWayMs = Math.min(longestOnItsWayMs, batchSeconds * 500)
    return this.loadedMs !== null && this.toldUntilMs >= this.loadedMs + onItsWayMs
  }

  /** As many of those who wait as make a group; readings that need the tables make one of their own. */
  private takeGroup(): Waiting[] {
    const first = this.alone.shift()
    if (first !== undefined) return [first]
    const group: Waiting[] = []
    let weight = 0
    while (this.queue.length > 0) {
      const next = this.queue[0]!
      const isLate = this.area.isLate(next.submission)
      if (group.length > 0 && isLate) break
      weight += next.submission.type === 'readings' ? next.submission.readings.length : 1
      if (group.length > 0 && weight > heaviestGroup) break
      group.push(this.queue.shift()!)
      if (isLate) break
    }
    return group
  }

  /** One thing that is due, in a transaction of its own. */
  private async carryOutDue({ work }: Due, atMs: number): Promise<void> {
    try {
      const secret = work === 'cut' ? this.parts.newSecret() : null
      const seal = secret === null ? null : `0x${createHash('sha256').update(secret).digest('hex')}`
      this.area.apply({ type: 'tick', atMs, seal }, secret)
      this.publish(await this.commit())
    } catch (error) {
      this.unload()
      if (isPassing(error)) throw error
      throw new EngineError('ENGINE_STUCK', `what is due (${work}) cannot be done: ${reasonOf(error)}`)
    }
    this.keepWhereDue()
  }

  private async carryOut(group: Waiting[], nowMs: number): Promise<void> {
    const answers: (Event[] | AreaError)[] = []
    let committed: Journaled[]
    try {
      for (const [index, { submission }] of group.entries()) {
        if (this.area.hasApplied && this.area.isLate(submission)) {
          // What the tables say is as of before this transaction.
          this.queue.unshift(...group.splice(index))
          break
        }
        answers.push(await this.answerTo(submission, nowMs))
      }
      committed = await this.commit()
    } catch (error) {
      this.unload()
      this.failed(error, group)
      return
    }
    for (const [index, { resolve, reject }] of group.entries()) {
      const answer = answers[index]!
      if (answer instanceof AreaError) reject(answer)
      else resolve(answer)
    }
    this.hasChain ||= group.some(({ submission }) => submission.type === 'chain' && !submission.isPart)
    this.publish(committed)
    this.keepWhereDue()
  }

  private keepWhereDue(): void {
    if (this.area.tailMs > this.parts.longestReplayMs)
      this.snapshot ??= this.keep().finally(() => (this.snapshot = null))
  }

  /** Applies a submission; what is written of it, and so its answer, counts once the group is committed. */
  private async answerTo(submission: Submission, nowMs: number): Promise<Event[] | AreaError> {
    const form = formOf(submission)
    if (form === null) return new AreaError('AREA_COMMAND', 'this command has no form in which it could be kept')
    if (this.unworkable.size > 0 && this.unworkable.has(nameOf(form))) {
      return new AreaError('AREA_COMMAND', 'this command could not be carried out before')
    }
    const { commands, refused, places } = await this.area.take(submission, nowMs)
    const events = [...refused, ...commands.flatMap((command) => this.area.apply(command))]
    return places === null ? events : inOrder(events, places)
  }

  private async commit(): Promise<Journaled[]> {
    const sinceMs = this.parts.monotonicMs()
    const committed = await this.area.commit()
    if (committed.length > 0) this.count(committed, this.parts.monotonicMs() - sinceMs)
    return committed
  }

  /** The state is gone. Where one command was the reason, it alone is refused; else all may be asked again. */
  private failed(error: unknown, group: readonly Waiting[]): void {
    if (isPassing(error)) {
      const away = 'the journal could not be written; try again'
      this.refuse(group, new AreaError('AREA_NOT_READY', away, { cause: error }))
      throw error
    }
    this.parts.tell({ type: 'failure', what: 'a command could not be carried out', error })
    if (group.length > 1) {
      this.alone.push(...group)
      return
    }
    this.remember(group[0]!.submission)
    this.refuse(group, new AreaError('AREA_COMMAND', `this command cannot be carried out: ${reasonOf(error)}`))
  }

  private remember(submission: Submission): void {
    this.unworkable.add(nameOf(formOf(submission)!))
    if (this.unworkable.size > mostRemembered) this.unworkable.delete(this.unworkable.values().next().value!)
  }

  /** Takes those that are meant out of what waits. */
  private takeOut(isMeant: (waiting: Waiting) => boolean): Waiting[] {
    return [this.alone, this.queue].flatMap((waiting) => {
      const all = waiting.splice(0)
      waiting.push(...all.filter((each) => !isMeant(each)))
      return all.filter(isMeant)
    })
  }

  private refuse(group: readonly Waiting[], error: AreaError): void {
    for (const { reject } of group) reject(error)
  }

  /** Refuses what waits; an error costs something, and mostly nobody waits for one. */
  private refuseAll(errorOf: () => AreaError): void {
    const group = [...this.alone.splice(0), ...this.queue.splice(0)]
    if (group.length > 0) this.refuse(group, errorOf())
  }

  private give(error: unknown): void {
    const reason = reasonOf(error)
    this.become({ is: 'stopped', code: codeOf(error), reason })
    this.refuseAll(() => new AreaError('AREA_STOPPED', `the area has stopped: ${reason}`))
    this.parts.tell({ type: 'failure', what: 'the area cannot go on', error })
  }

  private async holdLease(): Promise<void> {
    const { lease, owner } = this.parts
    const nowMs = this.parts.monotonicMs()
    if (nowMs < this.leasedUntilMs - (2 * leaseSeconds * 1000) / 3) return
    const isOwn = this.leasedUntilMs > nowMs && (await lease.renew(owner, leaseSeconds))
    if (!isOwn) {
      this.unload()
      const holder = await lease.acquire(owner, leaseSeconds)
      if (holder !== null) {
        const until = new Date(holder.expiresAtMs).toISOString()
        throw new AreaError('AREA_HELD', `another server writes this area: ${holder.owner}, until ${until}`)
      }
    }
    this.leasedUntilMs = nowMs + leaseSeconds * 1000
  }

  private async askDatabase(): Promise<void> {
    const askedMs = this.parts.monotonicMs()
    if (askedMs - this.askedDatabaseMs < longestPauseMs) return
    this.parts.clock.seeDatabase(await this.parts.store.nowMs(), askedMs)
    this.askedDatabaseMs = askedMs
  }

  /** The state can no longer be relied on: the area has to be made again. */
  private unload(): void {
    if (this.isLoaded) this.endedAt = this.area.committed
    this.isLoaded = false
  }

  /** Makes the area from its journal, and marks the journal as this writer's. */
  private async load(): Promise<void> {
    const { store, config, face, owner } = this.parts
    const area = await JournaledArea.load(store)
    const isIntact = this.endedAt !== null && area.isAt(this.endedAt)
    this.area = area
    const time = this.parts.clock.read(area.state.nowMs)
    const atMs = 'nowMs' in time ? time.nowMs : area.state.nowMs
    if (area.state.configs.length > 0) area.apply({ type: 'barrier', atMs, owner })
    if (!area.isConfigured(config, face)) {
      if ('code' in time) throw new AreaError('AREA_NOT_READY', `the area waits: ${time.reason}`)
      area.apply({ type: 'configure', atMs, config, face })
    }
    const committed = await this.commit()
    this.isLoaded = true
    if (!isIntact) this.startAnew()
    this.parts.tell({ type: 'seats', seats: this.toldSeats.all(area.state) })
    this.publish(committed)
  }

  /**
   * The journal may have lost rows: what the chain says is told anew, and so is what meters had been told to be stored. What was
   * submitted before goes by what may be lost: a newer reading of a meter would hide that an older one is gone.
   */
  private startAnew(): void {
    this.loads += 1
    this.hasChain = false
    this.loadedMs = null
    this.toldUntilMs = Number.NEGATIVE_INFINITY
    this.refuse(
      this.takeOut(({ submission, loads }) => submission.type === 'chain' || loads !== undefined),
      madeAgain(),
    )
  }

  private publish(committed: readonly Journaled[]): void {
    if (committed.length === 0) return
    const { state } = this.area
    const events = committed.flatMap((each) => each.events)
    const changes = changesOf(state, this.area.committed.sequence, events)
    this.parts.tell({ type: 'changes', changes, ...this.toldSeats.changedBy(state, events) })
    this.tellStatus()
  }

  private count(committed: readonly Journaled[], commitMs: number): void {
    const counts: Counts = {
      ...{ commands: committed.length, commitMs, readings: { stored: 0, duplicate: 0, refused: 0 } },
      ...{ computed: 0, final: 0, batchWh: 0, queue: this.queue.length },
    }
    for (const { events } of committed) {
      for (const event of events) {
        if (event.type === 'reading') counts.readings[event.status] += 1
        else if (event.type === 'interval-cleared') counts.computed += 1
        else if (event.type === 'interval-final') counts.final += 1
        else if (event.type === 'batch-cut' && event.number === 1) counts.batchWh += event.batch.energyWh
      }
    }
    this.parts.tell({ type: 'counted', counts })
  }

  private async keep(): Promise<void> {
    try {
      await this.area.keep()
    } catch (error) {
      this.tellFailure('a snapshot could not be written or the journal not be packed; nothing is lost', error)
    }
  }

  /** What fails again and again for one reason, as on a full disk, is told now and then. */
  private tellFailure(what: string, error: unknown): void {
    const nowMs = this.parts.monotonicMs()
    const reason = `${codeOf(error)} ${whyUnableNow(error) ?? reasonOf(error)}`
    const before = this.toldFailures.get(what)
    if (before?.reason === reason && nowMs - before.atMs < toldAgainMs) return
    this.toldFailures.set(what, { reason, atMs: nowMs })
    this.parts.tell({ type: 'failure', what, error })
  }

  private become(condition: AreaCondition): void {
    const before = this.condition
    this.condition = condition
    if (!isSameCondition(before, condition)) this.tellStatus()
  }

  private tellStatus(): void {
    const { clock, tell } = this.parts
    const { state, committed } = this.area
    const { nowMs, cutUntil, chain, intervals, nextStart } = state
    let oldestOpen: number | null = null
    for (const { start, status } of intervals.values()) {
      const hasEnded = start < nextStart && (start + configNow(state).rules.intervalSeconds) * 1000 <= nowMs
      if (status === 'started' && hasEnded && (oldestOpen === null || start < oldestOpen)) oldestOpen = start
    }
    tell({
      type: 'status',
      status: {
        ...{ condition: this.condition, sequence: committed.sequence, hash: this.hash },
        ...{ aheadOfDatabaseMs: clock.aheadOfDatabaseMs, aheadOfChainMs: clock.aheadOfChainMs, nowMs },
        ...{ cutUntil, settledUntil: chain.settledUntil, oldestOpen },
        loads: this.loads,
        unsettledFrom: state.batches.values().next().value?.start ?? null,
      },
    })
  }

  private wake(): void {
    this.woken = true
    this.wakeUp()
  }

  /** Until somebody wakes the area, or the time has passed. */
  private async pause(ms: number): Promise<void> {
    if (!this.woken) {
      const waking = new Promise<void>((resolve) => {
        this.wakeUp = resolve
      })
      await Promise.race([waking, this.parts.sleep(ms)])
    }
    this.woken = false
  }
}

/** The answers to a submission's readings in its order, then what else followed; `places` are those of the readings as they were taken. */
function inOrder(events: readonly Event[], places: readonly number[]): Event[] {
  const answers: Event[] = []
  const others: Event[] = []
  let taken = 0
  for (const event of events) {
    if (event.type !== 'reading') others.push(event)
    else {
      answers[places[taken]!] = event
      taken += 1
    }
  }
  return [...answers, ...others]
}

/** The canonical form of a submission, or null where it has none. */
function formOf(submission: Submission): Buffer | null {
  try {
    return encodeCommand({ ...submission, atMs: 0 } as Command)
  } catch {
    return null
  }
}

function nameOf(form: Buffer): string {
  return createHash('sha256').update(form).digest('hex')
}

function isSameCondition(one: AreaCondition, other: AreaCondition): boolean {
  if (one.is === 'ready' || other.is === 'ready') return one.is === other.is
  return one.is === other.is && one.code === other.code && one.reason === other.reason
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'AREA_FAILED'
}

/** What everybody may read of it: what the driver says of a database that is away names its address, and stands in the log. */
function reasonOf(error: unknown): string {
  if (isPassing(error) && !(error instanceof CodedError)) return 'the database cannot be used now'
  return error instanceof Error ? error.message : String(error)
}

function madeAgain(): AreaError {
  return new AreaError('AREA_NOT_READY', 'the area was made again from its journal: tell it everything anew')
}
