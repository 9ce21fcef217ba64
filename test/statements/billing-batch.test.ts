/**
 * A batch of an area that settles on the metering operator's values: whoever has its file and the chain computes it again from what was
 * signed, whatever was told, corrected, estimated and missing on the way.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf, hashRules } from '../../contracts/protocol/typed-data.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import {
  addressOf,
  boundary,
  config,
  face,
  following,
  order,
  placing,
  reading,
  seat,
  t0,
  terms,
} from '../market/engine/street.ts'
import { exportedBatch, statementOfSeat } from '../settlement/exported.ts'
import { identity, type ScratchArea, scratchArea } from '../store/area.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { commandsOf, everybodySigned, newestCuts, settledArea, settledSeat } from './settled-journal.ts'

const graceMs = 3_600_000
const end = boundary(4)
const [seller, buyer, companion] = [1, 2, 11]
let server: ScratchServer
let area: ScratchArea
beforeAll(async () => {
  server = await startScratchServer()
  area = await scratchArea(server)
})
afterAll(async () => {
  await area.close()
  await server.stop()
})

const signed = (number: number, place: number, importWh: number, exportWh: number, quality = 0) =>
  reading(number, boundary(place), importWh, exportWh, { quality, signature: `0x${'ab'.repeat(64)}` })

test('is computed again from what was signed', async () => {
  const { writer, database, areaId, store } = area
  const rules = { ...config.rules, settlingGrade: 1 }
  const rulesHash = hashRules(rules)
  writer.run({ type: 'configure', atMs: t0 * 1000 - 5_000, config: { ...config, rules, rulesHash, graceMs }, face })
  const billed = [seller, buyer].map((number) => seat(number, { terms: [terms({ grade: 1 })] }))
  const agent = seat(companion, { account: addressOf('a', seller) })
  writer.run(following(t0 * 1000 - 4_000, [...billed, agent]))
  for (const [number, side] of [[seller, 'sell'] as const, [buyer, 'buy'] as const]) {
    const placed = order(number, side, { rules: rulesHash })
    const [id, signature] = [digestOf(identity, 'Order', placed), `0x${'cd'.repeat(65)}`]
    writer.run({ ...placing(t0 * 1000 - 1_000, placed), id, signature })
  }
  writer.passTime(t0 * 1000 + 1)
  const read = (atMs: number, ...readings: ReturnType<typeof signed>[]) =>
    writer.run({ type: 'readings', atMs, readings })
  read(boundary(1) * 1000 + 1_000, signed(companion, 1, 0, 480))
  read(boundary(3) * 1000 + 1_000, signed(companion, 2, 0, 900), signed(companion, 3, 0, 990))
  const told = { importWh: 0, exportWh: 470, isGood: true, standing: null }
  const values = [
    { ...told, meter: addressOf('b', seller), start: t0 },
    { ...told, meter: addressOf('b', buyer), start: t0, importWh: 400, exportWh: 0 },
  ]
  writer.run({ type: 'official-values', atMs: boundary(4) * 1000, values })
  writer.passTime(boundary(4) * 1000 + 100_000)
  // The second interval is estimated, and of the third nothing is known but what the companion has read.
  const meters = [
    signed(seller, 1, 0, 460),
    signed(seller, 2, 0, 860, 1),
    signed(seller, 3, 0, 860, 2),
    signed(seller, 4, 0, 1_100),
  ]
  const flat = [1, 2, 3, 4].map((place) => signed(buyer, place, 400 * place, 0))
  read(end * 1000 + graceMs, ...meters, ...flat)
  writer.passTime(end * 1000 + 3 * graceMs)
  await writer.commit()
  const made = await makeStatement(database, { ...identity, areaId }, end)
  const stored = { ...identity, areaId }
  const file = await exportedBatch(database, stored, end)
  const fills = file.seats.flatMap(({ seat: number, fills: own }) => own.map((fill) => [number, fill[0], fill[4]]))
  expect(fills).toEqual([
    ...[
      [seller, t0, 400],
      [seller, boundary(3), 240],
    ],
    ...[
      [buyer, t0, 400],
      [buyer, boundary(3), 240],
    ],
  ])
  const cuts = newestCuts(writer.events)
  const batch = cuts.find((cut) => cut.end === end)!
  const settled = settledArea(await commandsOf(store), { batch, cuts }, made!.root)
  expect(verifyArea(file, settled, everybodySigned(file))).toBeNull()
  for (const number of [seller, buyer]) {
    const own = await statementOfSeat(database, stored, { seat: number, end })
    expect(verifyStatement(own, settledSeat(settled, batch, number), everybodySigned(own))).toBeNull()
  }
})
