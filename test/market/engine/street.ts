/** A small area for tests of the engine: three zones, seats made by hand, an order's and a reading's defaults. */
import type {
  AreaConfig,
  AreaFace,
  ChainSeat,
  Command,
  CommandOf,
  Event,
  IntervalRun,
  MeterReading,
  OrderFields,
  Terms,
} from '../../../server/market/area/area.ts'
import { type AreaState, emptyState } from '../../../server/market/area/state.ts'
import { apply, nextDue } from '../../../server/market/engine/engine.ts'

export const intervalSeconds = 900
export const batchSeconds = 3_600
/** A boundary of intervals and batches. */
export const t0 = 1_800_000_000

export const rules: AreaConfig['rules'] = {
  area: 1,
  grid: `0x${'9'.repeat(40)}`,
  successor: `0x${'0'.repeat(40)}`,
  token: `0x${'8'.repeat(40)}`,
  intervalSeconds,
  batchSeconds,
  priceTick: 100,
  maxGridPerKwh: 400,
  maxBandTicks: 8_000,
  confirmation: 2,
  settlingGrade: 0,
  allocation: 0,
  watchers: `0x${'0'.repeat(64)}`,
  watcherGraceSeconds: 0,
}

export const config: AreaConfig = {
  rules,
  rulesHash: `0x${'7'.repeat(64)}`,
  lowestTicks: -600,
  highestTicks: 3_400,
  graceMs: 60_000,
  ownUse: 'net',
  clock: [],
  sharing: null,
  zones: [
    { id: 'street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
    { id: 'north', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
    { id: 'south', parent: 'street', feeTicksPerKwh: 100, capacityWh: 400 },
  ],
}

export const face: AreaFace = {
  ...{ name: 'Test street', currency: 'EUR', zoneNames: ['Street', 'North', 'South'] },
  ...{ feedInTicks: 800, retailTicks: 3_200, chainId: 31_337, escrow: `0x${'6'.repeat(40)}` },
  ...{ tokenName: 'Local Euro', tokenDecimals: 6, withdrawalDelaySeconds: 7_200 },
}

export function addressOf(kind: 'a' | 'b', number: number): string {
  return `0x${kind}${number.toString(16).padStart(39, '0')}`
}

export function terms(change: Partial<Terms> = {}): Terms {
  return {
    from: t0,
    sellFloor: 500,
    buyCeiling: 3_000,
    maxSellWh: 2_000,
    maxBuyWh: 2_000,
    validUntil: t0 + 365 * 86_400,
    version: 1,
    zone: 'north',
    nameplateWh: 2_000,
    grade: 0,
    closed: false,
    ...change,
  }
}

export function seat(number: number, change: Partial<ChainSeat> = {}): ChainSeat {
  const start = { epoch: 1, time: t0, importWh: 0, exportWh: 0 }
  return {
    seat: number,
    account: addressOf('a', number),
    meter: addressOf('b', number),
    keys: [],
    openedAt: t0,
    terms: [terms()],
    balance: 1_000_000_000n,
    withdrawal: null,
    withdrawalNonce: 0,
    epochStart: start,
    base: start,
    confirmations: 1,
    ...change,
  }
}

export function order(number: number, side: 'buy' | 'sell', change: Partial<OrderFields> = {}): OrderFields {
  return {
    account: addressOf('a', number),
    meter: addressOf('b', number),
    rules: config.rulesHash,
    market: 0,
    side: side === 'buy' ? 0 : 1,
    timeInForce: 0,
    limitPrice: side === 'buy' ? 2_500 : 1_000,
    maxWh: 1_000,
    start: t0,
    end: t0 + 100 * intervalSeconds,
    nonce: 1,
    ...change,
  }
}

let identifiers = 0
/** An identifier that nothing had before. */
export function newId(): string {
  identifiers += 1
  return `0x${identifiers.toString(16).padStart(64, '0')}`
}

export function placing(
  atMs: number,
  placed: OrderFields,
  session: CommandOf<'order'>['session'] = null,
): CommandOf<'order'> {
  return { type: 'order', atMs, id: newId(), order: placed, signature: '0x', session }
}

export function reading(
  number: number,
  time: number,
  importWh: number,
  exportWh: number,
  change: Partial<MeterReading> = {},
): MeterReading {
  return {
    ...{ meter: addressOf('b', number), epoch: 1, time, importWh, exportWh, quality: 0, signature: '0x' },
    ...{ sequence: 1, productionWh: null, reasons: 0, key: null, ...change },
  }
}

export const seal = `0x${'5'.repeat(64)}`

/** Lets time pass as the shell does: everything that is due until then, one thing a tick. */
export function passTime(state: AreaState, atMs: number): Event[] {
  const events: Event[] = []
  for (;;) {
    const due = nextDue(state)
    if (due === null || due.atMs > atMs) break
    events.push(...apply(state, { type: 'tick', atMs: Math.max(due.atMs, state.nowMs), seal }))
  }
  state.nowMs = Math.max(state.nowMs, atMs)
  return events
}

export interface Area {
  state: AreaState
  /** Carries out what is due until then, the command, and what is due because of it. */
  run(command: Command): Event[]
}

/** A configured area with these seats, just before `t0`; the chain is far ahead, so nothing waits for its blocks. */
export function open(seats: ChainSeat[], change: Partial<AreaConfig> = {}): Area {
  const state = emptyState()
  apply(state, { type: 'configure', atMs: t0 * 1000 - 5_000, config: { ...config, ...change }, face })
  apply(state, following(t0 * 1000 - 4_000, seats))
  return {
    state,
    run: (command) => [
      ...passTime(state, command.atMs),
      ...apply(state, command),
      ...passTime(state, Math.max(command.atMs, state.nowMs)),
    ],
  }
}

/** The chain shows these seats. */
export function following(atMs: number, seats: ChainSeat[], settledUntil = 0, block = 1): CommandOf<'chain'> {
  return { type: 'chain', atMs, block, time: t0 + 10 * 365 * 86_400, settledUntil, seats, isPart: false }
}

export function cleared(events: readonly Event[]): IntervalRun[] {
  return events.flatMap((event) => (event.type === 'interval-cleared' ? [event.result] : []))
}

export function seatOf(result: IntervalRun, number: number) {
  return result.seats.find((candidate) => candidate.seat === number)!
}

/** The boundary so many intervals after `t0`. */
export function boundary(number: number): number {
  return t0 + number * intervalSeconds
}

/** Nothing but time passes until then. */
export function waiting(atMs: number): CommandOf<'tick'> {
  return { type: 'tick', atMs, seal }
}

export function eventsOf<Type extends Event['type']>(
  events: readonly Event[],
  type: Type,
): Extract<Event, { type: Type }>[] {
  return events.filter((event): event is Extract<Event, { type: Type }> => event.type === type)
}
