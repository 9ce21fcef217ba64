/** The price at a glance: one, a span where a full line keeps prices apart, or in words that nobody has anything to share. */
import type { AreaResource } from '../../server/api/resources.ts'
import { cents, priceWords } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import { marketWords } from './words.ts'

interface PriceHeadlineProps {
  area: AreaResource
  /** The lowest and the highest price now, null where nobody traded. */
  prices: { low: string; high: string } | null
  /** Where and when these prices held. */
  where: string
  /** The newest price that there was before. */
  last: { pricePerKwh: string; start: string } | null
}

export function PriceHeadline({ area, prices, where, last }: PriceHeadlineProps) {
  const said = marketWords()
  if (prices === null) {
    return (
      <>
        <p className="quiet-now">{said.nobodyShares}</p>
        <p className="lead">
          {said.supplierBrings(priceWords(area.retailPerKwh))}{' '}
          {last && said.lastPrice(priceWords(last.pricePerKwh), localTime(last.start, area.intervalSeconds))}
        </p>
      </>
    )
  }
  const { low, high } = prices
  return (
    <>
      <p className="huge">
        {low === high ? cents(low) : `${cents(low)}–${cents(high)}`} <span className="unit">ct/kWh</span>
      </p>
      <p className="lead">
        {where}
        {low !== high && `. ${said.dependsOnSide}.`}
      </p>
    </>
  )
}
