/** What the outbox keeps, sends and forgets. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SignedReading } from '../../../contracts/protocol/wire.ts'
import { Outbox } from '../../../meter-agent/outbox/outbox.ts'
import { startEpoch } from '../../../meter-agent/registers/state.ts'

const domain = { chainId: 31337, escrow: '0x00000000000000000000000000000000000000e5' }
const meters = ['a', 'b'].map((letter) => `0x${letter.repeat(40)}`) as [string, string]
let folder: string
let outbox: Outbox

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-outbox-'))
  outbox = await Outbox.open(folder, domain)
})
afterEach(async () => {
  await outbox.close()
  await rm(folder, { recursive: true, force: true })
})

function reading(meter: string, time: number): SignedReading {
  return {
    meter,
    epoch: 1,
    time,
    importWh: 0,
    exportWh: time,
    quality: 0,
    signature: `0x${'0'.repeat(128)}`,
    sequence: time,
    productionWh: null,
    reasons: [],
  }
}
const begun = startEpoch({ epoch: 1, epochTime: 1000, sequence: 0 })

test('what is stored is there after opening again, state and readings alike', async () => {
  const state = { ...begun, sequence: 7, serialNumber: '123n' }
  await outbox.commit(meters[0], state, [reading(meters[0], 10), reading(meters[0], 20)])
  await outbox.close()
  outbox = await Outbox.open(folder, domain)
  expect(await outbox.state(meters[0])).toEqual(state)
  expect(await outbox.state(meters[1])).toBeNull()
  expect(outbox.queued(meters[0])).toBe(2)
})

test('the current boundary goes first, then the backlog from the oldest on, of the meters that may send', async () => {
  for (const time of [30, 10, 20]) for (const meter of meters) await outbox.commit(meter, begun, [reading(meter, time)])
  const all = await outbox.waiting({ limit: 100, currentFrom: 30, accepts: () => true })
  expect(all.map(({ time }) => time)).toEqual([30, 30, 10, 10, 20, 20])
  const some = await outbox.waiting({ limit: 2, currentFrom: 30, accepts: (meter) => meter === meters[1] })
  expect(some.map(({ time, meter }) => [time, meter])).toEqual([
    [30, meters[1]],
    [10, meters[1]],
  ])
})

test('readings signed again with another key wait once more, also those that were acknowledged or just sent', async () => {
  const [meter, other] = meters
  const stored = [10, 20, 30, 40].map((time) => reading(meter, time))
  await outbox.commit(meter, begun, stored)
  await outbox.commit(other, begun, [reading(other, 30)])
  const ack = (one: SignedReading) => ({ meter, epoch: 1, time: one.time, status: 'stored' as const })
  await outbox.settle([stored[0]!, stored[1]!].map(ack))
  const keys = [{ key: meters[1], from: 10 }]
  const again = (one: SignedReading) => (one.time <= 10 ? one : { ...one, signature: `0x${'1'.repeat(128)}` })
  await outbox.takeKeys(meter, keys, again)
  expect(outbox.queued(meter)).toBe(3)
  // The answer to what was sent before is not the answer to this.
  await outbox.settle([stored[2]!].map(ack), stored)
  expect(outbox.queued(meter)).toBe(3)
  await outbox.close()
  outbox = await Outbox.open(folder, domain)
  expect(await outbox.keys(meter)).toEqual(keys)
  expect(await outbox.keys(other)).toEqual([])
  const waiting = await outbox.waiting({ limit: 9, currentFrom: 0, accepts: (one) => one === meter })
  expect(waiting).toEqual(stored.slice(1).map(again))
  expect((await outbox.acknowledged(9)).map(({ time }) => time)).toEqual([10])
  expect(await outbox.hasQueuedUpTo(meter, 19)).toBe(false)
  expect(await outbox.hasQueuedUpTo(meter, 20)).toBe(true)
  await outbox.settle(waiting.map(ack), waiting)
  expect([outbox.queued(meter), outbox.queued(other)]).toEqual([0, 1])
})

test('acknowledged readings leave the queue, refused ones are kept apart with their reason', async () => {
  const [meter] = meters
  await outbox.commit(
    meter,
    begun,
    [10, 20, 30].map((time) => reading(meter, time)),
  )
  await outbox.settle([
    { meter, epoch: 1, time: 10, status: 'stored' },
    { meter, epoch: 1, time: 20, status: 'refused', code: 'READING_IMPLAUSIBLE', message: 'too much' },
    { meter, epoch: 1, time: 99, status: 'stored' },
    { meter, epoch: 2, time: 30, status: 'stored' },
  ])
  expect((await outbox.waiting({ limit: 9, currentFrom: 0, accepts: () => true })).map(({ time }) => time)).toEqual([
    30,
  ])
  expect([outbox.queued(meter), outbox.refused(meter)]).toEqual([1, 1])
  expect(await outbox.refusals(9)).toEqual([
    { reading: reading(meter, 20), code: 'READING_IMPLAUSIBLE', message: 'too much' },
  ])
  expect(await outbox.acknowledged(9)).toEqual([reading(meter, 10)])
})

test('what a restored server has lost and the chain has not settled is queued once more', async () => {
  const [meter, other] = meters
  for (const time of [10, 20, 30, 40]) {
    await outbox.commit(meter, begun, [reading(meter, time)])
    await outbox.commit(other, begun, [reading(other, time)])
  }
  await outbox.settle([meter, other].flatMap((each) => [10, 20, 30, 40].map((time) => acknowledged(each, time))))
  expect(await outbox.compare(meter, { newest: { epoch: 1, time: 10 }, gaps: [], settledTo: 20 })).toBe(2)
  const waiting = await outbox.waiting({ limit: 9, currentFrom: 0, accepts: () => true })
  expect(waiting).toEqual([reading(meter, 30), reading(meter, 40)])
  expect([outbox.queued(meter), outbox.queued(other)]).toEqual([2, 0])
  expect(await outbox.compare(meter, { newest: { epoch: 1, time: 10 }, gaps: [], settledTo: 20 })).toBe(0)
})

test('what is missing before the newest that a server still has is queued once more, and nothing that it has', async () => {
  const [meter] = meters
  for (const time of [10, 20, 30, 40, 50, 60]) await outbox.commit(meter, begun, [reading(meter, time)])
  await outbox.settle([10, 20, 30, 50, 60].map((time) => acknowledged(meter, time)))
  // Of 40 the agent has no answer yet: it is on its way anyway.
  const has = {
    newest: { epoch: 1, time: 50 },
    gaps: [
      { from: 20, to: 20 },
      { from: 40, to: 40 },
    ],
    settledTo: 0,
  }
  expect(await outbox.compare(meter, has)).toBe(2)
  const waiting = await outbox.waiting({ limit: 9, currentFrom: 0, accepts: () => true })
  expect(waiting.map(({ time }) => time)).toEqual([20, 40, 60])
})

function acknowledged(meter: string, time: number) {
  return { meter, epoch: 1, time, status: 'stored' as const }
}

test('of acknowledged readings those are kept that are not settled, and the newest others', async () => {
  await outbox.close()
  outbox = await Outbox.open(folder, domain, { acknowledgedKept: 10, refusedKept: 5 })
  const [meter] = meters
  for (let time = 1; time <= 40; time += 1) {
    await outbox.commit(meter, begun, [reading(meter, time)])
    await outbox.settle([{ meter, epoch: 1, time, status: time % 2 ? 'stored' : 'refused' }])
  }
  expect((await outbox.acknowledged(99)).length).toBe(20)
  expect(await outbox.compare(meter, { newest: { epoch: 1, time: 40 }, gaps: [], settledTo: 7 })).toBe(0)
  expect((await outbox.acknowledged(99)).map(({ time }) => time).at(-1)).toBe(9)
  await outbox.compare(meter, { newest: { epoch: 1, time: 40 }, gaps: [], settledTo: 39 })
  expect((await outbox.acknowledged(99)).length).toBeLessThanOrEqual(11)
  expect((await outbox.refusals(99)).length).toBeLessThanOrEqual(6)
  expect(outbox.refused(meter)).toBe((await outbox.refusals(99)).length)
})

test('one process at a time, one escrow for ever', async () => {
  await expect(Outbox.open(folder, domain)).rejects.toMatchObject({ code: 'OUTBOX_LOCKED' })
  await outbox.close()
  await expect(Outbox.open(folder, { ...domain, chainId: 1 })).rejects.toMatchObject({ code: 'OUTBOX_FOREIGN' })
  outbox = await Outbox.open(folder, domain)
})

test('a store that fails says so and works again once opened anew', async () => {
  await outbox.commit(meters[0], begun, [reading(meters[0], 10)])
  await outbox.close()
  await expect(outbox.commit(meters[0], begun, [])).rejects.toMatchObject({ code: 'OUTBOX_WRITE' })
  await expect(outbox.state(meters[0])).rejects.toMatchObject({ code: 'OUTBOX_READ' })
  await outbox.reopen()
  expect(outbox.queued(meters[0])).toBe(1)
  expect(await outbox.state(meters[0])).toEqual(begun)
})

test('a metering state of another version is not continued', async () => {
  await outbox.commit(meters[0], { ...begun, version: 3 as 2 }, [])
  await expect(outbox.state(meters[0])).rejects.toMatchObject({ code: 'OUTBOX_STATE' })
})
