/**
 * Taking up what the grid operator declares. What is allocated of the past computes its intervals again as long as they are not
 * final, and is reported afterwards; keys count only for intervals that start later, so that nobody shares with hindsight.
 */
import { mostIntervalsPerBatch } from '../../../contracts/protocol/entry.ts'
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { wholeMillionths } from '../../exchange/allocation/allocate.ts'
import type { AreaConfig, CommandOf, Event } from '../area/area.ts'
import type { OrderCode } from '../area/codes.ts'
import {
  columnsOf,
  type DeclarationKind,
  type Declared,
  type DeclaredInterval,
  type DeclaredOf,
  type DeclaredRound,
  type ForgottenInterval,
  kindOfDeclared,
} from '../area/declarations.ts'
import type { Interval } from '../area/interval.ts'
import { refused } from '../area/refusal.ts'
import {
  type AreaState,
  configNow,
  firstStartAfter,
  horizonSeconds,
  intervalsBetween,
  lengthOf,
} from '../area/state.ts'
import type { Side } from '../auction.ts'

/** Seats of intervals, shares and ranks, or prices in one declaration. */
const mostDeclared = 20_000
/** Keys, and stretches of prices, that may count in intervals in memory or to come. */
const mostHeld = 1_000

/**
 * A version may be as high as UTC seconds are a day from now: whoever signs the highest one there is, by mistake or with a stolen key,
 * would have the last word for ever.
 */
const mostAheadSeconds = 86_400

type Refusal = readonly [code: OrderCode, ...details: number[]]

/** Takes up a declaration, or refuses all of it by the first thing that is wrong. */
export function declare(state: AreaState, command: CommandOf<'declare'>): Event[] {
  const { id, declaration, body, forgotten } = command
  const { start, end, version } = declaration
  const refusal = reasonToRefuse(state, command)
  if (refusal !== null) {
    const [code, ...details] = refusal
    return refused(id, code, details)
  }
  state.arrivals += 1
  const arrival = state.arrivals
  const countsFrom = Math.max(start, state.cutUntil)
  const events: Event[] = [{ type: 'declared', arrival, id, kind: body.type, start, end, version, countsFrom }]
  if (body.type === 'key') state.keys.push({ arrival, start, end, version, body })
  else if (body.type === 'prices') {
    state.prices.push({ arrival, start, end, version, body })
    for (const interval of intervalsBetween(state, countsFrom, end)) outdate(interval)
  } else events.push(...takeQuantities(state, { arrival, version }, body, forgotten))
  return events
}

/** An interval that has a result rests on something else than is known now. */
function outdate(interval: Interval): void {
  if (interval.status === 'provisional') interval.outdate()
}

function takeQuantities(
  state: AreaState,
  { arrival, version }: Pick<DeclaredInterval, 'arrival' | 'version'>,
  { intervals }: DeclaredOf<'quantities'>,
  forgotten: readonly ForgottenInterval[],
): Event[] {
  const inTables = new Map(forgotten.map((own) => [own.start, own]))
  return intervals.flatMap(({ start, seats }): Event[] => {
    const known = start < state.firstStart ? inTables.get(start) : undefined
    if (known !== undefined) {
      const changes = changesOf(
        columnsOf({ arrival: 0, version: 0 }, known.seats),
        columnsOf({ arrival, version }, seats),
      )
      return changes.length === 0 ? [] : [{ type: 'interval-redeclared', start, run: known.run + 1, arrival, changes }]
    }
    const interval = state.intervals.get(start)
    const before = state.declared.get(start)
    const declared = columnsOf({ arrival, version }, seats)
    state.declared.set(start, declared)
    if (interval === undefined) return []
    outdate(interval)
    if (interval.status !== 'final' || interval.cleared === null) return []
    const changes = changesOf(before, declared)
    if (changes.length === 0) return []
    interval.run += 1
    interval.isChanged = true
    return [{ type: 'interval-redeclared', start, run: interval.run, arrival, changes }]
  })
}

/** The seats whose quantity is another one than before, ascending. */
function changesOf(before: DeclaredInterval | undefined, after: DeclaredInterval) {
  const changes: { seat: number; side: Side; declaredWh: number }[] = []
  const [old, own] = [before, after].map(quantitiesOf) as [Map<number, Quantities>, Map<number, Quantities>]
  for (const seat of [...new Set([...old.keys(), ...own.keys()])].sort((a, b) => a - b)) {
    for (const side of ['buy', 'sell'] as const) {
      const declaredWh = own.get(seat)?.[side] ?? 0
      if (declaredWh !== (old.get(seat)?.[side] ?? 0)) changes.push({ seat, side, declaredWh })
    }
  }
  return changes
}

