/** What was found wrong in a simulation, and what had happened until then. */
import type { Scheduler } from './scheduler.ts'

export interface Violation {
  law: string
  what: string
}

/** Of what has happened the newest lines are kept. */
const linesKept = 60

export class Verdict {
  readonly violations: Violation[] = []
  readonly history: string[] = []
  private readonly scheduler: Scheduler

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
  }

  get isBroken(): boolean {
    return this.violations.length > 0
  }

  say(what: string): void {
    const time = new Date(this.scheduler.nowMs).toISOString().slice(11, 23)
    this.history.push(`${time} ${what}`)
    if (this.history.length > linesKept) this.history.shift()
  }

  broken(law: string, what: string): void {
    this.say(`LAW BROKEN: ${law}: ${what}`)
    this.violations.push({ law, what })
  }

  /** Notes a violation where something that must hold does not. */
  holds(law: string, isTrue: boolean, what: () => string): void {
    if (!isTrue) this.broken(law, what())
  }
}
