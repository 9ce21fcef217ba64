/** Whatever an area went through, each of its batches is computed again from its file, and each seat's statement is right. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contentOf } from '../../server/market/area/declarations.ts'
import type { AreaFile } from '../../server/settlement/area-file.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { seededDraws } from '../bench/measure.ts'
import { exportedBatch, statementOfSeat } from '../settlement/exported.ts'
import { identity, type ScratchArea, scratchArea } from '../store/area.ts'
import { RandomStreet } from '../store/random-journal.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { playShared } from './allocated-batch.ts'
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
  budgets,
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
    ['a budget that is reached', budgets.length > 0],
    ['a budget that changes', budgets.some(({ seat }, place) => budgets.findIndex((own) => own.seat === seat) < place)],
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
    ...['readings that are not measured', 'a budget that is reached', 'a budget that changes'],
  ].filter((sight) => !seen.has(sight))
  expect(missing).toEqual([])
})

describe.each([
  [1, 0],
  [2, 0],
  [1, 1],
  [2, 1],
] as const)('energy that somebody else gives out (allocation %i, grade %i)', (allocation, grade) => {
  test('its batch is right, a forged allocation is found, and the tables follow from the journal', async () => {
    const area = await scratchArea(server)
    await playShared(area, allocation, grade)
    const stored = { ...identity, areaId: area.areaId }
    const commands = await commandsOf(area.store)
    const cuts = newestCuts(area.writer.events)
    const [batch] = cuts
    const made = await makeStatement(area.database, stored, batch!.end)
    const file = await exportedBatch(area.database, stored, batch!.end)
    const settled = settledArea(commands, { batch: batch!, cuts }, made!.root)
    const verifying = everybodySigned(file, settled)
    expect(verifyArea(file, settled, verifying)).toBeNull()
    const fills = file.seats.flatMap((seat) => seat.fills)
    expect(new Set(fills.map(([, stage]) => stage))).toEqual(new Set([allocation === 1 ? 'imported' : 'coefficients']))
    expect([file.leftOut, file.intervals.some(({ cut }) => cut.length > 0)]).toEqual([[[4]], true])
    for (const { seat } of file.seats) {
      const own = await statementOfSeat(area.database, stored, { seat, end: batch!.end })
      expect(verifyStatement(own, settledSeat(settled, batch!, seat), everybodySigned(own))).toBeNull()
    }

    const forged = (change: (own: AreaFile) => void) => {
      const copy = structuredClone(file)
      change(copy)
      return verifyArea(copy, settled, verifying)
    }
    const allocate = (own: AreaFile) => {
      const { body } = own.declarations[0]!
      if (body.type === 'quantities') body.intervals[0]!.seats[2]!.allocatedWh -= 1
      if (body.type === 'key') body.steps[0]!.rounds[0]!.ofMillionths += 1
    }
    expect(forged(allocate)).toMatch(/does not say what was signed/)
    const resigned = (own: AreaFile) => {
      allocate(own)
      own.declarations[0]!.declaration.content = contentOf(own.declarations[0]!.body)
    }
    expect(forged(resigned)).toMatch(/is not signed by the grid operator/)
    expect(forged((own) => own.declarations.pop())).toMatch(
      /settled \d+ Wh|computed nothing|is missing|does not count there/,
    )
    const dearer = (own: AreaFile) => {
      own.settings[0]!.sharing = { price: { type: 'fixed', ticks: 1_201 }, waitMs: 0 }
    }
    expect(forged(dearer)).toMatch(/settled .*computed/)
    expect(forged((own) => Object.assign(own.settings[0]!, { sharing: null }))).toMatch(/is not stated/)

    const rebuilt = () => rebuildArea({ databaseUrl: area.url, areaId: area.areaId, progress() {} })
    expect((await rebuilt()).difference).toBeNull()
    await area.database`update declarations set version = version + 1`
    expect((await rebuilt()).difference).toMatchObject({ table: 'declarations', columns: ['version'] })
    if (allocation === 1) {
      const [row] = await area.database`
        select run, kind, matched_wh from intervals where area_id = ${area.areaId} and start = ${file.start} order by run desc limit 1`
      expect(row).toMatchObject({ kind: 'corrected' })
      // As whoever corrects it later, once the engine has forgotten it, finds it.
      const seats = [
        { seat: 1, allocatedWh: 0, sharedWh: 90 },
        { seat: 5, allocatedWh: 90, sharedWh: 0 },
      ]
      const known = await area.store.declaredOf([file.start, file.start - 900])
      expect(known).toEqual([{ start: file.start, run: row!.run, version: 3, seats }])
      expect(file.declarations.map(({ declaration }) => declaration.version)).toEqual([1, 2])
    }
    await area.close()
  })
})
