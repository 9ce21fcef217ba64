/**
 * A month of an area in one file: every batch with all that is needed to compute it again, and the journal as far as it was written then.
 *
 * It is written as lines of JSON: `{"archive": head}`; for each batch a line `{"batch": …}` and the lines of its file (area-file.ts);
 * for each stretch of the journal a line `{"journal": …}`; and `{"end": …}` with how many of each there are and the SHA-256 of all
 * bytes before, by which a file that was cut or changed is noticed.
 */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { SettlementError } from './error.ts'
import { addressForm, uint32 } from './signed-forms.ts'

const headSchema = z.strictObject({
  release: z.string(),
  chainId: z.int().min(1),
  escrow: addressForm,
  area: uint32,
  /** First moment of the month, and of the month after it. */
  month: uint32,
  until: uint32,
  /** The newest row of the journal that an earlier file has. */
  after: z.int().min(0),
})
export type ArchiveHead = z.output<typeof headSchema>

const batchSchema = z.strictObject({
  end: uint32,
  /** Whether somebody's leaves have been erased: the file still tells what was, but nobody can compare it with the statement's root. */
  erased: z.boolean(),
})
export type ArchivedBatch = z.output<typeof batchSchema>

const journalSchema = z.strictObject({
  first: z.int().min(1),
  last: z.int().min(1),
  rulesVersion: z.int().min(1),
  /** The rolling hash after the last row, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  untilMs: z.int().min(0),
  /** For each row the length of its command (four bytes, the highest first) and the command, packed with Brotli, in base64. */
  bytes: z.base64(),
})
export type ArchivedJournal = z.output<typeof journalSchema>

const endSchema = z.strictObject({ batches: z.int(), rows: z.int(), sha256: z.string() })

export type ArchiveLine =
  | { kind: 'archive'; value: ArchiveHead }
  | { kind: 'batch'; value: ArchivedBatch }
  | { kind: 'journal'; value: ArchivedJournal }
  | { kind: 'end'; value: z.output<typeof endSchema> }
  /** A line of the newest batch's file. */
  | { kind: 'part'; line: string }

const schemas = { archive: headSchema, batch: batchSchema, journal: journalSchema, end: endSchema }

/** Whether a file's first line begins an archive. */
export function beginsArchive(line: string): boolean {
  return line.startsWith('{"archive":')
}

/** Writes an archive line by line, in the order of its form. */
export class ArchiveWriter {
  private readonly hash = createHash('sha256')
  private batches = 0
  private rows = 0

  head(head: ArchiveHead): string {
    return this.hashed({ archive: headSchema.parse(head) })
  }

  batch(batch: ArchivedBatch): string {
    this.batches += 1
    return this.hashed({ batch })
  }

  /** A line of the batch's file, with its end. */
  part(line: string): string {
    this.hash.update(line)
    return line
  }

  journal(journal: ArchivedJournal): string {
    this.rows += journal.last - journal.first + 1
    return this.hashed({ journal })
  }

  end(): string {
    const { batches, rows } = this
    return `${JSON.stringify({ end: { batches, rows, sha256: this.hash.digest('hex') } })}\n`
  }

  private hashed(value: object): string {
    return this.part(`${JSON.stringify(value)}\n`)
  }
}

/** Reads an archive line by line. Throws `SettlementError` `SETTLEMENT_ARCHIVE` for a text that is no whole archive. */
export class ArchiveReader {
  private readonly hash = createHash('sha256')
  private lines = 0
  private batches = 0
  private rows = 0
  private newestRow: number | null = null
  private isWhole = false

  /** Takes a line and says what it is. */
  take(line: string): ArchiveLine {
    this.lines += 1
    if (this.isWhole) throw this.wrong('something follows its end')
    const said = this.read(line)
    if ((said.kind === 'archive') !== (this.lines === 1)) throw this.wrong('it does not begin with its head')
    if (said.kind === 'archive') this.newestRow = said.value.after
    if (said.kind === 'batch') this.batches += 1
    if (said.kind === 'journal') {
      const { first, last } = said.value
      if (first !== this.newestRow! + 1 || last < first) throw this.wrong(`row ${this.newestRow! + 1} does not follow`)
      this.newestRow = last
      this.rows += last - first + 1
    }
    if (said.kind === 'end') {
      const { batches, rows, sha256 } = said.value
      if (batches !== this.batches || rows !== this.rows || sha256 !== this.hash.digest('hex')) {
        throw this.wrong('the file was changed')
      }
      this.isWhole = true
    } else this.hash.update(line).update('\n')
    return said
  }

  /** Says how much the archive held; throws where it was cut short. */
  finish(): { batches: number; rows: number } {
    if (!this.isWhole) throw new SettlementError('SETTLEMENT_ARCHIVE', 'the archive has no end: it was cut')
    return { batches: this.batches, rows: this.rows }
  }

  private read(line: string): ArchiveLine {
    const [, kind] = /^\{"(archive|batch|journal|end)":/.exec(line) ?? []
    if (kind === undefined) return { kind: 'part', line }
    let value: unknown
    try {
      value = (JSON.parse(line) as Record<string, unknown>)[kind]
    } catch {
      throw this.wrong('it is no JSON')
    }
    const { data, mistakes } = checkForm<z.ZodType>(schemas[kind as keyof typeof schemas], value)
    if (mistakes !== null) throw this.wrong(mistakeLines(mistakes).join('; '))
    return { kind, value: data } as ArchiveLine
  }

  private wrong(reason: string): SettlementError {
    return new SettlementError('SETTLEMENT_ARCHIVE', `line ${this.lines} of the archive: ${reason}`)
  }
}
