/** Every point of a chart by the keyboard, and its numbers in words: a slider below the drawing that follows the pointer too. */
import { chartWords } from './words.ts'

interface PointSliderProps {
  count: number
  /** The point that is told; null where none is. */
  shown: number | null
  show: (index: number) => void
  /** Its numbers. */
  words: string | null
  hint: string
  /** Where it stands before anybody has chosen: the last point by default. */
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
        // Where it stands already no change is told: the first key, or the focus, shows the point.
        onFocus={() => shown === null && show(newest)}
      />
      <p className="readout">{words ?? <span className="soft">{hint}</span>}</p>
    </div>
  )
}
