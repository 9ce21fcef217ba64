/** The sign that others than the server have computed a batch, as the chain says. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource, BatchResource } from '../../server/api/resources.ts'
import { watchersQuery } from '../api/queries.ts'

/** A sentence; nothing where nobody watches the area, or the batch has not settled. */
export function Watched({ area, batch }: { area: AreaResource; batch: Pick<BatchResource, 'approvals'> }) {
  const watchers = useQuery(watchersQuery(area.area))
  const count = watchers.data?.keys.length ?? 0
  if (batch.approvals === null || count === 0) return null
  return <> · {watchedWords(batch.approvals, count)}</>
}

function watchedWords(approvals: number, count: number): string {
  if (approvals === 0) return 'no watcher has signed that it computed this batch'
  const [who, whose] = count === 1 ? ['the watcher', 'itself'] : [`${approvals} of ${count} watchers`, 'themselves']
  return `${who} computed this batch ${whose}`
}
