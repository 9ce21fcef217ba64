/** Areas that settle on the metering operator's values: companions at once, official values when they come, and what is signed settles. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChainSeat, Event, Terms } from '../../../server/market/area/area.ts'
import type { OfficialValue } from '../../../server/market/area/standing.ts'
import { hashState, snapshotOf, stateOf } from '../../../server/market/engine/snapshot.ts'
import {
  addressOf,
  boundary,
  cleared,
  eventsOf,
  following,
  open,
  order,
  placing,
  reading,
  rules,
  seat,
  seatOf,
  t0,
  terms,
  waiting,
} from './street.ts'

const graceMs = 7_200_000
const [sellerAgent, buyerAgent] = [11, 12]

/** A seat of the home's own agent: of the same account as the billing seat. */
function companion(number: number, of: number, change: Partial<Terms> = {}): ChainSeat {
  return seat(number, { account: addressOf('a', of), terms: [terms({ grade: 0, ...change })] })
}

function billingStreet(more: ChainSeat[] = [companion(sellerAgent, 1), companion(buyerAgent, 2)]) {
  const billed = [1, 2].map((number) => seat(number, { terms: [terms({ grade: 1 })] }))
  const area = open([...billed, ...more], { rules: { ...rules, settlingGrade: 1 }, graceMs })
  // Agents have been read before, so that they are waited for.
  for (const { seat: number } of more) area.state.seats.get(number)!.missed = 0
  area.run(placing(t0 * 1000 - 1_000, order(1, 'sell')))
  area.run(placing(t0 * 1000 - 1_000, order(2, 'buy')))
  const read = (atMs: number, ...readings: ReturnType<typeof reading>[]) =>
    area.run({ type: 'readings', atMs, readings })
  const tell = (atMs: number, ...values: OfficialValue[]) => area.run({ type: 'official-values', atMs, values })
  return { ...area, read, tell }
}

function official(number: number, place: number, importWh: number, exportWh: number, isGood = true): OfficialValue {
  return { meter: addressOf('b', number), start: boundary(place), importWh, exportWh, isGood, standing: null }
}

/** Both agents at the end of the first interval. */
const agents = (exportWh: number, importWh: number) => [
  reading(sellerAgent, boundary(1), 0, exportWh),
  reading(buyerAgent, boundary(1), importWh, 0),
]
const endMs = boundary(1) * 1000
const statuses = (events: readonly Event[]) => eventsOf(events, 'official-value').map(({ status }) => status)
/** Both meters of the metering operator at a boundary. */
const signed = (place: number, exportWh: number, importWh: number, quality = 0) => [
  reading(1, boundary(place), 0, exportWh, { quality }),
  reading(2, boundary(place), importWh, 0),
]
const cutMs = boundary(4) * 1000 + 60_000 + graceMs + 3_600_000

