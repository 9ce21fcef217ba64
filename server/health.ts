/**
 * Whether a server does its work, and what it needs from outside: asked again and again in the background, each question with a
 * deadline, so that `/readyz` and the metrics answer at once whatever has stopped.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Address } from '../contracts/protocol/typed-data.ts'
import type { ServerTrouble } from './api/operation-resources.ts'
import type { GasBalance, OperationFacts } from './api/parts.ts'
import type { AreaHandle } from './areas/area-handle.ts'
import type { AreaOffers } from './chain/contract-facts.ts'
import { sentenceOfWaiting, type WaitingBatch } from './chain/watching-desk.ts'
import type { EscrowServices } from './escrow-services.ts'
import { notAppointed } from './start-up.ts'
import type { Database } from './store/database.ts'
import { keptMonths } from './store/months.ts'
import { missedByArea } from './store/queries.ts'

/** The database has to answer within this. */
const databaseWithinMs = 2_000
/** A node is asked every few seconds: one that has shown no block for longer than this is not followed any more. */
const chainSeenWithinMs = 12_000
/** Where the newest block is older than this, the node has lost its chain, or the chain stands still. */
const chainFreshWithinS = 600
/** Watchers answer within seconds: a batch that has waited for them longer is worth a look. */
const watchersWithinS = 120
/** Less gas than settling a batch of some hundred seats takes. */
export const leastGas = 2_000_000n
const lookEveryMs = 15_000

export interface HealthParts {
  database: Database
  areas(): readonly AreaHandle[]
  escrows: readonly EscrowServices[]
  /** The address of this server's key. */
  operator: Address
  backupFolder: string | null
  registry: Registry
  log: Logger
}

export interface Health {
  /** A sentence for each thing that is not ready; resolves at the latest by the deadlines. */
  ready(): Promise<string[]>
  /** Those of these facts that concern an area, and whatever else its operator wants to know. */
  operationOf(area: number): Promise<OperationFacts>
  stop(): Promise<void>
}

interface Seen {
  gas: Map<EscrowServices, GasBalance[]>
  /** Offers of offices, by area. */
  offers: Map<number, AreaOffers>
  databaseBytes: number | null
  /** First moment of the oldest month in the tables, UTC seconds. */
  keptFrom: number | null
  /** For each area, how many batches the chain has settled that its journal does not know. */
  missed: Map<number, number>
}

export function startHealth(parts: HealthParts): Health {
  const { database, areas, escrows, operator } = parts
  const seen: Seen = {
    gas: new Map(),
    offers: new Map(),
    databaseBytes: null,
    keptFrom: null,
    missed: new Map(),
  }
  registerGauges(parts, seen)

  async function look(): Promise<void> {
    await Promise.allSettled([
      ...escrows.map(async (escrow) => {
        seen.gas.set(escrow, await escrow.readGas())
      }),
      ...areas().map(async ({ settings: { area, chain } }) => {
        seen.offers.set(area, await escrowOf(escrows, chain).readOffers(area))
      }),
      (async () => {
        const [row] = await database`select pg_database_size(current_database()) as bytes`
        seen.databaseBytes = row!.bytes as number
        seen.keptFrom = (await keptMonths(database))[0] ?? null
        seen.missed = new Map((await missedByArea(database)).map(({ area, missed }) => [area, missed]))
      })(),
    ])
  }

  let looking = look()
  const timer = setInterval(() => {
    // A look that hangs ends by the deadlines of what it asks.
    looking = looking.then(look)
  }, lookEveryMs)
  let answer: Promise<boolean> | null = null

  async function troubles(): Promise<ServerTrouble[]> {
    const found: ServerTrouble[] = []
    for (const { settings, status } of areas()) {
      const { area } = settings
      const { condition } = status
      const unnamed = escrowOf(escrows, settings.chain).settlement.unnamed(area)
      if (condition.is !== 'ready') {
        found.push(trouble('area-not-ready', `area ${area}: ${condition.reason}`, { area }))
      } else if (unnamed === null) {
        found.push(trouble('area-not-ready', `area ${area}: ${notCompared}`, { area }))
      }
      if (isOther(seen, area, operator)) {
        found.push(trouble('operator-other', notAppointed(area, operator), { area, address: operator }))
      }
      if (unnamed !== null && unnamed > 0) found.push(trouble('behind-chain', behindChain(area, unnamed), { area }))
    }
    for (const escrow of escrows) found.push(...troublesOf(escrow, seen.gas.get(escrow) ?? []))
    for (const waiting of waitingBatches(parts)) {
      const seconds = waitedSeconds(waiting)
      if (seconds <= watchersWithinS) continue
      const place = { area: waiting.area, seconds: Math.round(seconds) }
      found.push(trouble('watchers-late', sentenceOfWaiting(waiting, Date.now()), place))
    }
    // However many ask, the database is asked once at a time.
    answer ??= answers(database).finally(() => {
      answer = null
    })
    if (!(await answer)) {
      found.push(trouble('database-silent', `database: no answer within ${databaseWithinMs / 1000} s`, {}))
    }
    return found
  }

  return {
    async ready() {
      return (await troubles()).map(({ sentence }) => sentence)
    },
    async operationOf(area) {
      const { settings } = areas().find((each) => each.settings.area === area)!
      const escrow = escrowOf(escrows, settings.chain)
      const { chainId } = escrow.facts
      const isOwn = (each: ServerTrouble) =>
        (each.area === null || each.area === area) && (each.chainId === null || each.chainId === chainId)
      return {
        troubles: (await troubles()).filter(isOwn),
        heldUp: escrow.settlement.heldUp(area),
        head: escrow.indexer.head,
        keys: seen.gas.get(escrow) ?? [],
        settlesAs: operator,
        offers: seen.offers.get(area) ?? null,
      }
    },
    async stop() {
      clearInterval(timer)
      await looking
    },
  }
}

