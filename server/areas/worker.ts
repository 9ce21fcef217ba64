/** Starts and runs the worker of one market area; `area-worker.ts` is its face. */
import type { Logger } from 'pino'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Command, Event } from '../market/engine/area.ts'
import { encode, rollHash } from '../market/engine/codec.ts'
import { apply, newestEngineVersion, nextDueMs } from '../market/engine/engine.ts'
import { committedFunds, freeFunds } from '../market/engine/funds.ts'
import { encodeState } from '../market/engine/snapshot.ts'
import type { AreaState } from '../market/engine/state.ts'
import { type Database, StoreError, transact } from '../store/database.ts'
import { appendJournal, type JournalRow, loadArea, saveSnapshot } from '../store/journal.ts'
import type { Journaled } from '../store/journaled.ts'
import { renewSignatures, repeatedReadings } from '../store/project-readings.ts'
import { project } from '../store/projections.ts'
import type { AreaWorker, ReadingExtras } from './area-worker.ts'
import { AreaError } from './error.ts'
import { type AreaSettings, engineConfig } from './settings.ts'

/** Commands that wait at most; beyond that callers are told to come back. */
const longestQueue = 10_000
/** Commands of one transaction at most. */
const longestGroup = 1_000
/**
 * A snapshot is due when the journal's text after the newest one has grown to twice its length, and to this many characters
 * at least: then neither writing snapshots nor replaying the tail ever costs much more than the journal itself.
 */
const shortestTail = 1_000_000
const retryMs = { first: 100, longest: 5_000 }
/** setTimeout takes no longer delays. */
const longestTimerMs = 60_000

interface Waiting {
  command: Command
  extras: ReadingExtras[]
  resolve(events: Event[]): void
  reject(error: Error): void
}

export interface RunningAreaWorker extends AreaWorker {
  /** True while the state is loaded and the journal can be written. */
  readonly ready: boolean
  /** The rolling hash of the newest committed command. */
  readonly hash: string
  /** Finishes what is queued, writes a snapshot, and takes no more commands. */
  stop(): Promise<void>
}

/**
 * Loads the area from its newest snapshot and the journal's tail, and runs it. `onFatal` is called when it cannot go on:
 * another worker writes its journal, or the journal does not replay to its hashes. An area of an older version of the rules
 * takes up the newest; one of a newer version than this program rejects with `ENGINE_VERSION`.
 */
