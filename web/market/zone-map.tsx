/** The zones as a tree: the price of each, and the links between them with what flows and what they can carry. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { cents, energy, priceWords, signOf } from '../money/format.ts'
import { isFull, linkLoad, resultOf, type ZoneNode, zoneTree } from './market.ts'
import { marketWords } from './words.ts'

interface ZoneMapProps {
  area: AreaResource
  interval: IntervalResource | undefined
}

export function ZoneMap({ area, interval }: ZoneMapProps) {
  const root = zoneTree(interval?.zones ?? area.zones)
  if (!root) return null
  return (
    <ul className="zones">
      <ZoneBranch node={root} interval={interval} />
    </ul>
  )
}

function ZoneBranch({ node, interval }: { node: ZoneNode; interval: IntervalResource | undefined }) {
  const { zone } = node
  const said = marketWords()
  const result = resultOf(interval, zone.zone)
  return (
    <li>
      {zone.parent !== null && <Link node={node} interval={interval} />}
      <div className="zone">
        <div className="zone-name">{zone.name}</div>
        <div className="zone-price">
          {result?.pricePerKwh == null ? (
            <span className="soft">{said.noTrade}</span>
          ) : (
            <>
              {cents(result.pricePerKwh)} <small>ct/kWh</small>
            </>
          )}
        </div>
        <div className="zone-energy">
          {result?.soldWh === null ? (
            <span className="soft">{said.fewHomes}</span>
          ) : (
            <>
              <span>
                <i className="dot leaf" aria-hidden="true" /> {said.inZone(energy(result?.soldWh ?? 0), said.sold)}
              </span>
              <span>
                <i className="dot sun" aria-hidden="true" /> {said.inZone(energy(result?.boughtWh ?? 0), said.bought)}
              </span>
            </>
          )}
        </div>
      </div>
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child) => (
            <ZoneBranch key={child.zone.zone} node={child} interval={interval} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Link({ node: { zone }, interval }: { node: ZoneNode; interval: IntervalResource | undefined }) {
  const said = marketWords()
  const flow = interval?.flows.find((each) => each.zone === zone.zone)
  const flowWh = flow?.exportWh ?? 0
  const load = linkLoad(zone, flowWh)
  const congested = flow !== undefined && signOf(flow.congestionPerKwh) > 0
  // Where the flow is not published, a difference between prices shows that the link is full.
  const full = flow?.exportWh === null ? congested : isFull(zone, flowWh)
  const direction = flowWh > 0 ? 'out' : flowWh < 0 ? 'in' : 'still'
  return (
    <div className={`link ${direction} ${full ? 'full' : ''}`}>
      <span className="link-flow">
        <span aria-hidden="true">{flowWh > 0 ? '↑' : flowWh < 0 ? '↓' : '·'}</span>{' '}
        {flow?.exportWh === null
          ? said.notTold
          : flowWh === 0
            ? said.noFlow
            : `${energy(Math.abs(flowWh))} ${flowWh > 0 ? said.out : said.in}`}
        {zone.capacityWh !== null && <span className="soft">, {said.roomFor(energy(zone.capacityWh))}</span>}
      </span>
      {load !== null && flow?.exportWh !== null && (
        <span className="link-bar" aria-hidden="true">
          <span style={{ width: `${load * 100}%` }} />
        </span>
      )}
      <span className="link-note">
        {said.fee(priceWords(zone.feePerKwh))}
        {congested && said.congestion(priceWords(flow.congestionPerKwh))}
        {full && <strong className="full-mark">{said.full}</strong>}
      </span>
    </div>
  )
}
