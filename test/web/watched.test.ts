/** The page's sign that others than the server have computed a batch. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { AreaResource } from '../../server/api/resources.ts'
import { watchersQuery } from '../../web/api/queries.ts'
import { Watched } from '../../web/escrow/watched.tsx'

const area = { area: 7 } as AreaResource

function shown(keys: string[], approvals: number | null): string {
  const client = new QueryClient()
  client.setQueryData(watchersQuery(area.area).queryKey, { keys, quorum: 2 } as never)
  const sign = createElement(Watched, { area, batch: { approvals } })
  return renderToStaticMarkup(createElement(QueryClientProvider, { client }, sign))
}

test.each([
  [3, 2, ' · 2 of 3 watchers computed this payment themselves'],
  [3, 0, ' · no watcher has signed that it computed this payment'],
  [1, 1, ' · the watcher computed this payment itself'],
  [3, null, ''],
  [0, 0, ''],
])('of %i watchers %s have signed: “%s”', (count, approvals, sentence) => {
  const keys = Array.from({ length: count }, (_, place) => `0x${String(place).repeat(40)}`)
  expect(shown(keys, approvals)).toBe(sentence)
})
