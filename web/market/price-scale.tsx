/** A scale of prices from the feed-in to the retail tariff, the range in which neighbours do better than with the supplier. */
import type { AreaResource } from '../../server/api/resources.ts'
import { position, priceWords } from '../money/format.ts'
import { marketWords } from './words.ts'

interface Mark {
  name: string
  pricePerKwh: string
  kind: 'now' | 'mine'
}

export function PriceScale({ area, marks }: { area: AreaResource; marks: Mark[] }) {
  const said = marketWords()
  const at = (pricePerKwh: string) => `${position(pricePerKwh, area.feedInPerKwh, area.retailPerKwh) * 100}%`
  const description = [
    `${said.feedIn} ${priceWords(area.feedInPerKwh)}`,
    ...marks.map((mark) => `${mark.name} ${priceWords(mark.pricePerKwh)}`),
    `${said.retail} ${priceWords(area.retailPerKwh)}`,
  ].join(', ')
  return (
    <div className="scale" role="img" aria-label={description}>
      <div className="scale-bar">
        {marks.map((mark) => (
          <span key={mark.name} className={`scale-mark ${mark.kind}`} style={{ left: at(mark.pricePerKwh) }} />
        ))}
      </div>
      <div className="scale-ends">
        <span>
          {priceWords(area.feedInPerKwh)} <small>{said.feedIn}</small>
        </span>
        <span>
          <small>{said.retail}</small> {priceWords(area.retailPerKwh)}
        </span>
      </div>
      {marks.length > 1 && (
        <ul className="legend">
          {marks.map((mark) => (
            <li key={mark.name}>
              <span className={`scale-key ${mark.kind}`} />
              {mark.name}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
