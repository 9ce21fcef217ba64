/** Timing for the benchmarks: the first call is the cold one; the warm one is the fastest, the least disturbed by others. */

export interface Timing {
  coldMs: number
  warmMs: number
  /** Memory a warm call has taken and not yet given back at its end: array buffers and heap, in MB. */
  memoryMb: number
}

/** Prepares one call outside the clock and returns what is timed. */
export type Timed = () => () => unknown

/** Times several things: each once cold, then `rounds` times warm in turns, so that a disturbance meets them all. */
export function timeInTurns(things: Timed[], rounds: number): Timing[] {
  const coldMs = things.map(milliseconds)
  const warmMs = things.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    for (const [i, thing] of things.entries()) warmMs[i] = Math.min(warmMs[i]!, milliseconds(thing))
  }
  return things.map((thing, i) => ({ coldMs: coldMs[i]!, warmMs: warmMs[i]!, memoryMb: memoryOf(thing) }))
}

function milliseconds(prepare: Timed): number {
  const run = prepare()
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start) / 1e6
}

function memoryOf(prepare: Timed): number {
  const run = prepare()
  collectGarbage()
  const before = process.memoryUsage()
  run()
  const after = process.memoryUsage()
  return (after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed) / 1e6
}

/** Collects garbage where node was started with --expose-gc; twice, since buffers are freed after their owners. */
export function collectGarbage(): void {
  globalThis.gc?.()
  globalThis.gc?.()
}

/** A small seeded generator: whole numbers from 0 to `below` − 1. */
export function seededDraws(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
