/**
 * The engine of one market area: `(state, command) → (state, events)`. No clock, I/O, randomness or logger inside; time
 * arrives in commands. The state is changed in place, so a command that throws must be followed by a rebuild from the
 * journal.
 */
import { CodedError } from '../../../contracts/protocol/error.ts'
import { clearAuction } from '../auction.ts'
import type { AreaConfig, Command, Event } from './area.ts'
import { batchDueMs } from './batches.ts'
import { clearingDueMs } from './intervals.ts'
import type { Rules } from './rules.ts'
import type { AreaState } from './state.ts'
import { versions } from './versions.ts'

export class EngineError extends CodedError<'ENGINE_VERSION' | 'ENGINE_NOT_CONFIGURED' | 'ENGINE_AREA_CHANGED'> {
  override readonly name = 'EngineError'
}

/** The newest version of the rules that this program knows. */
export const newestEngineVersion = Math.max(...Object.keys(versions).map(Number))

/** The rules of a version. Throws `ENGINE_VERSION` where this program is older than they are. */
export function rulesOf(engineVersion: number): Rules {
  const rules = versions[engineVersion]
  if (rules !== undefined) return rules
  throw new EngineError(
    'ENGINE_VERSION',
    `the area runs version ${engineVersion} of the rules and this program knows them up to ${newestEngineVersion}: use a newer program`,
  )
}

/** Applies one command and says what followed from it, in order. */
export function apply(state: AreaState, command: Command): Event[] {
  state.nowMs = Math.max(state.nowMs, command.atMs)
  if (command.type === 'engine-version') return changeVersion(state, command.engineVersion)
  if (command.type === 'configure') return configure(state, command.config)
  const { config } = state
  if (config === null) throw new EngineError('ENGINE_NOT_CONFIGURED', 'the first command of an area configures it')
  return rulesOf(state.engineVersion)(state, config, command)
}

/** When the next thing is due by itself, in ms; a `tick` at or after that time has effect. */
export function nextDueMs(state: AreaState): number {
  const { config } = state
  if (config === null) return Number.POSITIVE_INFINITY
  let due = state.nextStart * 1000
  for (const interval of state.intervals.values()) {
    if (interval.isStale) due = Math.min(due, Math.max(state.rerunsFromMs ?? 0, state.nowMs))
    if (interval.result !== null) continue
    due = Math.min(due, clearingDueMs(interval, config))
    break
  }
  const batch = batchDueMs(state, config)
  return batch === null ? due : Math.min(due, Math.max(batch, state.nowMs))
}

function changeVersion(state: AreaState, engineVersion: number): Event[] {
  rulesOf(engineVersion)
  if (engineVersion < state.engineVersion) {
    throw new EngineError('ENGINE_VERSION', `the area is at version ${state.engineVersion}; it does not go back`)
  }
  state.engineVersion = engineVersion
  return [{ type: 'engine-version-changed', engineVersion }]
}

function configure(state: AreaState, config: AreaConfig): Event[] {
  clearAuction({ zones: config.zones, orders: [] })
  if (state.config !== null && state.config.rulesHash !== config.rulesHash) {
    throw new EngineError(
      'ENGINE_AREA_CHANGED',
      'an area keeps the rules that its participants signed: open a new area',
    )
  }
  state.config = config
  if (state.nextStart === 0) {
    const { intervalSeconds, batchSeconds } = config.rules
    state.nextStart = Math.ceil(state.nowMs / 1000 / intervalSeconds) * intervalSeconds
    state.cutUntil = Math.floor(state.nextStart / batchSeconds) * batchSeconds
  }
  return [{ type: 'configured', config }]
}