export async function startAreaWorker(parts: {
  database: Database
  settings: AreaSettings
  log: Logger
  registry: Registry
  /** Wall clock in ms. */
  now: () => number
  onFatal: (error: StoreError) => void
}): Promise<RunningAreaWorker> {
  const { database, settings, log, now } = parts
  const area = settings.area
  const metrics = areaMetrics(parts.registry)
  const listeners = new Set<(events: readonly Event[]) => void>()
  const queue: Waiting[] = []
  let state: AreaState
  let hash: Buffer
  let sequence: number
  let snapshotSequence: number
  let snapshotLength = 0
  let tailLength = 0
  let available = new Map<number, bigint>()
  let ready = false
  let stopping = false
  let draining: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null

  async function load(): Promise<void> {
    const loaded = await loadArea(database, area)
    state = loaded.state
    hash = loaded.hash
    sequence = loaded.sequence
    snapshotSequence = loaded.snapshotSequence
    available = new Map()
    ready = true
    log.info({ area, sequence, hash: hash.toString('hex'), replayed: loaded.replayed }, 'area loaded')
  }

  /** Applies a group in order; commands that changed nothing are answered but not journaled. */
  function applyGroup(group: Waiting[]) {
    const rows: JournalRow[] = []
    const applied: Journaled[] = []
    const answers: Event[][] = []
    const repeated: ReturnType<typeof repeatedReadings> = []
    for (const { command: asked, extras } of group) {
      const command = { ...asked, atMs: Math.max(now(), state.nowMs) }
      const events = apply(state, command)
      answers.push(events)
      repeated.push(...repeatedReadings(state, { command, extras, events }))
      if (!events.some(changesState)) continue
      const text = encode(command)
      hash = rollHash(hash, state.engineVersion, text, encode(events))
      sequence += 1
      rows.push({ sequence, engineVersion: state.engineVersion, command: text, hash })
      applied.push({ command, extras, events })
    }
    return { rows, applied, answers, repeated }
  }

  async function commitGroup(group: Waiting[]): Promise<void> {
    const { rows, applied, answers, repeated } = applyGroup(group)
    const funds = changedFunds(applied)
    if (rows.length > 0) {
      const end = metrics.commitSeconds.startTimer({ area })
      await transact(database, async (sql) => {
        // Sent without waiting for each other's answers, in this order; where both fail, the journal says why.
        const parts = [appendJournal(sql, area, rows), project(sql, settings, applied, funds)]
        await Promise.allSettled(parts)
        for (const part of parts) await part
      })
      end()
      metrics.commands.inc({ area }, rows.length)
      metrics.sequence.set({ area }, sequence)
      for (const { command } of rows) tailLength += command.length
    }
    if (repeated.length > 0) await transact(database, (sql) => renewSignatures(sql, repeated))
    for (const [index, { resolve }] of group.entries()) resolve(answers[index]!)
    for (const { events } of applied) {
      countEvents(metrics, area, events)
      for (const listener of listeners) listener(events)
    }
  }

  /** Free funds of the seats where they changed since they were last written. */
  function changedFunds(applied: Journaled[]): Map<number, bigint> {
    const changed = new Map<number, bigint>()
    if (!applied.some(({ events }) => events.some(movesFunds))) return changed
    const committed = committedFunds(state)
    for (const [number, seat] of state.seats) {
      const free = freeFunds(seat, committed)
      if (available.get(number) === free) continue
      available.set(number, free)
      changed.set(number, free)
    }
    return changed
  }

  async function drain(): Promise<void> {
    let delayMs = retryMs.first
    const pause = async () => {
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      delayMs = Math.min(2 * delayMs, retryMs.longest)
    }
    while (queue.length > 0 || (ready && now() >= nextDueMs(state)) || !ready) {
      if (!ready) {
        try {
          await load()
        } catch (error) {
          if (error instanceof StoreError) return fail(error)
          if (stopping) return
          if (delayMs === retryMs.first) log.error({ area, err: error }, 'the area cannot be loaded; trying again')
          await pause()
          continue
        }
      }
      const group = queue.splice(0, longestGroup)
      if (group.length === 0) group.push({ command: { type: 'tick', atMs: 0 }, extras: [], resolve() {}, reject() {} })
      try {
        await commitGroup(group)
      } catch (error) {
        ready = false
        const reason = new AreaError('AREA_NOT_READY', 'the journal could not be written; try again', { cause: error })
        for (const { reject } of group) reject(reason)
        if (error instanceof StoreError) return fail(error)
        log.error({ area, err: error }, 'a commit failed; the area is rebuilt from its journal')
        await pause()
        continue
      }
      delayMs = retryMs.first
      if (tailLength >= Math.max(shortestTail, 2 * snapshotLength)) await snapshot()
    }
    schedule()
  }

  /** One that could not be written is due again only when the journal has grown as much once more. */
  async function snapshot(): Promise<void> {
    tailLength = 0
    try {
      const text = encodeState(state)
      await saveSnapshot(database, area, { sequence, engineVersion: state.engineVersion, state: text, hash })
      snapshotSequence = sequence
      snapshotLength = text.length
    } catch (error) {
      log.error({ area, err: error }, 'a snapshot could not be written; the journal is unharmed')
    }
  }

  function fail(error: StoreError): void {
    stopping = true
    for (const { reject } of queue.splice(0)) reject(error)
    parts.onFatal(error)
  }

  function wake(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    draining ??= drain().finally(() => {
      draining = null
      if (queue.length > 0 && !stopping) wake()
    })
  }

  function schedule(): void {
    if (stopping) return
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(wake, Math.min(Math.max(nextDueMs(state) - now(), 1), longestTimerMs))
  }

  function submit(command: Command, extras: ReadingExtras[] = []): Promise<Event[]> {
    return new Promise((resolve, reject) => {
      if (stopping) return reject(new AreaError('AREA_STOPPED', 'the server is stopping'))
      if (queue.length >= longestQueue)
        return reject(new AreaError('AREA_BUSY', 'too many commands are waiting; try again'))
      queue.push({ command, extras, resolve, reject })
      metrics.queue.set({ area }, queue.length)
      wake()
    })
  }

  await load()
  if (state!.engineVersion < newestEngineVersion) {
    await submit({ type: 'engine-version', atMs: 0, engineVersion: newestEngineVersion })
  }
  const config = engineConfig(settings)
  if (JSON.stringify(state!.config) !== JSON.stringify(config)) {
    await submit({ type: 'configure', atMs: 0, config })
  } else wake()

  return {
    settings,
    get state() {
      return state
    },
    get ready() {
      return ready && !stopping
    },
    get hash() {
      return hash.toString('hex')
    },
    submit,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      stopping = true
      if (timer !== null) clearTimeout(timer)
      await draining
      if (ready && sequence > snapshotSequence) await snapshot()
    },
  }
}

function changesState(event: Event): boolean {
  return event.type !== 'refused' && (event.type !== 'reading' || event.status === 'stored')
}

function movesFunds({ type }: Event): boolean {
  return (
    type === 'interval-started' ||
    type === 'interval-final' ||
    type === 'batch-cut' ||
    type === 'seats-changed' ||
    type === 'forward-accepted' ||
    type === 'forward-trade' ||
    type === 'forward-cancelled'
  )
}

type Metrics = ReturnType<typeof areaMetrics>

function areaMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['area'] as const
  return {
    commands: new Counter({ name: 'commonwatt_commands_total', help: 'Commands journaled', labelNames, registers }),
    sequence: new Gauge({
      name: 'commonwatt_journal_sequence',
      help: 'Newest journaled command',
      labelNames,
      registers,
    }),
    queue: new Gauge({
      name: 'commonwatt_command_queue',
      help: 'Commands waiting for the journal',
      labelNames,
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'commonwatt_commit_seconds',
      help: 'Duration of journal transactions',
      labelNames,
      registers,
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    }),
    readings: new Counter({
      name: 'commonwatt_readings_total',
      help: 'Readings by what became of them',
      labelNames: ['area', 'status'] as const,
      registers,
    }),
    intervals: new Counter({
      name: 'commonwatt_intervals_total',
      help: 'Computations of intervals, and intervals made final',
      labelNames: ['area', 'status'] as const,
      registers,
    }),
    matchedWh: new Counter({
      name: 'commonwatt_matched_wh_total',
      help: 'Energy of batches in Wh, as they were cut first',
      labelNames,
      registers,
    }),
  }
}

function countEvents(metrics: Metrics, area: number, events: readonly Event[]): void {
  for (const event of events) {
    if (event.type === 'reading') metrics.readings.inc({ area, status: event.status })
    else if (event.type === 'interval-cleared') metrics.intervals.inc({ area, status: 'provisional' })
    else if (event.type === 'interval-final') metrics.intervals.inc({ area, status: 'final' })
    else if (event.type === 'batch-cut' && event.number === 1) {
      metrics.matchedWh.inc({ area }, event.batch.energyWh)
    }
  }
}
