/**
 * What a batch rests on that nobody signs. Its hash is part of the statement's root, so it is fixed before the batch is settled:
 * nobody can be told another story later, or than anybody else.
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
  /** What the area cleared by beside its signed rules, ascending by the interval from which it held. */
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
      /** The chain as far as it was known when the interval started. */
      block: uint,
      /** Seats whose meters were suspended when the interval started, and when it was computed last. */
      suspendedAtStart: list(uint),
      suspendedAtComputation: list(uint),
      /** For what funds were too short when it started, and what they still covered. */
      cut: list(promiseCut),
    }),
  ),
  /** Seats that could not pay: those of each number of the batch together, as they were left out. */
  leftOut: list(list(uint)),
  /** Which readings were in when the batch was cut, by the seat that each was booked to, epoch and time. */
  readings: list(struct({ seat: uint, read: list(struct({ epoch: uint, time: uint })) })),
})
/** The facts of areas whose quantities somebody else decides; nothing is written of them in other areas. */
const sharedFacts = struct({
  /** In the order of the settings. */
  sharing: list(optional(sharing)),
  /** What the grid operator had declared before the batch was cut, by arrival. */
  declarations: list(struct({ arrival: uint, id: hex32 })),
})

/** Where homes got less because of their daily budgets; nothing is written of it where none did. */
const budgetFacts = struct({
  /** By arrival, with the seat that each is of and the intervals of the batch in which it counted. */
  budgets: list(struct({ arrival: uint, id: hex32, seat: uint, activeFrom: uint, activeUntil: uint })),
  /** What was left of them to an interval when that was computed last, in ledger units; by start and seat. */
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

/** What begins each part that is not there in every batch: so none can be taken for another. */
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

/** 32 bytes; deleting the salt, which is secret, makes them say nothing. */
export function statedHash(facts: StatedFacts, salt: Uint8Array): Uint8Array {
  const digest = createHash('sha256')
    .update(encode(statedFacts as Codec<StatedFacts>, facts))
    .digest()
  return keccak256(Buffer.concat([Buffer.of(0x05), salt, digest]))
}
