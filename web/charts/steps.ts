/** A price as it is drawn: a line across each interval that has one, also across the newest and across the last before a gap. */
import type uPlot from 'uplot'

interface Step {
  from: number
  to: number
  value: number
  /** Whether the line comes from the step before; otherwise it begins here. */
  isJoined: boolean
}

/** The steps of a list of values, by the places where their intervals start. */
export function stepsOf(
  starts: ArrayLike<number>,
  values: ArrayLike<number | null | undefined>,
  lengthSeconds: number,
): Step[] {
  const steps: Step[] = []
  for (let index = 0; index < starts.length; index++) {
    const [from, value] = [starts[index]!, values[index]]
    if (value == null) continue
    steps.push({ from, to: from + lengthSeconds, value, isJoined: steps.at(-1)?.to === from })
  }
  return steps
}

/** Draws them. uPlot's own steps end where the last interval begins. */
export function stepPaths(lengthSeconds: number): uPlot.Series.PathBuilder {
  return (plot, series) => {
    const stroke = new Path2D()
    const x = (seconds: number) => plot.valToPos(seconds, 'x', true)
    for (const step of stepsOf(plot.data[0], plot.data[series]!, lengthSeconds)) {
      const y = plot.valToPos(step.value, plot.series[series]!.scale!, true)
      if (step.isJoined) stroke.lineTo(x(step.from), y)
      else stroke.moveTo(x(step.from), y)
      stroke.lineTo(x(step.to), y)
    }
    return { stroke, fill: null, clip: null }
  }
}
