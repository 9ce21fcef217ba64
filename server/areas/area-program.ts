/** What runs an area, in a thread of its own or in one with others: its database, clocks and runner behind a port. */
import { randomBytes } from 'node:crypto'
import type { AreaLease, AreaStore } from './area-store.ts'
import { AreaClock, type Clocks } from './clock.ts'
import { type AreaPort, serveArea, telling } from './messages.ts'
import { AreaRunner } from './runner.ts'
import { type AreaSettings, areaFaceOf, engineConfig } from './settings.ts'

export interface AreaProgram {
  settings: AreaSettings
  store: AreaStore
  lease: AreaLease
  /** Names this process to others that would like to write the journal. */
  owner: string
  clocks: Clocks
  waitsForChain: boolean
  /** How often the area was made before, by a thread that is gone. */
  loadsBefore?: number
  log(what: string, error: unknown): void
}

/** An area is loaded within its time at the start if no more than this has to be replayed. */
const longestReplayMs = 300

/** Runs until the port's other end asks it to stop; resolves when everything is written. */
export function runArea(port: AreaPort, program: AreaProgram): Promise<void> {
  const { settings, store, lease, owner, clocks, waitsForChain, loadsBefore = 0, log } = program
  const runner = new AreaRunner({
    ...{ store, lease, owner, waitsForChain, loadsBefore, config: engineConfig(settings), face: areaFaceOf(settings) },
    clock: new AreaClock(clocks, { hasChain: waitsForChain }),
    newSecret: () => randomBytes(32),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    monotonicMs: clocks.monotonicMs,
    longestReplayMs,
    tell: telling(port, log),
  })
  return serveArea(port, runner, { running: runner.run() })
}

/** The machine's clocks. */
export const machineClocks: Clocks = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }
