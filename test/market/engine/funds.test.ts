/** The engine's committed funds against their slow twin. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { committedFunds } from '../../../server/market/engine/funds.ts'
import { decodeState, encodeState } from '../../../server/market/engine/snapshot.ts'
import { play, streets } from './random-streets.ts'
import { slowlyCommitted } from './slow-funds.ts'

const seed = Number(process.env.SEED ?? 20_261_123)

it(`what seats have committed is, after every command, what the whole state adds up to (SEED=${seed})`, () => {
  let amounts = 0
  fc.assert(
    fc.property(streets, ([steps, funds]) => {
      const { state } = play(steps, funds, (now) => {
        const committed = committedFunds(now)
        const added = slowlyCommitted(now)
        const isSame = committed.size === added.size && [...added].every(([seat, sum]) => committed.get(seat) === sum)
        if (!isSame) expect(committed).toEqual(added)
        amounts += committed.size
      })
      expect(committedFunds(decodeState(encodeState(state)))).toEqual(committedFunds(state))
    }),
    { seed, numRuns: 60 },
  )
  expect(amounts).toBeGreaterThan(1_000)
})
