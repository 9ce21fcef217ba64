/**
 * The engine's state as a list of pieces, each of which is named and known by its SHA-256: an interval that has not changed
 * since it was written is the same piece, so it is written once.
 *
 * Numbers of typed arrays lie in a piece as they lie in memory, the lowest byte first.
 */
import { createHash } from 'node:crypto'
import {
  agreementState,
  areaFace,
  budgetState,
  chainSeat,
  epochRegisters,
  flow,
  forwardOrder,
  forwardTrade,
  orderState,
  terms,
  zoneRun,
} from '../area/area.ts'
import {
  address,
  bigint,
  bool,
  type Codec,
  decode,
  encode,
  hex32,
  int,
  list,
  oneOf,
  optional,
  type Reader,
  struct,
  text,
  uint,
  type Writer,
} from '../area/binary.ts'
import { sides } from '../area/codes.ts'
import { areaConfig } from '../area/config.ts'
import { type DeclaredKey, type DeclaredPrices, declared, columnsOf as declaredColumns } from '../area/declarations.ts'
import { EngineError } from '../area/error.ts'
import { Fills, Interval } from '../area/interval.ts'
import { OfficialColumns } from '../area/official-columns.ts'
import { type AreaState, emptyState } from '../area/state.ts'
import { addSeat } from './seats.ts'

export interface Piece {
  name: string
  /** SHA-256 of its bytes, hexadecimal. */
  hash: string
  /** Null where whoever asked says that it has a piece of this hash. */
  bytes: Buffer | null
}

/** Seats, orders or nonces of one piece. */
const itemsPerPiece = 500

const header = struct({
  nowMs: uint,
  configs: list(struct({ from: uint, config: areaConfig, face: areaFace })),
  chain: struct({ block: uint, time: uint, settledUntil: uint, isPartial: bool }),
  slots: list(optional(uint)),
  suspensions: list(
    struct({
      ...{ meter: address, epoch: uint, time: uint },
      confirmations: list(struct({ seat: uint, count: uint })),
    }),
  ),
  revoked: list(struct({ account: address, key: address, from: uint, until: uint })),
  arrivals: uint,
  nextStart: uint,
  firstStart: uint,
  rerunsFromMs: uint,
  cutUntil: uint,
})

const seat = struct({
  chain: chainSeat,
  earlierTerms: list(terms),
  slot: uint,
  base: epochRegisters,
  newest: struct({ epoch: uint, time: uint, importWh: uint, exportWh: uint, quality: uint }),
  missed: uint,
  creditMs: uint,
  creditAtMs: uint,
  budgets: list(budgetState),
})

const nonce = struct({ key: text, buy: int, sell: int, agreement: int, budget: int, until: uint })

/** What a local day's intervals have cost seats so far. */
const spentDay = struct({ day: uint, seats: list(struct({ seat: uint, amount: bigint })) })

const forward = struct({ start: uint, orders: list(forwardOrder), trades: list(forwardTrade) })

const declaredInterval = struct({
  ...{ start: uint, arrival: uint, version: uint },
  seats: list(struct({ seat: uint, allocatedWh: uint, sharedWh: uint })),
})

/** A key, or prices of the exchange. */
const declaredStretch = struct({ arrival: uint, start: uint, end: uint, version: uint, body: declared })

const batch = struct({
  start: uint,
  end: uint,
  number: uint,
  seal: hex32,
  leftOut: list(uint),
  leaving: list(uint),
  leavingFrom: uint,
  spans: list(
    struct({
      ...{ seat: uint, from: uint, kind: oneOf(['settle', 'rebase']) },
      ...{ epoch: uint, time: uint, importWh: uint, exportWh: uint },
    }),
  ),
})

const intervalHead = struct({
  start: uint,
  status: oneOf(['begun', 'started', 'provisional', 'final']),
  startedAtMs: uint,
  run: uint,
  isStale: bool,
  waitsFor: uint,
  cleared: optional(
    struct({
      ...{ matchedWh: uint, gridFees: bigint, congestionRent: bigint, gridTake: bigint },
      ...{ zones: list(zoneRun), flows: list(flow) },
    }),
  ),
  deliveredWh: list(uint),
  promised: list(
    struct({
      ...{ arrival: uint, seller: uint, buyer: uint, priceTicks: int, feeTicks: uint, energyWh: uint, isCut: bool },
    }),
  ),
  places: uint,
  isReserved: bool,
  fills: uint,
})

type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array

