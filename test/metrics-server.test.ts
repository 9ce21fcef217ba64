/** The port of the metrics while something that is measured cannot be asked: it answers, and nothing ends the program. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { pino } from 'pino'
import { Gauge, Registry } from 'prom-client'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Address } from '../contracts/protocol/typed-data.ts'
import type { EscrowServices } from '../server/escrow-services.ts'
import { type HealthParts, startHealth } from '../server/health.ts'
import { createMetricsServer } from '../server/metrics-server.ts'
import { type FeederOptions, startFeeder } from '../server/official/start-feeder.ts'
import { patiently } from './patience.ts'

async function ask(registry: Registry, path: string): Promise<[status: number, text: string]> {
  const answer = await fetch(`http://127.0.0.1:${await serve(registry)}${path}`)
  return [answer.status, await answer.text()]
}

/** The port of a server of metrics that is known as `Metrics.example` too. */
async function serve(registry: Registry): Promise<number> {
  const ready = async () => {
    throw new Error('nobody knows')
  }
  const server = createMetricsServer({ registry, ready, names: ['Metrics.example'] })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test.each([
  ['127.0.0.1', 200],
  ['localhost:1', 200],
  ['[::1]', 200],
  [hostname(), 200],
  ['METRICS.example:9464', 200],
  ['rebound.example', 403],
  ['rebound.example:80', 403],
  ['10.255.255.1', 403],
  ['127.0.0.1.rebound.example', 403],
  ['localhost.rebound.example', 403],
  ['not a name', 403],
])('under the name %s it answers %i', async (host, status) => {
  const port = await serve(new Registry())
  const asked = request({ port, host: '127.0.0.1', path: '/healthz', headers: { host } }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(status)
})

test('what cannot be measured now is said to whoever asks', async () => {
  const registry = new Registry()
  new Gauge({
    ...{ name: 'a', help: 'a', registers: [registry] },
    async collect() {
      throw new Error('the database has not answered for 30 s')
    },
  })
  expect(await ask(registry, '/metrics')).toEqual([
    500,
    'this cannot be measured now: the database has not answered for 30 s\n',
  ])
  expect((await ask(registry, '/readyz'))[0]).toBe(500)
  expect((await ask(registry, '/healthz'))[0]).toBe(200)
})

test('official values are measured beside the metrics: those ask no database that is silent', async () => {
  const registry = new Registry()
  const silent = (() => new Promise(() => {})) as unknown as FeederOptions['database']
  const area = { settings: { area: 1, chain: {} }, status: { nowMs: 0 } } as ReturnType<FeederOptions['areas']>[number]
  startFeeder({
    ...{
      database: silent,
      registry,
      wallet: null,
      tolerance: { wh: 5, percent: 1 },
      areas: () => [area],
      pollMs: 60_000,
    },
    ...{ log: pino({ level: 'silent' }), deliver: async () => [] },
  })
  const [status, text] = await ask(registry, '/metrics')
  expect([status, text.includes('commonwatt_official_values_age_seconds')]).toEqual([200, true])
})

test('an escrow of which no block was read yet has no age, wherever its first block lies', async () => {
  const registry = new Registry()
  const database = (async () => [{ bytes: 0 }]) as unknown as HealthParts['database']
  const indexer = { silentMs: 0, trouble: null, head: { block: 41, time: 0, view: new Map() } }
  const escrow = { indexer, facts: { chainId: 5 }, readGas: async () => [] } as unknown as EscrowServices
  const parts = { database, registry, areas: () => [], escrows: [escrow], backupFolder: null }
  const health = startHealth({ ...parts, operator: `0x${'1'.repeat(40)}`, log: pino({ level: 'silent' }) })
  onTestFinished(() => health.stop())
  expect(await health.ready()).toEqual(['chain 5: no block has been read yet'])
  const { values } = await registry.getSingleMetric('commonwatt_chain_head_age_seconds')!.get()
  expect(values).toEqual([])
})

test('an operator is told what concerns its own area, by code and number', async () => {
  const database = (async () => [{ bytes: 0 }]) as unknown as HealthParts['database']
  const address = (digit: string): Address => `0x${digit.repeat(40)}`
  const escrowOn = (chainId: number, operatorNow: Address, wei: bigint) => ({
    facts: { chainId, escrow: address(String(chainId)) },
    indexer: { silentMs: 0, trouble: null, head: { block: 41, time: Math.floor(Date.now() / 1000), view: new Map() } },
    watching: { waiting: () => null },
    settlement: { heldUp: () => (chainId === 5 ? heldUp : null), unnamed: () => 0 },
    readGas: async () => [{ address: address('1'), does: 'settles', wei, gasPrice: 10n }],
    readOffers: async () => ({ operatorNow, operator: null, grid: null, successionFrom: null }),
  })
  const heldUp = { code: 'CHAIN_OVERTAKEN', sentence: 'the batch was overtaken', since: new Date(0) }
  const escrows = [escrowOn(5, address('1'), 0n), escrowOn(6, address('2'), 10n ** 18n)] as unknown as EscrowServices[]
  const areaOn = (area: number, chainId: number, condition: object) => ({
    settings: { area, chain: { chainId, escrow: address(String(chainId)) } },
    status: { condition },
    seats: () => [],
  })
  const areas = [
    areaOn(1, 5, { is: 'ready' }),
    areaOn(2, 6, { is: 'loading', reason: 'it is being loaded' }),
  ] as unknown as ReturnType<HealthParts['areas']>
  const parts = { database, registry: new Registry(), areas: () => areas, escrows, backupFolder: null }
  const health = startHealth({ ...parts, operator: address('1'), log: pino({ level: 'silent' }) })
  onTestFinished(() => health.stop())
  await vi.waitFor(async () => expect((await health.operationOf(2)).offers).not.toBeNull(), patiently)
  await vi.waitFor(async () => expect(await health.ready()).toHaveLength(3), patiently)
  const [one, two] = [await health.operationOf(1), await health.operationOf(2)]
  expect(one.troubles.map(({ code, address: key }) => [code, key])).toEqual([['gas-short', address('1')]])
  expect(two.troubles.map(({ code, area }) => [code, area])).toEqual([
    ['area-not-ready', 2],
    ['operator-other', 2],
  ])
  expect([one.heldUp, two.heldUp]).toEqual([heldUp, null])
})

test('what a node says that cannot be is told with what was expected, once it has lasted', async () => {
  const database = (async () => [{ bytes: 0 }]) as unknown as HealthParts['database']
  const sentence = 'the node is on chain 7, and the escrow is on chain 5'
  const indexer = { silentMs: 0, trouble: { sentence, ms: 9_000 }, head: { block: 41, time: Date.now() / 1000 } }
  const escrow = { indexer, facts: { chainId: 5 }, readGas: async () => [] } as unknown as EscrowServices
  const parts = { database, registry: new Registry(), areas: () => [], escrows: [escrow], backupFolder: null }
  const health = startHealth({ ...parts, operator: `0x${'1'.repeat(40)}`, log: pino({ level: 'silent' }) })
  onTestFinished(() => health.stop())
  expect(await health.ready()).toEqual([])
  indexer.trouble.ms = 13_000
  expect(await health.ready()).toEqual([`chain 5: ${sentence} (for 13 s)`])
})

test('nothing is ready before chain and journal were compared, or while a batch that only the chain knows has no name', async () => {
  const registry = new Registry()
  const database = (async () => [{ bytes: 0, area: 3, missed: 2 }]) as unknown as HealthParts['database']
  const indexer = { silentMs: 0, trouble: null, head: { block: 41, time: Date.now() / 1000 } }
  let unnamed: number | null = null
  const operator = `0x${'1'.repeat(40)}` as const
  const escrow = {
    ...{
      indexer,
      facts: { chainId: 5, escrow: '0xe' },
      readGas: async () => [],
      readOffers: async () => ({ operatorNow: operator }),
    },
    ...{ settlement: { heldUp: () => null, unnamed: () => unnamed }, watching: { waiting: () => null } },
  } as unknown as EscrowServices
  const area = { settings: { area: 3, chain: { chainId: 5, escrow: '0xe' } }, status: { condition: { is: 'ready' } } }
  const areas = () => [area] as unknown as ReturnType<HealthParts['areas']>
  const parts = { database, registry, areas, escrows: [escrow], backupFolder: null, operator }
  const health = startHealth({ ...parts, log: pino({ level: 'silent' }) })
  onTestFinished(() => health.stop())
  expect(await health.ready()).toEqual([
    'area 3: it is starting: its journal has not been compared with what the chain has settled',
  ])
  unnamed = 2
  expect(await health.ready()).toEqual([
    'area 3: the chain has settled 2 batches that the journal does not know and has not named yet',
  ])
  unnamed = 0
  expect(await health.ready()).toEqual([])
  await expect
    .poll(async () => (await registry.getSingleMetric('commonwatt_missed_batches')!.get()).values, patiently)
    .toMatchObject([{ value: 2, labels: { area: 3 } }])
})
