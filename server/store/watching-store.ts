/** Batches as they were shown to the watchers of their area, and what those said of them. */
import type { RefusalReason } from '../../contracts/protocol/batch.ts'
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { Queries } from './database.ts'

/** One attempt to settle a batch. */
export interface ShownKey {
  areaId: number
  end: UtcSeconds
  /** The number of the batch. */
  number: number
  /** How often it was given up on chain before. */
  attempt: number
}

export interface ShownParts {
  header: Hex
  /** How many entries each part has. */
  partSizes: number[]
  shownAt: Date
}

/** How the batch was shown, or null where it has not been. */
export async function readShown(sql: Queries, { areaId, end, number, attempt }: ShownKey): Promise<ShownParts | null> {
  const [row] = await sql<ShownParts[]>`
    select header, part_sizes as "partSizes", shown_at as "shownAt" from shown_batches
    where area_id = ${areaId} and end_at = ${end} and number = ${number} and attempt = ${attempt}`
  return row ?? null
}

/** Notes how the batch is shown; since when stays. */
export async function keepShown(
  sql: Queries,
  { areaId, end, number, attempt }: ShownKey,
  { header, partSizes, shownAt }: ShownParts,
): Promise<void> {
  await sql`
    insert into shown_batches (area_id, end_at, number, attempt, header, part_sizes, shown_at)
    values (${areaId}, ${end}, ${number}, ${attempt}, ${header}, ${partSizes}::int[], ${shownAt})
    on conflict (area_id, end_at, number, attempt) do update
      set header = excluded.header, part_sizes = excluded.part_sizes`
}

/** What a watcher says of a batch. */
export interface WatcherWord {
  watcher: Address
  /** Null where it approves. */
  reason: RefusalReason | null
  sentence: string | null
  /** The signature of a `BatchApproval` or, with a reason, of a `BatchRefusal`; null where the watcher only keeps its signature back. */
  signature: Hex | null
}

export async function wordsAbout(sql: Queries, areaId: number, header: Hex): Promise<WatcherWord[]> {
  const rows = await sql<(Omit<WatcherWord, 'signature'> & { signature: Buffer | null })[]>`
    select watcher, reason, sentence, signature from watcher_words
    where area_id = ${areaId} and header = ${header} order by watcher`
  return rows.map(({ signature, ...row }) => ({ ...row, signature: signature === null ? null : hexOf(signature) }))
}

/** A watcher's newest word stands. */
export async function keepWord(sql: Queries, areaId: number, header: Hex, word: WatcherWord): Promise<void> {
  const { watcher, reason, sentence } = word
  const signature = word.signature === null ? null : Buffer.from(word.signature.slice(2), 'hex')
  await sql`
    insert into watcher_words (area_id, header, watcher, reason, sentence, signature, said_at)
    values (${areaId}, ${header}, ${watcher}, ${reason}, ${sentence}, ${signature}, now())
    on conflict (area_id, header, watcher) do update
      set reason = excluded.reason, sentence = excluded.sentence, signature = excluded.signature, said_at = excluded.said_at`
}
