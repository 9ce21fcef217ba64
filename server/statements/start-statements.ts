/** Starts the thread that makes and proves statements, and starts it again whenever it fails: it keeps nothing. */
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { BetterLimits } from '../market/stages/spot/other-limits.ts'
import { threadFile } from '../project-files.ts'
import { SettlementError } from '../settlement/error.ts'
import type { StatementFile } from '../settlement/statement-file.ts'
import { StoreError } from '../store/error.ts'
import { StatementsError } from './error.ts'
import type { MadeStatement } from './make-statement.ts'
import type { BetterLimitsQuery, OtherPrices, OtherPricesQuery } from './other-prices.ts'
import type { Answered, Asked, Said } from './statement-program.ts'
import type { StatementThreadData } from './statement-thread.ts'

export interface StatementsOptions {
  databaseUrl: string
  settings: readonly AreaSettings[]
  log: Logger
  registry: Registry
}

/**
 * Answers of the thread; it makes the statements of batches that were cut without being asked. Rejects with `StatementsError`:
 * `STATEMENTS_BUSY` where too many wait or the thread has just failed, `STATEMENTS_STOPPED` once it was stopped.
 */
export interface RunningStatements {
  /**
   * The statement of a seat (its number in the area) of the batch that ends then; null where there is none. Rejects with
   * `SettlementError` `SETTLEMENT_STATEMENT_ERASED` where what links the seat to its leaves is gone.
   */
  file(query: { area: number; seat: number; end: UtcSeconds }): Promise<StatementFile | null>
  /** Makes the statement of a batch now; null where there is no such batch, or seats are just being left out of it. */
  make(query: { area: number; end: UtcSeconds }): Promise<MadeStatement | null>
  /** What a seat would have traded at other prices. */
  otherPrices(query: OtherPricesQuery & { area: number }): Promise<OtherPrices>
  /** Which limits would have traded more in one interval; null where that cannot be told. */
  betterLimits(query: BetterLimitsQuery & { area: number }): Promise<BetterLimits | null>
  stop(): Promise<void>
}

/** At most so many requests wait. */
const mostWaiting = 500
/** At most so many of them may clear auctions of the past again: each takes seconds, and statements must not wait for them. */
const mostPast = 50
const pollMs = 500
/** How long to rest before a thread that has failed is started again. */
const restMs = 1_000

interface Waiting {
  resolve(answer: Answered): void
  reject(error: Error): void
}

export function startStatements({ databaseUrl, settings, log, registry }: StatementsOptions): RunningStatements {
  const metrics = registerMetrics(registry)
  const areas = settings.map(({ area, chain: { chainId, escrow } }) => ({ chainId, escrow, area }))
  const placeOf = new Map(settings.map(({ area }, place) => [area, place]))
  const waiting = new Map<number, Waiting>()
  let ids = 0
  let whenStopped: (() => void) | null = null
  let restart: NodeJS.Timeout | null = null
  let worker = start()

  function start(): Worker {
    const workerData: StatementThreadData = { databaseUrl, areas, pollMs }
    const started = new Worker(threadFile('statement-thread'), { workerData })
    started.on('message', hear)
    started.once('error', (error) =>
      log.error({ err: error }, 'the thread of statements has failed: it is started again'),
    )
    started.once('exit', () => {
      refuseAll(new StatementsError('STATEMENTS_BUSY', 'the statements are being started again; try again'))
      if (whenStopped === null) restart = setTimeout(() => (worker = start()), restMs)
      else whenStopped()
    })
    return started
  }

  function hear(said: Said): void {
    if (said.type === 'made') {
      const { area } = areas[said.area]!
      const { number, leaves } = said.made
      metrics.leaves.inc({ area }, leaves)
      metrics.made.inc({ area })
      log.info({ area, end: said.end, number, leaves, ms: Math.round(said.ms) }, 'statement made')
    } else if (said.type === 'failure') {
      log.error({ area: areas[said.area]!.area, reason: said.message }, 'a statement cannot be made now')
    } else if (said.type !== 'stopped') {
      const asker = waiting.get(said.id)
      waiting.delete(said.id)
      if (said.type === 'answer') asker?.resolve(said.answer)
      else asker?.reject(errorOf(said))
    }
  }

  function refuseAll(error: StatementsError): void {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  let past = 0
  /** Asks for something that clears auctions of the past again. */
  async function askPast<One extends Answered>(...asked: Parameters<typeof ask>): Promise<One> {
    if (past >= mostPast) throw new StatementsError('STATEMENTS_BUSY', 'too many ask for other prices; try again')
    past += 1
    return ask<One>(...asked).finally(() => {
      past -= 1
    })
  }

  function ask<One extends Answered>(area: number, question: (id: number, place: number) => Asked): Promise<One> {
    return new Promise((resolve, reject) => {
      if (whenStopped !== null) return reject(new StatementsError('STATEMENTS_STOPPED', 'the server is stopping'))
      if (waiting.size >= mostWaiting) {
        return reject(new StatementsError('STATEMENTS_BUSY', 'too many statements are asked for; try again'))
      }
      ids += 1
      waiting.set(ids, { resolve: resolve as Waiting['resolve'], reject })
      worker.postMessage(question(ids, placeOf.get(area)!))
    })
  }

  return {
    file: ({ area, seat, end }) => ask(area, (id, place) => ({ id, type: 'prove', area: place, end, seat })),
    make: ({ area, end }) => ask(area, (id, place) => ({ id, type: 'make', area: place, end })),
    otherPrices: ({ area, ...query }) =>
      askPast(area, (id, place) => ({ id, type: 'other-prices', area: place, ...query })),
    betterLimits: ({ area, ...query }) =>
      askPast(area, (id, place) => ({ id, type: 'better-limits', area: place, ...query })),
    async stop() {
      if (restart !== null) clearTimeout(restart)
      const ended = new Promise<void>((resolve) => {
        whenStopped = resolve
      })
      worker.postMessage({ type: 'stop' } satisfies Asked)
      if (worker.threadId < 0) return
      await ended
    },
  }
}

function errorOf({ code, message }: Extract<Said, { type: 'refusal' }>): Error {
  if (code === 'STORE_LOST') return new StoreError(code, message)
  return code?.startsWith('SETTLEMENT_')
    ? new SettlementError(code as SettlementError['code'], message)
    : new Error(message)
}

function registerMetrics(registry: Registry) {
  const registers = [registry]
  const labelNames = ['area'] as const
  return {
    made: new Counter({
      ...{ name: 'commonwatt_statements_made_total', help: 'Statements of batches that were made or found made' },
      ...{ labelNames, registers },
    }),
    leaves: new Counter({
      ...{ name: 'commonwatt_statement_leaves_total', help: 'Leaves of those statements', labelNames, registers },
    }),
  }
}
