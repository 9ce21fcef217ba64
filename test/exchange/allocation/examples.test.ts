/**
 * Examples that others published, with their sources. Where a source states a rule and no numbers, the numbers are ours and
 * the test says so.
 */
import { describe, expect, test } from 'vitest'
import { type AllocationKey, allocate, inOneRound } from '../../../server/exchange/allocation/allocate.ts'
import { givenBy, pairUp } from '../../../server/exchange/allocation/pairs.ts'

const proportional: AllocationKey = { kind: 'proportional' }
const percent = (...percents: number[]) => percents.map((each) => each * 10_000)
const fixed = (percents: number[], repeated = false): AllocationKey => ({
  kind: 'static',
  sharesMillionths: percent(...percents),
  repeated,
})
const once = (key: AllocationKey, offeredWh: number, consumedWh: number[]) =>
  allocate(inOneRound(key), offeredWh, consumedWh)
const residual = (consumedWh: number[], allocated: number[]) => consumedWh.map((wh, i) => wh - allocated[i]!)

describe('Austria, static (energiegemeinschaften.gv.at, ElWOG § 16e (3); numbers ours)', () => {
  test('a fixed part each, what is not consumed in the quarter-hour is surplus fed into the grid', () => {
    expect(once(fixed([50, 30, 20]), 1000, [600, 100, 400])).toEqual([500, 100, 200])
  })
})

describe('Austria, dynamic (energiegemeinschaften.gv.at: in relation to measured consumption)', () => {
  test('with the numbers of a building of three parties (energiewende-einfach-machen.net/?p=416)', () => {
    // 2, 3 and 1 kWh were consumed, 4 kWh came from the roof; from the grid 0.67, 1.00 and 0.33 kWh.
    const consumed = [2000, 3000, 1000]
    const allocated = once(proportional, 4000, consumed)
    expect(allocated).toEqual([1333, 2000, 667])
    expect(residual(consumed, allocated)).toEqual([667, 1000, 333])
  })

  test('covers everybody where there is enough', () => {
    expect(once(proportional, 9000, [2000, 3000, 1000])).toEqual([2000, 3000, 1000])
  })
})

describe('Luxembourg', () => {
  test('the surplus is what the plant makes beyond its own use (ILR: 500 Wh made, 200 Wh used, 300 Wh to the group)', () => {
    expect(once({ kind: 'cascade', ranks: [1] }, 500 - 200, [400])).toEqual([300])
  })

  test('by priority: in the agreed order (weshareenergy.lu, "Priority"; numbers ours)', () => {
    const key: AllocationKey = { kind: 'cascade', ranks: [2, 1, 3] }
    expect(once(key, 300, [200, 250, 100])).toEqual([50, 250, 0])
    expect(once(key, 500, [200, 250, 100])).toEqual([200, 250, 50])
  })

  test('pro rata: by present consumption (weshareenergy.lu, "Pro rata"; numbers ours)', () => {
    expect(once(proportional, 300, [200, 300, 100])).toEqual([100, 150, 50])
  })

  test('where more is made than consumed, the rule stands at the producers (creos-net.lu, "clé de répartition"; numbers ours)', () => {
    // The same keys, with consumption to be shared among what each plant fed in.
    expect(once({ kind: 'cascade', ranks: [1, 2] }, 250, [200, 300])).toEqual([200, 50])
    expect(givenBy(250, [200, 300])).toEqual([100, 150])
  })
})

describe('Belgium', () => {
  test('one round: 25 % for each of four, the rest is not shared (sibelga.be, fixed, one round; consumption ours)', () => {
    expect(once(fixed([25, 25, 25, 25]), 1000, [400, 100, 250, 300])).toEqual([250, 100, 250, 250])
  })

  test('several rounds: what is left is shared again, until nothing is (sibelga.be, CWaPE; consumption ours)', () => {
    expect(once(fixed([25, 25, 25, 25], true), 1000, [400, 100, 250, 300])).toEqual([350, 100, 250, 300])
    expect(once(fixed([25, 25, 25, 25], true), 1000, [400, 100, 250, 200])).toEqual([400, 100, 250, 200])
  })

  test('rounds of different keys: a part by fixed shares, then the rest pro rata (CWaPE, hybrid; numbers ours)', () => {
    const rounds = [
      { ofMillionths: 600_000, key: fixed([50, 50]) },
      { ofMillionths: 400_000, key: proportional },
    ]
    // 600 Wh by halves leave 200 Wh of the second; those and the other 400 Wh go to the first, who lacks 600 Wh.
    expect(allocate(rounds, 1000, [900, 100])).toEqual([900, 100])
    expect(allocate(rounds, 1000, [900, 500])).toEqual([300 + 300, 300 + 100])
  })

  test('a hall gives 25, 25 and 50 %; who takes less leaves the rest to the hall (fluvius.be; energies ours)', () => {
    expect(once(fixed([25, 25, 50]), 400, [150, 60, 500])).toEqual([100, 60, 200])
  })
})

describe('Spain', () => {
  test('coefficients of an hour: 30 and 70 % of 100 Wh (ecodrivex.es: 15 and 10 Wh are left to pay)', () => {
    const consumed = [45, 80]
    const allocated = once(fixed([30, 70]), 100, consumed)
    expect(allocated).toEqual([30, 70])
    expect(residual(consumed, allocated)).toEqual([15, 10])
  })

  test('what is not used of one’s part is one’s own surplus (somenergia.coop, article 990; numbers ours)', () => {
    expect(once(fixed([30, 70]), 1000, [200, 900])).toEqual([200, 700])
  })
})

describe('Switzerland, channel of the community (ebl.ch: per quarter-hour, in relation to consumption; numbers ours)', () => {
  test('a total is what is shared plus what comes from the grid', () => {
    const consumed = [65, 96, 122]
    const shared = once(proportional, 100, consumed)
    expect(shared).toEqual([23, 34, 43])
    expect(residual(consumed, shared).map((grid, i) => grid + shared[i]!)).toEqual(consumed)
  })
})

describe('United States, percentages of a host account (three decimals, 100.000 % altogether; numbers ours)', () => {
  test('are exact to the Wh', () => {
    const shares = [33_333, 33_333, 33_334].map((thousandths) => thousandths * 10)
    const key: AllocationKey = { kind: 'static', sharesMillionths: shares, repeated: false }
    expect(once(key, 1_000_001, [1e6, 1e6, 1e6])).toEqual([333_330, 333_330, 333_341])
  })
})

describe('New Zealand, matching by demand (energyalternatives.co.nz, Waiheke Energy Share)', () => {
  test('5 kWh for 4, 3 and 2 kWh, in proportion', () => {
    expect(once(proportional, 5000, [4000, 3000, 2000])).toEqual([2222, 1667, 1111])
  })

  test('with a quarter kept for a fifth party first: 1.25 kWh, and 3.75 kWh for the others', () => {
    const rounds = [
      { ofMillionths: 250_000, key: fixed([0, 0, 0, 100]) },
      { ofMillionths: 750_000, key: proportional },
    ]
    const allocated = allocate(rounds, 5000, [4000, 3000, 2000, 1250])
    expect(allocated).toEqual([1667, 1250, 833, 1250])
  })
})

test('pairs add up on both sides', () => {
  expect(pairUp([300, 200], [100, 400])).toEqual([
    { producer: 0, consumer: 0, energyWh: 60 },
    { producer: 0, consumer: 1, energyWh: 240 },
    { producer: 1, consumer: 0, energyWh: 40 },
    { producer: 1, consumer: 1, energyWh: 160 },
  ])
})
