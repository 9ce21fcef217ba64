/** The database and the chain of a community that has neither: real ones, in its own folder, where its configuration expects them. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readWalletFile } from '../chain/key-file.ts'
import { readServerConfig } from '../configuration/config.ts'
import { giveGas } from './community.ts'
import { startChain } from './embedded-chain.ts'
import { startPostgres } from './embedded-postgres.ts'
import { DemoError } from './error.ts'
import { loopback } from './ports.ts'
import type { Log } from './supervisor.ts'

export interface RunningParts {
  /** The keys that have their gas now. */
  addresses: string[]
  stop(): Promise<void>
}

/**
 * Starts both, and gives every key in the configuration's folder coin for gas. Throws `DemoError`, `PARTS_ELSEWHERE` where the configuration
 * names a database or a node that is not this machine's.
 */
export async function startParts(configFile: string, log: Log, signal: AbortSignal): Promise<RunningParts> {
  const folder = dirname(resolve(configFile))
  const { databaseUrl, escrows } = readServerConfig(configFile)
  const [database, node] = [new URL(databaseUrl ?? 'postgres:'), new URL(escrows[0]?.rpcUrl ?? 'http://nowhere')]
  const isOurs = database.username === 'commonwatt' && database.pathname === '/commonwatt' && database.password !== ''
  if (!isOurs || database.hostname !== loopback || database.port === '') {
    throw elsewhere(configFile, `database-url is not postgres://commonwatt:PASSWORD@${loopback}:PORT/commonwatt`)
  }
  if (escrows.length !== 1 || node.hostname !== loopback || node.port === '') {
    throw elsewhere(configFile, `there is not one [[escrow]] whose rpc-url is http://${loopback}:PORT`)
  }
  const dataFolder = join(folder, 'embedded')
  // Others may pass through, to the database's own folder, but not list it.
  mkdirSync(dataFolder, { recursive: true, mode: 0o711 })
  const password = decodeURIComponent(database.password)
  const port = (url: URL) => ({ port: Number(url.port), portOption: 'the configuration' })
  const postgres = await startPostgres({ dataFolder, ...port(database), password, log, signal })
  try {
    const chain = await startChain({ dataFolder, ...port(node), log, signal })
    const wallets = keysIn(join(folder, 'keys'))
    await giveGas(chain.url, wallets)
    return {
      addresses: wallets.map(({ address }) => address.toLowerCase()),
      async stop() {
        await chain.stop()
        await postgres.stop()
      },
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

function keysIn(folder: string) {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.key')) : []
  return files.map((file) => readWalletFile(join(folder, file)))
}

function elsewhere(file: string, what: string): DemoError {
  return new DemoError('PARTS_ELSEWHERE', `${file}: ${what}; "commonwatt found --embedded" writes one where it is`)
}
