/** A slider below a chart that reaches every point by the keyboard and gives its numbers in words. It also follows the pointer. */
import { chartWords } from './words.ts'

interface PointSliderProps {
  count: number
  /** The index of the point whose numbers are shown; null where none is chosen. */
  shown: number | null
  show: (index: number) => void
  /** The numbers of the shown point, in words. */
  words: string | null
  hint: string
  /** The index where the slider stands before anybody has chosen a point; the last one by default. */
  newest?: number
}

export function PointSlider({ count, shown, show, words, hint, newest = count - 1 }: PointSliderProps) {
  const said = chartWords()
  return (
    <div className="points">
      <input
        type="range"
        aria-label={said.point}
        aria-valuetext={words ?? hint}
        min={0}
        max={Math.max(0, count - 1)}
        step={1}
        value={shown ?? newest}
        onChange={(event) => show(Number(event.target.value))}
        // A slider reports no change while it stays where it is, so the focus itself shows the first point.
        onFocus={() => shown === null && show(newest)}
      />
      <p className="readout">{words ?? <span className="soft">{hint}</span>}</p>
    </div>
  )
}
