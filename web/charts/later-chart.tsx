/** Charts come after everything that can be read: their drawing is loaded for itself, into a space that is kept for it. */
import { lazy, type ReactNode, Suspense } from 'react'
import { part } from '../api/part.ts'

export const SeatChart = lazy(() => part(() => import('./seat-chart.tsx')))
export const MarketChart = lazy(() => part(() => import('./market-chart.tsx')))

export function LaterChart({ children }: { children: ReactNode }) {
  return <Suspense fallback={<div className="chart-space" />}>{children}</Suspense>
}
