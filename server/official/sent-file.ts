/** A file of official values as somebody sends it: its bytes, what is said of it, and how it becomes values of an area. */
import { type ReadOptions, readOfficialValues } from '../exchange/read-values.ts'
import type { Database } from '../store/database.ts'
import { type TakenFile, takeFile } from './take-file.ts'

export interface SentFile extends ReadOptions {
  name: string
  content: Uint8Array
  /** The account that sent it. */
  by: string
  now: Date
}

/** Takes a sent file for an area; `read` is called once the file has been read. Throws `ExchangeError` and `OfficialError`. */
export async function takeSentFile(
  database: Database,
  areaId: number,
  sent: SentFile,
  read: () => void = () => {},
): Promise<TakenFile> {
  const { name, content: bytes, by, now, ...reading } = sent
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = await readOfficialValues(content, reading)
  read()
  return takeFile(database, areaId, { name, content, values, by, now })
}