function trouble(code: ServerTrouble['code'], sentence: string, about: Partial<ServerTrouble>): ServerTrouble {
  return { area: null, chainId: null, seconds: null, address: null, ...about, code, sentence }
}

/** Whether the escrow was seen to take an area's batches from another key than this server's. */
function isOther({ offers }: Seen, area: number, operator: Address): boolean {
  const now = offers.get(area)?.operatorNow
  return now !== undefined && now !== operator
}

function escrowOf(escrows: readonly EscrowServices[], chain: { escrow: Address; chainId: number }): EscrowServices {
  return escrows.find(({ facts }) => facts.escrow === chain.escrow && facts.chainId === chain.chainId)!
}

/** The batches that wait for watchers, of all areas. */
function waitingBatches({ areas, escrows }: Pick<HealthParts, 'areas' | 'escrows'>): WaitingBatch[] {
  return areas().flatMap(({ settings: { area, chain } }) => {
    return escrowOf(escrows, chain).watching.waiting(area) ?? []
  })
}

/** Said until the journal was compared with the chain: before that, a restored or emptied database looks like any other. */
const notCompared = 'it is starting: its journal has not been compared with what the chain has settled'

function behindChain(area: number, batches: number): string {
  return `area ${area}: the chain has settled ${batches} batches that the journal does not know and has not named yet`
}

function waitedSeconds({ batch }: WaitingBatch): number {
  return Math.max(0, (Date.now() - batch.since.getTime()) / 1000)
}

function troublesOf({ indexer, facts: { chainId } }: EscrowServices, gas: readonly GasBalance[]): ServerTrouble[] {
  const troubles: ServerTrouble[] = []
  const name = `chain ${chainId}`
  const tell = (code: ServerTrouble['code'], sentence: string, about: Partial<ServerTrouble> = {}) =>
    troubles.push(trouble(code, `${name}: ${sentence}`, { chainId, ...about }))
  const { silentMs, trouble: seen, head } = indexer
  const ageSeconds = Date.now() / 1000 - head.time
  const lasts = (ms: number) => ({ seconds: Math.round(ms / 1000) })
  if (seen !== null && Math.max(seen.ms, silentMs) > chainSeenWithinMs) {
    const about = lasts(Math.max(seen.ms, silentMs))
    tell('chain-trouble', `${seen.sentence} (for ${about.seconds} s)`, about)
  } else if (silentMs > chainSeenWithinMs) {
    const about = lasts(silentMs)
    tell('chain-silent', `the node has shown no block for ${about.seconds} s`, about)
  } else if (head.time === 0) tell('chain-unread', 'no block has been read yet')
  else if (ageSeconds > chainFreshWithinS) {
    tell('chain-old', `the newest block is ${Math.round(ageSeconds / 60)} min old`, lasts(ageSeconds * 1000))
  }
  for (const { address, wei, gasPrice } of gas) {
    if (wei < gasPrice * leastGas) {
      tell('gas-short', `the key ${address} cannot pay the gas of a batch: send it some`, { address })
    }
  }
  return troubles
}

async function answers(database: Database): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), databaseWithinMs)
  })
  const asked = database`select 1`.then(
    () => true,
    () => false,
  )
  const isThere = await Promise.race([asked, late])
  clearTimeout(timer)
  return isThere
}