type Quantities = Record<Side, number>

function quantitiesOf(declared: DeclaredInterval | undefined): Map<number, Quantities> {
  return new Map(
    [...(declared?.seats ?? [])].map((seat, place) => {
      return [seat, { buy: declared!.allocatedWh[place]!, sell: declared!.sharedWh[place]! }]
    }),
  )
}

function reasonToRefuse(state: AreaState, { declaration, body, forgotten }: CommandOf<'declare'>): Refusal | null {
  const config = configNow(state)
  if (declaration.kind !== kindOfDeclared(body) || !isWanted(config, body.type)) {
    return ['DECLARATION_KIND', declaration.kind]
  }
  return (
    mistakeInDeclaration(declaration, body, lengthOf(state)) ??
    unknownSeat(state, body) ??
    wrongPlace(state, { declaration, body, forgotten })
  )
}

/** Whether the area goes by what is declared. */
function isWanted({ rules, sharing }: AreaConfig, kind: DeclarationKind): boolean {
  if (kind === 'prices') return sharing?.price.type === 'exchange'
  return rules.allocation === (kind === 'quantities' ? 1 : 2)
}

/** What is wrong with a declaration by itself, whatever the area knows. */
export function mistakeInDeclaration(declaration: Stretch, body: Declared, length: number): Refusal | null {
  const { start, end } = declaration
  if (start % length !== 0 || end % length !== 0 || end <= start) return ['DECLARATION_INTERVALS', start, end]
  switch (body.type) {
    case 'quantities':
      return mistakeInQuantities(declaration, body, length)
    case 'key':
      return mistakeInKey(declaration, body, length)
    case 'prices': {
      const { stepSeconds, ticks } = body
      if (ticks.length > mostDeclared) return ['DECLARATION_SIZE', mostDeclared]
      const isWhole = stepSeconds > 0 && stepSeconds * ticks.length === end - start
      return isWhole ? null : ['DECLARATION_INTERVALS', start, end]
    }
  }
}

type Stretch = Pick<CommandOf<'declare'>['declaration'], 'start' | 'end'>

/** The most energy of one seat in one interval, as mandates have it: 24 bits. */
const mostWh = 0xff_ffff

function mistakeInQuantities(
  { start, end }: Stretch,
  { intervals }: DeclaredOf<'quantities'>,
  length: number,
): Refusal | null {
  const rows = intervals.reduce((sum, { seats }) => sum + seats.length, 0)
  if (rows > mostDeclared || intervals.length > mostIntervalsPerBatch) return ['DECLARATION_SIZE', mostDeclared]
  if (intervals.length !== (end - start) / length) return ['DECLARATION_INTERVALS', start, end]
  for (const [index, { start: own, seats }] of intervals.entries()) {
    if (own !== start + index * length) return ['DECLARATION_INTERVALS', own, own + length]
    let [allocatedWh, sharedWh, last] = [0, 0, -1]
    for (const row of seats) {
      if (row.seat <= last || row.allocatedWh > mostWh || row.sharedWh > mostWh) return ['DECLARATION_SEAT', row.seat]
      last = row.seat
      allocatedWh += row.allocatedWh
      sharedWh += row.sharedWh
    }
    if (allocatedWh !== sharedWh) return ['DECLARATION_UNBALANCED', own, allocatedWh, sharedWh]
  }
  return null
}

function mistakeInKey({ start, end }: Stretch, body: DeclaredOf<'key'>, length: number): Refusal | null {
  const { consumers, producers, steps } = body
  const values = steps.reduce((sum, { rounds }) => sum + rounds.reduce((all, own) => all + valuesOf(own), 0), 0)
  if (values + consumers.length + producers.length > mostDeclared) return ['DECLARATION_SIZE', mostDeclared]
  for (const list of [consumers, producers]) {
    const known = new Set<number>()
    for (const seat of list) {
      if (known.has(seat)) return ['DECLARATION_SEAT', seat]
      known.add(seat)
    }
  }
  let before: UtcSeconds | null = null
  for (const { from, rounds } of steps) {
    const isInPlace = before === null ? from === start : from > before && from < end
    if (!isInPlace || from % length !== 0) return ['DECLARATION_INTERVALS', from, end]
    before = from
    const place = rounds.findIndex((own) => !isSound(own, consumers.length))
    const wholeSum = rounds.reduce((sum, { ofMillionths }) => sum + ofMillionths, 0)
    if (place >= 0 || rounds.length === 0 || wholeSum > wholeMillionths) return ['DECLARATION_KEY', from, place + 1]
  }
  return steps.length === 0 ? ['DECLARATION_KEY', start, 0] : null
}