describe('an interval of an area of grade billing', () => {
  it('has its provisional result as soon as the companions are read, and theirs are no rows', () => {
    const { read } = billingStreet()
    const [result] = cleared(read(endMs + 3_000, ...agents(500, 800)))
    expect(result).toMatchObject({ run: 1, matchedWh: 500 })
    expect(result!.seats.map(({ seat: number }) => number)).toEqual([1, 2])
    expect(seatOf(result!, 1)).toMatchObject({ quality: 'measured', exportWh: 500, soldWh: 500 })
    expect(result!.zones.find(({ zone }) => zone === 'north')).toMatchObject({ exportWh: 500, importWh: 800 })
  })

  it('waits for a silent companion no longer than a minute, and for the metering operator not at all', () => {
    const { run, read } = billingStreet()
    read(endMs + 3_000, agents(500, 800)[0]!)
    expect(cleared(run(waiting(endMs + 59_000)))).toEqual([])
    const [result] = cleared(run(waiting(endMs + 60_000)))
    expect(seatOf(result!, 2)).toMatchObject({ quality: 'missing', outcomes: [{ code: 'no-reading' }] })
  })

  it('is computed again when the official value is told, and once more when it is corrected before the cut', () => {
    const { read, tell } = billingStreet()
    read(endMs + 3_000, ...agents(500, 800))
    const [told] = cleared(tell(endMs + 600_000, official(1, 0, 0, 450)))
    expect([told!.run, seatOf(told!, 1).soldWh, seatOf(told!, 2).importWh]).toEqual([2, 450, 800])
    const [again] = cleared(tell(endMs + 700_000, official(1, 0, 0, 430), official(2, 0, 790, 0)))
    expect([again!.run, seatOf(again!, 1).soldWh, seatOf(again!, 2).importWh]).toEqual([3, 430, 790])
    const same = tell(endMs + 800_000, official(1, 0, 0, 430))
    expect([statuses(same), cleared(same)]).toEqual([['same'], []])
    // A value that is not good any more takes back what was told.
    const [back] = cleared(tell(endMs + 900_000, official(1, 0, 0, 430, false)))
    expect(seatOf(back!, 1)).toMatchObject({ soldWh: 500, exportWh: 500 })
  })

  it('is final by what is signed alone', () => {
    const { run, read, tell } = billingStreet()
    read(endMs + 3_000, ...agents(500, 800))
    tell(endMs + 600_000, official(1, 0, 0, 450), official(2, 0, 700, 0))
    const meters = read(cutMs - 3_600_000, ...signed(1, 450, 700), ...signed(2, 450, 700))
    // The same energy, signed: nothing is to be computed again before the cut.
    const ofFirst = (events: readonly Event[]) => cleared(events).filter(({ start }) => start === t0)
    expect(ofFirst(meters)).toEqual([])
    const events = run(waiting(cutMs))
    expect(ofFirst(events).map((result) => [result.run, seatOf(result, 1).soldWh])).toEqual([[3, 450]])
    const [cut] = eventsOf(events, 'batch-cut')
    expect(cut!.batch.entries.filter(({ seat: number }) => number <= 2)).toMatchObject([
      { seat: 1, time: boundary(2), exportWh: 450, soldWh: 450 },
      { seat: 2, time: boundary(2), importWh: 700, boughtWh: 450 },
    ])
  })

  it('settles nothing of values that were told and never signed', () => {
    const { run, read, tell } = billingStreet()
    read(endMs + 3_000, ...agents(500, 800))
    tell(endMs + 600_000, official(1, 0, 0, 450), official(2, 0, 700, 0))
    const events = run(waiting(cutMs))
    const result = cleared(events).findLast(({ start }) => start === t0)
    expect(result).toMatchObject({ matchedWh: 0, missingReadings: 2 })
    expect(seatOf(result!, 1)).toMatchObject({ quality: 'missing', soldWh: 0, outcomes: [{ code: 'no-reading' }] })
    expect(eventsOf(events, 'batch-cut')[0]!.batch).toMatchObject({ energyWh: 0, paid: 0n })
    expect(eventsOf(events, 'interval-final').length).toBe(4)
  })

  it('settles nothing of an estimated value, and the interval after it is as good as its own value', () => {
    const { run, read } = billingStreet()
    read(endMs + 3_000, ...agents(500, 800))
    const events = [
      ...read(cutMs - 3_600_000, ...signed(1, 450, 700, 1), ...signed(2, 750, 1_400)),
      ...run(waiting(cutMs)),
    ]
    const last = (place: number) => cleared(events).findLast(({ start }) => start === boundary(place))!
    expect(seatOf(last(0), 1)).toMatchObject({ quality: 'estimated', exportWh: 450, soldWh: 0 })
    expect(seatOf(last(1), 1)).toMatchObject({ quality: 'measured', exportWh: 300, soldWh: 300 })
  })

  it('trades nothing after an estimated interval that no entry could hold: where the batch begins, or terms change', () => {
    const { run, read } = billingStreet()
    const lastOf = (events: readonly Event[], place: number) =>
      seatOf(cleared(events).findLast(({ start }) => start === boundary(place))!, 1)
    // The last interval of the first batch and the first of the second are estimated, and so is the one before the change.
    const qualities = [0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]
    const seller = qualities.map((quality, place) => reading(1, boundary(place + 1), 0, 300 * (place + 1), { quality }))
    const buyer = qualities.map((_, place) => reading(2, boundary(place + 1), 300 * (place + 1), 0))
    const changed = [terms({ grade: 1 }), terms({ grade: 1, from: boundary(10), sellFloor: 600, version: 2 })]
    const atMs = boundary(12) * 1000 + 1_000
    run(following(atMs, [seat(1, { terms: changed })]))
    const events = [...read(atMs + 1, ...seller, ...buyer), ...run(waiting(cutMs + 10 * 3_600_000))]
    const traded = qualities.map((_, place) => lastOf(events, place)).map(({ soldWh, quality }) => [soldWh, quality])
    expect(traded).toEqual([
      ...[
        [300, 'measured'],
        [300, 'measured'],
        [300, 'measured'],
        [0, 'estimated'],
      ],
      ...[
        [0, 'estimated'],
        [0, 'measured'],
        [300, 'measured'],
        [0, 'estimated'],
      ],
      ...[
        [0, 'measured'],
        [0, 'estimated'],
        [0, 'measured'],
        [300, 'measured'],
      ],
    ])
    expect(lastOf(events, 5).outcomes).toMatchObject([{ code: 'before-base' }])
    const batches = eventsOf(events, 'batch-cut').map(({ batch }) => batch.energyWh)
    expect(batches).toEqual([900, 300, 300])
  })

  it('is final with exactly what the entries hold, whatever was estimated or missing when and wherever terms change', () => {
    const places = 12
    const quality = fc.constantFrom(0, 0, 0, 1, 2)
    const qualities = fc.array(quality, { minLength: places, maxLength: places })
    const changes = fc.uniqueArray(fc.integer({ min: 1, max: places - 1 }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.tuple(qualities, qualities), fc.tuple(changes, changes), (quality, change) => {
        const { run, read } = billingStreet()
        const atMs = boundary(places) * 1000 + 1_000
        const changed = change.map((at, index) =>
          seat(index + 1, {
            terms: [0, ...at.toSorted((a, b) => a - b)].map((place, version) => {
              return terms({ grade: 1, from: boundary(place), version: version + 1, maxSellWh: 900 + version })
            }),
          }),
        )
        run(following(atMs, changed))
        const readings = quality.flatMap((own, index) =>
          own.map((quality, place) => {
            const counted = 300 * (place + 1)
            const [importWh, exportWh] = index === 0 ? [0, counted] : [counted, 0]
            return reading(index + 1, boundary(place + 1), importWh, exportWh, { quality })
          }),
        )
        const events = [...read(atMs + 1, ...readings), ...run(waiting(cutMs + 10 * 3_600_000))]
        const final = new Map(cleared(events).map((result) => [result.start, result]))
        let matchedWh = 0
        for (let place = 0; place < places; place += 1) matchedWh += final.get(boundary(place))!.matchedWh
        const cut = eventsOf(events, 'batch-cut').slice(0, 3)
        expect(cut.reduce((sum, { batch }) => sum + batch.energyWh, 0)).toBe(matchedWh)
      }),
      { numRuns: 25 },
    )
  })

  it('is corrected under a number of its own once it is final, and never below what was traded', () => {
    const { run, read, tell, state } = billingStreet()
    read(endMs + 3_000, ...agents(500, 800))
    read(cutMs - 3_600_000, ...signed(1, 450, 700))
    const held = tell(cutMs - 3_000_000, official(1, 0, 0, 460))
    expect(statuses(held)).toEqual(['signed'])
    run(waiting(cutMs))
    const [corrected] = eventsOf(tell(cutMs + 1_000, official(1, 0, 0, 460)), 'interval-corrected')
    expect(corrected).toMatchObject({ start: t0, seat: 1, exportWh: 460, exportChangeWh: 10, run: 3 })
    const once = tell(cutMs + 2_000, official(1, 0, 0, 460))
    expect([statuses(once), eventsOf(once, 'interval-corrected')]).toEqual([['same'], []])
    const [more] = eventsOf(tell(cutMs + 3_000, official(1, 0, 0, 455)), 'interval-corrected')
    expect(more).toMatchObject({ exportWh: 455, exportChangeWh: -5, run: 4 })
    expect(statuses(tell(cutMs + 4_000, official(1, 0, 0, 100)))).toEqual(['traded'])
    // Drawn energy is served by what was fed in, so that less of it was there to be sold than was.
    expect(statuses(tell(cutMs + 4_000, official(1, 0, 6, 455)))).toEqual(['traded'])
    expect(statuses(tell(cutMs + 4_000, official(1, 0, 5, 455)))).toEqual(['taken'])
    // Long after, by what the tables say of it.
    state.firstStart = boundary(8)
    const standing = {
      ...{ start: t0, run: 4, zone: 'north', hasRow: true, quality: 'measured' as const },
      ...{ importWh: 0, exportWh: 455, boughtWh: 0, soldWh: 450 },
    }
    const later = [official(1, 0, 0, 470), official(1, 0, 0, 449), official(1, 0, 6, 455)]
    const late = tell(cutMs + 5_000, ...later.map((value) => ({ ...value, standing })))
    expect([statuses(late), eventsOf(late, 'interval-corrected')]).toMatchObject([
      ['taken', 'traded', 'traded'],
      [{ run: 5, exportWh: 470, exportChangeWh: 15 }],
    ])
  })

  it('says of what it cannot take why', () => {
    const { tell } = billingStreet()
    const unknown = { ...official(1, 0, 1, 1), meter: addressOf('b', 77) }
    const events = tell(endMs + 1_000, unknown, official(1, 1, 0, 5), official(1, -40, 0, 5))
    expect(statuses(events)).toEqual(['unknown', 'early', 'unknown'])
  })

  it('knows no companion where an account has two agents, or one that is confirmed elsewhere', () => {
    for (const agentsOfSeller of [
      [companion(sellerAgent, 1), companion(13, 1)],
      [companion(sellerAgent, 1, { zone: 'south' })],
    ]) {
      const { read, run } = billingStreet([...agentsOfSeller, companion(buyerAgent, 2)])
      const events = [...read(endMs + 3_000, ...agents(500, 800)), ...run(waiting(endMs + 60_000))]
      const result = cleared(events)[0]!
      expect(seatOf(result, 1)).toMatchObject({ quality: 'missing' })
      expect(seatOf(result, sellerAgent)).toMatchObject({ exportWh: 500 })
    }
  })

  it('is the same from a snapshot taken at any time', () => {
    const { state, read, tell, run } = billingStreet()
    const whole = () => {
      const pieces = snapshotOf(state).map(({ name, bytes }) => ({ name, bytes: bytes! }))
      expect(hashState(stateOf(pieces))).toBe(hashState(state))
    }
    read(endMs + 3_000, ...agents(500, 800))
    whole()
    tell(endMs + 600_000, official(1, 0, 0, 450), official(2, 0, 700, 0))
    whole()
    read(cutMs - 3_600_000, ...signed(1, 450, 700))
    run(waiting(cutMs))
    tell(cutMs + 1_000, official(1, 0, 0, 460))
    whole()
  })

  it('goes on without a companion that its account closes', () => {
    const { run, read } = billingStreet()
    run(following(t0 * 1000 + 1_000, [companion(buyerAgent, 2, { closed: true })]))
    const [result] = cleared(read(endMs + 3_000, agents(500, 800)[0]!))
    expect([result!.start, seatOf(result!, 2).quality]).toEqual([t0, 'missing'])
  })
})
