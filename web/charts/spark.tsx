/** A small line chart without axes, as wide as its container. */
interface SparkProps {
  /** The values, oldest first; null leaves a gap. */
  values: readonly (number | null)[]
  label: string
  color: 'leaf' | 'sun' | 'grid'
  /** The value that the bottom edge stands for. */
  from?: number
}

const width = 300
const height = 60

/** The path of the line in a box of 300 × 60: steps, interrupted where a value is missing. */
export function sparkPath(values: readonly (number | null)[], from?: number): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return ''
  const low = Math.min(from ?? Number.POSITIVE_INFINITY, ...known)
  const span = Math.max(...known) - low || 1
  const stepWidth = width / values.length
  let path = ''
  let drawing = false
  values.forEach((value, index) => {
    if (value === null) {
      drawing = false
      return
    }
    const y = (height - 3 - ((value - low) / span) * (height - 6)).toFixed(1)
    const x = (index * stepWidth).toFixed(1)
    path += `${drawing ? 'L' : 'M'}${x} ${y}H${((index + 1) * stepWidth).toFixed(1)}`
    drawing = true
  })
  return path
}

export function Spark({ values, label, color, from }: SparkProps) {
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={sparkPath(values, from)} fill="none" stroke={`var(--${color})`} vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
