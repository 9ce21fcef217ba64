/** Two amounts as bars on one scale: energy traded with the neighbours, and the same energy with the supplier. */
import { exceeds, moneyScale, position } from '../money/format.ts'

interface Amount {
  label: string
  tokens: string
}

export function AmountBars({ mine, supplier, currency }: { mine: Amount; supplier: Amount; currency: string }) {
  const { words } = moneyScale([mine.tokens, supplier.tokens], currency)
  const most = exceeds(mine.tokens, supplier.tokens) ? mine.tokens : supplier.tokens
  return (
    <dl className="comparison">
      {[
        { ...mine, color: 'leaf' },
        { ...supplier, color: 'grid' },
      ].map(({ label, tokens, color }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <span
              className="comparison-bar"
              style={{ width: `${position(tokens, '0', most) * 100}%`, background: `var(--${color})` }}
            />
            <span>{words(tokens)}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
