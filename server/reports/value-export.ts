/**
 * What a market came to in the shapes that others read: series of a point with the meter codes of ebutilities.at, and who gave whom
 * how much. Like the grid operator's own values: what is not final is an estimate, what was not measured is missing.
 */
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { pairUp } from '../exchange/allocation/pairs.ts'
import type { IntervalValue, OfficialSeries, ValueQuality } from '../exchange/official-values.ts'
import type { FedIn, Triple } from '../exchange/write/triples.ts'
import type { ReportRow } from './row.ts'

export const valueFileFormats = ['eda-xlsx', 'eda-xml', 'es-coefficients', 'triples'] as const
export type ValueFileFormat = (typeof valueFileFormats)[number]

export interface ExportedRange {
  from: UtcSeconds
  to: UtcSeconds
  intervalSeconds: number
  /** The name of the community, or null. */
  community: string | null
}

const microPerWh = 1_000_000

/** The registers of Austrian communities: what was metered, and of it what came from neighbours, or was left of what was fed in. */
const registers = [
  { code: '1-1:1.9.0 G.01T', side: 'point', channel: 'total', of: (row: ReportRow) => row.importWh },
  { code: '1-1:2.9.0 G.03', side: 'point', channel: 'shared', of: (row: ReportRow) => row.boughtWh },
  { code: '1-1:2.9.0 G.01T', side: 'exportPoint', channel: 'total', of: (row: ReportRow) => row.exportWh },
  {
    code: '1-1:2.9.0 P.01T',
    side: 'exportPoint',
    channel: 'residual',
    of: (row: ReportRow) => row.exportWh - row.soldWh,
  },
] as const

/**
 * The series of a meter from its rows, with every interval of the range; those of a side on which nothing was ever metered are left out, but
 * for what was drawn where that is all there is.
 */
export function officialSeriesOf(
  rows: readonly ReportRow[],
  { from, to, intervalSeconds, community }: ExportedRange,
): OfficialSeries[] {
  const byStart = new Map(rows.map((row) => [row.start, row]))
  const { facts } = rows[0]!
  const feedsIn = rows.some(({ exportWh }) => exportWh > 0)
  const draws = !feedsIn || rows.some(({ importWh }) => importWh > 0)
  return registers.flatMap(({ code, side, channel, of }) => {
    if (side === 'point' ? !draws : !feedsIn) return []
    const values: IntervalValue[] = []
    for (let start = from; start < to; start += intervalSeconds) {
      const row = byStart.get(start)
      const quality = row === undefined ? 'missing' : qualityOf(row)
      const energyMicroWh = row === undefined || quality === 'missing' ? null : of(row) * microPerWh
      values.push({ start, energyMicroWh, quality })
    }
    const direction = side === 'point' ? 'import' : 'export'
    return [{ point: facts[side], direction, channel, code, community, intervalSeconds, values }]
  })
}

function qualityOf({ quality, status }: ReportRow): ValueQuality {
  if (quality === 'doubtful' || quality === 'missing') return 'missing'
  return quality === 'estimated' || status !== 'final' ? 'estimated' : 'measured'
}

/**
 * Who gave whom how much in one interval, from all its rows: pro rata to what each gave and got, as closely as whole Wh allow. Throws
 * `RangeError` where the rows are not all of the interval.
 */
export function triplesOf(rows: readonly ReportRow[]): { productions: FedIn[]; triples: Triple[] } {
  const producers = rows.filter(({ exportWh }) => exportWh > 0)
  const consumers = rows.filter(({ boughtWh }) => boughtWh > 0)
  const energies = (of: readonly ReportRow[], name: 'soldWh' | 'boughtWh'): Wh[] => of.map((row) => row[name])
  const pairs = pairUp(energies(producers, 'soldWh'), energies(consumers, 'boughtWh'))
  return {
    productions: producers.map(({ facts, start, exportWh }) => ({
      producer: facts.exportPoint,
      start,
      energyWh: exportWh,
    })),
    triples: pairs.map(({ producer, consumer, energyWh }) => {
      const { facts, start } = producers[producer]!
      return { producer: facts.exportPoint, consumer: consumers[consumer]!.facts.point, start, energyWh }
    }),
  }
}
