/**
 * The kinds of arrays that the schema has, for the driver. Left to itself, postgres.js (3.4.9) asks every new session for the
 * catalogue of types outside of every promise: a session that was ended just then ended the process. It would also read null
 * inside of an array as a word.
 */
import type { PostgresType } from 'postgres'
import { texts } from './arrays.ts'

/** Object identifiers from PostgreSQL's `pg_type.dat`, and how an element is read. */
const kinds: Record<string, { oid: number; read: (text: string) => unknown }> = {
  booleans: { oid: 1000, read: (text) => text === 't' },
  smallints: { oid: 1005, read: Number },
  ints: { oid: 1007, read: Number },
  bigints: { oid: 1016, read: Number },
  numerics: { oid: 1231, read: String },
  texts: { oid: 1009, read: String },
  byteas: { oid: 1001, read: (text) => Buffer.from(text.slice(2), 'hex') },
}

/** One dimension; elements may be null. Columns that were made by `arrays.ts` are sent as they are. */
export const arrayTypes: Record<string, PostgresType> = Object.fromEntries(
  Object.entries(kinds).map(([name, { oid, read }]) => [
    name,
    {
      to: oid,
      from: [oid],
      serialize: (value: string | readonly unknown[]) => (typeof value === 'string' ? value : texts(value, textOf)),
      parse: (text: string) => elements(text).map((element) => (element === null ? null : read(element))),
    },
  ]),
)

function textOf(element: unknown): string | null {
  if (element === null) return null
  return element instanceof Uint8Array ? `\\x${Buffer.from(element).toString('hex')}` : String(element)
}

/** An element is quoted, with a backslash before what would end it, or stands as it is; NULL without quotes is none. */
function elements(text: string): (string | null)[] {
  const found: (string | null)[] = []
  for (const [, quoted, plain] of text.matchAll(/"((?:[^"\\]|\\.)*)"|([^{},"]+)/gs)) {
    if (plain !== undefined) found.push(plain === 'NULL' ? null : plain)
    else found.push(quoted!.replace(/\\(.)/gs, '$1'))
  }
  return found
}
