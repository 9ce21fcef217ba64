/** One light for the utility, and what it is red or yellow for. */
import { expect, it } from 'vitest'
import type { BillStateResource } from '../../server/api/document-resources.ts'
import type { AreaResource, IntervalResource } from '../../server/api/resources.ts'
import {
  attentionOf,
  type InboxState,
  missingReadings,
  officialSums,
  releaseCounts,
} from '../../web/utility/exceptions.ts'
import { loadOf } from '../../web/utility/load.ts'
import { area } from './resources.ts'

const interval = (change: Partial<IntervalResource> = {}): IntervalResource => ({
  ...{ area: 1, start: '2026-07-01T12:00:00.000Z', end: '2026-07-01T12:00:10.000Z', run: 1, status: 'final' },
  ...{ kind: 'computed', matchedWh: 0, importWh: 0, exportWh: 0, missingReadings: 0, forwardWh: 0, deviationWh: 0 },
  ...{ gridFees: '0', congestionRent: '0', gridTake: '0', zones: [], flows: [] },
  ...change,
})
const nowMs = Date.parse('2026-07-01T12:01:00Z')
const settled: AreaResource = { ...area, missed: [], settledUntil: '2026-07-01T12:00:00.000Z' }
const bill = (change: Partial<BillStateResource>): BillStateResource => ({
  ...{
    month: '2026-05',
    revision: 1,
    approvals: 2,
    approvalsNeeded: 2,
    issuedAt: '2026-06-02T08:00:00Z',
    changes: null,
  },
  ...change,
})
const changes = {
  settledBatches: 0,
  rosterChanged: false,
  taxationChanged: false,
  correctedIntervals: 0,
  replacedValues: 0,
}
const nothing: InboxState = { meters: 0, official: null, bills: null, releases: null, undeclared: null }
const look = (intervals: IntervalResource[], meters = 0, own = settled) =>
  attentionOf(own, intervals, { ...nothing, meters, nowMs })

it('is green where nothing waits for anybody', () => {
  expect(look([interval()])).toEqual({ light: 'good', exceptions: [], notes: [] })
  expect(attentionOf(settled, [], { ...nothing, meters: null, nowMs })).toEqual({
    light: 'good',
    exceptions: [],
    notes: [],
  })
})

it('counts the meters without a reading that the page shows as it does for its light', () => {
  const awaited = interval({ status: 'provisional', missingReadings: 1 })
  const results = [awaited, interval(), interval({ missingReadings: 3 })]
  expect([missingReadings(results), look(results).light]).toEqual([0, 'good'])
  const lacking = [awaited, interval({ missingReadings: 2 })]
  expect([missingReadings(lacking), look(lacking).light]).toEqual([2, 'warn'])
  expect(missingReadings([awaited])).toBe(0)
})

it('is yellow for meters, readings, payments, corrections and deviations that somebody has to look at', () => {
  const late = { ...settled, settledUntil: '2026-07-01T11:00:00.000Z' }
  const { light, exceptions, notes } = look(
    [interval({ missingReadings: 2 }), interval({ run: 2 }), interval({ deviationWh: 40 })],
    1,
    late,
  )
  expect([light, exceptions.map((each) => each.replaceAll('\u202f', ' '))]).toEqual([
    'warn',
    [
      'One meter waits to be confirmed.',
      '2 meters have no reading in the newest final result.',
      expect.stringMatching(/^Nothing was paid since /),
    ],
  ])
  expect(notes.map((each) => each.replaceAll('\u202f', ' '))).toEqual([
    'Corrected by readings that came late: 1 of these periods.',
    '40 Wh that were agreed ahead were not delivered or not taken.',
  ])
})

it('is red for what does not add up, and for payments that nobody here knows', () => {
  const missed = [{ start: '2026-07-01T11:00:00.000Z', end: '2026-07-01T11:01:00.000Z' }]
  expect(look([interval({ importWh: 5 })]).light).toBe('bad')
  expect(look([interval()], 1, { ...settled, missed })).toMatchObject({
    light: 'bad',
    exceptions: [expect.stringMatching(/^1 payment was settled/), 'One meter waits to be confirmed.'],
  })
})

it('a line’s load is what went over it, whichever way, where that is told', () => {
  const flows = [
    { zone: 'north', exportWh: -30, congestionPerKwh: '0' },
    { zone: 'south', exportWh: null, congestionPerKwh: '0' },
  ]
  expect(['north', 'south', 'west'].map((zone) => loadOf(interval({ flows }), zone))).toEqual([30, null, null])
})

it('names what official values, documents and declarations wait for', () => {
  const point = { missing: 1, estimated: 0, conflicts: 1, late: 2, replaced: 1 }
  const waiting: InboxState = {
    meters: null,
    official: officialSums([point, { ...point, missing: 0, estimated: 3, replaced: 0 }], 1),
    bills: [bill({ month: '2026-06', approvals: 1, issuedAt: null })],
    releases: null,
    undeclared: 4,
  }
  const seen = attentionOf(settled, [], { ...waiting, nowMs })
  expect(seen).toEqual({
    light: 'warn',
    exceptions: [
      'The documents of June 2026 wait for approval: 1 of 2 have signed.',
      '4 periods wait for what you allocate in them; nothing is paid until then.',
      'Two files of official values contradict each other in 2 of the periods: a newer file decides.',
      'One official value of the last day is missing.',
      '3 official values of the last day are only estimated, and do not settle.',
      'In one of the periods of the last three days an official value and the home’s own device differ beyond the tolerance.',
    ],
    notes: [
      '4 official values came when they were overdue.',
      'Corrected by a newer file in the last day: 1 official value.',
    ],
  })
})

it('names every billed month that changed: what calls for new documents, and what is only reported', () => {
  const bills = [
    bill({ month: '2026-06', approvals: 0, issuedAt: null }),
    bill({ month: '2026-05', changes: { ...changes, settledBatches: 1, callsForDocuments: true } }),
    bill({ month: '2026-04', changes: { ...changes, replacedValues: 3, callsForDocuments: false } }),
    bill({ month: '2026-03' }),
  ]
  expect(attentionOf(settled, [interval()], { ...nothing, bills, nowMs })).toMatchObject({
    light: 'warn',
    exceptions: [
      'The documents of June 2026 wait for approval: 0 of 2 have signed.',
      'The documents of May 2026 were issued, and what they rest on changed since: preview the month again.',
      expect.stringMatching(
        /^Values of April 2026 were corrected after its documents were issued\. The documents stay/,
      ),
    ],
  })
})

it('waits for those who release reports, and says which are to be written again', () => {
  const releases = releaseCounts((['waiting', 'released', 'changed', 'waiting'] as const).map((state) => ({ state })))
  expect(attentionOf(settled, [interval()], { ...nothing, releases, nowMs })).toMatchObject({
    light: 'warn',
    exceptions: [
      '2 reports wait to be released by two people.',
      'One report that was put forward says something else by now: write it again.',
    ],
  })
  expect(attentionOf(settled, [], { ...nothing, releases: releaseCounts([]), nowMs }).light).toBe('good')
})

it('waits for official values before it calls payments late, and does not call their coming a correction', () => {
  const rules = { ...area.rules, settlingGrade: 1 }
  const official = { ...settled, rules, graceSeconds: 60, settledUntil: '2026-07-01T11:55:01.000Z' }
  expect(look([interval({ run: 3 })], 0, official)).toEqual({ light: 'good', exceptions: [], notes: [] })
  expect(look([interval()], 0, { ...official, graceSeconds: 59 }).light).toBe('warn')
})
