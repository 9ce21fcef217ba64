/**
 * One queue of events in virtual time. Nothing happens but what stands in it: an event runs, everything that follows from it
 * at once runs as well, and only then comes the next one. Events of one moment come in an order that the seed decides.
 */
import type { Random } from './random.ts'

interface Planned {
  atMs: number
  /** Decides among events of one moment. */
  rank: number
  /** And this among those of one rank. */
  number: number
  action: () => void
}

export class Scheduler {
  /** True time, UTC milliseconds. */
  nowMs: number
  /** Events so far. */
  steps = 0
  private readonly random: Random
  private readonly heap: Planned[] = []
  private planned = 0

  constructor(nowMs: number, random: Random) {
    this.nowMs = nowMs
    this.random = random
  }

  /** Plans an event `afterMs` from now, however soon after all that is under way. */
  after(afterMs: number, action: () => void): void {
    this.planned += 1
    const event = { atMs: this.nowMs + Math.max(0, afterMs), rank: this.random.next(), number: this.planned, action }
    this.heap.push(event)
    this.rise(this.heap.length - 1)
  }

  /** Runs events until `untilMs`, or until `isOver` says so between two of them. */
  async run(untilMs: number, isOver: () => boolean): Promise<void> {
    while (this.heap.length > 0 && this.heap[0]!.atMs <= untilMs && !isOver()) {
      const { atMs, action } = this.takeFirst()
      this.nowMs = atMs
      this.steps += 1
      action()
      await settled()
    }
    if (!isOver()) this.nowMs = untilMs
  }

  private takeFirst(): Planned {
    const { heap } = this
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      this.sink(0)
    }
    return first
  }

  private rise(from: number): void {
    const { heap } = this
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!comesBefore(heap[at]!, heap[parent]!)) return
      ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
      at = parent
    }
  }

  private sink(from: number): void {
    const { heap } = this
    let at = from
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && comesBefore(heap[child]!, heap[least]!)) least = child
      }
      if (least === at) return
      ;[heap[at], heap[least]] = [heap[least]!, heap[at]!]
      at = least
    }
  }
}

function comesBefore(a: Planned, b: Planned): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs
  return a.rank !== b.rank ? a.rank < b.rank : a.number < b.number
}

/** Resolves when every promise that can go on has gone on, and what these left for the end of the round (`setImmediate`) too. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
