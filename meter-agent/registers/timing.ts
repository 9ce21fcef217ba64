/**
 * How often a meter is polled and how far apart samples may be, derived from the length of the area's interval so that
 * short intervals work by the same rules as quarter hours.
 */
export interface Timing {
  intervalMs: number
  pollMs: number
  gapLimitMs: number
}

/** The timing of an area's meters; `pollSeconds` is the configured poll interval where there is one. */
export function timingOf(intervalSeconds: number, pollSeconds?: number): Timing {
  const intervalMs = intervalSeconds * 1000
  const pollMs = pollSeconds === undefined ? Math.min(5000, intervalMs / 10) : pollSeconds * 1000
  return { intervalMs, pollMs, gapLimitMs: Math.max(3 * pollMs, Math.min(60_000, intervalMs / 15)) }
}
