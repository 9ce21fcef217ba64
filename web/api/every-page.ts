/** Fetches a list of the API from its first page to its last. */

interface Page<Item> {
  items: Item[]
  cursor: string | null
}

/** What asks for a page of a list. */
interface Place {
  limit: number
  cursor?: string | undefined
}

/** The most items that are fetched: nobody looks through a longer list. */
const mostItems = 10_000

/** Fetches every page of the list of which `pageAt` fetches one. */
export async function everyPage<Item>(pageAt: (place: Place) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const page: Page<Item> = await pageAt({ limit: 500, cursor: cursor ?? undefined })
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== null && items.length < mostItems)
  return items
}
