/**
 * The engine of one market area: `(state, command) → (state, events)`. No clock, I/O, randomness or logger inside; time
 * arrives in commands. The state is changed in place, so a command that throws must be followed by a rebuild from the
 * journal. A command does a bounded amount of work: what is due stays due, and each `tick` does the first of it.
 */
import type { Hex } from '../../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import type { AreaConfig, Command, CommandOf, Event } from '../area/area.ts'
import { setBudget } from '../area/budgets.ts'
import { EngineError } from '../area/error.ts'
import { acceptOrder, cancelOrder } from '../area/orders.ts'
import { noId, refused } from '../area/refusal.ts'
import { type AreaState, configAt, configNow, firstStartAfter } from '../area/state.ts'
import { clearAuction } from '../auction.ts'
import { acceptAgreements, endAgreement } from '../stages/agreements/agreements.ts'
import { cancelForward, placeForward } from '../stages/forward/book.ts'
import { gridOf } from '../stages/grid.ts'
import { batchDueMs, cutBatch, disownBatch, followChain, openBatch } from './batches.ts'
import { declare } from './declarations.ts'
import {
  clearInterval,
  firstStale,
  firstUnsettled,
  nextToClear,
  rerunInterval,
  settleInterval,
  startInterval,
} from './intervals.ts'
import { batchInWork, leaveOut, leaveOutNext } from './leaving-out.ts'
import { takeOfficialValues } from './official.ts'
import { takeLateReadings, takeReading } from './readings.ts'
import { syncSeats } from './seats.ts'
import { revokeSession } from './sessions.ts'

/** What is due by itself, and from when on; a `tick` at or after that time does it. */
export interface Due {
  atMs: number
  work: 'start' | 'clear' | 'leave-out' | 'settle' | 'cut' | 'rerun'
}

/** Applies one command and says what followed from it, in order. One that changes nothing leaves the state as it was, its time included. */
export function apply(state: AreaState, command: Command): Event[] {
  const before = state.nowMs
  state.nowMs = Math.max(before, command.atMs)
  const events = carryOut(state, command)
  if (!events.some(changesState)) state.nowMs = before
  return events
}

/** Whether an event tells of a change: a command none of whose events does needs no place in the journal. */
export function changesState(event: Event): boolean {
  if (event.type === 'official-value') return event.status === 'taken'
  return event.type !== 'refused' && (event.type !== 'reading' || event.status === 'stored')
}

function carryOut(state: AreaState, command: Command): Event[] {
  if (command.type === 'configure') return configure(state, command)
  if (state.configs.length === 0) {
    throw new EngineError('ENGINE_NOT_CONFIGURED', 'the first command of an area configures it')
  }
  switch (command.type) {
    case 'barrier':
      return [{ type: 'owned', owner: command.owner }]
    case 'chain':
      return syncChain(state, command)
    case 'order':
      return placeOrder(state, command)
    case 'cancel':
      return state.orders.has(command.id) ? cancelOrder(state, command) : cancelForward(state, command)
    case 'agreements':
      return isMarket(state) ? acceptAgreements(state, command) : decidedElsewhere(state, command.items[0]?.id ?? noId)
    case 'end-agreement':
      return endAgreement(state, command)
    case 'revoke-session':
      return revokeSession(state, command)
    case 'readings':
      return command.readings.flatMap((reading) => takeReading(state, reading))
    case 'late-readings':
      return takeLateReadings(state, command.readings)
    case 'official-values':
      return takeOfficialValues(state, command.values)
    case 'leave-out':
      return leaveOut(state, command)
    case 'tick':
      return doNext(state, command)
    case 'declare':
      return declare(state, command)
    case 'disown-batch':
      return disownBatch(state, command)
    case 'budget':
      return setBudget(state, command)
  }
}

function placeOrder(state: AreaState, command: CommandOf<'order'>): Event[] {
  const { market } = command.order
  if (market === 1 && !isMarket(state)) return decidedElsewhere(state, command.id)
  if (market === 0) return acceptOrder(state, command)
  return market === 1 ? placeForward(state, command) : refused(command.id, 'ORDER_MARKET', [market])
}

/** Whether orders, trades ahead and agreements decide who gets how much; else an order of the auction only limits what its seat takes or gives. */
function isMarket(state: AreaState): boolean {
  return configNow(state).rules.allocation === 0
}

function decidedElsewhere(state: AreaState, id: Hex): Event[] {
  return refused(id, 'ORDER_ALLOCATION', [configNow(state).rules.allocation])
}

