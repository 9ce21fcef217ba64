/** What the page asks about documents: the preview of a month, what was issued, what proves a line. */
import { queryOptions } from '@tanstack/react-query'
import type {
  BillResource,
  DocumentResource,
  IssuedDocumentResource,
  LineProofResource,
} from '../../server/api/document-resources.ts'
import { getJson } from '../api/client.ts'
import type { Credentials } from '../api/queries.ts'

interface Page<Item> {
  items: Item[]
  cursor: string | null
}

/** Most documents that the page shows of a month. */
const mostShown = 5_000

/** Whether the account is a clerk of the area, and whether it has any document. */
export function accessQuery(session: Credentials, area: number) {
  return queryOptions({
    queryKey: ['document-access', session.account, area],
    queryFn: async ({ signal }) => {
      const path = `/areas/${area}/documents?limit=1`
      const page = await getJson<Page<IssuedDocumentResource> & { clerk: boolean }>(path, {
        token: session.token,
        signal,
      })
      return { isClerk: page.clerk, hasDocuments: page.items.length > 0 }
    },
  })
}

/** The preview of a month. */
export function billQuery(session: Credentials, area: number, month: string) {
  return queryOptions({
    queryKey: ['bill', session.account, area, month],
    queryFn: ({ signal }) => getJson<BillResource>(`/areas/${area}/bills/${month}`, { token: session.token, signal }),
  })
}

async function pages<Item>(path: string, session: Credentials, signal: AbortSignal): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const place = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Page<Item> = await getJson<Page<Item>>(`${path}limit=500${place}`, { token: session.token, signal })
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== null && items.length < mostShown)
  return items
}

/** All documents of a month that the account may read, by number; of all months where none is named. */
export function documentsQuery(session: Credentials, area: number, month: string | null) {
  return queryOptions({
    queryKey: ['documents', session.account, area, month],
    queryFn: ({ signal }) => {
      const only = month === null ? '' : `month=${month}&`
      return pages<IssuedDocumentResource>(`/areas/${area}/documents?${only}`, session, signal)
    },
  })
}

/** The documents of the newest preview. */
export function previewedQuery(session: Credentials, area: number, month: string, revision: number) {
  return queryOptions({
    queryKey: ['previewed', session.account, area, month, revision],
    queryFn: ({ signal }) => pages<DocumentResource>(`/areas/${area}/bills/${month}/documents?`, session, signal),
  })
}

export function proofQuery(session: Credentials, area: number, { number, line }: { number: string; line: number }) {
  return queryOptions({
    queryKey: ['proof', session.account, area, number, line],
    queryFn: ({ signal }) =>
      getJson<LineProofResource>(`/areas/${area}/documents/${number}/lines/${line}`, { token: session.token, signal }),
  })
}
