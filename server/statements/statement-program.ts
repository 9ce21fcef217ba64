/**
 * Makes and proves statements, and clears auctions of the past again, in a thread of its own. Beside what it is asked, it looks for batches
 * that were cut and have no statement yet. It keeps nothing that is not in the database, so it can be ended and started at any time.
 */
import type { MessagePort } from 'node:worker_threads'
import { CodedError } from '../../contracts/protocol/error.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { BetterLimits } from '../market/stages/spot/other-limits.ts'
import type { StatementFile } from '../settlement/statement-file.ts'
import { type AreaIdentity, registerArea, type StoredArea } from '../store/areas.ts'
import { batchesWithoutStatement } from '../store/batch-store.ts'
import type { Database } from '../store/database.ts'
import { newestSettled } from '../store/settlement-store.ts'
import { isUnableNow, whyUnableNow } from '../store/unreachable.ts'
import { type MadeStatement, makeStatement } from './make-statement.ts'
import {
  type BetterLimitsQuery,
  betterLimitsOf,
  type OtherPrices,
  type OtherPricesQuery,
  otherPrices,
} from './other-prices.ts'
import { seatStatement } from './seat-statement.ts'

/**
 * A request: to make a batch's statement now, to hand out a seat's, or to tell what other prices would have traded. Areas are named by
 * their place among those that the thread serves.
 */
export type Asked =
  | { id: number; type: 'make'; area: number; end: UtcSeconds }
  | { id: number; type: 'prove'; area: number; end: UtcSeconds; seat: number }
  | ({ id: number; type: 'other-prices'; area: number } & OtherPricesQuery)
  | ({ id: number; type: 'better-limits'; area: number } & BetterLimitsQuery)
  | { type: 'stop' }

export type Answered = MadeStatement | StatementFile | OtherPrices | BetterLimits | null

export type Said =
  | { type: 'answer'; id: number; answer: Answered }
  | { type: 'refusal'; id: number; code: string | null; message: string }
  | { type: 'made'; area: number; end: UtcSeconds; made: MadeStatement; ms: number }
  | { type: 'failure'; area: number; message: string }
  | { type: 'stopped' }

/** A port of a worker thread, or one end of a channel. */
export type StatementsPort = Pick<MessagePort, 'postMessage' | 'on'>

export interface StatementProgram {
  database: Database
  areas: readonly AreaIdentity[]
  /** Pause between looks for batches without a statement. */
  pollMs: number
}

/** How many statements are made in one look at an area. */
const batchesAtOnce = 4

/** Runs until the port's other end asks it to stop; resolves when nothing is under way any more. */
export async function runStatements(
  port: StatementsPort,
  { database, areas, pollMs }: StatementProgram,
): Promise<void> {
  const say = (said: Said) => port.postMessage(said)
  const stored = new Map<number, Promise<StoredArea>>()
  let stopping = false
  let wake = () => {}

  /** The area as this database numbers it. */
  function storedArea(place: number): Promise<StoredArea> {
    const identity = areas[place]!
    let known = stored.get(place)
    if (known === undefined) {
      known = registerArea(database, identity).then((areaId) => ({ ...identity, areaId }))
      known.catch(() => stored.delete(place))
      stored.set(place, known)
    }
    return known
  }

  async function make(place: number, end: UtcSeconds): Promise<MadeStatement | null> {
    const sinceMs = performance.now()
    const made = await makeStatement(database, await storedArea(place), end)
    if (made !== null) say({ type: 'made', area: place, end, made, ms: performance.now() - sinceMs })
    return made
  }

  async function makeMissing(place: number): Promise<void> {
    const { areaId } = await storedArea(place)
    const after = await newestSettled(database, areaId)
    const missing = await batchesWithoutStatement(database, areaId, { after, limit: batchesAtOnce })
    for (const { end } of missing) if (!stopping) await make(place, end)
  }

  // Auctions of the past are cleared one after the other; statements are made meanwhile.
  let past: Promise<unknown> = Promise.resolve()
  function clearedAgain<Found>(work: () => Promise<Found>): Promise<Found> {
    const found = past.then(work)
    past = found.catch(() => {})
    return found
  }

  async function answer(asked: Exclude<Asked, { type: 'stop' }>): Promise<void> {
    const { id, area } = asked
    try {
      if (asked.type === 'make') say({ type: 'answer', id, answer: await make(area, asked.end) })
      else if (asked.type === 'prove')
        say({ type: 'answer', id, answer: await seatStatement(database, await storedArea(area), asked) })
      else {
        const { areaId } = await storedArea(area)
        const found = await clearedAgain<OtherPrices | BetterLimits | null>(() =>
          asked.type === 'other-prices'
            ? otherPrices(database, areaId, asked)
            : betterLimitsOf(database, areaId, asked),
        )
        say({ type: 'answer', id, answer: found })
      }
    } catch (error) {
      const { message } = error as Error
      const coded = error instanceof CodedError ? error.code : null
      say({ type: 'refusal', id, code: isUnableNow(error) ? 'STORE_LOST' : coded, message })
    }
  }

  const answering = new Set<Promise<void>>()
  port.on('message', (asked: Asked) => {
    if (asked.type === 'stop') {
      stopping = true
      wake()
      return
    }
    const one = answer(asked).finally(() => answering.delete(one))
    answering.add(one)
  })
  const failures = new Map<number, string | null>()
  while (!stopping) {
    for (const place of areas.keys()) {
      const failure = await makeMissing(place).then(
        () => null,
        // In our words: a full disk is told by the driver with another file each time.
        (error: Error) => whyUnableNow(error) ?? error.message,
      )
      // What keeps failing in the same way is said once, though it is tried again twice a second.
      if (failure !== null && failure !== failures.get(place)) say({ type: 'failure', area: place, message: failure })
      failures.set(place, failure)
    }
    if (!stopping) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  await Promise.all(answering)
  say({ type: 'stopped' })
}
