/** The zone tree as a table: one zone in each row, with its link to the parent. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { isFull, linkLoad, resultOf, type ZoneNode, zoneTree } from '../market/market.ts'
import { cents, count, signOf } from '../money/format.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { utilityWords } from './words.ts'

export function ZoneTable({ area, interval }: { area: AreaResource; interval: IntervalResource | undefined }) {
  const said = utilityWords()
  const root = zoneTree(interval?.zones ?? area.zones)
  const rows: ZoneNode[] = []
  const walk = (node: ZoneNode) => {
    rows.push(node)
    for (const child of node.children) walk(child)
  }
  if (root) walk(root)
  return (
    <TableFrame label={said.byZone}>
      <thead>
        <tr>
          <th scope="col">{said.zone}</th>
          <th scope="col" className="n">
            {said.price}
          </th>
          <th scope="col" className="n">
            {said.fedIn}
          </th>
          <th scope="col" className="n">
            {said.sold}
          </th>
          <th scope="col" className="n">
            {said.taken}
          </th>
          <th scope="col" className="n">
            {said.bought}
          </th>
          <th scope="col">{said.link}</th>
          <th scope="col" className="n">
            {said.fee}
          </th>
          <th scope="col" className="n">
            {said.congestion}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ZoneRow key={row.zone.zone} node={row} interval={interval} />
        ))}
      </tbody>
    </TableFrame>
  )
}

function ZoneRow({ node: { zone, depth }, interval }: { node: ZoneNode; interval: IntervalResource | undefined }) {
  const said = utilityWords()
  const result = resultOf(interval, zone.zone)
  const flow = interval?.flows.find((each) => each.zone === zone.zone)
  const flowWh = flow?.exportWh ?? 0
  const load = linkLoad(zone, flowWh)
  const full = isFull(zone, flowWh)
  return (
    <tr>
      <th scope="row" style={{ textIndent: `${depth * 1.25}rem` }}>
        {depth > 0 && (
          <span aria-hidden="true" className="soft">
            └{' '}
          </span>
        )}
        {zone.name}
      </th>
      <td className="n">{result?.pricePerKwh == null ? '–' : cents(result.pricePerKwh)}</td>
      <td className="n">{result?.exportWh ?? '–'}</td>
      <td className="n">{result?.soldWh ?? '–'}</td>
      <td className="n">{result?.importWh ?? '–'}</td>
      <td className="n">{result?.boughtWh ?? '–'}</td>
      <td>
        {zone.parent === null ? (
          <span className="soft">{said.top}</span>
        ) : (
          <span className={full ? 'link-cell full' : 'link-cell'}>
            <span className="link-cell-words">
              {flow?.exportWh === null
                ? said.notTold
                : flowWh === 0
                  ? said.noFlow
                  : flowWh > 0
                    ? said.out(count(flowWh))
                    : said.in(count(-flowWh))}
              <span className="soft">{said.of(zone.capacityWh === null ? null : count(zone.capacityWh))}</span>
            </span>
            {load !== null && (
              <span className="link-bar" aria-hidden="true">
                <span style={{ width: `${load * 100}%` }} />
              </span>
            )}
            {full && <strong className="full-mark">{said.full}</strong>}
          </span>
        )}
      </td>
      <td className="n">{zone.parent === null ? '' : cents(zone.feePerKwh)}</td>
      <td className="n">{flow && signOf(flow.congestionPerKwh) > 0 ? cents(flow.congestionPerKwh) : '–'}</td>
    </tr>
  )
}
