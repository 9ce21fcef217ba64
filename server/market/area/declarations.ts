/**
 * What the grid operator's account declares of a stretch of time `[start, end)`, in canonical bytes: energy that it allocated, the
 * keys by which energy is shared, or prices of the exchange.
 *
 * The account signs `Declaration`, in which `kind` is the place in `declarationKinds` and `content` the SHA-256 of the body's
 * bytes, so that a signature of one size covers any body.
 */
import { createHash } from 'node:crypto'
import type { Hex } from '../../../contracts/protocol/typed-data.ts'
import type { Ticks, UtcSeconds, Wh } from '../../../contracts/protocol/units.ts'
import type { Side } from '../auction.ts'
import { bool, encode, hex32, type Infer, int, list, optional, struct, uint, union } from './binary.ts'

export const declarationKinds = ['quantities', 'key', 'prices'] as const
export type DeclarationKind = (typeof declarationKinds)[number]

/** A declaration as it is signed, but for the rules, which are the area's. */
export const declaration = struct({
  kind: uint,
  start: uint,
  end: uint,
  /** Where declarations overlap, the higher version counts. */
  version: uint,
  content: hex32,
  /** SHA-256 of the file or series that the grid operator keeps as its evidence. */
  evidence: hex32,
})

/** One round of a key; see `exchange/allocation/allocate.ts`. Lists are in the order of the consumers. */
const round = struct({
  ofMillionths: uint,
  key: union({
    proportional: struct({}),
    static: struct({ sharesMillionths: list(uint), repeated: bool }),
    cascade: struct({ ranks: list(optional(uint)) }),
  }),
})
export type DeclaredRound = Infer<typeof round>

export const declared = union({
  /** Every interval of the stretch in its order; a seat without energy need not be listed. Both sums of an interval are the same. */
  quantities: struct({
    intervals: list(
      struct({
        start: uint,
        /** Ascending by seat: what was allocated to it as a consumer, and what of its production was shared, in Wh. */
        seats: list(struct({ seat: uint, allocatedWh: uint, sharedWh: uint })),
      }),
    ),
  }),
  /** Who shares with whom, and by which rounds from when on: the first step begins with the stretch. */
  key: struct({
    consumers: list(uint),
    producers: list(uint),
    steps: list(struct({ from: uint, rounds: list(round) })),
  }),
  /** Ticks per kWh, each for so many seconds, from the start of the stretch to its end. */
  prices: struct({ stepSeconds: uint, ticks: list(int) }),
})
export type Declared = Infer<typeof declared>
export type DeclaredOf<Kind extends DeclarationKind> = Extract<Declared, { type: Kind }>

/** An interval that the engine no longer holds, as the tables have it: its newest run, and what had been declared of it. */
export const forgottenInterval = struct({
  start: uint,
  run: uint,
  version: optional(uint),
  seats: list(struct({ seat: uint, allocatedWh: uint, sharedWh: uint })),
})
export type ForgottenInterval = Infer<typeof forgottenInterval>

/** The `content` of a body. */
export function contentOf(body: Declared): Hex {
  return `0x${createHash('sha256').update(encode(declared, body)).digest('hex')}`
}

/** The `kind` of a body. */
export function kindOfDeclared({ type }: Declared): number {
  return declarationKinds.indexOf(type)
}

/** What the grid operator allocated in one interval, as the engine holds it; lists ascend by seat. */
export interface DeclaredInterval {
  arrival: number
  version: number
  seats: Uint32Array
  allocatedWh: Uint32Array
  sharedWh: Uint32Array
}

interface Stretch {
  arrival: number
  start: UtcSeconds
  end: UtcSeconds
  version: number
}

export interface DeclaredKey extends Stretch {
  body: DeclaredOf<'key'>
}

export interface DeclaredPrices extends Stretch {
  body: DeclaredOf<'prices'>
}

/** The one that counts in an interval: of those that cover it, that with the highest version; null where none does. */
function covering<Own extends Stretch>(all: readonly Own[], start: UtcSeconds): Own | null {
  let newest: Own | null = null
  for (const own of all) {
    if (own.start <= start && start < own.end && (newest === null || own.version > newest.version)) newest = own
  }
  return newest
}

/** Who shares by which rounds in an interval; null where no key covers it. */
export function sharingKeyAt(
  keys: readonly DeclaredKey[],
  start: UtcSeconds,
): {
  arrival: number
  consumers: readonly number[]
  producers: readonly number[]
  rounds: readonly DeclaredRound[]
} | null {
  const key = covering(keys, start)
  if (key === null) return null
  const { consumers, producers, steps } = key.body
  const { rounds } = steps.findLast(({ from }) => from <= start)!
  return { arrival: key.arrival, consumers, producers, rounds }
}

/** The exchange's price in an interval; null where none was declared. */
export function declaredPrice(all: readonly DeclaredPrices[], start: UtcSeconds): Ticks | null {
  const own = covering(all, start)
  return own === null ? null : own.body.ticks[Math.floor((start - own.start) / own.body.stepSeconds)]!
}

/** An interval's quantities as columns. */
export function columnsOf(
  { arrival, version }: Pick<DeclaredInterval, 'arrival' | 'version'>,
  seats: readonly { seat: number; allocatedWh: Wh; sharedWh: Wh }[],
): DeclaredInterval {
  return {
    ...{ arrival, version },
    seats: Uint32Array.from(seats, ({ seat }) => seat),
    allocatedWh: Uint32Array.from(seats, ({ allocatedWh }) => allocatedWh),
    sharedWh: Uint32Array.from(seats, ({ sharedWh }) => sharedWh),
  }
}

/** What a member's side of shared energy is called among what funds were too short for: there is no order behind it. */
export function sideNumber(seat: number, side: Side): number {
  return 2 * seat + (side === 'sell' ? 2 : 1)
}
