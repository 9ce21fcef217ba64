/**
 * The engine of one market area: `(state, command) → (state, events)`. No clock, I/O, randomness or logger inside; time
 * arrives in commands. The state is changed in place, so a command that throws must be followed by a rebuild from the
 * journal.
 */
import { admitReading } from '../../readings/admission.ts'
import { clearAuction } from '../auction.ts'
import type { AreaConfig, ChainSeat, Command, Event, MeterReading } from './area.ts'
import { batchDueMs, cutBatches, forgetSettled, leaveOut } from './batches.ts'
import { cancelForward, placeForward } from './forward.ts'
import { clearIntervals, clearingDueMs, rerunInterval, startIntervals } from './intervals.ts'
import { acceptOrder, cancelOrder } from './orders.ts'
import { type AreaState, newestEngineVersion, type SeatState, sellableWh, termsAt } from './state.ts'

export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: 'ENGINE_VERSION' | 'ENGINE_NOT_CONFIGURED' | 'ENGINE_AREA_CHANGED'
  constructor(code: EngineError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** A connection whose fuse nobody has told us: 3 × 63 A × 230 V. */
const defaultConnectionW = 43_000

/** Applies one command and says what followed from it, in order. */
export function apply(state: AreaState, command: Command): Event[] {
  state.nowMs = Math.max(state.nowMs, command.atMs)
  if (command.type === 'engine-version') return changeVersion(state, command.engineVersion)
  if (command.type === 'configure') return configure(state, command.config)
  const { config } = state
  if (config === null) throw new EngineError('ENGINE_NOT_CONFIGURED', 'the first command of an area configures it')
  switch (command.type) {
    case 'chain':
      return [...passTime(state, config), ...syncChain(state, command)]
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

/** When the next thing is due by itself, in ms; a `tick` at or after that time has effect. */
export function nextDueMs(state: AreaState): number {
  const { config } = state
  if (config === null) return Number.POSITIVE_INFINITY
  let due = state.nextStart * 1000
  for (const interval of state.intervals.values()) {
    if (interval.result !== null) continue
    due = Math.min(due, clearingDueMs(interval, config))
    break
  }
  const batch = batchDueMs(state, config)
  return batch === null ? due : Math.min(due, Math.max(batch, state.nowMs))
}

/** Starts, clears and cuts whatever is due: the same whether one command or many tell that time has passed. */
function passTime(state: AreaState, config: AreaConfig): Event[] {
  return [...startIntervals(state, config), ...clearIntervals(state, config), ...cutBatches(state, config)]
}

function changeVersion(state: AreaState, engineVersion: number): Event[] {
  if (engineVersion > newestEngineVersion || engineVersion < state.engineVersion) {
    throw new EngineError(
      'ENGINE_VERSION',
      `this program computes versions up to ${newestEngineVersion}; the area is at ${state.engineVersion}, asked for ${engineVersion}`,
    )
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

function syncChain(state: AreaState, command: Extract<Command, { type: 'chain' }>): Event[] {
  state.chain = { block: command.block, settledUntil: command.settledUntil }
  forgetSettled(state)
  for (const chain of command.seats) syncSeat(state, chain)
  return [{ type: 'seats-changed', block: command.block, settledUntil: command.settledUntil, seats: command.seats }]
}

function syncSeat(state: AreaState, chain: ChainSeat): void {
  const seat = state.seats.get(chain.seat)
  const { epoch, time, importWh, exportWh } = chain.base
  if (seat === undefined || epoch > seat.base.epoch) {
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
    ...rerunInterval(state, config, time - length),
    ...rerunInterval(state, config, time),
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