function valuesOf({ key }: DeclaredRound): number {
  if (key.type === 'static') return key.sharesMillionths.length
  return key.type === 'cascade' ? key.ranks.length : 1
}

function isSound({ key }: DeclaredRound, consumers: number): boolean {
  if (key.type === 'cascade') return key.ranks.length === consumers
  if (key.type === 'proportional') return true
  const sum = key.sharesMillionths.reduce((all, share) => all + share, 0)
  return key.sharesMillionths.length === consumers && sum <= wholeMillionths
}

/** Of intervals that only the tables know a seat may be forgotten as well. */
function unknownSeat({ seats, firstStart }: AreaState, body: Declared): Refusal | null {
  const named =
    body.type === 'prices'
      ? []
      : body.type === 'key'
        ? [...body.consumers, ...body.producers]
        : body.intervals.flatMap((own) => (own.start < firstStart ? [] : own.seats.map(({ seat }) => seat)))
  const unknown = named.find((seat) => !seats.has(seat))
  return unknown === undefined ? null : ['DECLARATION_SEAT', unknown]
}

/** Whether it comes too early or too late, or no newer than what is known. */
function wrongPlace(
  state: AreaState,
  { declaration, body, forgotten }: Pick<CommandOf<'declare'>, 'declaration' | 'body' | 'forgotten'>,
): Refusal | null {
  const { start, end, version } = declaration
  const { nowMs, nextStart, firstStart, cutUntil } = state
  const length = lengthOf(state)
  const newest = Math.floor(nowMs / 1000)
  if (version > newest + mostAheadSeconds) return ['DECLARATION_AHEAD', version, newest + mostAheadSeconds]
  if (body.type === 'quantities') {
    // Quantities are of intervals that have ended and are in memory or in the tables.
    const inTables = new Map(forgotten.map((own) => [own.start, own]))
    const unheard = body.intervals.find((own) => own.start < firstStart && !inTables.has(own.start))
    if (unheard !== undefined || end > newest) return ['DECLARATION_TIME', start, firstStart, newest - length]
    const versions = body.intervals.map((own) => {
      return (own.start < firstStart ? inTables : state.declared).get(own.start)?.version ?? -1
    })
    const known = Math.max(-1, ...versions)
    return version <= known ? ['DECLARATION_VERSION', version, known] : null
  }
  // A key begins with an interval that starts after it was heard; prices of what is final change nothing any more.
  const isKey = body.type === 'key'
  const earliest = isKey ? Math.max(nextStart, firstStartAfter(nowMs, length)) : cutUntil
  const latest = newest + horizonSeconds
  if (start < earliest || start > latest) return ['DECLARATION_TIME', start, earliest, latest]
  const held = isKey ? state.keys : state.prices
  if (held.length >= mostHeld) return ['DECLARATION_SIZE', mostHeld]
  const known = Math.max(-1, ...held.map((own) => own.version))
  return version <= known ? ['DECLARATION_VERSION', version, known] : null
}

/** Whether something is to come that an interval's result has to wait for: an allocation, or the exchange's price. */
export function waitsForDeclaration(state: AreaState, start: UtcSeconds, { rules, sharing }: AreaConfig): boolean {
  if (rules.allocation === 1 && !state.declared.has(start)) return true
  const isByExchange = rules.allocation !== 0 && sharing?.price.type === 'exchange'
  return isByExchange && !state.prices.some((own) => own.start <= start && start < own.end)
}

/** Forgets what counts in no interval in memory or to come. */
export function forgetDeclarations(state: AreaState): void {
  const { firstStart } = state
  for (const start of state.declared.keys()) if (start < firstStart) state.declared.delete(start)
  state.keys = state.keys.filter((own) => isHeld(state.keys, own, firstStart))
  state.prices = state.prices.filter((own) => isHeld(state.prices, own, firstStart))
}

/** One counts no longer once it has ended, or another that begins no later than memory goes covers the rest of it. */
function isHeld<Own extends { start: number; end: number; version: number }>(
  all: readonly Own[],
  own: Own,
  from: UtcSeconds,
): boolean {
  if (own.end <= from) return false
  return !all.some((other) => other.version > own.version && other.start <= from && other.end >= own.end)
}
