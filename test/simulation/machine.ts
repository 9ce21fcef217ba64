/**
 * A computer with one process on it: its clocks, which may be wrong, and whatever it waits for. What comes for a process that is
 * stopped waits until it goes on; what comes for one that was killed is lost.
 */
import type { Clocks } from '../../server/areas/clock.ts'
import type { Scheduler } from './scheduler.ts'

export class Machine implements Clocks {
  readonly name: string
  readonly scheduler: Scheduler
  /** By how much its clock of the day is ahead of true time. */
  offsetMs = 0
  /** How much faster than true time its clocks run, in millionths. */
  driftPpm = 0
  private condition: 'running' | 'paused' | 'dead' = 'running'
  private readonly bootedMs: number
  private sleptMs = 0
  private waiting: (() => void)[] = []
  private pauses = 0

  constructor(name: string, scheduler: Scheduler) {
    this.name = name
    this.scheduler = scheduler
    this.bootedMs = scheduler.nowMs
  }

  get isRunning(): boolean {
    return this.condition === 'running'
  }

  get isDead(): boolean {
    return this.condition === 'dead'
  }

  wallMs(): number {
    const { nowMs } = this.scheduler
    return Math.round(nowMs + this.offsetMs + ((nowMs - this.bootedMs) * this.driftPpm) / 1e6)
  }

  monotonicMs(): number {
    return (this.scheduler.nowMs - this.bootedMs - this.sleptMs) * (1 + this.driftPpm / 1e6)
  }

  /** Plans what this process does `ms` from now. */
  after(ms: number, action: () => void): void {
    this.scheduler.after(ms, () => this.hear(action))
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Something reaches this process now. */
  hear(action: () => void): void {
    if (this.condition === 'running') action()
    else if (this.condition === 'paused') this.waiting.push(action)
  }

  /** Stops the process as SIGSTOP does; where the machine sleeps, the clock that runs evenly stands still as well. */
  pause(ms: number, { sleeps }: { sleeps: boolean }): void {
    if (this.condition !== 'running') return
    this.condition = 'paused'
    this.pauses += 1
    const pause = this.pauses
    this.scheduler.after(ms, () => {
      if (this.condition !== 'paused' || this.pauses !== pause) return
      if (sleeps) this.sleptMs += ms
      this.condition = 'running'
      const waiting = this.waiting
      this.waiting = []
      for (const action of waiting) this.hear(action)
    })
  }

  kill(): void {
    this.condition = 'dead'
    this.waiting = []
  }
}
