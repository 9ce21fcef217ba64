/** The page's queries about documents: the preview of a month, what was issued, and what proves a line. */
import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../api/client.ts'
import { everyPage } from '../api/every-page.ts'
import type { Asker } from '../api/queries.ts'

/** Whether the account is a clerk of the area, and whether it has any document. */
export function accessQuery(session: Asker, area: number) {
  return queryOptions({
    queryKey: ['document-access', session.account, area],
    queryFn: async ({ signal }) => {
      const { account } = session
      const page = await getJson('/areas/{area}/documents', { area, limit: 1 }, { account, signal })
      return { isClerk: page.clerk, hasDocuments: page.items.length > 0 }
    },
  })
}

/** The preview of a month. */
export function billQuery(session: Asker, area: number, month: string) {
  return queryOptions({
    queryKey: ['bill', session.account, area, month],
    queryFn: ({ signal }) =>
      getJson('/areas/{area}/bills/{month}', { area, month }, { account: session.account, signal }),
  })
}

/** The state of the documents of each month, the newest first, and what changed after they were issued. */
export function billsQuery(session: Asker, area: number) {
  return queryOptions({
    queryKey: ['bills', session.account, area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/bills', { area }, { account: session.account, signal })).items,
  })
}

/** Reports that were put forward to be released, the newest first. */
export function releasesQuery(session: Asker, area: number) {
  return queryOptions({
    queryKey: ['releases', session.account, area],
    queryFn: async ({ signal }) =>
      (await getJson('/areas/{area}/releases', { area }, { account: session.account, signal })).items,
  })
}

/**
 * All documents of a month that the account may read, in the order of their numbers; the documents of all months where none is
 * named.
 */
export function documentsQuery(session: Asker, area: number, month: string | null) {
  return queryOptions({
    queryKey: ['documents', session.account, area, month],
    queryFn: ({ signal }) => {
      const asks = { area, month: month ?? undefined }
      const asker = { account: session.account, signal }
      return everyPage((place) => getJson('/areas/{area}/documents', { ...asks, ...place }, asker))
    },
  })
}

/** The documents of the newest preview. */
export function previewedQuery(session: Asker, area: number, month: string, revision: number) {
  return queryOptions({
    queryKey: ['previewed', session.account, area, month, revision],
    queryFn: ({ signal }) => {
      const asker = { account: session.account, signal }
      return everyPage((place) => getJson('/areas/{area}/bills/{month}/documents', { area, month, ...place }, asker))
    },
  })
}

export function proofQuery(session: Asker, area: number, { number, line }: { number: string; line: number }) {
  return queryOptions({
    queryKey: ['proof', session.account, area, number, line],
    queryFn: ({ signal }) => {
      const { account } = session
      return getJson('/areas/{area}/documents/{number}/lines/{line}', { area, number, line }, { account, signal })
    },
  })
}
