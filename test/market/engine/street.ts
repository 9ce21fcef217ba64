/** A small area for tests of the engine: three zones, seats made by hand, an order's and a reading's defaults. */
import type { Order } from '../../../contracts/protocol/typed-data.ts'
import { hashRules } from '../../../contracts/protocol/typed-data.ts'
import type { AreaConfig, ChainSeat, Command, Event, Terms } from '../../../server/market/engine/area.ts'
import { apply, newestEngineVersion } from '../../../server/market/engine/engine.ts'
import { type AreaState, emptyState } from '../../../server/market/engine/state.ts'
import { plainRules } from '../../rules.ts'

export const intervalSeconds = 900
export const batchSeconds = 3_600
/** A boundary of intervals and batches. */
export const t0 = 1_800_000_000

export const rules = {
  area: 1,
  grid: `0x${'9'.repeat(40)}`,
  token: `0x${'8'.repeat(40)}`,
  intervalSeconds,
  batchSeconds,
  priceTick: 100,
  maxGridPerKwh: 400,
  maxBandTicks: 8_000,
  ...plainRules,
  settlingGrade: 0,
}

export const config: AreaConfig = {
  rules,
  rulesHash: hashRules(rules),
  lowestTicks: -600,
  highestTicks: 3_400,
  graceMs: 60_000,
  zones: [
    { id: 'street', feeTicksPerKwh: 0, capacityWh: null },
    { id: 'north', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
    { id: 'south', parent: 'street', feeTicksPerKwh: 100, capacityWh: 400 },
  ],
}

function addressOf(kind: 'a' | 'b', number: number): string {
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
    closed: false,
    ...change,
  }
}

export function seat(number: number, change: Partial<ChainSeat> = {}): ChainSeat {
  return {
    seat: number,
    account: addressOf('a', number),
    meter: addressOf('b', number),
    terms: [terms()],
    balance: 1_000_000_000n,
    withdrawal: null,
    withdrawalNonce: 0,
    base: { epoch: 1, time: t0, importWh: 0, exportWh: 0 },
    ...change,
  }
}

export function order(number: number, side: 'buy' | 'sell', change: Partial<Order> = {}): Order {
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

let orders = 0
export function placing(atMs: number, placed: Order): Extract<Command, { type: 'order' }> {
  orders += 1
  return {
    type: 'order',
    atMs,
    id: `0x${orders.toString(16).padStart(64, '0')}`,
    order: placed,
    signature: '0x',
    session: null,
  }
}

export function reading(number: number, time: number, importWh: number, exportWh: number, quality = 0) {
  return { meter: addressOf('b', number), epoch: 1, time, importWh, exportWh, quality, signature: '0x' }
}

/** A configured area with these seats, just before `t0`. */
export function open(seats: ChainSeat[]): { state: AreaState; run: (command: Command) => Event[] } {
  const state = emptyState()
  apply(state, { type: 'engine-version', atMs: 0, engineVersion: newestEngineVersion })
  apply(state, { type: 'configure', atMs: t0 * 1000 - 5_000, config })
  apply(state, { type: 'chain', atMs: t0 * 1000 - 4_000, block: 1, settledUntil: 0, seats })
  return { state, run: (command) => apply(state, command) }
}
