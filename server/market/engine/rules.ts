/**
 * What the engine makes of each command, but for those that set it up: an area's version of the rules is a function of this
 * form, listed in `versions.ts`. The state is changed in place.
 */
import { admitReading } from '../../readings/admission.ts'
import type { AreaConfig, ChainSeat, Command, Event, MeterReading, Terms } from './area.ts'
import { cutBatches, followChain, leaveOut } from './batches.ts'
import { cancelForward, placeForward } from './forward.ts'
import { clearIntervals, outdate, startIntervals } from './intervals.ts'
import { acceptOrder, cancelOrder } from './orders.ts'
import { type AreaState, type SeatState, sellableWh, termsAt, termsOf } from './state.ts'
import { hasTraded } from './without-seat.ts'

/** Commands of a market that runs. */
export type MarketCommand = Exclude<Command, { type: 'configure' | 'engine-version' }>

/** Carries out one command and says what followed from it, in order. */
export type Rules = (state: AreaState, config: AreaConfig, command: MarketCommand) => Event[]

/** A connection whose fuse nobody has told us: 3 × 63 A × 230 V. */
const defaultConnectionW = 43_000

export const carryOut: Rules = (state, config, command) => {
  switch (command.type) {
    case 'chain':
      return [...passTime(state, config), ...syncChain(state, config, command)]
    case 'order':
      return [...passTime(state, config), ...acceptOrder(state, config, command.id, command.order)]
    case 'cancel':
      return [...passTime(state, config), ...cancelOrder(state, config, command.id)]
    case 'forward-order':
      return [...passTime(state, config), ...placeForward(state, config, command)]
    case 'forward-cancel':
      return [...passTime(state, config), ...cancelForward(state, command.id)]
    case 'readings':
      return [
        ...passTime(state, config),
        ...command.readings.flatMap((reading) => takeReading(state, config, reading)),
        ...clearIntervals(state, config),
      ]
    case 'leave-out':
      return [...passTime(state, config), ...leaveOut(state, config, command)]
    case 'tick':
      return passTime(state, config)
  }
}

/** Starts, clears and cuts whatever is due: the same whether one command or many tell that time has passed. */
function passTime(state: AreaState, config: AreaConfig): Event[] {
  return [...startIntervals(state, config), ...clearIntervals(state, config), ...cutBatches(state, config)]
}

function syncChain(state: AreaState, config: AreaConfig, command: Extract<Command, { type: 'chain' }>): Event[] {
  const { block, settledUntil, seats } = command
  followChain(state, { block, settledUntil })
  const changes = seats.map((chain) => {
    const before = state.seats.get(chain.seat)?.chain.terms
    return { seat: chain.seat, before, after: chain.terms, beginsEpoch: syncSeat(state, chain) }
  })
  return [{ type: 'seats-changed', block, settledUntil, seats }, ...outdateChanged(state, config, changes)]
}

/** Takes over a seat as the chain shows it. Says whether a new epoch begins, which takes the readings before it with it. */
function syncSeat(state: AreaState, chain: ChainSeat): boolean {
  const seat = state.seats.get(chain.seat)
  const { epoch, time, importWh, exportWh } = chain.base
  const beginsEpoch = seat !== undefined && epoch > seat.base.epoch
  if (seat === undefined || beginsEpoch) {
    state.seats.set(chain.seat, {
      chain,
      base: { epoch, time },
      readings: [{ meter: chain.meter, epoch, time, importWh, exportWh, quality: 0 }],
      nonces: seat?.nonces ?? { buy: -1, sell: -1 },
      suspended: seat?.suspended ?? false,
    })
  } else {
    seat.chain = chain
    if (epoch === seat.base.epoch && time > seat.base.time) seat.base = { epoch, time }
  }
  // Seats are numbered in the order of opening: a meter serves the newest one.
  if ((state.seatOfMeter.get(chain.meter) ?? 0) <= chain.seat) state.seatOfMeter.set(chain.meter, chain.seat)
  return beginsEpoch
}

