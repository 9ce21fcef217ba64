/** Agreements: what two accounts sign about one's surplus, and what each interval makes of it, worked out by hand. */
import { describe, expect, it } from 'vitest'
import type { ChainSeat, Event, IntervalRun, SignedAgreement } from '../../../server/market/area/area.ts'
import { committedFunds } from '../../../server/market/area/funds.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import {
  addressOf,
  boundary,
  cleared,
  config,
  eventsOf,
  following,
  newId,
  open,
  order,
  placing,
  reading,
  seat,
  seatOf,
  t0,
  terms,
  waiting,
} from './street.ts'

const before = t0 * 1000 - 1_000
const end = boundary(1)
const day = 86_400

const fixed = 0
const share = 1
const all = 2

function agreement(seller: number, buyer: number, change: Partial<SignedAgreement> = {}): SignedAgreement {
  return {
    ...{ seller: addressOf('a', seller), sellerMeter: addressOf('b', seller) },
    ...{ buyer: addressOf('a', buyer), buyerMeter: addressOf('b', buyer), rules: config.rulesHash },
    ...{ kind: all, amount: 0, price: 1_500, start: t0, end: t0 + 30 * day, noticeSeconds: 0, nonce: 1 },
    ...change,
  }
}

function signed(agreements: SignedAgreement[], atMs = before) {
  const items = agreements.map((own) => ({ id: newId(), agreement: own, sellerSignature: '0x', buyerSignature: '0x' }))
  return { type: 'agreements', atMs, items } as const
}

/** What the meters say of the first interval: [import, export] by seat. */
function readings(number: number, energies: Record<number, [number, number]>) {
  return Object.entries(energies).map(([own, [importWh, exportWh]]) =>
    reading(Number(own), boundary(number), importWh * number, exportWh * number),
  )
}

/** Plays the first interval of a street under these agreements, the groups in order. */
function play(
  seats: ChainSeat[],
  groups: SignedAgreement[][],
  energies: Record<number, [number, number]>,
  change: Partial<typeof config> = {},
) {
  const area = open(seats, change)
  const accepted = groups.flatMap((group) => area.run(signed(group)))
  expect(accepted.map(({ type }) => type)).toEqual(accepted.map(() => 'agreement-accepted'))
  const events = area.run({ type: 'readings', atMs: end * 1000 + 1, readings: readings(1, energies) })
  const result = cleared(events).at(-1)!
  return { ...area, result }
}

/** [Wh, amount, code] of a seat's agreements in their order. */
const told = (result: IntervalRun, number: number) =>
  seatOf(result, number).outcomes.flatMap(({ stage, filledWh, amount, code }) => {
    return stage === 'agreements' ? [[filledWh, amount, code]] : []
  })

const three = () => [seat(1), seat(2), seat(3)]
const reasonOf = (events: readonly Event[]) => eventsOf(events, 'refused')[0]?.code

