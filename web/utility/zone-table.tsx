/** The zone tree as a table: a row a zone, its link to the parent beside it. */
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import { isFull, linkLoad, resultOf, type ZoneNode, zoneTree } from '../market/market.ts'
import { cents, signOf } from '../money/format.ts'
import { TableFrame } from './table-frame.tsx'

export function ZoneTable({ area, interval }: { area: AreaResource; interval: IntervalResource | undefined }) {
  const root = zoneTree(interval?.zones ?? area.zones)
  const rows: ZoneNode[] = []
  const walk = (node: ZoneNode) => {
    rows.push(node)
    for (const child of node.children) walk(child)
  }
  if (root) walk(root)
  return (
    <TableFrame label="Zones and links">
      <thead>
        <tr>
          <th scope="col">zone</th>
          <th scope="col" className="n">
            price ct/kWh
          </th>
          <th scope="col" className="n">
            fed in
          </th>
          <th scope="col" className="n">
            sold
          </th>
          <th scope="col" className="n">
            taken
          </th>
          <th scope="col" className="n">
            bought
          </th>
          <th scope="col">link to parent: flow of capacity</th>
          <th scope="col" className="n">
            fee ct/kWh
          </th>
          <th scope="col" className="n">
            congestion
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
          <span className="soft">root</span>
        ) : (
          <span className={full ? 'link-cell full' : 'link-cell'}>
            <span className="link-cell-words">
              {flow?.exportWh === null
                ? 'not told'
                : flowWh === 0
                  ? 'no flow'
                  : `${Math.abs(flowWh)} ${flowWh > 0 ? 'out' : 'in'}`}
              <span className="soft"> of {zone.capacityWh ?? 'unlimited'}</span>
            </span>
            {load !== null && (
              <span className="link-bar" aria-hidden="true">
                <span style={{ width: `${load * 100}%` }} />
              </span>
            )}
            {full && <strong className="full-mark">full</strong>}
          </span>
        )}
      </td>
      <td className="n">{zone.parent === null ? '' : cents(zone.feePerKwh)}</td>
      <td className="n">{flow && signOf(flow.congestionPerKwh) > 0 ? cents(flow.congestionPerKwh) : '–'}</td>
    </tr>
  )
}
