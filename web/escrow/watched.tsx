/** The sign that others besides the server have computed a batch, as the chain records it. */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource, BatchResource } from '../../server/api/resources.ts'
import { watchersQuery } from '../api/queries.ts'
import { moneyTexts } from './words.tsx'

/** A sentence about the watchers of a batch; nothing where nobody watches the area, or the batch has not settled. */
export function Watched({ area, batch }: { area: AreaResource; batch: Pick<BatchResource, 'approvals'> }) {
  const watchers = useQuery(watchersQuery(area.area))
  const count = watchers.data?.keys.length ?? 0
  if (batch.approvals === null || count === 0) return null
  return <> · {moneyTexts().watched(batch.approvals, count)}</>
}
