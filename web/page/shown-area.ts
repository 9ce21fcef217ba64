/**
 * The market area that the page shows: the one that its address or an invitation names, otherwise the server's only one, or the
 * demo's street.
 */
import { useQuery } from '@tanstack/react-query'
import type { AreaResource } from '../../server/api/resources.ts'
import { areaQuery, areasQuery, demoDayQuery } from '../api/queries.ts'
import { keptInvitation } from '../joining/kept-invitation.ts'
import { useAddress } from './address.tsx'

export type ShownArea =
  | { is: 'area'; area: AreaResource }
  | { is: 'waiting' }
  /** The server has several areas, and nothing says which one to show. */
  | { is: 'open' }
  /** The server has no area at all (`none`), or none at this address (`unknown`). */
  | { is: 'none' | 'unknown' }
  | { is: 'failed'; error: Error; retry: () => void }

export function useShownArea(): ShownArea {
  const address = useAddress()
  const invited = address.area === null && address.view === 'join' ? keptInvitation() : null
  const place = address.area ?? (invited === null ? null : String(invited.area))
  const named = useQuery({ ...areaQuery(place ?? ''), enabled: place !== null })
  // An invitation to an area that this server does not have leads to the page that is shown where no area is named.
  const isUnnamed = place === null || (invited !== null && named.data === null)
  const first = useQuery({ ...areasQuery, enabled: isUnnamed && address.view !== 'areas' })
  const isOneOfMany = isUnnamed && (first.data?.length ?? 0) > 1
  const demo = useQuery({ ...demoDayQuery, enabled: isOneOfMany })
  if (address.view === 'areas') return { is: 'open' }
  const query = isUnnamed ? first : named
  if (query.data === undefined) {
    // The failure is shown at the first failed attempt, while further attempts go on.
    const error = query.failureReason
    return error ? { is: 'failed', error, retry: () => void query.refetch() } : { is: 'waiting' }
  }
  if (!isUnnamed) return named.data ? { is: 'area', area: named.data } : { is: 'unknown' }
  const areas = first.data ?? []
  if (areas.length === 0) return { is: 'none' }
  if (isOneOfMany && demo.isPending) return { is: 'waiting' }
  const area = isOneOfMany ? areas.find((each) => each.area === demo.data?.area) : areas[0]
  return area === undefined ? { is: 'open' } : { is: 'area', area }
}
