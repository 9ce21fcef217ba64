/** How often somebody may do what costs the server something: in any minute, not in the minutes of a clock. */
import { ApiError } from './problem.ts'

/** At most so many are remembered; beyond, those who asked longest ago are forgotten. */
const mostRemembered = 20_000

/**
 * The most that an account that belongs here may ask, or a network of others: a village behind one address, with a dozen
 * pages open, asks for fewer.
 */
const mostReadsPerMinute = 6_000

/** What one account, or one network, may ask of the API, where nothing has limits of its own. */
export function createReadAllowance(mostPerMinute: number = mostReadsPerMinute): Allowance {
  return createAllowance({ mostPerMinute, done: 'one account or address may ask' })
}

/** What has the chain's node asked, which may cost the operator: a page asks for a wallet twice a minute. */
const mostNodeReadsPerMinute = 120

/** How often one account, or one network without one, may have the chain's node asked. */
export function createNodeAllowance(): Allowance {
  return createAllowance({
    mostPerMinute: mostNodeReadsPerMinute,
    done: 'one account or address may have the chain asked',
  })
}

export interface Allowance {
  /** Counts one for `who` (an account, or a network). Throws `TOO_MANY_REQUESTS` with the seconds to wait. */
  use(who: string, nowMs: number): void
  /** Throws as `use` where nothing is left, and counts nothing. */
  check(who: string, nowMs: number): void
  /** Counts so many, also more than are left; fewer than none gives back what was counted for nothing. */
  charge(who: string, nowMs: number, count: number): void
}

/**
 * At most `mostPerMinute` in any sixty seconds, half of them at once; `done` ends the sentence “at most 60 times a minute …”.
 * For each only one time is kept: until when what was used has come back.
 */
export function createAllowance({ mostPerMinute, done }: { mostPerMinute: number; done: string }): Allowance {
  const atOnce = Math.ceil(mostPerMinute / 2)
  const eachMs = 60_000 / Math.max(1, mostPerMinute - atOnce)
  const usedUntil = new Map<string, number>()

  /** Until when what somebody has used is counted. */
  function used(who: string, nowMs: number): number {
    const knownMs = usedUntil.get(who) ?? 0
    // Only a clock that was set back leaves a time so far ahead: that must lock nobody out.
    return knownMs > nowMs + atOnce * eachMs ? nowMs : Math.max(knownMs, nowMs)
  }

  /** Until when it would be counted with one more. */
  function next(who: string, nowMs: number): number {
    const untilMs = used(who, nowMs) + eachMs
    const waitMs = untilMs - nowMs - atOnce * eachMs
    if (waitMs <= 0) return untilMs
    const retryAfterSeconds = Math.ceil(waitMs / 1000)
    throw new ApiError('TOO_MANY_REQUESTS', `at most ${mostPerMinute} times a minute ${done}`, { retryAfterSeconds })
  }

  function remember(who: string, nowMs: number, untilMs: number): void {
    // Whoever asks moves to the end: at the beginning are those who asked longest ago.
    usedUntil.delete(who)
    usedUntil.set(who, untilMs)
    for (const [other, otherMs] of usedUntil) {
      if (otherMs > nowMs && usedUntil.size <= mostRemembered) break
      usedUntil.delete(other)
    }
  }

  return {
    use(who, nowMs) {
      remember(who, nowMs, next(who, nowMs))
    },
    charge(who, nowMs, count) {
      const untilMs = used(who, nowMs) + count * eachMs
      remember(who, nowMs, Math.min(untilMs, nowMs + atOnce * eachMs))
    },
    check(who, nowMs) {
      next(who, nowMs)
    },
  }
}
