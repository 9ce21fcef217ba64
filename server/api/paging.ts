/** Pages of lists: at most 500 items, continued by an opaque cursor. */
import { z } from 'zod'
import { ApiError } from './problem.ts'

const defaultLimit = 100
const mostItems = 500

/** The query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(mostItems).default(defaultLimit),
  cursor: z.string().min(1).max(300).optional(),
}

/** What places in lists are made of, each within what its column holds. */
const most = { int: 2 ** 31 - 1, seconds: 2 ** 40, ms: 2 ** 50 }
export const placeForm = {
  /** The database's own number of an area, a seat in its area, a number within an interval. */
  number: z.int().min(0).max(most.int),
  seconds: z.int().min(0).max(most.seconds),
  ms: z.int().min(0).max(most.ms),
  arrival: z.int().min(0),
}

/** A time in a query or path: ISO 8601 UTC in, UTC seconds out; a fraction counts to the next second. */
export const timeInput = z.iso.datetime().transform((text) => Math.ceil(Date.parse(text) / 1000))

/** The number of an area in a query or path. What is missing or empty is not taken for 0, so that the document calls it required. */
export const areaInput = z.preprocess((text) => text || Number.NaN, z.coerce.number().int().min(0).max(0xffff_ffff))

/** Where both ends of a range are given the first is before the last. Throws `RANGE_EMPTY`. */
export function requireSpan({ from, to }: { from?: number | undefined; to?: number | undefined }): void {
  if (from !== undefined && to !== undefined && to <= from) {
    throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
  }
}

/** Reads what `pageOfRows` wrote for the same list. Throws `CURSOR_INVALID`. */
export function readCursor<Place>(
  list: string,
  place: z.ZodType<Place>,
  cursor: string | undefined,
): Place | undefined {
  if (cursor === undefined) return undefined
  try {
    const [from, value] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (from === list) return place.parse(value)
  } catch (cause) {
    throw new ApiError('CURSOR_INVALID', 'pass the cursor as it came with the page before', { cause })
  }
  throw new ApiError('CURSOR_INVALID', 'this cursor belongs to another list')
}

/** A page of `rows`, which were asked for one beyond `limit` to know whether there are more. */
export function pageOfRows<Row, Item>(
  list: string,
  rows: readonly Row[],
  { limit, item, place }: { limit: number; item(row: Row): Item; place(row: Row): unknown },
): { items: Item[]; cursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  return {
    items: shown.map(item),
    cursor: more ? Buffer.from(JSON.stringify([list, place(last)])).toString('base64url') : null,
  }
}
