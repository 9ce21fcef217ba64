/**
 * Laws of what an area answers: what was acknowledged stands in the tables, and a final refusal comes from a writer that has just shown
 * that it is the one.
 */
import type { Submission } from '../../server/areas/area-handle.ts'
import type { Event } from '../../server/market/area/area.ts'
import { canRetryReading } from '../../server/market/area/codes.ts'
import type { Database, Logged } from './database.ts'
import type { Machine } from './machine.ts'
import type { AnswerWitness } from './server.ts'
import { readingKey } from './tables.ts'
import type { Verdict } from './verdict.ts'

interface Question {
  submission: Submission
  /** Shows of the writer until then. */
  shows: number
}

export interface PromiseLawParts {
  verdict: Verdict
  database(): Database
}

export class PromiseLaws implements AnswerWitness {
  /** What fail-overs have lost: rows of readings, and identifiers. */
  private readonly lost = new Set<string>()
  private readonly questions = new Map<symbol, Question>()
  /** How often a machine has been shown to be the writer. */
  private readonly shows = new Map<Machine, number>()
  private readonly parts: PromiseLawParts

  constructor(parts: PromiseLawParts) {
    this.parts = parts
  }

  /** The database has shown that this machine's writer stands at the end of the journal. */
  shown(machine: Machine): void {
    this.shows.set(machine, (this.shows.get(machine) ?? 0) + 1)
  }

  lose(rows: readonly Logged[]): void {
    for (const { journaled } of rows) for (const key of journaled.events.flatMap(keysOf)) this.lost.add(key)
  }

  asked(machine: Machine, submission: Submission): symbol {
    const question = Symbol(submission.type)
    this.questions.set(question, { submission, shows: this.shows.get(machine) ?? 0 })
    return question
  }

  answered(machine: Machine, question: symbol, answer: Event[] | Error): void {
    const { verdict } = this.parts
    const { submission, shows } = this.questions.get(question)!
    this.questions.delete(question)
    if (answer instanceof Error) {
      this.checkRefusal(submission, answer)
      return
    }
    for (const event of answer) {
      for (const key of keysOf(event)) {
        const isThere = this.isStored(key) || this.lost.has(key)
        verdict.holds('durable before answered', isThere, () => `${machine.name} acknowledged ${key}, which is nowhere`)
      }
      if (!isFinal(event)) continue
      verdict.holds('shown before refused', (this.shows.get(machine) ?? 0) > shows, () => {
        return `${machine.name} refused for good (${codeOf(event)}) and has not shown that it is the writer`
      })
    }
  }

  private checkRefusal(submission: Submission, error: Error): void {
    const { verdict, database } = this.parts
    if ((error as { code?: string }).code !== 'AREA_COMMAND') return
    const isPoison = submission.type === 'order' && database().poison.has(submission.id)
    verdict.holds('poison alone', isPoison, () => `a ${submission.type} command was refused: ${error.message}`)
  }

  private isStored(key: string): boolean {
    const { tables } = this.parts.database()
    return key.startsWith('0x') ? tables.arrivals.has(key) : tables.readings.has(key)
  }

  failed(what: string, error: unknown): void {
    if (what.startsWith('the engine answered')) this.parts.verdict.broken('answers in order', what)
    this.parts.verdict.say(`${what}: ${error instanceof Error ? error.message : ''}`)
  }

  refusedByChain(end: number, reason: string): void {
    this.parts.verdict.broken('batches settle', `the contract refuses the batch to ${end}: ${reason}`)
  }
}

/** What stands in the tables once an event has happened. */
function keysOf(event: Event): string[] {
  switch (event.type) {
    case 'reading':
      return event.status === 'stored' ? [readingKey(event.seat, event.epoch, event.time)] : []
    case 'order-accepted':
    case 'forward-accepted':
      return [event.order.id]
    case 'agreement-accepted':
      return [event.agreement.id]
    case 'budget-set':
      return [event.budget.id]
    default:
      return []
  }
}

/** Whoever hears this gives up, or takes it as done. */
function isFinal(event: Event): boolean {
  if (event.type === 'refused') return true
  if (event.type !== 'reading' || event.status === 'stored') return false
  return event.status === 'duplicate' || !canRetryReading(event.code!)
}

function codeOf(event: Event): string {
  return event.type === 'refused' || event.type === 'reading' ? (event.code ?? 'duplicate') : event.type
}
