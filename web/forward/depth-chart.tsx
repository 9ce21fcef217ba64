/** How much is offered and wanted ahead at which price, as two stairs that meet where nobody agrees yet. */
import type { ForwardBookResource } from '../../server/api/resources.ts'
import { Legend } from '../charts/legend.tsx'
import { NumbersTable } from '../charts/numbers-table.tsx'
import { energy, priceWords } from '../money/format.ts'
import { type DepthStep, depthOf, depthPath, spanOf } from './depth.ts'
import { forwardWords } from './words.ts'

const box = { width: 320, height: 110 }

export function DepthChart({ book }: { book: ForwardBookResource }) {
  const said = forwardWords()
  const [offered, wanted] = [depthOf(book.asks), depthOf(book.bids)]
  if (offered.length === 0 && wanted.length === 0) return null
  const span = spanOf([offered, wanted])
  const row = (side: string, { pricePerKwh, energyWh, inAllWh }: DepthStep) => {
    return [priceWords(pricePerKwh), side, energy(energyWh), energy(inAllWh)]
  }
  // From the highest price to the lowest, as the chart goes from right to left.
  const rows = [
    ...offered.map((step) => row(said.offered, step)).reverse(),
    ...wanted.map((step) => row(said.wanted, step)),
  ]
  return (
    <figure className="chart depth">
      <p>{takeaway(offered, wanted)}</p>
      <div className="depth-box">
        <span className="depth-most soft" aria-hidden="true">
          {energy(span.mostWh)}
        </span>
        <svg
          viewBox={`0 0 ${box.width} ${box.height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${said.depth} ${takeaway(offered, wanted)}`}
        >
          <path className="wanted" d={depthPath(wanted, span, { ...box, towards: 'low' })} />
          <path className="offered" d={depthPath(offered, span, { ...box, towards: 'high' })} />
        </svg>
        <p className="depth-prices soft" aria-hidden="true">
          <span>{priceWords(span.low.toFixed(3))}</span>
          <span>{priceWords(span.high.toFixed(3))}</span>
        </p>
      </div>
      <figcaption>
        <Legend
          entries={[
            { color: 'grid', text: said.wanted },
            { color: 'leaf', text: said.offered },
          ]}
        />
      </figcaption>
      <NumbersTable
        label={said.depth}
        head={[said.price, said.side, said.energy, said.inAll]}
        count={rows.length}
        row={(index) => rows[index]!}
      />
    </figure>
  )
}

/** The chart in one sentence. */
function takeaway(offered: readonly DepthStep[], wanted: readonly DepthStep[]): string {
  const said = forwardWords()
  const [ask, bid] = [offered[0], wanted[0]]
  return [
    ask && said.offeredFrom(energy(offered.at(-1)!.inAllWh), priceWords(ask.pricePerKwh)),
    bid && said.wantedUpTo(energy(wanted.at(-1)!.inAllWh), priceWords(bid.pricePerKwh)),
  ]
    .filter(Boolean)
    .join(' ')
}
