/** A market whose batches are watched: its API on a port, and watchers that run as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Wallet } from 'ethers'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import { hashWatchers } from '../../contracts/protocol/typed-data.ts'
import { networkReader } from '../../server/api/addresses.ts'
import { createReadAllowance } from '../../server/api/allowance.ts'
import { createApp } from '../../server/api/app.ts'
import { HeardHellos } from '../../server/api/heard-hellos.ts'
import { ownHosts, pageSenders } from '../../server/api/hosts.ts'
import { createOrderGate } from '../../server/api/order-gate.ts'
import type { ApiParts } from '../../server/api/parts.ts'
import { ChainError } from '../../server/chain/error.ts'
import { freePort } from '../../server/demo/ports.ts'
import type { Database } from '../../server/store/database.ts'
import { bundleProgram } from '../demo/bundle.ts'
import type { ScratchServer } from '../store/scratch-database.ts'
import { type Market, startMarket } from './market.ts'
import { type Home, openStreet, type Street, type TestChain } from './street.ts'

export interface WatchedStreet {
  street: Street
  market: Market
  database: Database
  url: string
  /** In the order of their keys. */
  watchers: TestWatcher[]
  /** Everybody trades in the batches that begin in `[from, until)`. */
  tradeTo(until: number): Promise<void>
  /** The operator's own word to the chain, whatever its server shows. */
  announce(header: Hex): Promise<void>
  /** Turns the server's loops until this is true, or the settlement stops for another reason than waiting. */
  turnUntil(isDone: () => Promise<boolean>): Promise<void>
  stop(): Promise<void>
}

export interface TestWatcher {
  address: string
  start(): Promise<void>
  /** As a power cut does. */
  kill(): Promise<void>
  /** What its health says. */
  ready(): Promise<{ ready: boolean; notReady: string[] } | null>
  /** What its metrics say of its own work, by name and labels as Prometheus writes them. */
  measured(): Promise<Record<string, number>>
}

/** Two of three watchers; one home sells to another. */
export async function openWatchedStreet(chain: TestChain, server: ScratchServer): Promise<WatchedStreet> {
  const { provider } = chain
  const { database, url: databaseUrl } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  const wallets = Array.from({ length: 3 }, () => new Wallet(Wallet.createRandom().privateKey))
  wallets.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1))
  for (const { address } of [operator, ...wallets]) {
    await provider.send('anvil_setBalance', [address, `0x${(10n ** 20n).toString(16)}`])
  }
  const watchers = { keys: wallets.map(({ address }) => address.toLowerCase()), quorum: 2 }
  const rules = { watchers: hashWatchers(watchers), watcherGraceSeconds: 200 }
  const street = await openStreet(provider, { operator, deposits: [0n, 9_000_000n], rules, watchers })
  const market = await startMarket({ chain, database, url: databaseUrl, street, operator })
  await market.indexer.advance()
  const api = await serveApi(database, market)
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-watchers-'))
  const program = await bundleProgram(join(import.meta.dirname, '../../server/cli.ts'))
  const own = await Promise.all(
    wallets.map(async ({ address, privateKey }) => {
      const keyFile = join(folder, `${address}.key`)
      writeFileSync(keyFile, privateKey, { mode: 0o600 })
      const metricsPort = await freePort()
      const args = [
        ...['watch', '--server-url', api.url, '--rpc-url', chain.chain.url, '--escrow', street.escrow],
        ...['--first-block', String(street.firstBlock), '--area', String(street.rules.area), '--key-file', keyFile],
        ...['--data-folder', join(folder, address), '--metrics-port', String(metricsPort), '--poll-ms', '50'],
        ...['--log-level', 'silent'],
      ]
      return watcherOf(address.toLowerCase(), [program, ...args], metricsPort)
    }),
  )
  const { from, homes } = street
  const [seller, buyer] = homes as [Home, Home]
  await market.order(seller, 'sell', 500, from + 1_000)
  await market.order(buyer, 'buy', 1_500, from + 1_000)
  let next = Math.floor(from / 60) * 60 + 60
  const first = next
  return {
    ...{ street, market, database, url: api.url, watchers: own },
    async tradeTo(until) {
      for (; next <= until; next += 10) {
        await market.passTo(next)
        const energy = 60 * (1 + (next - first) / 10)
        await market.read(seller, next, 1_000, 2_000 + energy)
        await market.read(buyer, next, 1_000 + energy, 2_000)
      }
      await market.passTo(until + 20)
      await market.hear()
    },
    async announce(header) {
      await street.call(operator.connect(provider), 'announceBatch', street.rules.area, header)
    },
    async turnUntil(isDone) {
      while (!(await isDone())) {
        let isWaiting = await waits(market.turn())
        // No block passes meanwhile, so that however slow the watchers are their silence does not count.
        while (isWaiting) {
          await delay(20)
          isWaiting = await waits(market.settlement.advance(street.rules.area))
        }
      }
    },
    async stop() {
      for (const watcher of own) await watcher.kill()
      await api.stop()
      await market.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whether the settlement waits for watchers. */
function waits(step: Promise<void>): Promise<boolean> {
  return step.then(
    () => false,
    (error) => {
      if (error instanceof ChainError && error.code === 'CHAIN_UNWATCHED') return true
      throw error
    },
  )
}

async function serveApi(database: Database, market: Market): Promise<{ url: string; stop(): Promise<void> }> {
  const log = pino({ level: 'silent' })
  const http = createServer()
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const unused = async () => {
    throw new Error('no test of watchers does this')
  }
  const { area, watching } = market
  const parts: ApiParts = {
    ...{
      database,
      log,
      registry: new Registry(),
      demo: null,
      meteringOperator: null,
      witnessTolerance: { wh: 20, percent: 5 },
      pageFolder: null,
      origins: [url],
    },
    areas: { get: (number) => (number === area.settings.area ? area : undefined), all: () => [area] },
    takeFile: unused,
    signatures: { check: unused } as unknown as ApiParts['signatures'],
    servicesOf: () => ({
      ...{
        relay: null,
        revocations: null,
        accounts: null,
        watching,
        wallet: unused,
        settledRoot: unused,
        barsOf: () => 0,
        nextVersionOf: () => 1,
        moveOf: () => null,
      },
      officesOf: () => ({ grid: area.settings.rules.grid, operator: area.settings.rules.grid }),
      isWalletSignature: async () => false,
    }),
    statements: { file: unused, otherPrices: unused, betterLimits: unused },
    ready: async () => [],
    operationOf: unused,
    networkOf: networkReader(null, log),
    gate: createOrderGate(),
    hellos: new HeardHellos(),
    reads: createReadAllowance(1_000_000),
    isOwnHost: ownHosts([url]),
    senderOf: pageSenders([url]),
  }
  http.on('request', createApp(parts))
  return {
    url,
    async stop() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function watcherOf(address: string, args: string[], metricsPort: number): TestWatcher {
  let child: ChildProcess | null = null
  return {
    address,
    async start() {
      child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
      await once(child, 'spawn')
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    async ready() {
      const answer = await fetch(`http://127.0.0.1:${metricsPort}/readyz`).catch(() => null)
      return answer === null ? null : ((await answer.json()) as { ready: boolean; notReady: string[] })
    },
    async measured() {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      const lines = [...text.matchAll(/^(commonwatt_watch_\S+) (\S+)$/gm)]
      return Object.fromEntries(lines.map(([, name, value]) => [name, Number(value)]))
    },
  }
}
