/**
 * Stands in place of a page until its first part arrives. It is as high as the window, so that nothing below it is seen to
 * move.
 */
import type { UseQueryResult } from '@tanstack/react-query'
import { Card, Waiting } from './card.tsx'
import { pageWords } from './words.ts'

export function PageWaiting() {
  return (
    <div className="view" aria-busy="true">
      <Card title={pageWords().moment} className="now">
        <Waiting lines={5} />
      </Card>
    </div>
  )
}

type First = Pick<UseQueryResult, 'isPending' | 'failureCount' | 'fetchStatus'>

/**
 * Whether the first answer to a query is still on its way. A page waits for the part at its top, so that it appears whole and
 * nothing jumps. It stops waiting once something has gone wrong or the device is offline, since the rest may be there.
 */
export function isComing(...queries: readonly First[]): boolean {
  return queries.some(
    ({ isPending, failureCount, fetchStatus }) => isPending && failureCount === 0 && fetchStatus !== 'paused',
  )
}
