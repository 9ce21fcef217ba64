/**
 * What the transformers' meters counted compared with the homes below them, and how much no home took over time. Nothing is
 * shown where no such meter is known.
 */
import { useQuery } from '@tanstack/react-query'
import type { FeederResource } from '../../server/api/official-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { Spark } from '../charts/spark.tsx'
import { energy } from '../money/format.ts'
import { Empty, Figure, Trouble } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { feederWords } from './feeder-words.ts'
import { feedersQuery } from './queries.ts'

/** The most rows that are shown; the API has the others. */
const mostShown = 96

export function Feeders({ area, month }: { area: AreaResource; month: string | null }) {
  const said = feederWords()
  const feeders = useQuery(feedersQuery(useSession(), area.area, month))
  if (feeders.data?.length === 0) return null
  return (
    <>
      <h3>{said.title}</h3>
      <Trouble error={feeders.error} retry={() => void feeders.refetch()} />
      {feeders.data?.map((feeder) => (
        <Feeder
          key={feeder.zone}
          feeder={feeder}
          name={area.zones.find(({ zone }) => zone === feeder.zone)?.name ?? feeder.zone}
        />
      ))}
    </>
  )
}

function Feeder({ feeder, name }: { feeder: FeederResource; name: string }) {
  const said = feederWords()
  const { point, compared, transformerWh, homesWh, differenceWh, intervals } = feeder
  const shown = intervals.slice(-mostShown)
  const net = (wh: number | null) => (wh === null ? '–' : energy(wh))
  return (
    <section className="feeder" aria-label={name}>
      <h4>
        {name} <span className="soft">{point}</span>
      </h4>
      {compared === 0 ? (
        <Empty>{said.nothing}</Empty>
      ) : (
        <>
          <div className="numbers">
            <Figure label={said.transformer}>{energy(transformerWh)}</Figure>
            <Figure label={said.homes}>{energy(homesWh)}</Figure>
            <Figure label={said.difference}>{energy(differenceWh)}</Figure>
          </div>
          <p className="explain">{said.explain(compared)}</p>
          <Spark values={shown.map((own) => own.differenceWh)} label={said.chart(name)} color="grid" />
        </>
      )}
      <details>
        <summary>{said.table}</summary>
        <TableFrame label={said.table} tall>
          <thead>
            <tr>
              <th scope="col">{said.time}</th>
              {[said.transformer, said.homes, said.difference].map((each) => (
                <th key={each} scope="col" className="n">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.toReversed().map((own) => (
              <tr key={own.start}>
                <th scope="row">{localMoment(own.start)}</th>
                <td className="n">{net(own.transformerWh)}</td>
                <td className="n">{net(own.homesWh)}</td>
                <td className="n">{net(own.differenceWh)}</td>
              </tr>
            ))}
          </tbody>
        </TableFrame>
      </details>
    </section>
  )
}
