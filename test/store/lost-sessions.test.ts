/** Sessions end at any moment: every statement is answered, nothing is half written, and the process lives on. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, isConnectionLoss, openDatabase, transact } from '../../server/store/database.ts'
import { type Random, randomOf } from '../simulation/random.ts'
import { type BrittleWay, startProxy } from './proxy.ts'
import { type OwnServer, startOwnServer } from './scratch-database.ts'

const seed = Number(process.env.SEED ?? 20_261_130)
const rounds = Number(process.env.RUNS ?? 5)

let server: OwnServer
beforeAll(async () => {
  server = await startOwnServer()
})
afterAll(() => server.stop())

/** What can happen to sessions. */
const troubles: Record<string, (direct: Database, way: BrittleWay) => unknown> = {
  terminated: (direct) => direct`
    select pg_terminate_backend(pid) from pg_stat_get_activity(null) where application_name = 'brittle'`,
  cut: (_, way) => way.cut(),
  'cut at the next answer': (_, way) => way.cutOnce(1),
  'cut at the third answer': (_, way) => way.cutOnce(3),
}

/** A pair of rows, or a question, in one of the ways in which the program uses sessions. */
async function somebody(database: Database, random: Random, pair: number): Promise<void> {
  const way = random.whole(0, 3)
  if (way === 0) await database`select ${pair}::int as one, array[1, 2] as two`
  else if (way === 1) await Promise.all([database`select 1`, database`select pg_sleep(0.002)`])
  else
    await transact(database, async (sql) => {
      await sql`insert into pairs values (${pair}, 1)`
      if (way === 2) await wait(random.whole(0, 10))
      const second = sql`insert into pairs values (${pair}, 2)`.execute()
      await Promise.all([second, sql`select 1`])
    })
}

test(`any session at any time, seed ${seed}`, { timeout: rounds * 120_000 }, async () => {
  const unhandled: unknown[] = []
  const keep = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', keep).on('uncaughtException', keep)
  const { database: direct, url } = await server.fresh()
  await direct`create table pairs (pair int, half int)`
  const way = await startProxy(url)
  let lost = 0
  let pair = 0
  let answered = 0
  for (let round = 0; round < rounds; round += 1) {
    const random = randomOf(seed + round)
    const database = openDatabase(way.url, random.whole(1, 4), { name: 'brittle' })
    const people = Array.from({ length: 6 }, async () => {
      for (let turn = 0; turn < 12; turn += 1) {
        const own = ++pair
        try {
          await somebody(database, random, own)
        } catch (error) {
          if (!isConnectionLoss(error)) throw error
          lost += 1
        }
        answered += 1
      }
    })
    let isOver = false
    const over = Promise.all(people).finally(() => {
      isOver = true
    })
    while (!isOver) {
      const [, happen] = random.pick(Object.entries(troubles))
      const before = answered
      await happen(direct, way)
      // On a slow machine no session would open between one trouble and the next.
      while (!isOver && answered === before) await wait(5)
      await wait(random.whole(0, 80))
    }
    await over
    way.cutOnce(0)
    expect(await database`select 1 as one`, `round ${round}`).toEqual([{ one: 1 }])
    await database.end({ timeout: 1 })
  }
  await way.stop()
  process.off('unhandledRejection', keep).off('uncaughtException', keep)
  expect(unhandled).toEqual([])
  expect(lost).toBeGreaterThan(0)
  const halves = await direct`select pair from pairs group by pair having count(*) <> 2`
  expect(halves).toEqual([])
})
