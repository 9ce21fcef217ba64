/** What the API says of official values: files, what became of them, and where they differ. */
import { z } from 'zod'
import { formatMicroWh } from '../exchange/decimal.ts'
import { isoDay } from '../exchange/instants.ts'
import { valueQualities } from '../exchange/official-values.ts'
import type { FeederBalance } from '../metering/feeder-balance.ts'
import type { Tolerance } from '../metering/witnesses.ts'
import type { TakenFile } from '../official/take-file.ts'
import type { PointOverview } from '../store/metering-overview.ts'
import type { OfficialDifference, OfficialFile } from '../store/official-store.ts'
import type { WitnessDay, WitnessInterval } from '../store/witness-store.ts'
import { isoTime } from './present.ts'

const time = z.iso.datetime()
const count = z.int().min(0)
const energy = z.string().nullable().meta({ description: 'Wh, an exact decimal; null where the value is missing' })
const refusalSchema = z.object({ place: z.string(), reason: z.string() })
const claimSchema = z.object({ file: z.string(), energyWh: energy, quality: z.enum(valueQualities) })

export const officialDifferenceSchema = z
  .object({
    start: time,
    point: z.string(),
    direction: z.enum(['import', 'export']),
    channel: z.enum(['total', 'shared', 'offered', 'residual']),
    kind: z.enum(['replaced', 'conflict']).meta({
      description: 'replaced: the newer value counts; conflict: neither is newer, and the one before counts on',
    }),
    before: claimSchema,
    after: claimSchema,
  })
  .meta({ id: 'OfficialDifference' })
export type OfficialDifferenceResource = z.infer<typeof officialDifferenceSchema>

