/**
 * The embedded chain: anvil, whose state we save ourselves. Its own `--state-interval` truncates and rewrites the file in
 * place, so a kill leaves a torn one, and while a block is being made it writes accounts that are ahead of the blocks.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { anvilPath } from '../../contracts/build/forge.js'
import { saveDurably } from './durable-file.ts'
import { DemoError } from './error.ts'
import { LogFiles } from './log-files.ts'
import { assertPortFree, loopback } from './ports.ts'
import { holdDataFolder, identify, readPidFile, stopProcess, writePidFile } from './processes.ts'
import { type Kept, keepRunning, type Log, type Running, untilReady } from './supervisor.ts'

export interface ChainOptions {
  dataFolder: string
  port: number
  /** The option that sets the port, for the error about a taken one. */
  portOption?: string
  log: Log
  /** Aborted while the chain is started, it is stopped. */
  signal?: AbortSignal | undefined
  chainId?: number
  /**
   * A transaction is mined at once, and the blocks that confirm it follow at this pace; a chain without transactions makes
   * one every ten seconds, so that its time goes on. (No more, because blocks stay for ever: an empty one costs 1.7 kB of
   * state, 0.16 kB of them on disk, and some 10 kB of memory.)
   */
  blockSeconds?: number
}

export interface EmbeddedChain extends Kept {
  readonly url: string
}

const stopping = { signal: 'SIGTERM', deadlineMs: 5_000, wholeGroup: true } as const

/** How often to look for a new block. */
const lookEveryMs = 100
/** So many empty blocks follow a transaction promptly. */
const promptBlocks = 3
const idleBlockSeconds = 10
/** Saving takes at most one part in so many of the time: the whole state is saved, and it grows with the chain. */
const savingShare = 10
/** Making a block takes less. */
const slowestBlockMs = 500
/** State for calls into the past is kept for so many blocks; blocks, receipts and logs are kept for ever. */
const historicalStates = 32

/**
 * Starts the chain of a data folder, at its genesis the first time. A restart goes on from the last saved block with all
 * blocks, receipts and logs; after a kill of anvil that may be some blocks back (a reorganisation to its clients), after a
 * kill of this process alone nothing is lost. Block times follow the wall clock. It listens on loopback only, to no web
 * page, and refuses a transaction above the gas cap of EIP-7825.
 * Throws `DemoError` (`PORT_TAKEN`, `DATA_FOLDER_IN_USE`, `CHAIN_…`, `DEMO_STOPPED`).
 */
export async function startChain({
  dataFolder,
  port,
  portOption = '--chain-port',
  log,
  signal,
  chainId = 31337,
  blockSeconds = 1,
}: ChainOptions): Promise<EmbeddedChain> {
  await holdDataFolder(dataFolder)
  const folder = join(dataFolder, 'chain')
  mkdirSync(folder, { recursive: true })
  const logs = new LogFiles(join(dataFolder, 'logs'))
  const launching = { folder, port, portOption, chainId, blockSeconds, logs, log }
  const kept = await keepRunning('the chain', (stopping) => launch(launching, stopping), { log, signal })
  return {
    url: urlOf(port),
    get pid() {
      return kept.pid
    },
    async stop() {
      await kept.stop()
      logs.close()
    },
  }
}

interface LaunchOptions extends Required<Omit<ChainOptions, 'dataFolder' | 'signal'>> {
  folder: string
  logs: LogFiles
}

