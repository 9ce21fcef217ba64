/** What a file declares: allocated energy of points by interval, a key over points, or prices; ready to be signed piece by piece. */
import { z } from 'zod'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import type { Ticks, UtcSeconds } from '../../contracts/protocol/units.ts'
import { parsePrice } from '../../contracts/protocol/units.ts'
import { wholeMillionths } from '../exchange/allocation/allocate.ts'
import { allocatedOf, byIntervalsOf } from '../exchange/allocation/allocated.ts'
import { dayOf } from '../exchange/instants.ts'
import { readOfficialValues } from '../exchange/read-values.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { beginsEsCoefficients, readEsCoefficients } from '../exchange/write/es-coefficients.ts'
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
  /** The file's own name, of which a file of coefficients needs the year. */
  name: string
  /** Points of the roster that feed in at a time: a file of coefficients names only those who get energy. */
  producersAt(start: UtcSeconds): string[]
  now: UtcSeconds
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
  if (beginsEsCoefficients(text)) return { pieces: fromCoefficients(bytes, form), told: [] }
  const { series } = await readOfficialValues(bytes, { timezone: form.timezone })
  const { intervals, incomplete } = byIntervalsOf(form.intervalSeconds, allocatedOf(series))
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
    json = parseJsonText(bytes.toString('utf8'))
  } catch (cause) {
    throw new InputError((cause as SyntaxError).message)
  }
  const { data: file, mistakes } = checkForm(jsonFile, json)
  if (mistakes !== null) throw new InputError(mistakeLines(mistakes).join('; '))
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

/** Spain: the whole of what the roster's producers feed in, by percentages of the year or of its hours, as far as they are still to come. */
function fromCoefficients(bytes: Buffer, form: FileForm): DeclaredPiece[] {
  const { name, now, intervalSeconds, seatAt, producersAt, timezone = 'Europe/Madrid' } = form
  const year = Number(/_(\d{4})\.txt$/.exec(name)?.[1])
  if (!year) throw new InputError('a file of coefficients is named after its installation and its year: <CAU>_2027.txt')
  const { cups, millionths } = readEsCoefficients(bytes.toString('utf8'), year)
  const zone = new TimeZone(timezone)
  const [yearStart, end] = [year, year + 1].map((each) => zone.startOfDay(dayOf(each, 1, 1)!)) as [number, number]
  // A key counts for intervals that start after it was heard.
  const from = Math.max(yearStart, (Math.floor(now / intervalSeconds) + 2) * intervalSeconds)
  if (from >= end) throw new InputError(`the year ${year} is over`)
  const consumers = cups.map((point) => seatAt(point, 'import', from))
  const producers = producersAt(from).map((point) => seatAt(point, 'export', from))
  if (producers.length === 0) throw new InputError('the roster has no point that feeds in')
  const steps: KeySteps = []
  for (const [hour, sharesMillionths] of millionths.entries()) {
    const begins = Math.max(from, yearStart + hour * 3_600)
    const last = steps.at(-1)
    const round = { ofMillionths: wholeMillionths, key: { type: 'static' as const, sharesMillionths, repeated: false } }
    if (last?.from === begins) steps[steps.length - 1] = { from: begins, rounds: [round] }
    else if (last === undefined || !sameShares(last, sharesMillionths)) steps.push({ from: begins, rounds: [round] })
  }
  const perPiece = Math.max(1, Math.floor(rowsPerPiece / cups.length))
  const pieces: DeclaredPiece[] = []
  for (let at = 0; at < steps.length; at += perPiece) {
    const own = steps.slice(at, at + perPiece)
    const body: Declared = { type: 'key', consumers, producers, steps: own }
    pieces.push({ body, start: own[0]!.from, end: steps[at + perPiece]?.from ?? end })
  }
  return pieces
}

type KeySteps = Extract<Declared, { type: 'key' }>['steps']

function sameShares({ rounds }: KeySteps[number], shares: readonly number[]): boolean {
  const { key } = rounds[0]!
  return key.type === 'static' && key.sharesMillionths.every((share, place) => share === shares[place])
}

function timeOf(seconds: UtcSeconds): string {
  return new Date(seconds * 1000).toISOString()
}
