/** Timing for the benchmarks: the first call is the cold one; the warm time is a median after some more calls. */

export interface Timing {
  coldMs: number
  warmMs: number
  /** Memory a warm call has taken and not yet given back at its end: array buffers and heap, in MB. */
  memoryMb: number
}

/** Runs `once` cold, then `rounds` times to warm up and `rounds` times for the median; `prepare` is outside the clock. */
export function time<T>(prepare: () => T, once: (argument: T) => unknown, rounds: number): Timing {
  const coldMs = milliseconds(prepare, once)
  const warm: number[] = []
  for (let i = 0; i < rounds; i++) milliseconds(prepare, once)
  for (let i = 0; i < rounds; i++) warm.push(milliseconds(prepare, once))
  return { coldMs, warmMs: median(warm), memoryMb: memoryOf(prepare, once) }
}

function milliseconds<T>(prepare: () => T, once: (argument: T) => unknown): number {
  const argument = prepare()
  const start = process.hrtime.bigint()
  once(argument)
  return Number(process.hrtime.bigint() - start) / 1e6
}

function memoryOf<T>(prepare: () => T, once: (argument: T) => unknown): number {
  const argument = prepare()
  collectGarbage()
  const before = process.memoryUsage()
  once(argument)
  const after = process.memoryUsage()
  return (after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed) / 1e6
}

/** Collects garbage where node was started with --expose-gc; twice, since buffers are freed after their owners. */
export function collectGarbage(): void {
  globalThis.gc?.()
  globalThis.gc?.()
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
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
