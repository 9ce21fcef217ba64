/** Agents, server, database and chain are killed while the street trades; `npm run soak:crash` does it for longer. */
import { expect, it } from 'vitest'
import { surviveFire } from './under-fire.ts'

const seed = Number(process.env.SEED ?? Math.floor(Date.now() / 1000))

it(`loses and doubles nothing when any process is killed at any moment (SEED=${seed})`, async () => {
  const survived = await surviveFire({ seed, intervals: 15, everyMs: 2_500, log: () => {} })
  const kills = Object.values(survived.kills).reduce((sum, count) => sum + count, 0)
  console.log(
    `SEED=${seed}: ${kills} kills ${JSON.stringify(survived.kills)}, ${survived.undisturbed} of ${survived.intervals} intervals as undisturbed`,
  )
  expect(kills).toBeGreaterThanOrEqual(20)
}, 420_000)