/** Registers the gauges that are computed when somebody reads them, from what was seen before. */
function registerGauges({ areas, escrows, operator, registry, backupFolder }: HealthParts, seen: Seen): void {
  const registers = [registry]
  new Gauge({
    ...{ name: 'commonwatt_chain_head_age_seconds', help: 'Age of the newest block that was read', registers },
    labelNames: ['chain'],
    collect() {
      this.reset()
      for (const { indexer, facts } of escrows) {
        if (indexer.head.time > 0) this.set({ chain: facts.chainId }, Date.now() / 1000 - indexer.head.time)
      }
    },
  })
  new Gauge({
    ...{ name: 'commonwatt_chain_silent_seconds', help: 'For how long the node has shown no block', registers },
    labelNames: ['chain'],
    collect() {
      this.reset()
      for (const { indexer, facts } of escrows) this.set({ chain: facts.chainId }, indexer.silentMs / 1000)
    },
  })
  new Gauge({
    ...{ name: 'commonwatt_gas_balance_ether', help: 'What the key has that settles and relays', registers },
    labelNames: ['chain', 'address'],
    collect() {
      this.reset()
      for (const [{ facts }, keys] of seen.gas) {
        for (const { address, wei } of keys) this.set({ chain: facts.chainId, address }, Number(wei) / 1e18)
      }
    },
  })
  new Gauge({
    ...{ name: 'commonwatt_gas_left', help: 'How much gas the key can pay at the node’s price of now', registers },
    labelNames: ['chain', 'address'],
    collect() {
      this.reset()
      for (const [{ facts }, keys] of seen.gas) {
        for (const { address, wei, gasPrice } of keys) {
          if (gasPrice > 0n) this.set({ chain: facts.chainId, address }, Number(wei / gasPrice))
        }
      }
    },
  })
  new Gauge({
    ...{ name: 'commonwatt_operator_appointed', help: '1 while this key may settle the area', registers },
    labelNames: ['area'],
    collect() {
      this.reset()
      for (const { settings } of areas()) {
        this.set({ area: settings.area }, Number(!isOther(seen, settings.area, operator)))
      }
    },
  })
  new Gauge({
    ...{
      name: 'commonwatt_oldest_reading_age_seconds',
      help: 'Age of the newest reading of the seat that is furthest behind',
    },
    ...{ registers, labelNames: ['area'] },
    collect() {
      this.reset()
      for (const { settings, seats } of areas()) {
        const times = [...seats()].filter((seat) => !seat.closed && seat.confirmed).map(({ newest }) => newest.time)
        if (times.length > 0) this.set({ area: settings.area }, Date.now() / 1000 - Math.min(...times))
      }
    },
  })
  new Gauge({
    ...{
      name: 'commonwatt_watchers_waited_seconds',
      help: 'For how long a batch has waited for its watchers',
      registers,
    },
    labelNames: ['area'],
    collect() {
      for (const { settings } of areas()) this.set({ area: settings.area }, 0)
      for (const waiting of waitingBatches({ areas, escrows })) this.set({ area: waiting.area }, waitedSeconds(waiting))
    },
  })
  new Gauge({
    ...{
      name: 'commonwatt_watchers_missing',
      help: 'How many watchers’ signatures the batch that waits lacks',
      registers,
    },
    labelNames: ['area'],
    collect() {
      for (const { settings } of areas()) this.set({ area: settings.area }, 0)
      for (const { area, watchers, words } of waitingBatches({ areas, escrows })) {
        const signed = words.filter(({ reason }) => reason === null).length
        this.set({ area }, Math.max(0, watchers.quorum - signed))
      }
    },
  })
  new Gauge({
    ...{ name: 'commonwatt_watchers_against', help: 'How many watchers do not sign the batch that waits', registers },
    labelNames: ['area'],
    collect() {
      for (const { settings } of areas()) this.set({ area: settings.area }, 0)
      for (const { area, words } of waitingBatches({ areas, escrows })) {
        this.set({ area }, words.filter(({ reason }) => reason !== null).length)
      }
    },
  })
  new Gauge({
    ...{
      name: 'commonwatt_missed_batches',
      help: 'Batches that the chain has settled and the journal does not know',
      registers,
    },
    labelNames: ['area'],
    collect() {
      for (const { settings } of areas()) this.set({ area: settings.area }, seen.missed.get(settings.area) ?? 0)
    },
  })
  new Gauge({
    ...{ name: 'commonwatt_database_size_bytes', help: 'Of the whole database on disk', registers },
    collect() {
      if (seen.databaseBytes !== null) this.set(seen.databaseBytes)
    },
  })
  new Gauge({
    ...{
      name: 'commonwatt_oldest_kept_timestamp_seconds',
      help: 'Beginning of the oldest month that is in the database and not archived',
    },
    ...{ registers },
    collect() {
      if (seen.keptFrom !== null) this.set(seen.keptFrom)
    },
  })
  if (backupFolder === null) return
  new Gauge({
    ...{ name: 'commonwatt_backup_age_seconds', help: 'Since the newest file of the backup folder', registers },
    collect() {
      const madeAtMs = newestFileMs(backupFolder)
      if (madeAtMs === null) this.reset()
      else this.set((Date.now() - madeAtMs) / 1000)
    },
  })
}

/** When the newest file of a folder was written, null where there is none. */
export function newestFileMs(folder: string): number | null {
  try {
    const times = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => statSync(join(folder, name)).mtimeMs)
    return times.length === 0 ? null : Math.max(...times)
  } catch {
    return null
  }
}
