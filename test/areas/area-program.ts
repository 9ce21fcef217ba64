// A real area worker in a process of its own, to be killed: says what it loaded, then answers each command sent to it.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { startAreaWorker } from '../../server/areas/worker.ts'
import type { Command } from '../../server/market/area/area.ts'
import { hashState } from '../../server/market/engine/snapshot.ts'
import { openDatabase } from '../../server/store/database.ts'
import { loadArea, replayArea } from '../../server/store/journal.ts'
import { settings } from './street.ts'

/** What a process is told: a command at the market's time, or to stop in order, which writes a snapshot. */
export type AreaRequest = { command: Command; nowMs: number } | { stop: true }

export interface AreaStanding {
  engineVersion: number
  /** The rolling hash and the hash of the whole state. */
  hash: string
  state: string
}

export interface AreaStart {
  /** Rebuilt from the newest snapshot and the journal's tail, before anything was done. */
  loaded: AreaStanding
  /** Rebuilt from the first command. */
  replayed: AreaStanding
  snapshotSequence: number
  sequence: number
  /** Once the worker had started. */
  started: AreaStanding
}

const [databaseUrl, startMs] = [process.argv[2]!, Number(process.argv[3])]
let nowMs = startMs
const database = openDatabase(databaseUrl, 2)
const loaded = await loadArea(database, settings.area)
const replayed = await replayArea(database, settings.area)
const worker = await startAreaWorker({
  database,
  settings,
  log: pino({ level: 'silent' }),
  registry: new Registry(),
  now: () => nowMs,
  onFatal(error) {
    throw error
  },
})
const standing = (): AreaStanding => ({
  engineVersion: worker.state.engineVersion,
  hash: worker.hash,
  state: hashState(worker.state),
})

process.on('message', async (request: AreaRequest) => {
  if ('stop' in request) {
    await worker.stop()
    await database.end({ timeout: 5 })
    process.disconnect()
    return
  }
  nowMs = request.nowMs
  await worker.submit(request.command)
  process.send!(standing())
})
process.send!({
  loaded: standingOf(loaded),
  replayed: standingOf(replayed),
  snapshotSequence: loaded.snapshotSequence,
  sequence: loaded.sequence,
  started: standing(),
} satisfies AreaStart)

function standingOf({ state, hash }: Pick<typeof loaded, 'state' | 'hash'>): AreaStanding {
  return { engineVersion: state.engineVersion, hash: hash.toString('hex'), state: hashState(state) }
}
