/** Every table of an area follows from its journal. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { seededDraws } from '../bench/measure.ts'
import { type ScratchArea, scratchArea } from './area.ts'
import { kindsOf, RandomStreet } from './random-journal.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

const silent = () => {}

/** A journal of random commands, committed in groups of random size. */
async function randomArea(seed: number, steps: number): Promise<ScratchArea> {
  const draw = seededDraws(seed)
  const area = await scratchArea(server)
  const street = new RandomStreet(area.writer, draw)
  for (let step = 0; step < steps; step += 1) {
    await street.step()
    if (draw(4) === 0) await area.writer.commit()
  }
  await area.writer.commit()
  return area
}

const kinds = new Set<string>()

describe('random journals', () => {
  test.each([1, 2, 3, 4, 5, 6])('give the tables again, however they were grouped (seed %i)', async (seed) => {
    const area = await randomArea(seed, 400)
    for (const kind of kindsOf(area.writer.events)) kinds.add(kind)
    const count = (type: string) => area.writer.events.filter((e) => e.type === type).length
    console.log(
      seed,
      area.writer.place.sequence,
      Object.fromEntries([...kinds].map((k) => [k, count(k)])),
      'traded',
      area.writer.events.filter((e) => e.type === 'interval-cleared' && e.result.matchedWh > 0).length,
      'late',
      (
        await area.database`select count(*) filter (where late) late, count(*) filter (where in_next) in_next, count(*) from readings`
      )[0],
    )
    const rebuilt = await rebuildArea({ databaseUrl: area.url, areaId: area.areaId, progress: silent })
    expect(rebuilt).toEqual({ sequence: area.writer.place.sequence, difference: null })
    await area.close()
  })

  test('have seen everything', () => {
    expect([...kinds].sort()).toEqual([])
  })
})
