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
    queryFn: ({ signal }) =>
      getJson('/accounts/{account}/totals', { account, seat, from, to, by, timeZone }, { account, signal }),
    placeholderData: (previous) => previous,
    // It takes longer to compare a year of quarter-hours with the one before than to draw it anew.
    structuralSharing: false,
  })
}

/** One part of the time, with its energies and amounts, and what the supplier's tariffs would have made of the traded energy. */
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

/** One part of the totals. A year has many parts, and most of them are only drawn, so each is made when it is needed. */
export function partOf(totals: TotalsResource, index: number): Part {
  return {
    start: totals.starts[index]!,
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
  }
}

export function partsOf(totals: TotalsResource): Part[] {
  return totals.starts.map((_, index) => partOf(totals, index))
}

/** The sums of all parts together; what a home used at once is null where no part knows it. */
export function wholeOf(totals: TotalsResource) {
  const sum = (column: readonly (number | null)[]) => column.reduce<number>((total, value) => total + (value ?? 0), 0)
  const { importWh, exportWh, ownUseWh, boughtWh, soldWh, usedAtOnceWh } = totals
  const [own, bought, sold] = [sum(ownUseWh), sum(boughtWh), sum(soldWh)]
  return {
    intervals: sum(totals.intervals),
    provisional: sum(totals.provisional),
    soldWh: sold,
    toSupplierWh: sum(exportWh) - own - sold,
    boughtWh: bought,
    fromSupplierWh: sum(importWh) - own - bought,
    usedAtOnceWh: usedAtOnceWh.some((value) => value !== null) ? sum(usedAtOnceWh) : null,
  }
}
