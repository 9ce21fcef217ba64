/** The legend beside a chart. */
interface Entry {
  color: 'leaf' | 'grid' | 'sun'
  text: string
  line?: boolean
}

export function Legend({ entries }: { entries: Entry[] }) {
  return (
    <ul className="legend">
      {entries.map(({ color, text, line }) => (
        <li key={text}>
          <span
            className={line ? 'swatch line' : 'swatch'}
            style={{ background: `var(--${color})` }}
            aria-hidden="true"
          />
          {text}
        </li>
      ))}
    </ul>
  )
}