interface SeatChange {
  seat: number
  /** Undefined for a seat that was not known. */
  before: readonly Terms[] | undefined
  after: readonly Terms[]
  beginsEpoch: boolean
}

/**
 * What was traded on readings that are gone, or by terms that were not in force any more when the chain was behind, could
 * never be settled: such intervals are to be computed again. In version 1 of the rules they stayed.
 */
function outdateChanged(state: AreaState, config: AreaConfig, changes: readonly SeatChange[]): Event[] {
  if (state.engineVersion === 1) return []
  const anew = changes.filter(({ beginsEpoch }) => beginsEpoch)
  const bound = changes.filter(({ before, after }) => before !== undefined && textOf(before) !== textOf(after))
  return [...state.intervals.values()].flatMap(({ start, result }) => {
    if (result === null) return []
    const isOutdated =
      anew.some(({ seat }) => hasTraded(result, seat)) ||
      bound.some(({ before, after }) => !sameTerms(termsOf(before!, start), termsOf(after, start)))
    return isOutdated ? outdate(state, config, start) : []
  })
}

/** Whether terms bind as those before them, whenever each began; terms that ended before the seat's base are not told any more. */
function sameTerms(before: Terms | null, after: Terms | null): boolean {
  return after === null || textOf({ ...before, from: 0 }) === textOf({ ...after, from: 0 })
}

function textOf(value: unknown): string {
  return JSON.stringify(value)
}

function takeReading(state: AreaState, config: AreaConfig, reading: MeterReading): Event[] {
  const { meter, epoch, time } = reading
  const number = state.seatOfMeter.get(meter)
  const seat = number === undefined ? undefined : state.seats.get(number)
  const answer = { type: 'reading' as const, meter, epoch, time }
  if (seat === undefined) {
    const message = 'no seat on chain names this meter yet'
    return [{ ...answer, status: 'refused', code: 'READING_UNKNOWN_METER', message, retry: true }]
  }
  if (seat.suspended) {
    const message = 'the meter signed two values for one boundary and is suspended'
    return [{ ...answer, status: 'refused', code: 'READING_SUSPENDED', message, retry: false }]
  }
  const admission = admitReading(reading, {
    nowMs: state.nowMs,
    intervalSeconds: config.rules.intervalSeconds,
    accepted: seat.readings,
    base: { ...seat.chain.base, epoch: Math.max(seat.base.epoch, seat.chain.base.epoch) },
    ...connectionBounds(seat, config, time),
  })
  if (admission.status === 'refused') {
    const { code, message, retry } = admission
    const events: Event[] = [{ ...answer, status: 'refused', code, message, retry }]
    if (code === 'READING_EQUIVOCATION') {
      seat.suspended = true
      events.push({ type: 'meter-suspended', meter, time, code })
    }
    return events
  }
  if (admission.status === 'duplicate') return [{ ...answer, status: 'duplicate' }]
  if (admission.late)
    return [
      { ...answer, status: 'stored' },
      { type: 'late-reading', seat: seat.chain.seat, meter, epoch, time },
    ]
  const { quality, importWh, exportWh } = reading
  seat.readings.splice(admission.index, 0, { meter, epoch, time, importWh, exportWh, quality })
  const length = config.rules.intervalSeconds
  return [
    { ...answer, status: 'stored' },
    ...(time <= state.cutUntil ? [{ type: 'late-reading' as const, seat: seat.chain.seat, meter, epoch, time }] : []),
    ...outdate(state, config, time - length),
    ...outdate(state, config, time),
  ]
}

function connectionBounds(seat: SeatState, config: AreaConfig, time: number) {
  const terms = termsAt(seat, time)
  const connectionWh = Math.ceil((defaultConnectionW * config.rules.intervalSeconds) / 3600)
  return {
    maxImportWhPerInterval: Math.max(connectionWh, 2 * (terms?.maxBuyWh ?? 0)),
    maxExportWhPerInterval:
      terms?.nameplateWh ?? Math.max(connectionWh, 2 * (terms === null ? 0 : sellableWh(terms, config))),
  }
}
