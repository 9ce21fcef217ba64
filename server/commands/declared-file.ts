/** What a file declares: allocated energy of points by interval, a key over points, or prices; ready to be signed piece by piece. */

import { z } from 'zod'
import { mistakesOf } from '../../contracts/protocol/mistakes.ts'
import type { Ticks, UtcSeconds } from '../../contracts/protocol/units.ts'
import { parsePrice } from '../../contracts/protocol/units.ts'
import { allocatedOf } from '../exchange/allocation/allocated.ts'
import { readOfficialValues } from '../exchange/read-values.ts'
import { readTriples } from '../exchange/write/triples.ts'
import type { Declared } from '../market/area/declarations.ts'
import { InputError } from './streams.ts'

/** Finds the seat of a point, a meter's address or a seat's number at a time. Throws `InputError` where there is none. */
export type SeatAt = (name: string, direction: 'import' | 'export', start: UtcSeconds) => number

export interface DeclaredPiece {
  body: Declared
  start: UtcSeconds
  end: UtcSeconds
}

export interface FileForm {
  intervalSeconds: number
  priceDecimals: number
  timezone?: string
  seatAt: SeatAt
}

/** Rows of one piece, so that its JSON stays well below what the server takes. */
const rowsPerPiece = 10_000
/** A key without an end holds until the next one. */
const endOfTime = 4_102_444_800

const round = z.strictObject({
  ofMillionths: z.int().default(1_000_000),
  key: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('proportional') }),
    z.strictObject({
      type: z.literal('static'),
      sharesMillionths: z.array(z.int()),
      repeated: z.boolean().default(false),
    }),
    z.strictObject({ type: z.literal('cascade'), ranks: z.array(z.int().nullable()) }),
  ]),
})
const instant = z.iso.datetime().transform((text) => Date.parse(text) / 1000)
const jsonFile = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('key'),
    from: instant,
    to: instant.optional(),
    consumers: z.array(z.string()),
    producers: z.array(z.string()),
    steps: z.array(z.strictObject({ from: instant, rounds: z.array(round) })).optional(),
    rounds: z.array(round).optional(),
  }),
  z.strictObject({
    type: z.literal('prices'),
    from: instant,
    stepSeconds: z.int().min(1),
    pricesPerKwh: z.array(z.string()).min(1),
  }),
])

/** Throws `InputError` and `ExchangeError`. `told` has a sentence for each thing that was left out. */
export async function readDeclaredFile(
  bytes: Buffer,
  form: FileForm,
): Promise<{ pieces: DeclaredPiece[]; told: string[] }> {
  const text = bytes.toString('utf8', 0, 200).trimStart()
  if (text.startsWith('{') && /"type"\s*:\s*"(key|prices)"/.test(bytes.toString('utf8', 0, 2_000))) {
    return { pieces: [fromJson(bytes, form)], told: [] }
  }
  if (text.startsWith('producer,consumer,')) return { pieces: piecesOf(fromTriples(bytes), form), told: [] }
  const { series } = await readOfficialValues(bytes, { timezone: form.timezone })
  const { intervalSeconds, intervals, incomplete } = allocatedOf(series)
  if (intervalSeconds !== form.intervalSeconds) {
    throw new InputError(`intervals of ${intervalSeconds} s, but the area has intervals of ${form.intervalSeconds} s`)
  }
  const told = incomplete.map((start) => `the interval of ${timeOf(start)} is not complete and was left out`)
  return { pieces: piecesOf(intervals, form), told }
}

type Intervals = ReturnType<typeof allocatedOf>['intervals']

function fromTriples(bytes: Buffer): Intervals {
  const byStart = new Map<UtcSeconds, Map<string, Intervals[number]['energies'][number]>>()
  const add = (start: UtcSeconds, point: string, direction: 'import' | 'export', energyWh: number) => {
    const own = byStart.get(start) ?? new Map()
    byStart.set(start, own)
    const name = `${direction} ${point}`
    own.set(name, { point, direction, energyWh: (own.get(name)?.energyWh ?? 0) + energyWh })
  }
  for (const { producer, consumer, start, energyWh } of readTriples(bytes).triples) {
    add(start, producer, 'export', energyWh)
    add(start, consumer, 'import', energyWh)
  }
  const ascending = [...byStart].sort(([a], [b]) => a - b)
  return ascending.map(([start, own]) => ({ start, energies: [...own.values()] }))
}

/** Pieces of intervals that follow one another, none with too many rows. */
function piecesOf(intervals: Intervals, { intervalSeconds, seatAt }: FileForm): DeclaredPiece[] {
  const pieces: (DeclaredPiece & { rows: number })[] = []
  for (const { start, energies } of intervals) {
    const bySeat = new Map<number, { seat: number; allocatedWh: number; sharedWh: number }>()
    for (const { point, direction, energyWh } of energies) {
      if (energyWh === 0) continue
      const seat = seatAt(point, direction, start)
      const own = bySeat.get(seat) ?? { seat, allocatedWh: 0, sharedWh: 0 }
      bySeat.set(seat, own)
      if (direction === 'import') own.allocatedWh += energyWh
      else own.sharedWh += energyWh
    }
    const seats = [...bySeat.values()].sort((a, b) => a.seat - b.seat)
    let last = pieces.at(-1)
    if (last === undefined || last.end !== start || last.rows + seats.length > rowsPerPiece) {
      last = { body: { type: 'quantities', intervals: [] }, start, end: start, rows: 0 }
      pieces.push(last)
    }
    if (last.body.type === 'quantities') last.body.intervals.push({ start, seats })
    last.end = start + intervalSeconds
    last.rows += seats.length
  }
  return pieces.map(({ body, start, end }) => ({ body, start, end }))
}

function fromJson(bytes: Buffer, { priceDecimals, seatAt, intervalSeconds }: FileForm): DeclaredPiece {
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new InputError(`is not JSON: ${(cause as Error).message.slice(0, 200)}`)
  }
  const parsed = jsonFile.safeParse(json)
  if (!parsed.success) {
    throw new InputError(mistakesOf(parsed.error).join('; '))
  }
  const file = parsed.data
  const start = file.from
  if (file.type === 'prices') {
    const ticks = file.pricesPerKwh.map((price): Ticks => parsePrice(price, priceDecimals))
    const { stepSeconds } = file
    return { body: { type: 'prices', stepSeconds, ticks }, start, end: start + stepSeconds * ticks.length }
  }
  if ((file.steps === undefined) === (file.rounds === undefined)) {
    throw new InputError('a key has either rounds or steps')
  }
  const seats = (names: readonly string[], direction: 'import' | 'export') =>
    names.map((name) => seatAt(name, direction, start))
  const body: Declared = {
    type: 'key',
    consumers: seats(file.consumers, 'import'),
    producers: seats(file.producers, 'export'),
    steps: file.steps ?? [{ from: start, rounds: file.rounds! }],
  }
  return { body, start, end: file.to ?? endOfTime - (endOfTime % intervalSeconds) }
}

function timeOf(seconds: UtcSeconds): string {
  return new Date(seconds * 1000).toISOString()
}
