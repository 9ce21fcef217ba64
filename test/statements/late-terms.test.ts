/** What a seat was allowed turns out after an interval has begun: its batch is computed again by what was known then. */
import { expect, test } from 'vitest'
import { digestOf, hashRules } from '../../contracts/protocol/typed-data.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import { boundary, config, face, following, order, placing, reading, seat, t0, terms } from '../market/engine/street.ts'
import { exportedBatch } from '../settlement/exported.ts'
import { identity, scratchArea } from '../store/area.ts'
import { startScratchServer } from '../store/scratch-database.ts'
import { commandsOf, everybodySigned, newestCuts, settledArea } from './settled-journal.ts'

const end = boundary(4)

test('nobody is said to have had to trade in an interval for which it was not known that it may', async () => {
  const server = await startScratchServer()
  const area = await scratchArea(server)
  try {
    const { writer, database, areaId, store } = area
    const rulesHash = hashRules(config.rules)
    writer.run({ type: 'configure', atMs: t0 * 1000 - 5_000, config: { ...config, rulesHash }, face })
    writer.run(following(t0 * 1000 - 4_000, [seat(1, { terms: [terms({ nameplateWh: null })] }), seat(2)]))
    for (const [number, side] of [[1, 'sell'] as const, [2, 'buy'] as const]) {
      const placed = order(number, side, { rules: rulesHash })
      const [id, signature] = [digestOf(identity, 'Order', placed), `0x${'cd'.repeat(65)}`]
      writer.run({ ...placing(t0 * 1000 - 1_000, placed), id, signature })
    }
    writer.passTime(t0 * 1000 + 1)
    // The grid operator had confirmed the meter from the first interval on, and the chain tells it late.
    writer.run(following(t0 * 1000 + 60_000, [seat(1, { confirmations: 2 })], 0, 2))
    for (const place of [1, 2, 3, 4]) {
      writer.passTime(boundary(place) * 1000 + 500)
      const signed = { signature: `0x${'ab'.repeat(64)}` }
      const readings = [
        reading(1, boundary(place), 0, 400 * place, signed),
        reading(2, boundary(place), 500 * place, 0, signed),
      ]
      writer.run({ type: 'readings', atMs: boundary(place) * 1000 + 1_000, readings })
    }
    writer.passTime(end * 1000 + 3_600_000)
    await writer.commit()
    const stored = { ...identity, areaId }
    const made = await makeStatement(database, stored, end)
    const file = await exportedBatch(database, stored, end)
    const sold = file.seats.find(({ seat: number }) => number === 1)!.fills
    expect(sold.map(([start]) => start)).toEqual([boundary(1), boundary(2), boundary(3)])
    const cuts = newestCuts(writer.events)
    const batch = cuts.find((cut) => cut.end === end)!
    const settled = settledArea(await commandsOf(store), { batch, cuts }, made!.root)
    expect(verifyArea(file, settled, everybodySigned(file))).toBeNull()
  } finally {
    await area.close()
    await server.stop()
  }
})
