/** Fetches a list of the API from its first page to its last. */
import { getJson } from './client.ts'

interface Page<Item> {
  items: Item[]
  cursor: string | null
}

/** The most items that are fetched: nobody looks through a longer list. */
const mostItems = 10_000

/** Fetches every page of the list at `path`, which may hold a query already. */
export async function everyPage<Item>(
  path: string,
  { account }: { account: string },
  signal?: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = []
  const start = `${path}${path.includes('?') ? '&' : '?'}limit=500`
  let cursor: string | null = null
  do {
    const place = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Page<Item> = await getJson<Page<Item>>(`${start}${place}`, { account, signal })
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== null && items.length < mostItems)
  return items
}
