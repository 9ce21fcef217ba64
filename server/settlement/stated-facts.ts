/**
 * The facts on which a batch rests and that nobody signs. Their hash is part of the statement's root, so they are fixed before the batch
 * is settled: nobody can be told other facts later, or other facts than anybody else.
 *
 * Anyone recomputes the hash: keccak-256(0x05 ‖ salt[32] ‖ SHA-256(bytes)), where `bytes` is the canonical form of `StatedFacts`
 * (`market/area/binary.ts` says how values are written) and the salt hash(0x07 ‖ secret[32] ‖ number[4]) of the batch's secret.
 */
import { createHash } from 'node:crypto'
import { keccak256 } from '../../contracts/protocol/keccak.ts'
import { promiseCut } from '../market/area/area.ts'
import {
  address,
  type Codec,
  encode,
  hex32,
  type Infer,
  int,
  list,
  optional,
  struct,
  uint,
} from '../market/area/binary.ts'
import { areaZone, ownUse } from '../market/area/config.ts'
import { type Sharing, sharing } from '../market/area/sharing.ts'

/** Times are UTC seconds; orders and agreements are named by their `arrival`, their place in the order of arrival in the area. */
const marketFacts = struct({
  /** The number of the batch: 1, or higher where it was cut anew. */
  number: uint,
  /** The settings by which the area cleared beside its signed rules, ascending by the interval from which they held. */
  settings: list(struct({ from: uint, lowestTicks: int, highestTicks: int, ownUse, zones: list(areaZone) })),
  /** Spot orders by arrival, with the seat that each is of and the intervals of the batch in which it could count. */
  orders: list(struct({ arrival: uint, id: hex32, seat: uint, activeFrom: uint, activeUntil: uint })),
  /** Orders that traded ahead, by arrival. */
  forwardOrders: list(struct({ arrival: uint, id: hex32, seat: uint })),
  /** Trades made ahead, by interval and in the order in which they were made. */
  forwardTrades: list(struct({ start: uint, buyOrder: uint, sellOrder: uint, priceTicks: int, energyWh: uint })),
  /** Agreements by arrival, with their group, seats and the intervals of the batch that they covered. */
  agreements: list(
    struct({
      ...{ arrival: uint, id: hex32, group: uint, seller: uint, buyer: uint },
      ...{ activeFrom: uint, activeUntil: uint },
    }),
  ),
  /** Session keys of these orders' accounts that were taken back, and from which boundary on; by account and key. */
  revocations: list(struct({ account: address, key: address, from: uint })),
  /** What the promises and the result of each interval rested on; by start. */
  intervals: list(
    struct({
      start: uint,
      /** The block up to which the chain was known when the interval started. */
      block: uint,
      /** Seats whose meters were suspended when the interval started, and when it was computed last. */
      suspendedAtStart: list(uint),
      suspendedAtComputation: list(uint),
      /** What the funds were too short for when the interval started, and what they still covered. */
      cut: list(promiseCut),
    }),
  ),
  /** Seats that could not pay: one list for each number of the batch, in the order in which they were left out. */
  leftOut: list(list(uint)),
  /** Which readings were in when the batch was cut, by the seat that each was booked to, epoch and time. */
  readings: list(struct({ seat: uint, read: list(struct({ epoch: uint, time: uint })) })),
})
/** The facts of areas whose quantities somebody else decides; nothing is written of them in other areas. */
const sharedFacts = struct({
  /** How shared energy was priced, in the order of the settings. */
  sharing: list(optional(sharing)),
  /** What the grid operator had declared before the batch was cut, by arrival. */
  declarations: list(struct({ arrival: uint, id: hex32 })),
})

/** The facts of batches in which homes got less because of their daily budgets; nothing is written where none did. */
const budgetFacts = struct({
  /** The budgets by arrival, each with its seat and the intervals of the batch in which it counted. */
  budgets: list(struct({ arrival: uint, id: hex32, seat: uint, activeFrom: uint, activeUntil: uint })),
  /** What a budget left for an interval when the interval was computed last, in ledger units; by start and seat. */
  left: list(struct({ start: uint, seat: uint, left: uint })),
})

type MarketFacts = Infer<typeof marketFacts>
type SharedFacts = Infer<typeof sharedFacts>
type BudgetFacts = Infer<typeof budgetFacts>
export type StatedFacts = Omit<MarketFacts, 'settings' | 'intervals'> &
  Pick<SharedFacts, 'declarations'> &
  Pick<BudgetFacts, 'budgets'> & {
    settings: (MarketFacts['settings'][number] & { sharing: Sharing | null })[]
    intervals: (MarketFacts['intervals'][number] & { budgets: Omit<BudgetFacts['left'][number], 'start'>[] })[]
  }

/** The number with which each part begins that not every batch has, so that no part can be taken for another. */
const parts = { shared: 1, budgets: 2 }

const statedFacts: Pick<Codec<StatedFacts>, 'write'> = {
  write(writer, facts) {
    marketFacts.write(writer, facts)
    const { settings, declarations, budgets, intervals } = facts
    if (settings.some((own) => own.sharing !== null)) {
      writer.byte(parts.shared)
      sharedFacts.write(writer, { sharing: settings.map((own) => own.sharing), declarations })
    }
    const left = intervals.flatMap(({ start, budgets: own }) => own.map((limited) => ({ start, ...limited })))
    if (budgets.length + left.length === 0) return
    writer.byte(parts.budgets)
    budgetFacts.write(writer, { budgets, left })
  },
}

/** The hash of the facts, 32 bytes; once the secret salt is deleted, nothing can be learned from it. */
export function statedHash(facts: StatedFacts, salt: Uint8Array): Uint8Array {
  const digest = createHash('sha256')
    .update(encode(statedFacts as Codec<StatedFacts>, facts))
    .digest()
  return keccak256(Buffer.concat([Buffer.of(0x05), salt, digest]))
}