async function launch(
  { folder, port, portOption, chainId, blockSeconds, logs, log }: LaunchOptions,
  signal: AbortSignal,
): Promise<Running> {
  const program = findAnvil()
  const saved = new SavedChain(join(folder, 'state.json.gz'), log)
  const pidFile = join(folder, 'anvil.pid')
  await stopLeftover(pidFile, saved)
  await assertPortFree({ port, purpose: 'the chain', option: portOption })

  const unpacked = join(folder, 'loading.json')
  const state = await saved.read()
  if (state !== null) await writeFile(unpacked, state, { mode: 0o600 })

  const mark = logs.size('chain')
  const child = logs.write('chain', (descriptor) =>
    spawn(
      program,
      [
        ...['--host', loopback, '--port', String(port), '--chain-id', String(chainId), '--no-cors', '--quiet'],
        ...['--enable-tx-gas-limit', '--prune-history', String(historicalStates)],
        ...(state === null ? [] : ['--load-state', unpacked]),
      ],
      { cwd: folder, detached: true, stdio: ['ignore', descriptor, descriptor] },
    ),
  )
  let how: string | null = null
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit status ${code}`))
  })
  if (child.pid !== undefined) writePidFile<ChainNotes>(pidFile, child.pid, { port })
  ended.then((ending) => {
    how = ending
  })

  const rpc = chainAt(port)
  how = await untilReady(rpc.answers, { ended, signal, everyMs: 25 }).catch(async (error) => {
    child.kill('SIGKILL')
    await ended
    throw error
  })
  if (how !== null || child.pid === undefined) {
    throw new DemoError(
      'CHAIN_START',
      `anvil does not start (${how}): ${logs.tail('chain', mark)}\nsee ${logs.path('chain')}`,
    )
  }
  await rm(unpacked, { force: true })

  const identity = identify(child.pid)
  const saving = saved.follow(rpc, () => how !== null)
  const beating = keepBlocksComing(rpc, blockSeconds, () => how !== null)
  return {
    pid: child.pid,
    ended,
    async stop() {
      await beating.stop()
      await saving.stop()
      if (identity !== null) await stopProcess(identity, stopping)
      await ended
      await rm(pidFile, { force: true })
    },
  }
}

function findAnvil(): string {
  try {
    return anvilPath()
  } catch (cause) {
    throw new DemoError('CHAIN_MISSING', (cause as Error).message, { cause })
  }
}

/** What the pid file says besides which process it is. */
interface ChainNotes {
  port: number
}

/** Stops the chain that a killed start left running, after saving what it made meanwhile. */
async function stopLeftover(pidFile: string, saved: SavedChain) {
  const leftover = readPidFile<ChainNotes>(pidFile)
  if (leftover === null) return
  if (leftover.port !== undefined) await saved.saveLast(chainAt(leftover.port))
  await stopProcess(leftover, stopping)
}

/** The state file of one chain: gzipped JSON as anvil dumps it, replaced as a whole. */
class SavedChain {
  readonly #path: string
  readonly #log: Log
  /** The hash of the newest block on file; null before the first. */
  #saved: string | null = null

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  /** The state to start from; null before the first was saved. Throws `DemoError` (`CHAIN_STATE`). */
  async read(): Promise<Uint8Array | null> {
    if (!existsSync(this.#path)) return null
    const packed = await readFile(this.#path)
    try {
      return await promisify(gunzip)(packed)
    } catch (cause) {
      throw new DemoError(
        'CHAIN_STATE',
        `${this.#path} is damaged: bring back a copy, or remove the data folder to start a new chain and market`,
        { cause },
      )
    }
  }

  /** Saves soon after every new block until stopped, and once more then. */
  follow(rpc: ChainRpc, ended: () => boolean): Repeated {
    let failing = false
    const saving = repeatedly(async () => {
      const started = performance.now()
      try {
        await this.#saveIfNew(rpc)
        if (failing) this.#log('the chain is saved again')
        failing = false
      } catch (error) {
        if (!failing && !ended()) this.#log(`the chain cannot be saved, trying on: ${(error as Error).message}`)
        failing = true
      }
      return (savingShare - 1) * (performance.now() - started)
    }, ended)
    return {
      stop: async () => {
        await saving.stop()
        if (!ended()) await this.saveLast(rpc)
      },
    }
  }

  /** Saves the present state, as far as a chain about to be stopped still answers. */
  async saveLast(rpc: ChainRpc) {
    try {
      for (let tries = 0; tries < 50 && !(await this.#saveIfNew(rpc)); tries++) {
        if (this.#saved === (await rpc.head()).hash) return
      }
    } catch (error) {
      this.#log(`the chain's last blocks cannot be saved: ${(error as Error).message}`)
    }
  }

  /** Whether there was something new and it is now on disk. */
  async #saveIfNew(rpc: ChainRpc): Promise<boolean> {
    const { hash } = await rpc.head()
    if (hash === this.#saved) return false
    const state = await rpc.dump()
    // While a block is being made, accounts and blocks in a dump need not belong together. A transaction leaves the pool
    // after its block is complete: an empty pool and then still the same head show that no block was in the making. One
    // that waits in the pool for a better price proves the same by not being mined for a while.
    if (!(await rpc.nothingPending())) await delay(slowestBlockMs)
    if ((await rpc.head()).hash !== hash) return false
    await saveDurably(this.#path, state)
    this.#saved = hash
    return true
  }
}

/** Makes the blocks that no transaction makes. */
function keepBlocksComing(rpc: ChainRpc, blockSeconds: number, ended: () => boolean): Repeated {
  let head: string | null = null
  let sinceMs = performance.now()
  let emptyBlocks = promptBlocks
  return repeatedly(async () => {
    try {
      const latest = await rpc.head()
      if (latest.hash !== head) {
        head = latest.hash
        sinceMs = performance.now()
        emptyBlocks = latest.transactions.length > 0 ? 0 : emptyBlocks + 1
      }
      const seconds = emptyBlocks < promptBlocks ? blockSeconds : Math.max(blockSeconds, idleBlockSeconds)
      if (performance.now() - sinceMs >= 1000 * seconds) await rpc.mine()
    } catch {
      // A chain that does not answer makes no blocks: who saves it says so, and its end is seen elsewhere.
    }
    return 0
  }, ended)
}

interface Repeated {
  stop(): Promise<void>
}

/** Does a step over and over, pausing for what it returns (in ms, at least `lookEveryMs`), until stopped or `ended`. */
function repeatedly(step: () => Promise<number>, ended: () => boolean): Repeated {
  const stop = new AbortController()
  const loop = async () => {
    while (!stop.signal.aborted && !ended()) {
      const pauseMs = Math.max(lookEveryMs, await step())
      await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = loop()
  return {
    async stop() {
      stop.abort()
      await running
    },
  }
}

type ChainRpc = ReturnType<typeof chainAt>

function urlOf(port: number): string {
  return `http://${loopback}:${port}`
}

/** The few calls we need; each throws when it is not answered within its time. */
function chainAt(port: number) {
  async function call<Result>(method: string, params: unknown[] = [], withinMs = 5_000): Promise<Result> {
    const response = await fetch(urlOf(port), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(withinMs),
    })
    const answer = (await response.json()) as { result: Result; error?: { message: string } }
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }
  return {
    answers: () =>
      call('eth_chainId', [], 1_000).then(
        () => true,
        () => false,
      ),
    head: () => call<{ hash: string; transactions: string[] }>('eth_getBlockByNumber', ['latest', false]),
    mine: () => call('evm_mine'),
    dump: async () => Buffer.from((await call<string>('anvil_dumpState', [], 60_000)).slice(2), 'hex'),
    nothingPending: async () => Number((await call<{ pending: string }>('txpool_status')).pending) === 0,
  }
}
