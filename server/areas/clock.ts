/**
 * Which time an area believes. This machine's clock counts as long as it runs evenly with the time since the machine started
 * and agrees with the database's; a leap, or a long silence of the journal, needs the chain's word as well. A clock that
 * nobody confirms dates nothing.
 */

/** A clock of this machine, in ms. */
export interface Clocks {
  /** The time in UTC. */
  wallMs(): number
  /** The time since some moment in the past; it runs evenly. */
  monotonicMs(): number
}

export type ClockCode =
  | 'CLOCK_UNCONFIRMED'
  | 'CLOCK_DATABASE'
  | 'CLOCK_LEAP'
  | 'CLOCK_CHAIN_AHEAD'
  | 'CLOCK_BEHIND_JOURNAL'

export type BelievedTime = { nowMs: number } | { code: ClockCode; reason: string }

/** Further apart than this two clocks do not agree. */
const toleranceMs = 2_000
/** A chain's newest block may be dated this far ahead of our clock. */
const chainAheadMs = 30_000
/** And may be this old where it has to vouch for our clock. */
const chainBehindMs = 15 * 60_000
/** After a silence of the journal of this long the chain has to vouch for the time. */
const longSilenceMs = 15 * 60_000

interface Sample {
  /** What the other clock said, UTC milliseconds. */
  timeMs: number
  /** What our clock said at that moment. */
  wallMs: number
  monotonicMs: number
}

export class AreaClock {
  private readonly clocks: Clocks
  /** Whether a chain is followed at all; without one the database alone has to do. */
  private readonly hasChain: boolean
  /** Our two clocks at the moment when they were confirmed last. */
  private confirmed: { wallMs: number; monotonicMs: number } | null = null
  private database: Sample | null = null
  private chain: Sample | null = null

  constructor(clocks: Clocks, { hasChain }: { hasChain: boolean }) {
    this.clocks = clocks
    this.hasChain = hasChain
  }

  /** The database answered `timeMs` to a question that was asked when our monotonic clock said `askedMs`. */
  seeDatabase(timeMs: number, askedMs: number): void {
    const { wallMs, monotonicMs } = this.both()
    const halfWayMs = (monotonicMs - askedMs) / 2
    this.database = { timeMs: timeMs + halfWayMs, wallMs, monotonicMs }
  }

  /** A node showed a newest block of this time. */
  seeChain(timeMs: number): void {
    this.chain = { timeMs, ...this.both() }
  }

  /** By how much our clock is ahead of the database's, null before that was asked. */
  get aheadOfDatabaseMs(): number | null {
    return this.database === null ? null : Math.round(this.database.wallMs - this.database.timeMs)
  }

  /** How old the chain's newest block was when it was seen, null before one was. */
  get aheadOfChainMs(): number | null {
    return this.chain === null ? null : Math.round(this.chain.wallMs - this.chain.timeMs)
  }

  /** The time to date commands with, given the time of the newest journaled one (0 before the first), or why there is none. */
  read(journaledMs: number): BelievedTime {
    const { wallMs, monotonicMs } = this.both()
    if (wallMs < journaledMs - toleranceMs) {
      const reason = `the clock says ${iso(wallMs)}, before the newest journaled command of ${iso(journaledMs)}`
      return { code: 'CLOCK_BEHIND_JOURNAL', reason }
    }
    const evenly =
      this.confirmed !== null &&
      Math.abs(wallMs - this.confirmed.wallMs - (monotonicMs - this.confirmed.monotonicMs)) <= toleranceMs
    const wrong = this.contradiction(wallMs, monotonicMs, { mustBeVouchedFor: !evenly, journaledMs })
    if (wrong !== null) return wrong
    this.confirmed = { wallMs, monotonicMs }
    return { nowMs: Math.max(wallMs, journaledMs) }
  }

  private contradiction(
    wallMs: number,
    monotonicMs: number,
    { mustBeVouchedFor, journaledMs }: { mustBeVouchedFor: boolean; journaledMs: number },
  ): Exclude<BelievedTime, { nowMs: number }> | null {
    const { database, chain } = this
    if (database === null)
      return { code: 'CLOCK_UNCONFIRMED', reason: 'the database has not been asked for the time yet' }
    const databaseMs = database.timeMs + monotonicMs - database.monotonicMs
    if (Math.abs(wallMs - databaseMs) > toleranceMs) {
      const reason = `the clock says ${iso(wallMs)}, the database's ${iso(databaseMs)}`
      return { code: 'CLOCK_DATABASE', reason }
    }
    if (!mustBeVouchedFor || !this.hasChain) return null
    const isLeap = this.confirmed !== null
    if (!isLeap && (journaledMs === 0 || wallMs - journaledMs < longSilenceMs)) return this.chainAhead(wallMs)
    if (chain === null) return { code: 'CLOCK_UNCONFIRMED', reason: 'no block of the chain has been seen yet' }
    const blockMs = chain.timeMs
    if (wallMs - blockMs > chainBehindMs + (monotonicMs - chain.monotonicMs)) {
      const reason = `the clock says ${iso(wallMs)} and the chain's newest block is of ${iso(blockMs)}: one of them is wrong`
      return { code: 'CLOCK_LEAP', reason }
    }
    return this.chainAhead(wallMs)
  }

  private chainAhead(wallMs: number): Exclude<BelievedTime, { nowMs: number }> | null {
    if (this.chain === null || this.chain.timeMs - wallMs <= chainAheadMs) return null
    const reason = `the clock says ${iso(wallMs)}, but the chain's newest block is of ${iso(this.chain.timeMs)}`
    return { code: 'CLOCK_CHAIN_AHEAD', reason }
  }

  private both() {
    return { wallMs: this.clocks.wallMs(), monotonicMs: this.clocks.monotonicMs() }
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