describe('an agreement', () => {
  it('about a fixed energy moves that much, at its price', () => {
    const { result } = play(three(), [[agreement(1, 2, { kind: fixed, amount: 120 })]], { 1: [0, 300], 2: [200, 0] })
    expect(told(result, 1)).toEqual([[120, 120n * 1_500n, 'honoured']])
    expect(told(result, 2)).toEqual([[120, 120n * 1_500n, 'honoured']])
    expect(result).toMatchObject({ matchedWh: 120, gridTake: 0n, gridFees: 0n })
    // 300 exported = 120 matched + 180 residual.
    expect(seatOf(result, 1)).toMatchObject({ exportWh: 300, soldWh: 120, received: 180_000n })
  })

  it('about a share moves so many hundredths of a percent of the surplus, rounded down', () => {
    const { result } = play(three(), [[agreement(1, 2, { kind: share, amount: 3_333 })]], { 1: [0, 301], 2: [200, 0] })
    // 301 × 0.3333 = 100.3.
    expect(told(result, 1)).toEqual([[100, 150_000n, 'honoured']])
  })

  it('about all moves the surplus: what is exported beyond what the home itself used', () => {
    const { result } = play(three(), [[agreement(1, 2)]], { 1: [40, 300], 2: [500, 0] })
    expect(told(result, 1)).toEqual([[260, 390_000n, 'honoured']])
  })

  it.each([
    [90, 500, 90, 'less-delivered'],
    [500, 90, 90, 'less-taken'],
  ])(
    'of which less is there (%i sold, %i bought) moves that, and nobody pays for the rest',
    (sold, bought, moved, code) => {
      const { result } = play(three(), [[agreement(1, 2, { kind: fixed, amount: 120 })]], {
        1: [0, sold],
        2: [bought, 0],
      })
      expect(told(result, 1)).toEqual([[moved, BigInt(moved) * 1_500n, code]])
      expect(seatOf(result, 2)).toMatchObject({ boughtWh: moved, deviationWh: 0 })
    },
  )

  it('comes before forward trades and the auction, which share what is left', () => {
    const { run } = open(three())
    run(signed([agreement(1, 2, { kind: fixed, amount: 100 })]))
    const ahead = { market: 1, start: t0, end, maxWh: 150, limitPrice: 1_200 }
    run(placing(before, order(1, 'sell', ahead)))
    run(placing(before, order(3, 'buy', ahead)))
    run(placing(before, order(1, 'sell', { nonce: 2 })))
    run(placing(before, order(2, 'buy', { nonce: 2, limitPrice: 2_000 })))
    const events = run({
      type: 'readings',
      atMs: end * 1000,
      readings: readings(1, { 1: [0, 300], 2: [400, 0], 3: [400, 0] }),
    })
    const [result] = cleared(events)
    expect(seatOf(result!, 1).outcomes.map(({ stage, filledWh }) => [stage, filledWh])).toEqual([
      ['agreements', 100],
      ['forward', 150],
      ['spot', 50],
    ])
    expect(seatOf(result!, 1).received).toBe(100n * 1_500n + 150n * 1_200n + 50n * 2_000n)
  })

  it('that says nothing in an interval without surplus takes no place in its result', () => {
    const { result } = play(three(), [[agreement(1, 2)]], { 1: [50, 50], 2: [400, 0] })
    expect(told(result, 1)).toEqual([])
    expect(told(result, 2)).toEqual([])
  })
})

describe('several agreements of one seller', () => {
  it('are honoured in the order in which they were signed', () => {
    const groups = [
      [agreement(1, 2, { kind: fixed, amount: 200 })],
      [agreement(1, 3, { kind: fixed, amount: 200, nonce: 2, price: 1_700 })],
    ]
    const { result } = play(three(), groups, { 1: [0, 250], 2: [300, 0], 3: [300, 0] })
    expect(told(result, 1)).toEqual([
      [200, 300_000n, 'honoured'],
      [50, 85_000n, 'less-delivered'],
    ])
  })

  it('have shares of the whole surplus, not of what others left', () => {
    const groups = [
      [agreement(1, 2, { kind: share, amount: 6_000 })],
      [agreement(1, 3, { kind: share, amount: 3_000, nonce: 2 })],
    ]
    const { result } = play(three(), groups, { 1: [0, 200], 2: [300, 0], 3: [300, 0] })
    expect(told(result, 1)).toEqual([
      [120, 180_000n, 'honoured'],
      [60, 90_000n, 'honoured'],
    ])
  })

  it('signed as one group share pro rata, the remainder by largest remainder', () => {
    const group = [
      agreement(1, 2, { kind: fixed, amount: 100 }),
      agreement(1, 3, { kind: fixed, amount: 200 }),
      agreement(1, 4, { kind: fixed, amount: 300 }),
    ]
    const energies: Record<number, [number, number]> = { 1: [0, 100], 2: [500, 0], 3: [500, 0], 4: [500, 0] }
    const { result } = play([...three(), seat(4)], [group], energies)
    // 16.67, 33.33 and 50: the first has the largest remainder.
    expect([2, 3, 4].map((number) => told(result, number)[0]![0])).toEqual([17, 33, 50])
    expect(told(result, 4)).toEqual([[50, 75_000n, 'less-delivered']])
  })

  it('of a group that does not take its part leaves that to the others', () => {
    const group = [agreement(1, 2), agreement(1, 3)]
    const { result } = play(three(), [group], { 1: [0, 300], 2: [40, 0], 3: [500, 0] })
    // The two may take 40 and 300; 300 × 40 / 340 = 35.3.
    expect([2, 3].map((number) => told(result, number)[0])).toEqual([
      [35, 52_500n, 'less-delivered'],
      [265, 397_500n, 'less-delivered'],
    ])
  })
})

