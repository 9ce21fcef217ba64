/** Forgetting what nothing can change any more, so that the state does not grow with time. */

import type { Event } from '../area/area.ts'
import { forgetDays } from '../area/budgets.ts'
import { type AreaState, configNow, lengthOf } from '../area/state.ts'
import { forgetAgreements } from '../stages/agreements/agreements.ts'
import { forgetDeclarations } from './declarations.ts'
import { forgetSeats } from './seats.ts'
import { forgetRevocations } from './sessions.ts'

/** Batches that stay in memory after they were settled: a reading of theirs is still compared with what was read before. */
const settledBatchesKept = 2

/** Forgets intervals, forward trades, settings, days' charges, agreements, declarations, revocations and seats of batches long settled. */
export function forgetOld(state: AreaState): Event[] {
  const { batchSeconds } = configNow(state).rules
  const length = lengthOf(state)
  // A batch in which nothing was measured is never settled.
  const unsettled = state.batches.values().next().value?.start ?? state.cutUntil
  const kept = Math.min(unsettled, state.nextStart) - settledBatchesKept * batchSeconds - length
  for (; state.firstStart < kept; state.firstStart += length) {
    state.intervals.delete(state.firstStart)
    state.forward.delete(state.firstStart)
  }
  state.configs = state.configs.filter((_, index) => {
    const next = state.configs[index + 1]
    return next === undefined || next.from > state.firstStart
  })
  forgetDays(state)
  forgetAgreements(state)
  forgetDeclarations(state)
  forgetRevocations(state)
  return forgetSeats(state)
}
