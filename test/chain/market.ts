/** A whole market for tests: a street on a real chain, its area on a real database, and the settlement between. */
import { Wallet } from 'ethers'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { digestOf, hashRules, type Order, signCompact } from '../../contracts/protocol/typed-data.ts'
import { type AreaSettings, areaFaceOf, engineConfig } from '../../server/areas/settings.ts'
import { startAreaHere } from '../../server/areas/start-area.ts'
import { createIndexer } from '../../server/chain/indexer.ts'
import { createRelay } from '../../server/chain/relay.ts'
import { createSender } from '../../server/chain/sender.ts'
import { createSettlement, settlementMetrics } from '../../server/chain/settlement-service.ts'
import { createWatchingDesk } from '../../server/chain/watching-desk.ts'
import type { Event } from '../../server/market/area/area.ts'
import { contentOf, type Declared, kindOfDeclared } from '../../server/market/area/declarations.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import type { StoredArea } from '../../server/store/areas.ts'
import type { Database } from '../../server/store/database.ts'
import { withClock } from '../areas/with-clock.ts'
import { makeStatements } from '../settlement/exported.ts'
import { chainId, fundedKey, type Home, mine, passUntil, type Street, type TestChain } from './street.ts'

const log = pino({ level: 'silent' })
/** The clocks go on in such steps, so that the area's lease never runs out. */
const stepMs = 3_000

