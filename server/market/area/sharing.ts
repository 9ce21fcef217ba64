/**
 * How an area whose quantities the grid operator or a key decides prices what is shared out, and how long it waits for what
 * others say: settings of the server, public, from an interval on.
 */
import { type Infer, int, list, struct, uint, union } from './binary.ts'
import { clock } from './clock.ts'

/** Prices are ticks per kWh: what whoever gives energy receives. Whoever gets it pays the grid fee of the way on top. */
export const priceRule = union({
  fixed: struct({ ticks: int }),
  /**
   * By local time. The first period that holds counts: on its days (bit 0 is Monday) from `fromMinute` of the day until before
   * `toMinute`.
   */
  'by-time': struct({
    clock,
    periods: list(struct({ days: uint, fromMinute: uint, toMinute: uint, ticks: int })),
    otherwiseTicks: int,
  }),
  /** The exchange's price of the interval, as the grid operator declared it, between a floor and a ceiling. */
  exchange: struct({ floorTicks: int, ceilingTicks: int }),
  /** What one auction among those to whom energy of the interval was allocated gives, without grid fees. */
  auction: struct({}),
})
export type PriceRule = Infer<typeof priceRule>

export const sharing = struct({
  price: priceRule,
  /** How long after an interval's end its batch waits for what the grid operator has to declare of it. */
  waitMs: uint,
})
export type Sharing = Infer<typeof sharing>
