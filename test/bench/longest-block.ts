/** The longest time for which a thread could run nothing else, and what of it was work: beside others it also waits for a core. */
import { readFileSync } from 'node:fs'

/** In ms. Where the operating system does not tell what a thread has worked, everything counts as work. */
export interface Blocks {
  longestMs: number
  /** The most work in one block, which may be another one. */
  workMs: number
}

const everyMs = 5

/** Looks at the clock again and again on the thread that calls it, and keeps what it finds in two numbers: the fields of `Blocks`, in their order. */
export function watchBlocks(kept: Float64Array): void {
  let lastMs = performance.now()
  let lastWorkMs = workedMs()
  const look = () => {
    const ms = performance.now() - lastMs - everyMs
    const worked = workedMs()
    kept[0] = Math.max(kept[0]!, ms)
    kept[1] = Math.max(kept[1]!, Math.min(ms, worked - lastWorkMs))
    lastMs = performance.now()
    lastWorkMs = worked
  }
  setInterval(look, everyMs).unref()
}

/** What was found since this was asked before. */
export function takeBlocks(kept: Float64Array): Blocks {
  const [longestMs, workMs] = kept as unknown as [number, number]
  kept.fill(0)
  return { longestMs, workMs }
}

/** For how long this thread has had a core so far: the first number that Linux keeps for it (proc(5), `schedstat`). */
function workedMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}
