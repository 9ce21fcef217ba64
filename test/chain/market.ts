/** A whole market for tests: a street on a real chain, its area's worker on a real database, and the settlement between. */
import type { Wallet } from 'ethers'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { digestOf, hashRules, type Order, signCompact } from '../../contracts/protocol/typed-data.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { startAreaWorker } from '../../server/areas/worker.ts'
import { createIndexer } from '../../server/chain/indexer.ts'
import { createRelay } from '../../server/chain/relay.ts'
import { createSender } from '../../server/chain/sender.ts'
import { createSettlement } from '../../server/chain/settlement-service.ts'
import type { Event } from '../../server/market/area/area.ts'
import type { Database } from '../../server/store/database.ts'
import { chainId, type Home, mine, passUntil, type Street, type TestChain } from './street.ts'

export const area = 1
const log = pino({ level: 'silent' })

export function settingsOf(street: Street): AreaSettings {
  const { rules, escrow, token } = street
  return {
    ...{ area, name: 'Test street', currency: 'tEUR', priceDecimals: 4, feedInTicks: 800, retailTicks: 3_000 },
    ...{ graceMs: 5_000, lowestTicks: -1_000, rules, rulesHash: hashRules(rules) },
    zones: [
      { zone: 'street', name: 'Street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
      { zone: 'lane', name: 'Lane', parent: 'street', feeTicksPerKwh: 100, capacityWh: 40 },
    ],
    chain: { chainId, escrow, token, tokenName: 'test', tokenDecimals: 6, withdrawalDelaySeconds: 300 },
  }
}

/** A process of the server, with a clock that `passTo` moves together with the chain's. */
export async function startMarket(parts: {
  chain: TestChain
  database: Database
  street: Street
  operator: Wallet
  entriesPerPart?: number
}) {
  const { chain, database, street, operator, entriesPerPart } = parts
  const { provider } = chain
  const registry = new Registry()
  const settings = settingsOf(street)
  let nowMs = (street.from - 1) * 1_000
  const worker = await startAreaWorker({
    ...{ database, settings, log, registry, now: () => nowMs },
    onFatal(error) {
      throw error
    },
  })
  const sender = createSender({
    ...{ database, provider, wallet: operator, chainId, log },
    ...{ confirmations: 1, replaceAfterMs: 60_000, maxFeePerGas: 10n ** 12n },
  })
  const indexer = createIndexer({
    ...{ database, provider, escrow: street.escrow, chainId, log, confirmations: 1, firstBlock: street.firstBlock },
    async deliver(_, { block, settledUntil, seats }) {
      await worker.submit({ type: 'chain', atMs: 0, block, settledUntil, seats })
    },
  })
  const settlement = createSettlement({
    ...{ database, provider, sender, indexer, settings: [settings], log, registry },
    ...(entriesPerPart === undefined ? {} : { entriesPerPart }),
    async leaveOut(number, request) {
      const events = await worker.submit({ type: 'leave-out', atMs: 0, ...request })
      return number === area && events.some(({ type }) => type === 'batch-cut')
    },
  })
  let nonces = 0

  async function signedOrder(
    home: Home,
    wish: Pick<Order, 'side' | 'limitPrice' | 'maxWh' | 'start' | 'end'> & { market?: number },
  ) {
    nonces += 1
    const order: Order = {
      ...{ account: home.account.address.toLowerCase(), meter: home.meter.address.toLowerCase() },
      ...{ rules: settings.rulesHash, market: 0, timeInForce: 0, nonce: nonces },
      ...wish,
    }
    const signature = await signCompact(home.account, street.domain, 'Order', order)
    return { atMs: 0, id: digestOf(street.domain, 'Order', order), order, signature, session: null }
  }

  return {
    ...{ worker, sender, indexer, settlement },
    relay: createRelay({ sender, indexer, facts: settings.chain, batchesOf: () => worker.state }),
    /** Both clocks go on to `time`, in seconds, and whatever is due by then happens. */
    async passTo(time: number): Promise<void> {
      await passUntil(provider, time)
      nowMs = Math.max(nowMs, time * 1_000)
      await worker.submit({ type: 'tick', atMs: 0 })
    },
    async order(home: Home, side: 'buy' | 'sell', limitPrice: number, end: number): Promise<Event[]> {
      const wish = { side: side === 'buy' ? 0 : 1, limitPrice, maxWh: 100, start: street.from, end }
      return worker.submit({ type: 'order', ...(await signedOrder(home, wish)) })
    },
    /** For the one interval from `start`. */
    async forward(home: Home, side: 'buy' | 'sell', limitPrice: number, start: number): Promise<Event[]> {
      const wish = { side: side === 'buy' ? 0 : 1, market: 1, limitPrice, maxWh: 30, start, end: start + 10 }
      return worker.submit({ type: 'forward-order', timeInForce: 'GTC', ...(await signedOrder(home, wish)) })
    },
    /** Signed by the meter's first key, or by `key`. */
    async read(home: Home, time: number, importWh: number, exportWh: number, key?: Wallet): Promise<Event[]> {
      const reading = await street.reading(home, time, importWh, exportWh, key)
      return worker.submit({ type: 'readings', atMs: 0, readings: [reading] })
    },
    /** A block with what was sent, then one turn of each of the server's loops. */
    async turn(): Promise<void> {
      await mine(provider)
      await sender.watch()
      await indexer.advance()
      await settlement.advance(area)
    },
  }
}