export const takenFileSchema = z
  .object({
    name: z.string(),
    format: z.string(),
    isNew: z.boolean().meta({ description: 'False where the same content was taken before: nothing has changed' }),
    kept: count,
    verdicts: z.object({
      ...{ counts: count, same: count, replaced: count, conflict: count, older: count, missing: count },
    }),
    refused: count,
    refusals: z.array(refusalSchema).meta({ description: 'The first 1,000' }),
    differences: z.array(officialDifferenceSchema).meta({ description: 'The first 1,000' }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'TakenFile' })
type TakenFileResource = z.infer<typeof takenFileSchema>

export const officialFileSchema = z
  .object({
    name: z.string(),
    format: z.string(),
    createdAt: time.nullable().meta({ description: 'As the file says' }),
    takenAt: time,
    takenBy: z.string().nullable().meta({ description: 'The account that sent it; null where the command took it' }),
    kept: count,
    refused: count,
    refusals: z.array(refusalSchema),
  })
  .meta({ id: 'OfficialFile' })
export type OfficialFileResource = z.infer<typeof officialFileSchema>

export const meteringPointSchema = z
  .object({
    ...{ point: z.string(), direction: z.enum(['import', 'export']), meter: z.string(), account: z.string() },
    member: z.string().meta({ description: 'As the roster names it' }),
    ...{ supplier: z.string().nullable(), balanceGroup: z.string().nullable() },
    factorPercent: z.int(),
    sharePercent: z.string().nullable().meta({ description: 'Under static keys, an exact decimal' }),
    ...{ fromDay: z.iso.date(), endDay: z.iso.date().nullable().meta({ description: 'The day after the last' }) },
    expected: count.meta({
      description: 'Intervals of the range of which a value is due, `dueSeconds` after their end',
    }),
    measured: count.meta({ description: 'Intervals with a value that was measured' }),
    substituted: count.meta({ description: 'Intervals with a value put in another’s place' }),
    estimated: count.meta({ description: 'Intervals with a value that was estimated' }),
    missing: count.meta({ description: 'Intervals without a value though one is due' }),
    late: count.meta({ description: 'Of those with a value, the ones whose first value came when it was overdue' }),
    replaced: count.meta({ description: 'Intervals of the range in which a newer file replaced a value' }),
    conflicts: count.meta({ description: 'Intervals of the range in which two files contradict each other' }),
    newest: time.nullable().meta({ description: 'The start of the newest interval with a value' }),
  })
  .meta({ id: 'MeteringPoint' })
export type MeteringPointResource = z.infer<typeof meteringPointSchema>

const millionths = 1_000_000

/** A metering point as the API shows it; no value is due where official values do not settle. */
export function presentMeteringPoint(
  { row, newest, ...counts }: PointOverview,
  { isDue }: { isDue: boolean },
): MeteringPointResource {
  const { measured, substituted, estimated, late } = counts
  const there = measured + substituted + estimated
  const expected = isDue ? counts.expected : there
  const { point, direction, meter, member, supplier, balanceGroup, factorPercent, shareMillionths } = row
  return {
    ...{
      point,
      direction,
      meter,
      member,
      supplier,
      balanceGroup,
      factorPercent,
      ...counts,
      expected,
      late: isDue ? late : 0,
    },
    sharePercent: shareMillionths === null ? null : String((shareMillionths * 100) / millionths),
    fromDay: isoDay(row.fromDay),
    endDay: row.endDay === null ? null : isoDay(row.endDay),
    missing: expected - there,
    newest: newest === null ? null : isoTime(newest),
  }
}

const energies = { officialWh: z.int(), agentWh: z.int() }
const pointOf = { point: z.string(), direction: z.enum(['import', 'export']) }

export const witnessesSchema = z
  .object({
    tolerance: z.object({ wh: z.int(), percent: z.int() }).meta({
      description:
        'They differ beyond it where |official − agent| is more than `wh` and `percent` of the larger together',
    }),
    days: z
      .array(
        z.object({
          ...{ day: z.iso.date(), ...pointOf, compared: count, beyond: count, ...energies },
          largestWh: z.int().meta({ description: 'Official less agent, of the interval in which they differ most' }),
        }),
      )
      .meta({ description: 'Days of UTC of which both say something, newest first; the first 2,000' }),
    contradictions: z
      .array(z.object({ start: time, ...pointOf, ...energies, differenceWh: z.int() }))
      .meta({ description: 'Intervals in which they differ beyond the tolerance, newest first; the first 500' }),
  })
  .meta({ id: 'Witnesses' })
export type WitnessesResource = z.infer<typeof witnessesSchema>

export function presentWitnesses(
  tolerance: Tolerance,
  days: readonly WitnessDay[],
  contradicting: readonly WitnessInterval[],
): WitnessesResource {
  return {
    tolerance,
    days: days.map(({ day, meter: _, ...rest }) => ({ day: isoDay(day), ...rest })),
    contradictions: contradicting.map(({ start, officialWh, agentWh, point, direction }) => ({
      ...{ start: isoTime(start), point, direction, officialWh, agentWh, differenceWh: officialWh - agentWh },
    })),
  }
}

export function presentTaken({ file, differences, ...taken }: TakenFile): TakenFileResource {
  const { name, format, kept, verdicts, refused, refusals, warnings } = taken
  return {
    ...{ name, format, isNew: file !== null, kept, verdicts, refused, refusals, warnings },
    differences: differences.map(presentDifference),
  }
}

export function presentDifference({ start, before, after, ...rest }: OfficialDifference): OfficialDifferenceResource {
  const claim = ({ file, energyMicroWh, quality }: OfficialDifference['before']) => {
    return { file, energyWh: energyMicroWh === null ? null : formatMicroWh(energyMicroWh), quality }
  }
  return { ...rest, start: isoTime(start), before: claim(before), after: claim(after) }
}

export function presentOfficialFile({ createdAt, takenAt, file: _, ...rest }: OfficialFile): OfficialFileResource {
  return { ...rest, createdAt: createdAt === null ? null : isoTime(createdAt), takenAt: takenAt.toISOString() }
}

const net = (what: string) =>
  z
    .int()
    .nullable()
    .meta({ description: `Net Wh drawn from above ${what}; null where not everything is measured` })

/** A transformer's meter beside the homes below it. */
export const feederSchema = z
  .object({
    zone: z.string(),
    point: z.string(),
    transformerWh: z.int().meta({ description: 'Net, of the intervals of which both sides are known' }),
    homesWh: z.int(),
    differenceWh: z.int().meta({ description: 'Losses, and what is connected without a seat' }),
    compared: z.int().meta({ description: 'Intervals of which both sides are known' }),
    intervals: z.array(
      z.object({
        start: z.string(),
        transformerWh: net('by the transformer’s meter'),
        homesWh: net('by the homes below it'),
        differenceWh: net('that no home took'),
      }),
    ),
  })
  .meta({ id: 'Feeder' })
export type FeederResource = z.infer<typeof feederSchema>

/** Sums are of all intervals; the newest `most` are listed. */
export function presentFeeder({ zone, point, intervals }: FeederBalance, most: number): FeederResource {
  const both = intervals.filter(({ differenceWh }) => differenceWh !== null)
  const sum = (name: 'transformerWh' | 'homesWh' | 'differenceWh') => both.reduce((all, each) => all + each[name]!, 0)
  return {
    ...{ zone, point, compared: both.length, transformerWh: sum('transformerWh'), homesWh: sum('homesWh') },
    differenceWh: sum('differenceWh'),
    intervals: intervals.slice(-most).map(({ start, ...rest }) => ({ start: isoTime(start), ...rest })),
  }
}