export function settingsOf(street: Street): AreaSettings {
  const { rules, escrow, token, withdrawalDelaySeconds } = street
  const { area } = rules
  const isShared = rules.allocation !== 0
  return {
    ...{ area, name: 'Test street', currency: 'tEUR', priceDecimals: 4, feedInTicks: 800, retailTicks: 3_000 },
    ...{ graceMs: 5_000, lowestTicks: -1_000, ownUse: 'net', clock: [], rules, rulesHash: hashRules(rules) },
    sharing: isShared ? { price: { type: 'fixed', ticks: 1_200 }, waitMs: 0 } : null,
    zones: [
      { zone: 'street', name: 'Street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
      { zone: 'lane', name: 'Lane', parent: 'street', feeTicksPerKwh: 100, capacityWh: isShared ? null : 40 },
    ],
    chain: { chainId, escrow, token, tokenName: 'test', tokenDecimals: 6, withdrawalDelaySeconds },
  }
}

export interface MarketParts {
  chain: TestChain
  database: Database
  url: string
  street: Street
  operator: Wallet
  entriesPerPart?: number
  /** What is other than usual. */
  change?: Partial<AreaSettings>
  /** What the clock says at first; just before the street begins where it is not given. */
  now?: number
}

export type Market = Awaited<ReturnType<typeof startMarket>>

/** A process of the server, with a clock that `passTo` moves together with the chain's. */
export async function startMarket({
  chain,
  database,
  url,
  street,
  operator,
  entriesPerPart,
  change,
  now,
}: MarketParts) {
  const { provider } = chain
  const settings = { ...settingsOf(street), ...change }
  const clock = { ms: (now ?? street.from - 1) * 1_000 }
  const { area } = street.rules
  const { areaId, store, lease, close } = await openAreaStore(url, { chainId, escrow: street.escrow, area })
  const stored: StoredArea = { chainId, escrow: street.escrow, area, areaId }
  const handle = startAreaHere({
    ...{ settings, lease, owner: 'test', waitsForChain: true },
    store: withClock(store, () => clock.ms),
    clocks: { wallMs: () => clock.ms, monotonicMs: () => clock.ms },
    log(what, error) {
      queueMicrotask(() => {
        throw new Error(what, { cause: error })
      })
    },
  })
  const look = () => handle.submit({ type: 'tick', seal: null })
  await look()
  const sender = createSender({
    ...{ database, provider, wallet: operator, chainId, log },
    ...{ confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n },
  })
  const indexer = createIndexer({
    ...{ database, provider, escrow: street.escrow, chainId, log, confirmations: 1, firstBlock: street.firstBlock },
    async deliver(_, delivery) {
      await handle.submit({ type: 'chain', ...delivery })
    },
    loadsOf: () => handle.status.loads,
    hasTold: (_, time) => handle.chainTold(time * 1_000),
    seen: (time) => handle.seeChain(time * 1_000),
  })
  const watching = createWatchingDesk({
    ...{ database, indexer, settings: [settings], facts: { chainId, escrow: street.escrow } },
  })
  const settlement = createSettlement({
    ...{ database, provider, sender, indexer, settings: [settings], log, approvals: watching },
    metrics: settlementMetrics(new Registry()),
    ...(entriesPerPart === undefined ? {} : { entriesPerPart }),
    async leaveOut(_, request) {
      const events = await handle.submit({ type: 'leave-out', ...request })
      return events.some(({ type }) => type === 'leaving-out')
    },
    async disown(_, { start, end }) {
      const events = await handle.submit({ type: 'disown-batch', start, end })
      return events.some(({ type }) => type === 'batch-missed')
    },
    loadsOf: () => handle.status.loads,
  })
  let nonces = 0
  let sequences = 0

  /** Until nothing is due any more. */
  async function settle(): Promise<void> {
    for (let sequence = -1; handle.status.sequence !== sequence; ) {
      ;({ sequence } = handle.status)
      await look()
    }
  }

  async function order(home: Home, wish: Omit<Order, 'account' | 'meter' | 'rules' | 'timeInForce' | 'nonce'>) {
    nonces += 1
    const signed: Order = {
      ...{ account: home.account.address.toLowerCase(), meter: home.meter.address.toLowerCase() },
      ...{ rules: settings.rulesHash, timeInForce: 0, nonce: nonces },
      ...wish,
    }
    const signature = await signCompact(home.account, street.domain, 'Order', signed)
    const id = digestOf(street.domain, 'Order', signed)
    return handle.submit({ type: 'order', id, order: signed, signature, session: null })
  }

  return {
    ...{ area: handle, stored, settings, sender, indexer, settlement, watching },
    relay: createRelay({ sender, indexer, facts: settings.chain, revocations: null, batchesOf: () => handle.status }),
    /** Both clocks go on to `time`, in seconds, and whatever is due by then happens; nothing is heard of the chain. */
    async passTo(time: number): Promise<void> {
      await passUntil(provider, time)
      while (clock.ms < time * 1_000) {
        clock.ms = Math.min(clock.ms + stepMs, time * 1_000)
        await look()
      }
      await settle()
    },
    /** The same at once: meanwhile the lease runs out, and the area is made again from its journal. */
    async leapTo(time: number): Promise<void> {
      clock.ms = time * 1_000
      await settle()
    },
    /** The server hears what is new on the chain, and whatever is due by that happens. */
    async hear(): Promise<void> {
      await indexer.advance()
      await settle()
    },
    /** Other settings from the next interval on. */
    async configure(change: Partial<AreaSettings>): Promise<void> {
      const next = { ...settings, ...change }
      await handle.submit({ type: 'configure', config: engineConfig(next), face: areaFaceOf(next) })
    },
    order(home: Home, side: 'buy' | 'sell', limitPrice: number, end: number, maxWh = 100): Promise<Event[]> {
      const wish = { side: side === 'buy' ? 0 : 1, limitPrice, maxWh, start: street.from, end }
      return order(home, { ...wish, market: 0 })
    },
    /** For the one interval from `start`. */
    forward(home: Home, side: 'buy' | 'sell', limitPrice: number, start: number): Promise<Event[]> {
      const wish = { side: side === 'buy' ? 0 : 1, limitPrice, maxWh: 30, start, end: start + 10 }
      return order(home, { ...wish, market: 1 })
    },
    /** Signed by the meter's first key, or by `key`. */
    async read(home: Home, time: number, importWh: number, exportWh: number, key?: Wallet): Promise<Event[]> {
      const signed = await street.reading(home, time, importWh, exportWh, key)
      sequences += 1
      const reading = {
        ...signed,
        sequence: sequences,
        productionWh: null,
        reasons: 0,
        key: key?.address.toLowerCase() ?? null,
      }
      return handle.submit({ type: 'readings', readings: [reading] })
    },
    /** Signed by the grid operator. */
    async declare(body: Declared, stretch: { start: number; end: number; version: number }): Promise<Event[]> {
      const evidence = `0x${'e'.repeat(64)}`
      const declaration = { kind: kindOfDeclared(body), ...stretch, content: contentOf(body), evidence }
      const value = { rules: settings.rulesHash, ...declaration }
      const signature = await signCompact(new Wallet(fundedKey(8)), street.domain, 'Declaration', value)
      const id = digestOf(street.domain, 'Declaration', value)
      return handle.submit({ type: 'declare', id, declaration, body, signature, forgotten: [] })
    },
    /** A block with what was sent, then one turn of each of the server's loops. */
    async turn(): Promise<void> {
      await mine(provider)
      await sender.watch()
      await indexer.advance()
      await settle()
      await makeStatements(database, stored)
      await settlement.advance(area)
      await settle()
    },
    async stop(): Promise<void> {
      await handle.stop()
      await close()
    },
  }
}