/** The columns of an interval in their order; `Fills` last. */
function columnsOf(interval: Interval): Column[] {
  const { importWh, exportWh, epoch, flags, reserved, fills } = interval
  const columns: Column[] = [importWh, exportWh, epoch, flags]
  if (reserved !== null) {
    for (const side of sides) columns.push(reserved[side].arrival, reserved[side].limitTicks, reserved[side].energyWh)
  }
  return [...columns, fills.arrival, fills.slot, fills.energyWh, fills.amount, fills.kind]
}

/** About how many bytes an interval takes. */
function sizeOf(interval: Interval): number {
  return columnsOf(interval).reduce((sum, { byteLength }) => sum + byteLength, 1_000)
}

const interval: Codec<Interval> = {
  write(writer: Writer, value: Interval) {
    const { start, status, startedAtMs, run, isStale, waitsFor, cleared, deliveredWh, promised, fills } = value
    intervalHead.write(writer, {
      ...{ start, status, startedAtMs, run, isStale, waitsFor, cleared, deliveredWh, promised },
      ...{ places: value.places, isReserved: value.reserved !== null, fills: fills.length },
    })
    for (const column of columnsOf(value)) {
      writer.raw(new Uint8Array(column.buffer, column.byteOffset, column.byteLength))
    }
  },
  read(reader: Reader) {
    const head = intervalHead.read(reader)
    const value = new Interval(head.start, head.places)
    const { status, startedAtMs, run, isStale, waitsFor, cleared, deliveredWh, promised } = head
    Object.assign(value, { status, startedAtMs, run, isStale, waitsFor, cleared, deliveredWh, promised })
    if (!head.isReserved) value.reserved = null
    const count = head.fills
    value.fills = new Fills({
      arrival: new Uint32Array(count),
      slot: new Uint32Array(count),
      energyWh: new Uint32Array(count),
      amount: new Float64Array(count),
      kind: new Uint8Array(count),
    })
    for (const column of columnsOf(value)) {
      new Uint8Array(column.buffer, column.byteOffset, column.byteLength).set(reader.raw(column.byteLength))
    }
    return value
  },
}

/** What the metering operator told of an interval: a piece of its own, since most areas know of none. */
const official: Codec<Pick<Interval, 'start' | 'official' | 'isLent'>> = {
  write(writer: Writer, { start, official: columns, isLent }) {
    officialHead.write(writer, { start, isLent, places: columns === null ? null : columns.flags.length })
    for (const { buffer, byteOffset, byteLength } of columns === null ? [] : officialColumnsOf(columns)) {
      writer.raw(new Uint8Array(buffer, byteOffset, byteLength))
    }
  },
  read(reader: Reader) {
    const { start, isLent, places } = officialHead.read(reader)
    const columns = places === null ? null : new OfficialColumns(places)
    for (const { buffer, byteOffset, byteLength } of columns === null ? [] : officialColumnsOf(columns)) {
      new Uint8Array(buffer, byteOffset, byteLength).set(reader.raw(byteLength))
    }
    return { start, isLent, official: columns }
  },
}
const officialHead = struct({ start: uint, isLent: bool, places: optional(uint) })