describe('a grid fee', () => {
  const zoned = [seat(1), seat(2, { terms: [terms({ zone: 'south' })] }), seat(3)]

  it('is paid by the buyer, for every link on the way', () => {
    const { result } = play(zoned, [[agreement(1, 2, { kind: fixed, amount: 100 })]], { 1: [0, 300], 2: [300, 0] })
    expect(told(result, 1)).toEqual([[100, 150_000n, 'honoured']])
    expect(told(result, 2)).toEqual([[100, 170_000n, 'honoured']])
    expect(result).toMatchObject({ gridFees: 20_000n, gridTake: 20_000n })
  })

  it('counts against the buyer’s ceiling', () => {
    const tight = [seat(1), seat(2, { terms: [terms({ zone: 'south', buyCeiling: 1_699 })] })]
    const { result } = play(tight, [[agreement(1, 2)]], { 1: [0, 300], 2: [300, 0] })
    expect(told(result, 2)).toEqual([[0, 0n, 'outside-mandate']])
  })

  it('has links that the first agreements take first, and the auction has what is left of them', () => {
    const seats = [...zoned, seat(4, { terms: [terms({ zone: 'south' })] })]
    const area = open(seats)
    area.run(signed([agreement(1, 2, { kind: fixed, amount: 350 })]))
    area.run(signed([agreement(3, 4, { kind: fixed, amount: 100 })]))
    area.run(placing(before, order(1, 'sell')))
    area.run(placing(before, order(4, 'buy', { limitPrice: 3_000 })))
    const energies: Record<number, [number, number]> = { 1: [0, 900], 2: [900, 0], 3: [0, 900], 4: [900, 0] }
    const [result] = cleared(area.run({ type: 'readings', atMs: end * 1000, readings: readings(1, energies) }))
    // The link of the south carries 400 Wh: 350, then 50 of 100, then nothing.
    expect(told(result!, 2)).toEqual([[350, 595_000n, 'honoured']])
    expect(told(result!, 4)).toEqual([[50, 85_000n, 'link-taken']])
    expect(seatOf(result!, 4).outcomes[1]).toMatchObject({ stage: 'spot', filledWh: 0, code: 'link-full' })
  })

  it('is that of the interval’s time', () => {
    const area = open(zoned)
    area.run(signed([agreement(1, 2, { kind: fixed, amount: 100 })]))
    const zones = config.zones.map((zone) => ({ ...zone, feeTicksPerKwh: 2 * zone.feeTicksPerKwh }))
    area.run({
      type: 'configure',
      atMs: t0 * 1000 + 1,
      config: { ...config, zones },
      face: area.state.configs[0]!.face,
    })
    const results = [1, 2].flatMap((number) => {
      const sent = readings(number, { 1: [0, 300], 2: [300, 0] })
      return cleared(area.run({ type: 'readings', atMs: boundary(number) * 1000 + 1, readings: sent }))
    })
    expect(results.map((result) => told(result, 2))).toEqual([
      [[100, 170_000n, 'honoured']],
      [[100, 190_000n, 'honoured']],
    ])
  })
})

