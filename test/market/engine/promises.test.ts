/** What is promised when an interval starts, what it rests on, and what a meter that begins anew leaves of it. */
import { expect, test } from 'vitest'
import type { Event, EventOf, SignedAgreement } from '../../../server/market/area/area.ts'
import { apply, nextDue } from '../../../server/market/engine/engine.ts'
import {
  addressOf,
  cleared,
  config,
  following,
  intervalSeconds,
  newId,
  open,
  order,
  passTime,
  placing,
  reading,
  seat,
  t0,
} from './street.ts'

const at = (seconds: number) => (t0 + seconds) * 1000

function started(events: readonly Event[]): EventOf<'interval-started'>[] {
  return events.filter((event) => event.type === 'interval-started')
}

test('an interval says from which block it was promised, and what funds were too short for', () => {
  const area = open([seat(1), seat(2, { balance: 250_000n })])
  area.run(placing(at(-3), order(1, 'sell')))
  area.run(placing(at(-3), order(2, 'buy')))
  area.run(following(at(-2), [seat(3)], 0, 77))
  const [first] = started(passTime(area.state, at(0)))
  expect(first).toMatchObject({ block: 77, suspended: [], cut: [{ arrival: 2, energyWh: 100 }] })
})

test('a suspended seat is named where an interval starts and where one is computed', () => {
  const area = open([seat(1), seat(2)])
  area.run(placing(at(-3), order(1, 'sell')))
  area.run({ type: 'readings', atMs: at(901), readings: [reading(1, t0 + 900, 0, 5)] })
  const events = [
    ...area.run({ type: 'readings', atMs: at(902), readings: [reading(1, t0 + 900, 0, 6)] }),
    ...passTime(area.state, at(2_000)),
  ]
  expect(started(events).map(({ suspended }) => suspended)).toEqual([[1]])
  expect(cleared(events).map(({ suspended }) => suspended)).toEqual([[1]])
})

test('no interval starts while a block is known in part', () => {
  const area = open([seat(1)])
  apply(area.state, { ...following(at(-2), [seat(2)], 0, 8), isPart: true })
  expect(nextDue(area.state)).toMatchObject({ atMs: Number.POSITIVE_INFINITY })
  apply(area.state, following(at(-1), [], 0, 8))
  const [first] = started(passTime(area.state, at(0)))
  expect(first).toMatchObject({ start: t0, block: 8 })
})

test('what was metered in an epoch that ended unsettled is not sold, and the batch is cut', () => {
  const area = open([seat(1), seat(2)])
  area.run(placing(at(-3), order(1, 'sell')))
  area.run(placing(at(-3), order(2, 'buy')))
  for (const count of [0, 1, 2]) {
    const time = t0 + count * intervalSeconds
    const readings = [reading(1, time, 0, 100 * count), reading(2, time, 100 * count, 0)]
    area.run({ type: 'readings', atMs: time * 1000 + 1_000, readings })
  }
  const base = { epoch: 2, time: t0 + 1_800, importWh: 0, exportWh: 0 }
  const events = [
    ...area.run(following(at(1_900), [seat(1, { base, epochStart: base })])),
    ...area.run({
      ...{ type: 'readings', atMs: at(2_701) },
      readings: [reading(1, t0 + 2_700, 0, 70, { epoch: 2 }), reading(2, t0 + 2_700, 300, 0)],
    }),
    ...passTime(area.state, at(10_000)),
  ]
  const again = cleared(events).filter(({ run }) => run === 2)
  expect(again.map(({ start, matchedWh }) => [start - t0, matchedWh])).toEqual([
    [0, 0],
    [900, 0],
  ])
  const batch = events.find((event) => event.type === 'batch-cut')?.batch
  expect(batch?.energyWh).toBe(70)
})

test('an agreement counts only for intervals that start after it was accepted, also after an outage', () => {
  const area = open([seat(1), seat(2)])
  const agreement: SignedAgreement = {
    ...{ seller: addressOf('a', 1), sellerMeter: addressOf('b', 1), buyer: addressOf('a', 2) },
    ...{ buyerMeter: addressOf('b', 2), rules: config.rulesHash, kind: 0, amount: 100, price: 1_000 },
    ...{ start: t0, end: t0 + 36_000, noticeSeconds: 0, nonce: 1 },
  }
  // Nothing of the area's time has passed yet: all of these intervals are still to be started.
  const events = apply(area.state, {
    ...{ type: 'agreements', atMs: at(2_000) },
    items: [{ id: newId(), agreement, sellerSignature: '0x', buyerSignature: '0x' }],
  })
  expect(events).toMatchObject([{ type: 'agreement-accepted', agreement: { start: t0 + 2_700 } }])
  passTime(area.state, at(2_800))
  const promised = [...area.state.intervals.values()].map(({ start, promised: own }) => [start - t0, own.length])
  expect(promised.filter(([, count]) => count! > 0)).toEqual([[2_700, 1]])
})
