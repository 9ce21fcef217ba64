/** Which release the server runs, for whoever reports what they saw. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { pageWords } from './words.ts'

const releaseQuery = queryOptions({
  queryKey: ['release'],
  queryFn: async ({ signal }) => {
    const answer = await fetch('/healthz', { signal })
    return ((await answer.json()) as { release: string }).release
  },
  staleTime: Number.POSITIVE_INFINITY,
})

export default function Release() {
  const release = useQuery(releaseQuery).data
  return release === undefined ? null : <span>{pageWords().release(release)}</span>
}
