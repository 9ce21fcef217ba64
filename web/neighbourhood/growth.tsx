/**
 * The growth of homes, of the local share and of the money that stayed in the street: a sentence, three lines, and all their
 * numbers.
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { GrowthResource } from '../../server/api/growth-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { growthQuery } from '../api/queries.ts'
import { NumbersTable } from '../charts/numbers-table.tsx'
import { PointSlider } from '../charts/point-slider.tsx'
import { Spark } from '../charts/spark.tsx'
import { moneyScale, percentWords } from '../money/format.ts'
import { Card, Trouble } from '../page/card.tsx'
import { localDate, localMoment, localTime, monthName } from '../time/clock.ts'
import { type GrownPart, grownParts } from './grown.ts'
import { growthWords } from './growth-words.ts'
import './growth.css'

/** The fewest points from which a line is drawn. */
const fewestDrawn = 3

export default function Growth({ area }: { area: AreaResource }) {
  const said = growthWords()
  const growth = useQuery(growthQuery(area.area))
  const parts = growth.data === undefined ? [] : grownParts(growth.data)
  if (growth.data !== undefined && parts.length === 0) return null
  return (
    <Card title={said.title} className="growth">
      <Trouble error={growth.error} retry={() => void growth.refetch()} />
      {growth.data && <Told growth={growth.data} parts={parts} />}
    </Card>
  )
}

function Told({ growth, parts }: { growth: GrowthResource; parts: readonly GrownPart[] }) {
  const said = growthWords()
  const { by, currency } = growth
  const [first, last] = [parts[0]!, parts.at(-1)!]
  const { words: money } = moneyScale(
    parts.map(({ keptSoFar }) => keptSoFar),
    currency,
  )
  return (
    <>
      <p className="lead">
        {said.homes(last.meters, last.meters - first.meters, labelOf(first.start, by))}{' '}
        {said.since(sinceWords(growth.from), shareWords(wholeShare(growth)), money(last.keptSoFar))}
      </p>
      {parts.length >= fewestDrawn && <Lines growth={growth} parts={parts} money={money} />}
    </>
  )
}

interface LinesProps {
  growth: GrowthResource
  parts: readonly GrownPart[]
  money: (tokens: string) => string
}

function Lines({ growth: { by }, parts, money }: LinesProps) {
  const said = growthWords()
  const [shown, setShown] = useState<number | null>(null)
  const label = ({ start }: GrownPart) => labelOf(start, by)
  const words = (part: GrownPart) =>
    said.point(label(part), said.count(part.meters), shareWords(part.share), money(part.keptSoFar))
  const last = parts.at(-1)!
  const kept = parts.map(({ keptSoFar }) => Number(keptSoFar))
  const lines = [
    { name: said.columns.homes, color: 'grid', values: parts.map(({ meters }) => meters), now: `${last.meters}` },
    { name: said.columns.share, color: 'leaf', values: parts.map(({ share }) => share), now: shareWords(last.share) },
    { name: said.columns.kept, color: 'sun', values: kept, now: money(last.keptSoFar) },
  ] as const
  return (
    <figure className="grown" aria-label={said.chart}>
      <div className="grown-lines">
        {lines.map(({ name, color, values, now }) => (
          <div key={name}>
            <h3>
              {name} <strong>{now}</strong>
            </h3>
            <Spark values={values} label={said.line(name, label(parts[0]!), label(last))} color={color} from={0} />
            <p className="grown-span" aria-hidden="true">
              <span>{label(parts[0]!)}</span> <span>{label(last)}</span>
            </p>
          </div>
        ))}
      </div>
      <PointSlider
        count={parts.length}
        shown={shown}
        show={setShown}
        words={shown === null || shown >= parts.length ? null : words(parts[shown]!)}
        hint={words(last)}
      />
      <NumbersTable
        label={said.title}
        head={[said.by[by], said.columns.homes, said.columns.share, said.keptColumn]}
        count={parts.length}
        row={(place) => {
          const part = parts[parts.length - 1 - place]!
          return [label(part), `${part.meters}`, shareWords(part.share), money(part.keptSoFar)]
        }}
      />
    </figure>
  )
}

function wholeShare({ matchedWh, importWh }: GrowthResource): number | null {
  const [matched, taken] = [matchedWh, importWh].map((all) => all.reduce((sum, each) => sum + each, 0)) as [
    number,
    number,
  ]
  return taken === 0 ? null : matched / taken
}

function shareWords(share: number | null): string {
  return share === null ? '–' : percentWords(Math.round(share * 100) * 100)
}

/** A time on the present day, otherwise a date: "today at 14:05" would be wrong tomorrow. */
function sinceWords(from: string): string {
  const moment = localMoment(from)
  return moment === localTime(from) ? localTime(from, 60) : localDate(from)
}

function labelOf(start: string, by: GrowthResource['by']): string {
  const at = new Date(start)
  if (by === 'month') return monthName(`${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`)
  return by === 'day' ? localDate(start) : localTime(start, 60)
}
