/**
 * Keeps what a watcher has decided on disk, before the watcher says it: one file for each batch that it signed, so that it never signs two
 * headers of one batch, and one file for each header that it did not sign. A file appears whole, and only under a name that no file has
 * yet: so a kill at any moment, and two processes at once, leave one decision.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { refusalReasons } from '../../contracts/protocol/batch.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'
import { WatchError } from './error.ts'

const decisionSchema = z.strictObject({
  start: uint32,
  end: uint32,
  number: uint32,
  attempt: uint32,
  header: hex32Form,
  says: z.enum(['approved', 'refused', 'withheld']),
  reason: z.enum(refusalReasons).nullable(),
  sentence: z.string().nullable(),
  keptOut: z.array(uint32),
})
export type Decision = z.infer<typeof decisionSchema>

/** Decisions on so many of the newest batches are kept; older batches have long settled. */
const keptBatches = 400

export class DecisionBook {
  private readonly folder: string
  private readonly byHeader = new Map<Hex, Decision>()

  /** Reads what was decided before. Throws `WatchError` `WATCH_DATA` where a file is not what was written. */
  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.json')) this.note(this.read(name))
      else rmSync(join(folder, name)) // A draft of a process that was killed.
    }
  }

  /** What was decided of the batch with this header, or null. */
  of(header: Hex): Decision | null {
    return this.byHeader.get(header) ?? null
  }

  /**
   * Writes a decision down and gives the one that counts: where another header of the same batch was signed before, by whatever
   * process, the signature is withheld.
   */
  keep(decision: Decision): Decision {
    const name = nameOf(decision)
    if (!this.claim(name, decision)) {
      const standing = this.read(name)
      if (standing.header === decision.header) return this.note(standing)
      const sentence = `the header ${standing.header} of the same batch has been signed`
      return this.keep({ ...decision, says: 'withheld', reason: 'signed-another', sentence })
    }
    this.forgetOld()
    return this.note(decision)
  }

  /** Out of how many batches in a row, right before the one that starts at `start`, the seat was kept. */
  keptOutBefore(seat: number, start: UtcSeconds): number {
    const byEnd = new Map([...this.byHeader.values()].map((decision) => [decision.end, decision]))
    let count = 0
    for (let own = byEnd.get(start); own?.keptOut.includes(seat); own = byEnd.get(own.start)) count += 1
    return count
  }

  private note(decision: Decision): Decision {
    this.byHeader.set(decision.header, decision)
    return decision
  }

  /** Whether the name was free. The file is on disk, and so is its name, when this returns. */
  private claim(name: string, decision: Decision): boolean {
    const draft = join(this.folder, `${randomBytes(8).toString('hex')}.draft`)
    const file = openSync(draft, 'wx', 0o600)
    try {
      writeSync(file, JSON.stringify(decision))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    try {
      linkSync(draft, join(this.folder, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      rmSync(draft)
    }
    const folder = openSync(this.folder, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
    return true
  }

  private read(name: string): Decision {
    const path = join(this.folder, name)
    try {
      return decisionSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    } catch (cause) {
      const what = 'it is not what a watcher wrote down: find out what happened to it before anything is signed'
      throw new WatchError('WATCH_DATA', `${path}: ${what}`, { cause })
    }
  }

  private forgetOld(): void {
    const decisions = [...this.byHeader.values()].sort((a, b) => a.end - b.end)
    for (const decision of decisions.slice(0, Math.max(0, decisions.length - keptBatches))) {
      rmSync(join(this.folder, nameOf(decision)), { force: true })
      this.byHeader.delete(decision.header)
    }
  }
}

/** A decision to sign is named by its batch, any other by its header. */
function nameOf({ end, number, attempt, header, says }: Decision): string {
  return says === 'approved' ? `${end}-${number}-${attempt}.json` : `${header}.json`
}
