/** Agents, server, database and chain are killed while the street trades; `npm run soak:crash` does it hundreds of times. */
import { expect, it } from 'vitest'
import { intervalSeconds } from '../end-to-end/scripted-street.ts'
import { surviveFire } from './under-fire.ts'

const seed = Number(process.env.SEED ?? Math.floor(Date.now() / 1000))
const intervals = Number(process.env.INTERVALS ?? 12)
const everyMs = 2_500
const fireMs = intervals * intervalSeconds * 1000

it(
  `loses and doubles nothing when any process is killed at any moment (SEED=${seed})`,
  async () => {
    const log = intervals > 12 ? console.log : () => {}
    const survived = await surviveFire({ seed, intervals, everyMs, log })
    const kills = Object.values(survived.kills).reduce((sum, count) => sum + count, 0)
    const how = `${kills} kills ${JSON.stringify(survived.kills)}`
    console.log(`SEED=${seed}: ${how}, ${survived.undisturbed} of ${survived.intervals} intervals as undisturbed`)
    expect(kills).toBeGreaterThanOrEqual(Math.floor(fireMs / everyMs / 2))
  },
  fireMs + 900_000,
)
