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

/**
 * Between two callbacks of `setImmediate` every promise goes on that can, and many of them in one round of the event loop cost much
 * less than one round each.
 */
const stepsPerRound = 500

export class Scheduler {
  /** True time, UTC milliseconds. */
  nowMs: number
  /** Events so far. */
  steps = 0
  private readonly random: Random
  private readonly heap: Planned[] = []
  private planned = 0
  private readonly following: (() => void)[] = []

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

  /** Plans what follows from an event once every promise has gone on that can, and before the next event. */
  readonly soon = (action: () => void): void => {
    this.following.push(action)
  }

  /** Runs events until `untilMs`, or until `isOver` says so between two of them. */
  run(untilMs: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isRunning = true
      const step = () => {
        if (!isRunning) return
        try {
          isRunning = this.step(untilMs, isOver)
          if (!isRunning) resolve()
        } catch (error) {
          isRunning = false
          reject(error)
        }
      }
      const round = () => {
        if (!isRunning) return
        for (let number = 0; number < stepsPerRound; number += 1) setImmediate(step)
        setImmediate(round)
      }
      round()
    })
  }

  /** Does the next thing; false where nothing was left to do. */
  private step(untilMs: number, isOver: () => boolean): boolean {
    const following = this.following.shift()
    if (following !== undefined) {
      following()
      return true
    }
    if (isOver()) return false
    if (this.heap.length === 0 || this.heap[0]!.atMs > untilMs) {
      this.nowMs = untilMs
      return false
    }
    const { atMs, action } = this.takeFirst()
    this.nowMs = atMs
    this.steps += 1
    action()
    return true
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
