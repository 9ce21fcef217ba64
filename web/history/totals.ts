/** A seat's sums by quarter-hour, hour, day or month of the reader's own calendar, as the server adds them up. */
import { queryOptions } from '@tanstack/react-query'
import type { TotalsResource } from '../../server/api/totals-resources.ts'
import { getJson } from '../api/client.ts'
import type { Asker } from '../api/queries.ts'

/** The time zone of the reader's device. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'
}

export interface TotalsRange {
  from: string
  to: string
  by: TotalsResource['by']
}

export function totalsQuery({ account }: Asker, seat: string, { from, to, by }: TotalsRange) {
  const timeZone = ownTimeZone()
  return queryOptions({
    queryKey: ['totals', account, seat, by, from, to],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ seat, from, to, by, timeZone })
      return getJson<TotalsResource>(`/accounts/${account}/totals?${query}`, { account, signal })
    },
    placeholderData: (previous) => previous,
    // Comparing a year of quarter-hours with what it was takes longer than drawing it anew.
    structuralSharing: false,
  })
}

/** One part of a time, with what the supplier brought and took. */
export interface Part {
  start: string
  end: string
  intervals: number
  provisional: number
  soldWh: number
  toSupplierWh: number
  boughtWh: number
  fromSupplierWh: number
  /** Null where the home's production is not known. */
  usedAtOnceWh: number | null
  received: string
  paid: string
  soldAtFeedIn: string
  boughtAtRetail: string
}

export function partsOf(totals: TotalsResource): Part[] {
  return totals.starts.map((start, index) => ({
    start,
    end: totals.starts[index + 1] ?? totals.to,
    intervals: totals.intervals[index]!,
    provisional: totals.provisional[index]!,
    soldWh: totals.soldWh[index]!,
    toSupplierWh: totals.exportWh[index]! - totals.ownUseWh[index]! - totals.soldWh[index]!,
    boughtWh: totals.boughtWh[index]!,
    fromSupplierWh: totals.importWh[index]! - totals.ownUseWh[index]! - totals.boughtWh[index]!,
    usedAtOnceWh: totals.usedAtOnceWh[index]!,
    received: totals.received[index]!,
    paid: totals.paid[index]!,
    soldAtFeedIn: totals.soldAtFeedIn[index]!,
    boughtAtRetail: totals.boughtAtRetail[index]!,
  }))
}

/** All parts together; what a home used at once is null where no part knows it. */
export function wholeOf(parts: readonly Part[]) {
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0)
  const known = parts.filter(({ usedAtOnceWh }) => usedAtOnceWh !== null)
  return {
    intervals: sum(({ intervals }) => intervals),
    soldWh: sum(({ soldWh }) => soldWh),
    toSupplierWh: sum(({ toSupplierWh }) => toSupplierWh),
    boughtWh: sum(({ boughtWh }) => boughtWh),
    fromSupplierWh: sum(({ fromSupplierWh }) => fromSupplierWh),
    usedAtOnceWh: known.length === 0 ? null : known.reduce((total, part) => total + part.usedAtOnceWh!, 0),
  }
}
