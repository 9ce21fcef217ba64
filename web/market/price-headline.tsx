/**
 * The price at a glance: one price, a range where a full line keeps prices apart, or a sentence that nobody has anything to
 * share.
 */
import type { AreaResource } from '../../server/api/resources.ts'
import { cents, priceWords } from '../money/format.ts'
import { localTime } from '../time/clock.ts'
import { dashed } from '../words/dashed.ts'
import { marketWords } from './words.ts'

interface PriceHeadlineProps {
  area: AreaResource
  /** The lowest and the highest price now, null where nobody traded. */
  prices: { low: string; high: string } | null
  /** The place and time of these prices. */
  where: string
  /** The newest price before these. */
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
        {low === high ? cents(low) : dashed(cents(low), cents(high))} <span className="unit">ct/kWh</span>
      </p>
      <p className="lead">
        {where}
        {low !== high && `. ${said.dependsOnSide}.`}
      </p>
    </>
  )
}
