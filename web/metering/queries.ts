/** What the page asks for of two witnesses. */
import { queryOptions } from '@tanstack/react-query'
import type { WitnessesResource } from '../../server/api/official-resources.ts'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

const shownDays = 30
const dayMs = 86_400_000

/** Whole days of UTC, so that what is asked for stays the same for a while. */
function lastDays(nowMs: number): string {
  const to = (Math.floor(nowMs / dayMs) + 1) * dayMs
  const iso = (ms: number) => new Date(ms).toISOString()
  return `from=${iso(to - shownDays * dayMs)}&to=${iso(to)}`
}

/** Of one seat of the account. */
export function seatWitnessesQuery({ account }: Asker, seat: string, nowMs: number) {
  const path = `/accounts/${account}/witnesses?seat=${seat}&${lastDays(nowMs)}`
  return queryOptions({
    queryKey: ['witnesses', account, seat, path],
    queryFn: ({ signal }) => getJson<WitnessesResource>(path, { account, signal }),
    staleTime: 60_000,
  })
}

/** Of all points of an area, for who meters it. */
export function areaWitnessesQuery({ account }: Asker, area: number, nowMs: number) {
  const path = `/areas/${area}/witnesses?${lastDays(nowMs)}`
  return queryOptions({
    queryKey: ['area-witnesses', account, area, path],
    queryFn: ({ signal }) => getJson<WitnessesResource>(path, { account, signal }),
    staleTime: 60_000,
  })
}
