/** Asks the API for everything that may wait for the utility's people. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { JoiningResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import { accessQuery, billsQuery, releasesQuery } from '../documents/queries.ts'
import { areaWitnessesQuery, pointsQuery } from '../metering/queries.ts'
import { isComing } from '../page/page-waiting.tsx'
import { useSession } from '../session/session.tsx'
import { type InboxState, officialSums, releaseCounts } from './exceptions.ts'

const imported = 1
const refetchInterval = 60_000
/** The number of days whose differing values are counted, the same as in the server's metrics. */
const differingDays = 3
const dayMs = 86_400_000

interface Waiting {
  waiting: InboxState
  joining: UseQueryResult<JoiningResource[]>
  /** Whether the first answer to some query is still on its way. */
  isFirst: boolean
}

export function useWaiting(area: AreaResource): Waiting {
  const session = useSession()
  const [openedMs] = useState(Date.now)
  const joining = useQuery({
    queryKey: ['joining', session.account, area.area],
    queryFn: ({ signal }) =>
      getJson('/areas/{area}/joining', { area: area.area }, { account: session.account, signal }),
    refetchInterval,
  })
  const points = useQuery({ ...pointsQuery(session, area.area, null), refetchInterval })
  const witnesses = useQuery({ ...areaWitnessesQuery(session, area.area, openedMs), refetchInterval })
  const access = useQuery(accessQuery(session, area.area))
  const isClerk = access.data?.isClerk ?? false
  const bills = useQuery({ ...billsQuery(session, area.area), enabled: isClerk, refetchInterval })
  const releases = useQuery({ ...releasesQuery(session, area.area), enabled: isClerk, refetchInterval })
  const isImported = area.rules.allocation === imported
  const awaited = useQuery({
    queryKey: ['awaited', area.area],
    queryFn: ({ signal }) => getJson('/areas/{area}/declarations/awaited', { area: area.area }, { signal }),
    enabled: isImported,
    refetchInterval,
  })
  const differing = witnesses.data?.contradictions.filter(
    ({ start }) => Date.parse(start) > openedMs - differingDays * dayMs,
  )
  return {
    joining,
    isFirst: isComing(
      joining,
      points,
      witnesses,
      access,
      ...(isClerk ? [bills, releases] : []),
      ...(isImported ? [awaited] : []),
    ),
    waiting: {
      meters: joining.data?.length ?? null,
      official: points.data && differing ? officialSums(points.data.items, differing.length) : null,
      bills: bills.data ?? null,
      releases: releases.data === undefined ? null : releaseCounts(releases.data),
      undeclared: awaited.data?.intervals.length ?? null,
    },
  }
}
