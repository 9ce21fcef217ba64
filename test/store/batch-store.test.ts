/** What statements read of a batch is what the tables and the journal's events say of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { EventOf } from '../../server/market/area/area.ts'
import { stageNames } from '../../server/market/area/codes.ts'
import {
  agreementsOfBatch,
  forwardOrdersOfBatch,
  forwardTradesOfBatch,
  ordersOfBatch,
  revocationsOf,
} from '../../server/store/batch-signed.ts'
import {
  type BatchFill,
  batchesWithoutStatement,
  contradictionsOf,
  fillsOfBatch,
  groundsOfBatch,
  readCutBatch,
  readingsOfBatch,
  readingsOfSeat,
} from '../../server/store/batch-store.ts'
import { signedEntries } from '../../server/store/settlement-store.ts'
import { addressOf } from '../market/engine/street.ts'
import type { ScratchArea } from './area.ts'
import { seal, secret } from './journal-writer.ts'
import { randomAreas } from './random-journal.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

type Event = ScratchArea['writer']['events'][number]
type Told = <Type extends Event['type']>(type: Type) => EventOf<Type>[]

/** What a random journal says of its batches, each as it was cut last. */
interface Said {
  area: ScratchArea
  /** Events of a kind in their order. */
  told: Told
  batches: EventOf<'batch-cut'>[]
}

/** Looks at random journals until enough of what is looked for has been seen. */
async function inRandomJournals(look: (said: Said) => Promise<number>, enough: number): Promise<void> {
  let seen = 0
  for await (const area of randomAreas(server, { seeds: { first: 31, most: 30 }, steps: 700 })) {
    const told: Told = (type) => area.writer.events.filter((event) => event.type === type) as never
    const newest = new Map(told('batch-cut').map((event) => [event.batch.end, event]))
    seen += await look({ area, told, batches: [...newest.values()] })
    if (seen >= enough) return
  }
  expect.fail(`of ${enough} only ${seen} were seen`)
}

async function all<Part>(parts: AsyncIterable<Part>): Promise<Part[]> {
  const list: Part[] = []
  for await (const part of parts) list.push(part)
  return list
}

test('a batch is what was cut last, with the secret of its first cut', () =>
  inRandomJournals(async ({ area, batches }) => {
    for (const { batch, number, leftOut, seal: own } of batches) {
      const found = await readCutBatch(area.database, area.areaId, batch.end)
      expect(found).toMatchObject({ start: batch.start, end: batch.end, number, secret })
      expect(found!.leftOut.flat()).toEqual(leftOut)
      expect(own).toBe(seal)
    }
    expect(await readCutBatch(area.database, area.areaId, 7)).toBeNull()
    return batches.filter(({ number }) => number > 1).length
  }, 1))

test('those without a statement of their number are named, oldest first', () =>
  inRandomJournals(async ({ area: { database, areaId }, batches }) => {
    const [first, second] = batches
    if (second === undefined) return 0
    await database`
      insert into statements (area_id, end_at, number, leaves, root, stated) values
        (${areaId}, ${first!.batch.end}, ${first!.number}, 0, '0x', '\\x'),
        (${areaId}, ${second!.batch.end}, ${second!.number + 1}, 0, '0x', '\\x')`
    const found = await batchesWithoutStatement(database, areaId, { after: 0, limit: 3 })
    expect(found).toEqual(batches.slice(1, 4).map(({ batch, number }) => ({ end: batch.end, number })))
    return 1
  }, 1))

