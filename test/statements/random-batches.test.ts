/** Whatever an area went through, each of its batches is computed again from its file, and each seat's statement is right. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AreaFile } from '../../server/settlement/area-file.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import { seededDraws } from '../bench/measure.ts'
import { exportedBatch, statementOfSeat } from '../settlement/exported.ts'
import { identity, type ScratchArea, scratchArea } from '../store/area.ts'
import { RandomStreet } from '../store/random-journal.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { commandsOf, everybodySigned, newestCuts, settledArea, settledSeat } from './settled-journal.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

const seeds =
  process.env.SEED === undefined ? Array.from({ length: 10 }, (_, place) => place + 1) : [Number(process.env.SEED)]

async function played(seed: number, steps: number): Promise<ScratchArea> {
  const draw = seededDraws(seed)
  const area = await scratchArea(server)
  const street = new RandomStreet(area.writer, draw, { isChainSteady: true, hearsLate: true })
  for (let step = 0; step < steps; step += 1) {
    await street.step()
    if (draw(4) === 0) await area.writer.commit()
  }
  await area.writer.commit()
  return area
}

/** What of a batch's file makes computing it again worth the while. */
function sightsOf({
  leftOut,
  settings,
  revocations,
  intervals,
  contradictions,
  seats,
  agreements,
}: AreaFile): string[] {
  const fills = seats.flatMap((seat) => seat.fills)
  const sights: [string, boolean][] = [
    ...(['agreements', 'forward', 'spot'] as const).map((stage): [string, boolean] => {
      return [`fills of ${stage}`, fills.some((fill) => fill[1] === stage)]
    }),
    ['seats left out', leftOut.length > 0],
    ['seats left out twice', leftOut.length > 1],
    ['settings that change', settings.length > 1],
    ['a key taken back', revocations.length > 0],
    ['funds too short', intervals.some(({ cut }) => cut.length > 0)],
    ['a suspended meter', contradictions.length > 0],
    ['a group of agreements', agreements.some(({ arrival, group }) => arrival !== group)],
    ['readings that are not measured', seats.some(({ readings }) => readings.some((reading) => reading[4] > 0))],
  ]
  return sights.flatMap(([name, isSeen]) => (isSeen ? [name] : []))
}

const seen = new Map<string, number>()

describe.each(seeds)('random streets (SEED=%i)', (seed) => {
  test('every batch is right, and every seat’s statement', async () => {
    const area = await played(seed, 400)
    const stored = { ...identity, areaId: area.areaId }
    const commands = await commandsOf(area.store)
    const checked: [what: string, difference: string | null][] = []
    const cuts = newestCuts(area.writer.events)
    for (const batch of cuts) {
      const made = await makeStatement(area.database, stored, batch.end)
      if (made === null) continue
      const file = await exportedBatch(area.database, stored, batch.end)
      const settled = settledArea(commands, { batch, cuts }, made.root)
      checked.push([`batch to ${batch.end}`, verifyArea(file, settled, everybodySigned(file))])
      for (const sight of sightsOf(file)) seen.set(sight, (seen.get(sight) ?? 0) + 1)
      for (const { seat } of file.seats) {
        const own = await statementOfSeat(area.database, stored, { seat, end: batch.end })
        const difference = verifyStatement(own, settledSeat(settled, batch, seat), everybodySigned(own))
        checked.push([`seat ${seat} to ${batch.end}`, difference])
      }
    }
    expect(checked.length).toBeGreaterThan(10)
    expect(checked.filter(([, difference]) => difference !== null)).toEqual([])
    await area.close()
  })
})

test.skipIf(process.env.SEED !== undefined)('have seen everything that a batch can rest on', () => {
  const missing = [
    ...['fills of agreements', 'fills of forward', 'fills of spot', 'seats left out', 'seats left out twice'],
    ...['settings that change', 'a key taken back', 'funds too short', 'a suspended meter', 'a group of agreements'],
    'readings that are not measured',
  ].filter((sight) => !seen.has(sight))
  expect(missing).toEqual([])
})