function officialColumnsOf({ importWh, exportWh, flags }: OfficialColumns): Column[] {
  return [importWh, exportWh, flags]
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Hashes of intervals as they were when their piece was made last. */
const hashOf = new WeakMap<Interval, string>()

/** The pieces of a state; `isKnown` says of which hash whoever asks has a piece already. */
export function snapshotOf(state: AreaState, isKnown: (hash: string) => boolean = () => false): Piece[] {
  const pieces: Piece[] = []
  const add = <Value>(name: string, codec: Codec<Value>, value: Value, expected?: number) => {
    const bytes = encode(codec, value, expected)
    const hash = sha256(bytes)
    pieces.push({ name, hash, bytes: isKnown(hash) ? null : bytes })
    return hash
  }
  const addAll = <Value>(name: string, codec: Codec<Value>, values: Value[]) => {
    for (let at = 0; at < values.length; at += itemsPerPiece) {
      add(`${name}/${at / itemsPerPiece}`, list(codec), values.slice(at, at + itemsPerPiece))
    }
  }
  add('area', header, {
    ...state,
    suspensions: [...state.suspensions].map(([meter, suspension]) => ({ meter, ...suspension })),
    revoked: [...state.revoked].flatMap(([account, keys]) =>
      [...keys].map(([key, revocation]) => ({ account, key, ...revocation })),
    ),
  })
  addAll('seats', seat, [...state.seats.values()])
  addAll(
    'nonces',
    nonce,
    [...state.nonces].map(([key, nonces]) => ({ key, ...nonces })),
  )
  addAll('orders', orderState, [...state.orders.values()])
  addAll('agreements', agreementState, [...state.agreements.values()])
  for (const [start, { orders, trades }] of ascending(state.forward)) {
    add(`forward/${start}`, forward, { start, orders: [...orders.values()], trades })
  }
  for (const [start, { arrival, version, seats, allocatedWh, sharedWh }] of ascending(state.declared)) {
    const rows = [...seats].map((own, place) => {
      return { seat: own, allocatedWh: allocatedWh[place]!, sharedWh: sharedWh[place]! }
    })
    add(`declared/${start}`, declaredInterval, { start, arrival, version, seats: rows })
  }
  for (const stretch of state.keys) add(`key/${stretch.arrival}`, declaredStretch, stretch)
  for (const stretch of state.prices) add(`prices/${stretch.arrival}`, declaredStretch, stretch)
  for (const [day, seats] of ascending(state.spent)) {
    add(`spent/${day}`, spentDay, { day, seats: ascending(seats).map(([own, amount]) => ({ seat: own, amount })) })
  }
  for (const [end, unsettled] of state.batches) add(`batch/${end}`, batch, unsettled)
  for (const [start, value] of ascending(state.intervals)) {
    const name = `interval/${start}`
    const known = value.isChanged ? undefined : hashOf.get(value)
    if (known !== undefined && isKnown(known)) pieces.push({ name, hash: known, bytes: null })
    else hashOf.set(value, add(name, interval, value, sizeOf(value)))
    if (value.official !== null || value.isLent) add(`official/${start}`, official, value)
    value.isChanged = false
  }
  return pieces
}

/** The state of these pieces. Throws `ENGINE_ENCODING` where they are not those of one. */
export function stateOf(pieces: readonly { name: string; bytes: Uint8Array }[]): AreaState {
  const named = new Map(pieces.map(({ name, bytes }) => [name, bytes]))
  const area = named.get('area')
  if (area === undefined) throw new EngineError('ENGINE_ENCODING', 'the snapshot has no piece of the area')
  const { suspensions, revoked, ...rest } = decode(header, area)
  const state: AreaState = { ...emptyState(), ...rest }
  for (const { meter, ...suspension } of suspensions) state.suspensions.set(meter, suspension)
  for (const { account, key, ...revocation } of revoked) {
    const keys = state.revoked.get(account) ?? new Map()
    state.revoked.set(account, keys.set(key, revocation))
  }
  const each = <Value>(kind: string, codec: Codec<Value>, take: (value: Value) => void) => {
    for (const { name, bytes } of pieces) if (name.startsWith(`${kind}/`)) take(decode(codec, bytes))
  }
  each('seats', list(seat), (seats) => {
    for (const own of seats) addSeat(state, { ...own, orders: [] })
  })
  each('nonces', list(nonce), (nonces) => {
    for (const { key, ...own } of nonces) state.nonces.set(key, own)
  })
  each('orders', list(orderState), (orders) => {
    for (const order of orders) {
      state.orders.set(order.id, order)
      state.seats.get(order.seat)!.orders.push(order)
    }
  })
  each('agreements', list(agreementState), (agreements) => {
    for (const agreement of agreements) state.agreements.set(agreement.id, agreement)
  })
  each('forward', forward, ({ start, orders, trades }) => {
    state.forward.set(start, { orders: new Map(orders.map((order) => [order.id, order])), trades })
  })
  each('declared', declaredInterval, ({ start, seats, ...own }) =>
    state.declared.set(start, declaredColumns(own, seats)),
  )
  each('key', declaredStretch, (stretch) => state.keys.push(stretch as DeclaredKey))
  each('prices', declaredStretch, (stretch) => state.prices.push(stretch as DeclaredPrices))
  each('spent', spentDay, ({ day, seats }) => state.spent.set(day, new Map(seats.map((own) => [own.seat, own.amount]))))
  each('batch', batch, (unsettled) => state.batches.set(unsettled.end, unsettled))
  for (const { name, bytes } of pieces) {
    if (!name.startsWith('interval/')) continue
    const value = decode(interval, bytes)
    state.intervals.set(value.start, value)
    // What was read is what would be written.
    hashOf.set(value, sha256(bytes))
    value.isChanged = false
  }
  each('official', official, ({ start, ...told }) => Object.assign(state.intervals.get(start)!, told))
  return state
}

function ascending<Value>(map: ReadonlyMap<number, Value>): [number, Value][] {
  return [...map].sort(([a], [b]) => a - b)
}

/** A hash of the whole state, to compare two of them. */
export function hashState(state: AreaState): string {
  const hash = createHash('sha256')
  for (const piece of snapshotOf(state)) hash.update(`${piece.name} ${piece.hash}\n`)
  return hash.digest('hex')
}
