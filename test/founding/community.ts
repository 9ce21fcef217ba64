/** A community for tests, founded by the commands alone: a database and a chain of one's own, and the programs as people run them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JsonRpcProvider } from 'ethers'
import { anvilPath } from '../../contracts/build/forge.js'
import { createDatabase, type EmbeddedPostgres, startPostgres } from '../../server/demo/embedded-postgres.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { builtProgram } from '../built.ts'

const chainId = 424_242

export interface Run {
  status: number | null
  stdout: string
  stderr: string
}

export interface Ground {
  /** For one community after the other. */
  newDatabase(): Promise<string>
  postgres: EmbeddedPostgres
  rpcUrl: string
  anvil: ChildProcess
  provider: JsonRpcProvider
  /** Removed at the end. */
  folder: string
  stop(): Promise<void>
}

/** Starts a database and a chain. */
export async function startGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-found-'))
  const data = mkdtempSync(join(tmpdir(), 'commonwatt-found-data-'))
  const [postgres, chainPort] = [
    await startPostgres({ dataFolder: data, port: await freePort(), log: () => {} }),
    await freePort(),
  ]
  const args = ['--port', String(chainPort), '--chain-id', String(chainId), '--block-time', '1', '--quiet']
  const anvil = spawn(anvilPath(), args, { stdio: 'ignore' })
  const rpcUrl = `http://127.0.0.1:${chainPort}`
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 100 })
  await eventually(() => provider.send('eth_chainId', []))
  let databases = 0
  return {
    ...{ postgres, rpcUrl, anvil, provider, folder },
    newDatabase: () => createDatabase(postgres.url, `community_${++databases}`),
    async stop() {
      provider.destroy()
      const ended = once(anvil, 'exit')
      anvil.kill('SIGKILL')
      await ended
      await postgres.stop()
      await removeDataFolder(data)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The program that is run: the built one, or the one of the package. */
let program = () => builtProgram('commonwatt')

/** Unpacks a package into a new folder. */
export function unpacked(file: string, place: string): string {
  mkdirSync(place)
  execFileSync('tar', ['-xzf', file, '-C', place, '--strip-components', '1'])
  return place
}

/** From now on the program of the packed server is run, which has what a registry would bring beside it; gives its path. */
export function runPackedServer(folder: string): string {
  builtProgram('commonwatt')
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(execFileSync('npm', pack, { encoding: 'utf8', stdio: 'pipe' }))
  const place = unpacked(join(folder, filename), join(folder, 'commonwatt-package'))
  symlinkSync(join(process.cwd(), 'node_modules'), join(place, 'node_modules'))
  const path = join(place, 'bin/commonwatt.js')
  program = () => path
  return path
}

/** A command that has not ended by then does not end. */
const longestCommandMs = 50_000

/** What was run of `commonwatt`, in a line each. */
export const linesRun: string[] = []

/** Runs `commonwatt …` in a folder, with nobody at the terminal. */
export async function commonwatt(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  linesRun.push(args.join(' '))
  const child = spawn(process.execPath, [program(), ...args], {
    ...{ cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: longestCommandMs, killSignal: 'SIGKILL' },
    env: { PATH: process.env.PATH, ...env },
  })
  return outcomeOf(child)
}

async function outcomeOf(child: ChildProcess): Promise<Run> {
  const run: Run = { status: null, stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text) => (run.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text) => (run.stderr += text))
  ;[run.status] = (await once(child, 'close')) as [number | null]
  return run
}

export interface Community {
  folder: string
  port: number
  metricsPort: number
  databaseUrl: string
  operator: string
}

const calmTimes = ['--interval', '10s', '--batch', '1m', '--grace', '2s', '--withdrawal-delay', '5m']

/** Founds a community of two feeders and deploys its contracts; `times` are the answers about times. */
export async function foundCommunity(ground: Ground, name: string, times = calmTimes): Promise<Community> {
  const folder = join(ground.folder, name)
  const databaseUrl = await ground.newDatabase()
  const [port, metricsPort] = [await freePort(), await freePort()]
  const found = await commonwatt(ground.folder, [
    ...['found', folder, '--yes', '--json', '--name', name, '--feeders', 'north,south', '--retail-price', '0.30'],
    ...times,
    ...['--database-url', databaseUrl, '--rpc-url', ground.rpcUrl],
    ...['--port', String(port), '--metrics-port', String(metricsPort)],
  ])
  if (found.status !== 0) throw new Error(found.stderr)
  const { deployer, operator, relay, grid } = JSON.parse(found.stdout) as Record<string, string>
  for (const address of [deployer!, operator!, relay!, grid!]) await giveGas(ground, address, 10n ** 20n)
  const deployed = await commonwatt(folder, [
    ...['deploy', '--config', 'commonwatt.toml', '--key-file', 'keys/deployer.key'],
    ...['--development-token', ...times.slice(times.indexOf('--withdrawal-delay'))],
  ])
  if (deployed.status !== 0) throw new Error(deployed.stderr)
  return { folder, port, metricsPort, databaseUrl, operator: operator! }
}

export async function giveGas({ provider }: Ground, address: string, wei: bigint): Promise<void> {
  await provider.send('anvil_setBalance', [address, `0x${wei.toString(16)}`])
}

/** What the grid operator does with the key that was made for it. */
export async function openArea({ folder, operator }: Community): Promise<void> {
  const opened = await commonwatt(folder, [
    ...['area', 'open', '--config', 'commonwatt.toml', '--key-file', 'keys/grid.key', '--operator', operator],
  ])
  if (opened.status !== 0) throw new Error(opened.stderr)
}

export interface RunningServer {
  child: ChildProcess
  url: string
  metricsUrl: string
  /** What it said, its log among it. */
  stop(): Promise<Run>
}

const isReady = async (url: string) => (await fetch(`${url}/readyz`)).ok

/** Starts the community's server and waits until it is ready. Throws what it said where it ends. */
export async function startServer(
  { folder, port, metricsPort }: Community,
  args: readonly string[] = [],
  isUp: (url: string) => Promise<boolean> = isReady,
): Promise<RunningServer> {
  const line = ['serve', '--config', 'commonwatt.toml', '--confirmations', '1', ...args]
  linesRun.push(line.join(' '))
  const child = spawn(process.execPath, [program(), ...line], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  })
  let ended: Run | null = null
  void outcomeOf(child).then((run) => (ended = run))
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => {
    if (ended !== null) return ended
    return isUp(url)
  })
  if (ended !== null) throw new Error((ended as Run).stderr)
  return {
    ...{ child, url, metricsUrl: `http://127.0.0.1:${metricsPort}` },
    async stop() {
      child.kill('SIGCONT')
      child.kill()
      await eventually(() => ended)
      return ended!
    },
  }
}

const patienceMs = 120_000
const pauseMs = 100

/** Asks until there is a true answer; what is thrown meanwhile means not yet. */
export async function eventually<T>(ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  const untilMs = performance.now() + patienceMs
  let last: unknown
  while (performance.now() < untilMs) {
    try {
      const answer = await ask()
      if (answer) return answer
      last = answer
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  throw new Error('it did not come to pass', { cause: last })
}