describe('mandates and funds', () => {
  it('that are tightened later void an agreement as long as they are', () => {
    const area = open(three())
    area.run(signed([agreement(1, 2)]))
    area.run(following(before, [seat(1, { terms: [terms(), terms({ from: end, sellFloor: 1_501, version: 2 })] })]))
    const results = [1, 2].flatMap((number) => {
      const sent = readings(number, { 1: [0, 300], 2: [400, 0] })
      return cleared(area.run({ type: 'readings', atMs: boundary(number) * 1000 + 1, readings: sent }))
    })
    expect(results.map((result) => told(result, 1))).toEqual([
      [[300, 450_000n, 'honoured']],
      [[0, 0n, 'outside-mandate']],
    ])
  })

  it('bound what is set aside: an agreement is cut to what the buyer can pay, and says so', () => {
    const poor = seat(2, { balance: 150_000n })
    const { state, result } = play([seat(1), poor], [[agreement(1, 2)]], { 1: [0, 300], 2: [400, 0] })
    expect(told(result, 1)).toEqual([[100, 150_000n, 'escrow-low']])
    expect(committedFunds(state).get(2)).toBe(150_000n)
    // The next interval finds nothing free, and says that too.
    const events = eventsOf(apply(state, waiting(end * 1000)), 'interval-started')
    expect(events).toEqual([])
    const next = state.intervals.get(end)!.promised
    expect(next).toMatchObject([{ energyWh: 0, isCut: true }])
  })

  it('of a buyer without any money are told in an interval with surplus', () => {
    const area = open([seat(1), seat(2, { balance: 0n })])
    area.run(signed([agreement(1, 2)]))
    // An order of the seller's, for which the interval waits.
    area.run(placing(before, order(1, 'sell')))
    const sent = readings(1, { 2: [400, 0], 1: [0, 300] })
    const [result] = cleared(area.run({ type: 'readings', atMs: end * 1000, readings: sent }))
    expect(told(result!, 1)).toEqual([[0, 0n, 'escrow-low']])
    expect(told(result!, 2)).toEqual([[0, 0n, 'escrow-low']])
  })

  it('of a seller bind a negative price', () => {
    const cheap = seat(1, { balance: 10_000n, terms: [terms({ sellFloor: -600 })] })
    const { result } = play([cheap, seat(2)], [[agreement(1, 2, { price: -200 })]], { 1: [0, 300], 2: [400, 0] })
    expect(told(result, 1)).toEqual([[50, -10_000n, 'escrow-low']])
  })

  it('keep energy to the nameplate and to what the buyer may buy', () => {
    const seats = [seat(1, { terms: [terms({ nameplateWh: 250 })] }), seat(2, { terms: [terms({ maxBuyWh: 180 })] })]
    const { result } = play(seats, [[agreement(1, 2)]], { 1: [0, 290], 2: [400, 0] })
    expect(told(result, 1)).toEqual([[180, 270_000n, 'less-taken']])
  })

  it.each([
    ['seller-side', 'estimated', { 1: 1 }],
    ['buyer-side', 'doubtful', { 2: 2 }],
  ] as const)('need measured energy on both sides (%s)', (code, reason, quality) => {
    const area = open(three())
    area.run(signed([agreement(1, 2, { kind: fixed, amount: 100 })]))
    const sent = readings(1, { 1: [0, 300], 2: [400, 0] }).map((own, index) => {
      return { ...own, quality: (quality as Record<number, number>)[index + 1] ?? 0 }
    })
    const [result] = cleared(area.run({ type: 'readings', atMs: end * 1000, readings: sent }))
    const place = { estimated: 14, doubtful: 15 }[reason]
    for (const number of [1, 2]) {
      expect(seatOf(result!, number).outcomes).toMatchObject([{ code, details: [place], filledWh: 0 }])
    }
  })
})

describe('notice', () => {
  const ending = (id: string, by: number, at: number, atMs = t0 * 1000 + 1) => {
    return { type: 'end-agreement', atMs, id, by: addressOf('a', by), end: at, signature: '0x' } as const
  }

  it('may be given by either side, so far ahead as they agreed, for a boundary', () => {
    const { state, run } = open(three())
    const command = signed([agreement(1, 2, { noticeSeconds: 3_600 })])
    run(command)
    const { id } = command.items[0]!
    expect(reasonOf(run(ending(id, 3, boundary(9))))).toBe('AGREEMENT_FOREIGN')
    expect(reasonOf(run(ending(newId(), 1, boundary(9))))).toBe('AGREEMENT_UNKNOWN')
    for (const at of [boundary(4), boundary(5) + 1, t0 + 30 * day, t0 + 31 * day]) {
      const [refusal] = eventsOf(run(ending(id, 1, at)), 'refused')
      expect(refusal).toMatchObject({ code: 'AGREEMENT_NOTICE', details: [3_600, boundary(5), t0 + 30 * day] })
    }
    expect(run(ending(id, 2, boundary(7)))).toEqual([
      { type: 'agreement-ended', arrival: 1, seller: 1, buyer: 2, end: boundary(7) },
    ])
    // Sooner is possible for the other side, later is not.
    expect(reasonOf(run(ending(id, 1, boundary(8))))).toBe('AGREEMENT_NOTICE')
    expect(run(ending(id, 1, boundary(5)))).toMatchObject([{ type: 'agreement-ended', end: boundary(5) }])
    run(waiting(boundary(6) * 1000))
    expect([4, 5].map((number) => state.intervals.get(boundary(number))!.promised.length)).toEqual([1, 0])
    expect(reasonOf(run(ending(id, 1, boundary(9), boundary(6) * 1000)))).toBe('AGREEMENT_UNKNOWN')
  })

  it('is given as often as orders are placed: each is kept, whatever it changes', () => {
    const { state, run } = open(three())
    const command = signed([agreement(1, 2)])
    run(command)
    const { id } = command.items[0]!
    const given = Array.from({ length: 70 }, (_, times) => run(ending(id, 1, t0 + 30 * day - (times + 1) * 900)))
    expect(eventsOf(given.flat(), 'agreement-ended')).toHaveLength(60)
    expect(given.at(-1)).toMatchObject([{ type: 'refused', code: 'ORDER_RATE', details: [60] }])
    expect(state.agreements.get(id)!.end).toBe(t0 + 30 * day - 60 * 900)
    expect(run(ending(id, 2, boundary(5)))).toMatchObject([{ type: 'agreement-ended', end: boundary(5) }])
  })
})

