/** The stretch of time that a chart of intervals shows. */
import type uPlot from 'uplot'

/** The time scale has room for so many intervals, so that one alone is no wall and its hours can be told apart. */
const fewestIntervals = 8

/**
 * The time scale ends where the last interval does: bars and steps are drawn from an interval's start. It goes by the intervals
 * themselves, since uPlot takes one alone for a whole day.
 */
export function timeRange(lengthSeconds: number): (plot: Pick<uPlot, 'data'>) => [number, number] {
  return ({ data: [starts] }) => {
    const end = (starts.at(-1) ?? 0) + lengthSeconds
    return [Math.min(starts[0] ?? 0, end - fewestIntervals * lengthSeconds), end]
  }
}
