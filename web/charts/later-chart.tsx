/** A chart whose code is fetched after everything that can be read. The chart appears in a space that is kept for it. */
import { later } from '../page/later.tsx'

export const SeatChart = later(() => import('./seat-chart.tsx'), ChartSpace)
export const MarketChart = later(() => import('./market-chart.tsx'), ChartSpace)

function ChartSpace() {
  return <div className="chart-space" />
}