test('fills are those of its entries, with what they are called outside, in the order of a statement', () => {
  const unseen = new Set<string>(['agreements', 'forward', 'spot'])
  return inRandomJournals(async ({ area, told, batches }) => {
    const nameOf = new Map<string, string>([
      ...told('order-accepted').map(({ order }) => [`spot ${order.arrival}`, order.id] as const),
      ...told('forward-accepted').map(({ order }) => [`forward ${order.arrival}`, order.id] as const),
      ...told('agreement-accepted').map(({ agreement }) => [`agreements ${agreement.arrival}`, agreement.id] as const),
    ])
    for (const { batch } of batches) {
      const bySeat = await all(fillsOfBatch(area.database, area.areaId, batch))
      expect(bySeat.map(({ seat }) => seat)).toEqual(bySeat.map(({ seat }) => seat).sort((a, b) => a - b))
      for (const { seat, fills } of bySeat) {
        for (const { stage, arrival, reference } of fills) {
          unseen.delete(stage)
          expect(hexOf(reference)).toBe(nameOf.get(`${stage} ${arrival}`))
        }
        expect(fills).toEqual([...fills].sort(slowOrder))
        const entries = batch.entries.filter((entry) => entry.seat === seat)
        const of = (side: 'buy' | 'sell', field: 'energyWh' | 'amount') =>
          fills.filter((fill) => fill.side === side).reduce((sum, fill) => sum + fill[field], 0)
        const sum = (field: 'boughtWh' | 'soldWh' | 'paid' | 'received') =>
          entries.reduce((total, entry) => total + Number(entry[field]), 0)
        expect([of('buy', 'energyWh'), of('sell', 'energyWh')]).toEqual([sum('boughtWh'), sum('soldWh')])
        expect([of('buy', 'amount'), of('sell', 'amount')]).toEqual([sum('paid'), sum('received')])
      }
      const traded = batch.entries.filter(({ boughtWh, soldWh }) => boughtWh + soldWh > 0)
      expect(new Set(bySeat.map(({ seat }) => seat))).toEqual(new Set(traded.map(({ seat }) => seat)))
    }
    return unseen.size === 0 ? 1 : 0
  }, 1)
}, 300_000)

function slowOrder(a: BatchFill, b: BatchFill): number {
  const key = ({ start, stage, reference }: BatchFill) => `${start} ${stageNames.indexOf(stage)} ${hexOf(reference)}`
  return key(a) < key(b) ? -1 : 1
}

test('readings are those that were in when the batch was cut', () =>
  inRandomJournals(async ({ area, batches }) => {
    /** By the order of events: of each batch those that had been stored by then. */
    const isIn = new Map<number, Set<string>>()
    const stored: { seat: number; epoch: number; time: number }[] = []
    for (const event of area.writer.events) {
      if (event.type === 'reading' && event.status === 'stored') stored.push(event)
      if (event.type !== 'batch-cut' || event.number > 1) continue
      const { start, end } = event.batch
      const own = stored.filter(({ time }) => time >= start && time <= end)
      isIn.set(end, new Set(own.map(({ seat, epoch, time }) => `${seat} ${epoch} ${time}`)))
    }
    let late = 0
    for (const { batch } of batches) {
      const bySeat = await all(readingsOfBatch(area.database, area.areaId, batch))
      const names = bySeat.flatMap(({ seat, readings }) =>
        readings.map(({ epoch, time }) => `${seat} ${epoch} ${time}`),
      )
      expect(new Set(names)).toEqual(isIn.get(batch.end))
      expect(names).toHaveLength(new Set(names).size)
      late += stored.filter(({ time }) => time >= batch.start && time <= batch.end).length - names.length
      for (const { seat, readings } of bySeat) {
        expect(readings).toEqual([...readings].sort((a, b) => a.epoch - b.epoch || a.time - b.time))
        expect(await readingsOfSeat(area.database, area.areaId, { ...batch, seat })).toEqual(readings)
      }
    }
    return late
  }, 20))

test('orders are those that could count in its intervals', () =>
  inRandomJournals(async ({ area, told, batches }) => {
    const ends = new Map(told('order-ended').map((event) => [event.arrival, event.activeUntil]))
    let counted = 0
    for (const { batch } of batches) {
      const orders = told('order-accepted').flatMap(({ order }) => {
        const from = Math.max(order.activeFrom, batch.start)
        const until = Math.min(ends.get(order.arrival) ?? order.activeUntil, batch.end)
        return from < until ? [{ arrival: order.arrival, id: order.id, seat: order.seat, from, until }] : []
      })
      const found = await ordersOfBatch(area.database, area.areaId, batch)
      const shown = found.map(({ arrival, id, seat, activeFrom: from, activeUntil: until }) => {
        return { arrival, id, seat, from, until }
      })
      expect(shown).toEqual(orders)
      for (const each of found) expect(each.order.limitPrice).toBeTypeOf('number')
      counted += orders.length
    }
    return counted
  }, 50))

test('trades made ahead are those of its intervals, and their orders with them', () =>
  inRandomJournals(async ({ area: { database, areaId }, told, batches }) => {
    let counted = 0
    for (const { batch } of batches) {
      const trades = told('forward-trade')
        .map(({ trade }) => trade)
        .filter(({ start }) => start >= batch.start && start < batch.end)
        .sort((a, b) => a.start - b.start || a.number - b.number)
      expect(await forwardTradesOfBatch(database, areaId, batch)).toEqual(
        trades.map(({ start, buyOrder, sellOrder, priceTicks, energyWh }) => {
          return { start, buyOrder, sellOrder, priceTicks, energyWh }
        }),
      )
      const named = new Set(trades.flatMap(({ buyOrder, sellOrder }) => [buyOrder, sellOrder]))
      const orders = await forwardOrdersOfBatch(database, areaId, batch)
      expect(orders.map(({ arrival }) => arrival)).toEqual([...named].sort((a, b) => a - b))
      counted += trades.length
    }
    return counted
  }, 3))