/** What comes due next by itself, or null for an area that has not been configured. */
export function nextDue(state: AreaState): Due | null {
  if (state.configs.length === 0) return null
  // What is promised rests on the chain as it was at one block.
  let next: Due = { atMs: state.chain.isPartial ? Number.POSITIVE_INFINITY : state.nextStart * 1000, work: 'start' }
  const sooner = (due: Due) => {
    if (due.atMs < next.atMs) next = due
  }
  const waiting = nextToClear(state)
  if (waiting !== null) sooner({ atMs: waiting.dueMs, work: 'clear' })
  if (batchInWork(state) !== null) sooner({ atMs: state.nowMs, work: 'leave-out' })
  const batch = openBatch(state)
  const cutMs = batch === null ? Number.POSITIVE_INFINITY : batchDueMs(state, batch)
  if (batch !== null && cutMs < Number.POSITIVE_INFINITY) {
    const isUnsettled = firstUnsettled(state, batch.end) !== null
    sooner({ atMs: Math.max(cutMs, state.nowMs), work: isUnsettled ? 'settle' : 'cut' })
  }
  if (firstStale(state, Number.POSITIVE_INFINITY) !== null) {
    sooner({ atMs: Math.max(state.rerunsFromMs, state.nowMs), work: 'rerun' })
  }
  return next
}

/** Does the first thing that is due, if anything is. */
function doNext(state: AreaState, { seal }: CommandOf<'tick'>): Event[] {
  const due = nextDue(state)!
  if (due.atMs > state.nowMs) return []
  switch (due.work) {
    case 'start':
      return startInterval(state)
    case 'clear':
      return clearInterval(state, nextToClear(state)!.interval)
    case 'leave-out':
      return leaveOutNext(state, batchInWork(state)!)
    case 'rerun':
      return rerunInterval(state, firstStale(state, Number.POSITIVE_INFINITY)!)
    case 'settle':
      return settleInterval(state, firstUnsettled(state, openBatch(state)!.end)!)
    case 'cut':
      return seal === null ? [] : cutBatch(state, openBatch(state)!, seal)
  }
}

function configure(state: AreaState, { config, face }: CommandOf<'configure'>): Event[] {
  // Throws where the zones are no tree.
  clearAuction({
    zones: config.zones.map(({ parent, ...zone }) => (parent === null ? zone : { ...zone, parent })),
    orders: [],
  })
  const { intervalSeconds, batchSeconds } = config.rules
  if (state.configs.length === 0) {
    state.nextStart = Math.ceil(state.nowMs / 1000 / intervalSeconds) * intervalSeconds
    state.cutUntil = Math.floor(state.nextStart / batchSeconds) * batchSeconds
    state.firstStart = state.nextStart - intervalSeconds
    state.configs = [{ from: state.nextStart, config, face }]
    return [{ type: 'configured', from: state.nextStart, config, face }]
  }
  const next = firstStartAfter(state.nowMs, intervalSeconds)
  const before = configAt(state, next)
  const keepsPrices = before.lowestTicks === config.lowestTicks && before.highestTicks === config.highestTicks
  // All prices of a batch lie in one window.
  const from = keepsPrices ? next : firstStartAfter(state.nowMs, batchSeconds)
  requireSameArea(state, config, from)
  state.configs = [...state.configs.filter((known) => known.from < from), { from, config, face }]
  return [{ type: 'configured', from, config, face }]
}

/** An area keeps its rules, and every zone in which somebody lives or will live. */
function requireSameArea(state: AreaState, config: AreaConfig, from: UtcSeconds): void {
  if (configNow(state).rulesHash !== config.rulesHash) {
    throw new EngineError(
      'ENGINE_AREA_CHANGED',
      'an area keeps the rules that its participants signed: open a new area',
    )
  }
  const { indexOf } = gridOf(config)
  const before = gridOf(configAt(state, from))
  const living = [...state.seats.values()].flatMap(({ chain }) => {
    const homeless = chain.terms.filter((_, place) => (chain.terms[place + 1]?.from ?? Number.POSITIVE_INFINITY) > from)
    return homeless.flatMap(({ zone, closed }) => {
      const isTaken = zone !== null && !closed && before.indexOf.has(zone) && !indexOf.has(zone)
      return isTaken ? [{ zone, seat: chain.seat }] : []
    })
  })
  const [first] = living
  if (first === undefined) return
  const seats = new Set(living.filter(({ zone }) => zone === first.zone).map(({ seat }) => seat))
  throw new EngineError(
    'ENGINE_ZONE_IN_USE',
    `zone ${first.zone} cannot be taken away: seats ${[...seats].join(', ')} are in it. Have the grid operator place them elsewhere first`,
  )
}

function syncChain(state: AreaState, { block, time, settledUntil, seats, isPart }: CommandOf<'chain'>): Event[] {
  const followed = isPart ? [] : followChain(state, { block, time, settledUntil })
  if (!isPart || seats.length > 0) state.chain.isPartial = isPart
  return [...followed, ...syncSeats(state, seats)]
}