describe('taking agreements up', () => {
  it.each([
    ['AGREEMENT_RULES', agreement(1, 2, { rules: `0x${'1'.repeat(64)}` })],
    ['AGREEMENT_NO_SEAT', agreement(9, 2)],
    ['AGREEMENT_NO_SEAT', agreement(1, 9)],
    ['AGREEMENT_SELF', agreement(1, 1)],
    ['AGREEMENT_KIND', agreement(1, 2, { kind: 3 })],
    ['AGREEMENT_AMOUNT', agreement(1, 2, { kind: fixed })],
    ['AGREEMENT_AMOUNT', agreement(1, 2, { kind: share, amount: 10_001 })],
    ['AGREEMENT_AMOUNT', agreement(1, 2, { amount: 1 })],
    ['AGREEMENT_TIME', agreement(1, 2, { start: t0 + 1 })],
    ['AGREEMENT_TIME', agreement(1, 2, { end: t0 })],
    ['AGREEMENT_TIME', agreement(1, 2, { start: boundary(-4), end: t0 })],
    ['AGREEMENT_TIME', agreement(1, 2, { end: t0 + 371 * day })],
    ['AGREEMENT_NOTICE', agreement(1, 2, { noticeSeconds: 371 * day })],
    ['AGREEMENT_NONCE', agreement(1, 2, { nonce: 2 ** 50 })],
    ['AGREEMENT_PRICE', agreement(1, 2, { price: 3_401 })],
    ['AGREEMENT_PRICE', agreement(1, 2, { price: -601 })],
    ['AGREEMENT_MANDATE', agreement(1, 2, { price: 499 })],
    ['AGREEMENT_MANDATE', agreement(1, 2, { price: 3_001 })],
    ['AGREEMENT_MANDATE', agreement(1, 2, { end: t0 + 366 * day })],
    ['AGREEMENT_UNCONFIRMED', agreement(3, 2)],
    ['AGREEMENT_UNCONFIRMED', agreement(1, 3)],
  ])('is refused with %s', (code, own) => {
    const { state, run } = open([seat(1), seat(2), seat(3, { terms: [terms({ nameplateWh: null })] })])
    expect(run(signed([own]))).toMatchObject([{ type: 'refused', code }])
    expect(state.agreements.size).toBe(0)
  })

  it('takes each nonce of a seller once, also after its agreement has ended', () => {
    const { run } = open(three())
    run(signed([agreement(1, 2, { end: boundary(2) })]))
    expect(reasonOf(run(signed([agreement(1, 3)])))).toBe('AGREEMENT_NONCE')
    expect(reasonOf(run(signed([agreement(1, 3)], boundary(8) * 1000)))).toBe('AGREEMENT_NONCE')
    expect(run(signed([agreement(2, 3, { end: boundary(20) })], boundary(8) * 1000))[0]).toMatchObject({
      type: 'agreement-accepted',
    })
  })

  it('takes a group wholly or not at all, of one seller and with each buyer once', () => {
    const { state, run } = open([seat(1), seat(2), seat(3), seat(4)])
    for (const group of [
      [],
      [agreement(1, 2), agreement(3, 4)],
      [agreement(1, 2), agreement(1, 3, { nonce: 2 })],
      [agreement(1, 2), agreement(1, 2)],
    ]) {
      expect(reasonOf(run(signed(group)))).toBe('AGREEMENT_GROUP')
    }
    expect(reasonOf(run(signed([agreement(1, 2), agreement(1, 9)])))).toBe('AGREEMENT_NO_SEAT')
    expect(state.agreements.size).toBe(0)
    expect(run(signed([agreement(1, 2), agreement(1, 3)]))).toMatchObject([
      { agreement: { arrival: 1, group: 1 } },
      { agreement: { arrival: 2, group: 1 } },
    ])
  })

  it('goes on up to 16 of a seat that have not ended, on either side', () => {
    const { run } = open(Array.from({ length: 20 }, (_, index) => seat(index + 1)))
    for (let buyer = 2; buyer <= 17; buyer += 1) {
      const [accepted] = run(signed([agreement(1, buyer, { nonce: buyer, end: boundary(4) })]))
      expect(accepted).toMatchObject({ type: 'agreement-accepted' })
    }
    expect(reasonOf(run(signed([agreement(1, 18, { nonce: 18 })])))).toBe('AGREEMENT_LIMIT')
    expect(reasonOf(run(signed([agreement(18, 1)])))).toBe('AGREEMENT_LIMIT')
    // Those that have ended leave room, though their intervals are still in memory.
    expect(run(signed([agreement(1, 18, { nonce: 18, end: boundary(8) })], boundary(4) * 1000)).at(-1)).toMatchObject({
      type: 'agreement-accepted',
    })
  })
})