test('agreements are those that covered its intervals', () =>
  inRandomJournals(async ({ area, told, batches }) => {
    const notices = new Map(told('agreement-ended').map((event) => [event.arrival, event.end]))
    let counted = 0
    for (const { batch } of batches) {
      const agreements = told('agreement-accepted').flatMap(({ agreement: { arrival, group, start, end } }) => {
        const from = Math.max(start, batch.start)
        const until = Math.min(notices.get(arrival) ?? end, batch.end)
        return from < until ? [{ arrival, group, from, until }] : []
      })
      const found = await agreementsOfBatch(area.database, area.areaId, batch)
      const shown = found.map(({ arrival, group, activeFrom: from, activeUntil: until }) => {
        return { arrival, group, from, until }
      })
      expect(shown).toEqual(agreements)
      counted += agreements.length
    }
    return counted
  }, 20))

test('grounds of its intervals are what the events said', () =>
  inRandomJournals(async ({ area, told, batches }) => {
    const computed = new Map(told('interval-cleared').map(({ result }) => [result.start, result]))
    let suspended = 0
    for (const { batch } of batches) {
      const started = told('interval-started').filter(({ start }) => start >= batch.start && start < batch.end)
      const grounds = await groundsOfBatch(area.database, area.areaId, batch)
      expect(grounds).toEqual(
        started.map(({ start, block, suspended: atStart, cut }) => ({
          ...{ start, block, cut, suspendedAtStart: atStart },
          suspendedAtComputation: computed.get(start)?.suspended ?? null,
          budgets: (computed.get(start)?.budgets ?? []).map(({ seat, left }) => ({ seat, left: Number(left) })),
        })),
      )
      suspended += grounds.filter(({ suspendedAtStart }) => suspendedAtStart.length > 0).length
    }
    return suspended
  }, 1))

test('contradictions have both values, the one that stands and the other', () =>
  inRandomJournals(async ({ area, told }) => {
    const name = ({ seat, epoch, time }: { seat: number; epoch: number; time: number }) => `${seat} ${epoch} ${time}`
    const stored = new Set(told('reading').flatMap((event) => (event.status === 'stored' ? [name(event)] : [])))
    const suspensions = told('meter-suspended').filter((event) => stored.has(name(event)))
    const seats = [...new Set(suspensions.map(({ seat }) => seat))]
    const found = await contradictionsOf(area.database, area.areaId, seats)
    expect(found.map(({ meter, seat, epoch, time }) => ({ meter, seat, epoch, time }))).toEqual(
      suspensions.map(({ meter, seat, epoch, time }) => ({ meter, seat, epoch, time })),
    )
    for (const { stood, second } of found) expect(second.importWh).toBe(stood.importWh + 1)
    return found.filter(({ liftedAt }) => liftedAt !== null).length
  }, 1))

test('revocations are by account', () =>
  inRandomJournals(async ({ area, told }) => {
    const accounts = [addressOf('a', 1), addressOf('a', 2)]
    const expected = told('session-revoked').filter(({ account }) => accounts.includes(account))
    const found = await revocationsOf(area.database, area.areaId, accounts)
    expect(new Set(found.map(({ account, key, from }) => `${account} ${key} ${from}`))).toEqual(
      new Set(expected.map(({ account, key, from }) => `${account} ${key} ${from}`)),
    )
    for (const { signedFrom, signature } of found) expect([signedFrom, signature.slice(0, 2)]).toEqual([0, '0x'])
    return expected.length
  }, 1))

test('entries come with the signature of the reading that each ends with', () =>
  inRandomJournals(async ({ area, batches }) => {
    for (const { batch } of batches) {
      const entries = await signedEntries(area.database, area.areaId, batch.end)
      expect(entries.map(({ signature: _, ...entry }) => entry)).toEqual(
        batch.entries.map(({ kind: _, ...entry }) => entry),
      )
      for (const { signature } of entries) expect(signature).toBe(`0x${'ab'.repeat(64)}`)
    }
    return batches.length
  }, 5))
