/** The span of time that a chart of intervals shows. */
import type uPlot from 'uplot'

/**
 * The time scale has room for at least this many intervals, so that a single one does not fill the chart and the hours can be
 * told apart.
 */
const fewestIntervals = 8

/**
 * The time scale ends where the last interval ends, since bars and steps are drawn from an interval's start. The scale follows
 * from the intervals themselves, since uPlot would show a single one as a whole day.
 */
export function timeRange(lengthSeconds: number): (plot: Pick<uPlot, 'data'>) => [number, number] {
  return ({ data: [starts] }) => {
    const end = (starts.at(-1) ?? 0) + lengthSeconds
    return [Math.min(starts[0] ?? 0, end - fewestIntervals * lengthSeconds), end]
  }
}