describe('leaving out', () => {
  const batchEnd = boundary(4)
  const cutMs = batchEnd * 1000 + 120_000

  function hour(seats: ChainSeat[], groups: SignedAgreement[][], energies: Record<number, [number, number]>) {
    const area = open(seats)
    for (const group of groups) area.run(signed(group))
    for (let number = 1; number <= 4; number += 1) {
      area.run({ type: 'readings', atMs: boundary(number) * 1000 + 1, readings: readings(number, energies) })
    }
    const [cut] = eventsOf(area.run(waiting(cutMs)), 'batch-cut')
    return { ...area, cut: cut! }
  }

  it('voids an agreement on both sides, and the others stay', () => {
    const groups = [[agreement(1, 2, { kind: fixed, amount: 100 }), agreement(1, 3, { kind: fixed, amount: 50 })]]
    const { run, cut } = hour(three(), groups, { 1: [0, 300], 2: [300, 0], 3: [300, 0] })
    expect(cut.batch.energyWh).toBe(600)
    const events = run({ type: 'leave-out', atMs: cutMs + 1, end: batchEnd, number: 1, seats: [2] })
    const [first] = eventsOf(events, 'interval-reduced')
    expect(first).toMatchObject({ matchedWh: 50, gridTake: 0n })
    expect(first!.changes).toMatchObject([
      { seat: 1, soldWh: 50, received: 75_000n, fills: [{ stage: 'agreements', arrival: 1, filledWh: 0 }] },
      { seat: 2, boughtWh: 0, paid: 0n, fills: [{ stage: 'agreements', filledWh: 0, code: 'left-out' }] },
    ])
    const [anew] = eventsOf(events, 'batch-cut')
    expect(anew!.batch).toMatchObject({ energyWh: 200, paid: 300_000n, received: 300_000n })
  })

  it('keeps the links: what had room only beside what went the other way loses it', () => {
    const south = { terms: [terms({ zone: 'south' })] }
    const seats = [seat(1), seat(2, south), seat(3, south), seat(4)]
    // 300 Wh go south; so 700 Wh may go north over a link of 400.
    const groups = [[agreement(1, 2, { kind: fixed, amount: 300 })], [agreement(3, 4, { kind: fixed, amount: 650 })]]
    const energies: Record<number, [number, number]> = { 1: [0, 300], 2: [300, 0], 3: [0, 650], 4: [650, 0] }
    const { run, cut } = hour(seats, groups, energies)
    expect(cut.batch.energyWh).toBe(4 * 950)
    const events = run({ type: 'leave-out', atMs: cutMs + 1, end: batchEnd, number: 1, seats: [2] })
    const [first] = eventsOf(events, 'interval-reduced')
    expect(first).toMatchObject({ matchedWh: 400, gridFees: 400n * 200n })
    expect(first!.changes.map(({ seat: own, soldWh, boughtWh }) => [own, soldWh, boughtWh])).toEqual([
      [1, 0, 0],
      [2, 0, 0],
      [3, 400, 0],
      [4, 0, 400],
    ])
  })
})
