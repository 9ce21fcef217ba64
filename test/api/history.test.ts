/** What is shown of the past goes by the settings of its time: names, fees, capacities and tariffs. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { parseMoney } from '../../contracts/protocol/units.ts'
import { budgetDaySchema, dailyBudgetSchema } from '../../server/api/budget-resources.ts'
import { meterSchema } from '../../server/api/joining.ts'
import { partnerChoicesSchema, partnersSchema } from '../../server/api/partner-resources.ts'
import { intervalSchema, pageOf, seatIntervalSchema, summarySchema } from '../../server/api/resources.ts'
import { listsTakenAlong } from '../../server/api/routes/everything.ts'
import {
  betterLimitsSchema,
  monthSchema,
  otherPricesSchema,
  settledRootSchema,
  totalsSchema,
} from '../../server/api/totals-resources.ts'
import type { AreaConfig, AreaFace } from '../../server/market/area/area.ts'
import { checkInterval } from '../../web/market/market.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { domain, lower, meters, people, seatIds, settings } from './people.ts'
import { announce, ask, meter, type Street, startStreet, tokenOf, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
/** From here on the south feeder carries nothing, costs more, has another name, and the tariffs are doubled. */
const changed = t0 + 2 * intervalSeconds

let street: Street
let token: string
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  token = await tokenOf(street, people.bob)
  const [row] = await street.database<{ area_id: number; settings: { config: AreaConfig; face: AreaFace } }[]>`
    select area_id, settings from area_settings`
  const { config, face } = row!.settings
  const zones = config.zones.map((zone) =>
    zone.id === 'south' ? { ...zone, feeTicksPerKwh: 900, capacityWh: 0 } : zone,
  )
  const zoneNames = face.zoneNames.map((name) => (name === 'South feeder' ? 'Lower feeder' : name))
  const now = {
    config: { ...config, zones },
    face: { ...face, zoneNames, feedInTicks: 1_600, retailTicks: 6_000 },
  }
  await street.database`
    insert into area_settings (area_id, from_start, settings)
    values (${row!.area_id}, ${changed}, ${street.database.json(now as never)})`
})
afterAll(() => street.stop())

const sumOf = (amounts: readonly string[]) => amounts.reduce((sum, each) => sum + Math.round(Number(each) * 1e7), 0)
const own = (path: string) => ask(street, 'GET', `accounts/${lower(people.bob)}/${path}`, { token })

describe('after a zone changed', () => {
  test('each interval tells the zones of its time, and adds up by them', async () => {
    const { items } = pageOf(intervalSchema).parse((await ask(street, 'GET', 'areas/1/intervals')).body)
    const south = items.map(({ zones }) => zones.find(({ zone }) => zone === 'south')!)
    expect(south.map(({ name, feePerKwh, capacityWh }) => [name, feePerKwh, capacityWh])).toEqual([
      ['Lower feeder', '0.0900', 0],
      ['Lower feeder', '0.0900', 0],
      ['South feeder', '0.0100', 400],
      ['South feeder', '0.0100', 400],
    ])
    expect(items.slice(2).flatMap(checkInterval)).toEqual([])
    const [single] = pageOf(intervalSchema).parse((await ask(street, 'GET', `areas/1/intervals/${iso(t0)}`)).body).items
    expect(single).toEqual(items.at(-1))
  })

  test('sentences name a zone as it was called then', async () => {
    const { items } = pageOf(seatIntervalSchema).parse((await own('intervals')).body)
    const messages = items.map(({ outcomes }) => outcomes[0]!.message)
    expect(messages[0]).toContain('the line of Lower feeder was full')
    expect(messages.at(-1)).toContain('the line of South feeder was full')
  })

  test('sums go by the tariffs of each part of the range', async () => {
    const sum = async (from: number, to: number) => {
      const reply = await own(`summary?seat=${seatIds.bob}&from=${iso(from)}&to=${iso(to)}`)
      return summarySchema.parse(reply.body)
    }
    const end = t0 + 4 * intervalSeconds
    const parts = [await sum(t0, changed), await sum(changed, end)]
    expect(parts.map(({ boughtWh, boughtAtRetail }) => [boughtWh, boughtAtRetail])).toEqual([
      [800, '0.24'],
      [800, '0.48'],
    ])
    expect(await sum(t0, end)).toMatchObject({ boughtWh: 1_600, boughtAtRetail: '0.72' })
  })

  test('parts of a time add up to its intervals, with the tariffs of each', async () => {
    const end = t0 + 4 * intervalSeconds
    const { items } = pageOf(seatIntervalSchema).parse((await own('intervals')).body)
    for (const by of ['quarter-hour', 'hour', 'day', 'month'] as const) {
      const path = `totals?seat=${seatIds.bob}&from=${iso(t0)}&to=${iso(end)}&by=${by}&timeZone=Europe/Vienna`
      const totals = totalsSchema.parse((await own(path)).body)
      const parts = totals.starts.map((start, index) => {
        const next = totals.starts[index + 1] ?? totals.to
        return items.filter((each) => each.start >= start && each.start < next)
      })
      for (const name of ['importWh', 'exportWh', 'boughtWh', 'soldWh', 'ownUseWh'] as const) {
        expect(totals[name]).toEqual(parts.map((part) => part.reduce((sum, each) => sum + each[name], 0)))
      }
      const produced = (part: typeof items) =>
        part.flatMap(({ productionWh, exportWh }) => (productionWh === null ? [] : [{ productionWh, exportWh }]))
      expect(totals.producing).toEqual(parts.map((part) => produced(part).length))
      expect(totals.productionWh).toEqual(
        parts.map((part) =>
          produced(part).length === 0 ? null : produced(part).reduce((sum, each) => sum + each.productionWh, 0),
        ),
      )
      expect(totals.usedAtOnceWh).toEqual(
        parts.map((part) =>
          produced(part).length === 0
            ? null
            : produced(part).reduce((sum, each) => sum + Math.max(0, each.productionWh - each.exportWh), 0),
        ),
      )
      expect(totals.intervals).toEqual(parts.map((part) => part.length))
      expect(sumOf(totals.paid)).toBe(sumOf(items.map(({ paid }) => paid)))
      expect(sumOf(totals.boughtAtRetail)).toBe(sumOf(['0.72']))
    }
  })

  test('a month is told by stage and side, and what is settled of it', async () => {
    const month = async () => {
      const reply = await own(`months/${iso(t0).slice(0, 7)}?seat=${seatIds.bob}&timeZone=UTC`)
      return monthSchema.parse(reply.body)
    }
    const { lines, summary, batches, intervals } = await month()
    expect([summary.boughtWh, intervals, batches.map(({ status }) => status)]).toEqual([1_600, 4, ['cut']])
    expect(lines).toEqual([
      {
        ...{ side: 'buy', stage: 'spot', intervals: 4, energyWh: 1_600, amount: summary.paid },
        ...{ settledWh: 0, settledAmount: '0' },
      },
    ])
    const end = batches[0]!.end
    const root = () => ask(street, 'GET', `areas/1/batches/${end}/settled-root`)
    expect((await root()).body.code).toBe('BATCH_UNKNOWN')
    const [row] = await street.database`select area_id, end_at, number from batches`
    await street.database`
      insert into batch_progress ${street.database({ ...row, status: 'settled', transaction: '\\x12', block: 7 })}`
    expect(await month()).toMatchObject({ lines: [{ settledWh: 1_600, settledAmount: summary.paid }] })
    expect(settledRootSchema.parse((await root()).body)).toMatchObject({ block: 7, node: 'node.example:8545', end })
  })

  test('what is no range, no month and no time zone is refused in words', async () => {
    const code = async (path: string) => (await own(path)).body.code
    const totals = `totals?seat=${seatIds.bob}&from=${iso(t0)}&by=hour`
    expect(await code(`${totals}&to=${iso(t0)}&timeZone=UTC`)).toBe('RANGE_EMPTY')
    expect(await code(`${totals}&to=${iso(t0 + 400 * 86_400)}&timeZone=UTC`)).toBe('RANGE_TOO_LONG')
    expect(await code(`${totals}&to=${iso(t0 + 900)}&timeZone=Nowhere`)).toBe('REQUEST_INVALID')
    expect(await code(`months/2026-13?seat=${seatIds.bob}&timeZone=UTC`)).toBe('REQUEST_INVALID')
    const foreign = await ask(
      street,
      'GET',
      `accounts/${lower(people.alice)}/months/2026-07?seat=${seatIds.alice}&timeZone=UTC`,
      { token },
    )
    expect(foreign.body.code).toBe('ACCOUNT_FOREIGN')
  })

  test('other prices are tried on the auctions of the time, and those that cannot be found again are left out', async () => {
    const alice = await tokenOf(street, people.alice)
    const ask1 = (path: string, token: string) =>
      ask(street, 'GET', `accounts/${lower(people.alice)}/${path}`, { token })
    const range = `seat=${seatIds.alice}&from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`
    const as = otherPricesSchema.parse((await ask1(`other-prices?${range}&side=sell&limits=0.1000,0.9000`, alice)).body)
    // The later two were cleared over a link that has room for nothing by what was written into their settings.
    expect(as).toMatchObject({ intervals: 2, leftOut: 2, offeredWh: 1_000, from: iso(t0), to: iso(changed) })
    const real = summarySchema.parse(
      (await ask1(`summary?seat=${seatIds.alice}&from=${iso(t0)}&to=${iso(changed)}`, alice)).body,
    )
    expect(as.at).toEqual([
      { limitPerKwh: '0.1000', tradedWh: real.soldWh, amount: real.received, withSupplier: '0.016' },
      { limitPerKwh: '0.9000', tradedWh: 0, amount: '0', withSupplier: '0.08' },
    ])
    const bought = await own(
      `other-prices?seat=${seatIds.bob}&from=${iso(t0)}&to=${iso(changed)}&side=buy&limits=0.0001,0.2500`,
    )
    const spent = summarySchema.parse(
      (await own(`summary?seat=${seatIds.bob}&from=${iso(t0)}&to=${iso(changed)}`)).body,
    )
    expect(otherPricesSchema.parse(bought.body).at).toMatchObject([
      { tradedWh: 0, amount: '0' },
      { tradedWh: spent.boughtWh, amount: spent.paid },
    ])
    const better = await ask1(`better-limits?seat=${seatIds.alice}&side=sell&start=${iso(t0)}`, alice)
    expect(betterLimitsSchema.parse(better.body)).toMatchObject({
      found: { offeredWh: 500, tradedWh: 400, better: [] },
    })
    const untold = await ask1(`better-limits?seat=${seatIds.alice}&side=sell&start=${iso(changed)}`, alice)
    expect(betterLimitsSchema.parse(untold.body).found).toBeNull()
    const foreign = await ask1(`better-limits?seat=${seatIds.alice}&side=sell&start=${iso(t0)}`, token)
    expect(foreign.body.code).toBe('ACCOUNT_FOREIGN')
    expect((await ask1(`other-prices?${range}&side=sell&limits=0.1`, token)).body.code).toBe('ACCOUNT_FOREIGN')
    expect((await ask1(`other-prices?${range}&side=sell&limits=cheap`, alice)).body.code).toBe('REQUEST_INVALID')
  })

  test('the report runs through, and what was settled keeps its fees', async () => {
    const grid = await tokenOf(street, people.grid)
    const path = `areas/1/report?from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`
    const reply = await ask(street, 'GET', path, { token: grid })
    const [header, ...lines] = reply.body.trim().split('\r\n').slice(0, -1)
    const fee = header.split(',').indexOf('gridFeeAmount')
    expect(lines.map((line: string) => line.split(',')[fee])).toEqual(Array.from({ length: 8 }, () => '0.004'))
  })
})

test('what lies in an archive is said to, and is no empty list', async () => {
  const until = changed
  await street.database`
    insert into archives (area_id, month, until, end_at, file, sha256, bytes, last_sequence, dropped)
    values (1, ${t0}, ${until}, ${until}, 'area-1.commonwatt-archive.gz', '\\x', 1, 1, true)`
  const grid = await tokenOf(street, people.grid)
  const range = `from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`
  const replies = await Promise.all([
    ask(street, 'GET', `areas/1/intervals?${range}`),
    ask(street, 'GET', `areas/1/intervals/${iso(t0)}`),
    ask(street, 'GET', `areas/1/tariff?${range}`),
    ask(street, 'GET', `areas/1/report?${range}`, { token: grid }),
    ask(street, 'GET', `areas/1/batches/${iso(until)}/export`, { token: grid }),
    own(`intervals?${range}`),
    own(`summary?seat=${seatIds.bob}&${range}`),
    own(`totals?seat=${seatIds.bob}&${range}&by=hour&timeZone=UTC`),
    own(`months/${iso(t0).slice(0, 7)}?seat=${seatIds.bob}&timeZone=UTC`),
    own(`readings?seat=${seatIds.bob}&${range}`),
    own(`statements/${iso(until)}?seat=${seatIds.bob}`),
    own(`partners?seat=${seatIds.bob}&${range}`),
    own(`witnesses?seat=${seatIds.bob}&${range}`),
    ask(street, 'GET', `areas/1/witnesses?${range}`, { token: grid }),
    own(`better-limits?seat=${seatIds.bob}&side=buy&start=${iso(t0)}`),
    own(`other-prices?seat=${seatIds.bob}&side=buy&${range}&limits=0.1`),
  ])
  for (const { status, body } of replies) {
    const problem = typeof body === 'string' ? JSON.parse(body) : body
    expect([status, problem.code, problem.detail]).toEqual([410, 'STORE_ARCHIVED', expect.stringMatching(/archived/)])
  }
  const later = await ask(street, 'GET', `areas/1/intervals?from=${iso(until)}`)
  expect(pageOf(intervalSchema).parse(later.body).items).toHaveLength(2)
  await street.database`delete from archives`
})

describe('from whom energy came', () => {
  const range = `from=${iso(t0)}&to=${iso(t0 + 4 * intervalSeconds)}`
  const alice = lower(people.alice)
  const partners = async (name: 'alice' | 'bob', by: string) => {
    const path = `accounts/${lower(people[name])}/partners?seat=${seatIds[name]}&${range}`
    return partnersSchema.parse((await ask(street, 'GET', path, { token: by })).body)
  }
  const choose = (body: unknown, by: string, account = alice) =>
    ask(street, 'POST', `accounts/${account}/partner-choices`, { body, token: by })

  test('is told without a name until somebody lets itself be seen, and then to those who traded with it', async () => {
    const hers = await tokenOf(street, people.alice)
    const before = await partners('bob', token)
    expect(before.sold).toEqual({ energyWh: 0, partners: [] })
    expect(before.bought).toEqual({
      energyWh: 1_600,
      partners: [
        {
          ...{ who: 'others', neighbour: null, name: null, zone: 'street', zoneName: 'The street' },
          ...{ levels: 1, isRoot: true, energyWh: 1_600 },
        },
      ],
    })
    const chosen = await choose({ name: ' Alice at the mill ', preferred: [] }, hers)
    expect(partnerChoicesSchema.parse(chosen.body)).toMatchObject({ name: 'Alice at the mill', neighbours: [] })
    const [neighbour] = (await partners('bob', token)).bought.partners
    expect(neighbour).toMatchObject({ who: 'neighbour', name: 'Alice at the mill', energyWh: 1_600 })
    expect(JSON.stringify(await partners('bob', token))).not.toContain(alice)
    expect((await partners('alice', hers)).sold.partners).toMatchObject([{ who: 'others', energyWh: 1_600 }])
    // Who may read Bob's data is no neighbour of hers.
    const grid = await tokenOf(street, people.grid)
    expect((await partners('bob', grid)).bought.partners).toMatchObject([{ who: 'others', name: null }])
    const preferring = await choose({ name: null, preferred: [neighbour!.neighbour] }, token, lower(people.bob))
    expect(partnerChoicesSchema.parse(preferring.body)).toMatchObject({
      ...{ name: null, preferred: [neighbour!.neighbour] },
      neighbours: [{ neighbour: neighbour!.neighbour, name: 'Alice at the mill' }],
    })
    await choose({ name: null, preferred: [] }, hers)
    expect((await own('partner-choices')).body).toMatchObject({ preferred: [], neighbours: [] })
    expect((await partners('bob', token)).bought.partners).toMatchObject([{ who: 'others' }])
  })

  test('is for whoever may read the seat’s intervals, and choices for the account alone', async () => {
    const stranger = await tokenOf(street, people.stranger)
    const codes = [
      await ask(street, 'GET', `accounts/${alice}/partners?seat=${seatIds.alice}&${range}`, { token: stranger }),
      await ask(street, 'GET', `accounts/${alice}/partner-choices`, { token }),
      await choose({ name: 'Not me', preferred: [] }, token),
      await choose({ name: null, preferred: ['999'] }, token, lower(people.bob)),
      await choose({ name: 'two\nlines', preferred: [] }, token, lower(people.bob)),
      await own(`partners?seat=${seatIds.bob}&from=${iso(t0)}&to=${iso(t0 + 32 * 86_400)}`),
    ].map(({ body }) => body.code)
    const foreign = 'ACCOUNT_FOREIGN'
    expect(codes).toEqual([foreign, foreign, foreign, 'NEIGHBOUR_UNKNOWN', 'REQUEST_INVALID', 'RANGE_TOO_LONG'])
  })
})

describe('everything that is kept of an account', () => {
  const lists = async () => {
    const { body } = await ask(street, 'GET', '/openapi.json')
    return Object.entries<Record<string, { operationId: string; responses: object }>>(body.paths).flatMap(
      ([path, { get }]) => (path.startsWith('/api/v1/accounts/{account}/') && get !== undefined ? [get] : []),
    )
  }

  test('comes as a line for each item of each of its lists, and says where it ends', async () => {
    const answer = await fetch(`${street.origin}/api/v1/accounts/${lower(people.bob)}/everything`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const lines = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { list: string; item: { start?: string; account?: string } })
    expect(lines.at(-1)).toEqual({ list: 'end' })
    const of = (list: string) => lines.filter((line) => line.list === list).map(({ item }) => item)
    expect(of('listSeats')).toEqual((await own('seats')).body.items)
    expect(of('listSeatIntervals')).toEqual((await own('intervals')).body.items)
    expect(of('listOrders').every(({ account }) => account === lower(people.bob))).toBe(true)
    expect(of('listReadings').length).toBeGreaterThanOrEqual(4)
    expect(of('getSessions').length).toBeGreaterThanOrEqual(1)
  })

  test('holds what a meter was read before its seat opened', async () => {
    const { database } = street
    const [read] = await database<{ seat: number; time: number; epoch: number }[]>`
      select readings.seat, time, epoch from readings join seats using (area_id, seat)
      where area_id = 1 and account = ${lower(people.bob)} order by time limit 1`
    const { seat, epoch } = read!
    const time = read!.time - 40 * 86_400
    const month = Date.UTC(new Date(time * 1000).getUTCFullYear(), new Date(time * 1000).getUTCMonth()) / 1000
    await database`select make_months(array[${month}::bigint])`
    await database`
      insert into readings select (jsonb_populate_record(own, jsonb_build_object('time', ${time}::bigint))).*
      from readings own where area_id = 1 and seat = ${seat} and time = ${read!.time}`
    const stretch = Math.floor(time / (intervalSeconds * 128))
    await database`insert into reading_stretches values (1, ${seat}, ${epoch}, ${stretch})`
    try {
      const { body } = await ask(street, 'GET', `accounts/${lower(people.bob)}/everything`, { token })
      expect(body).toContain(`"time":"${new Date(time * 1000).toISOString()}"`)
    } finally {
      await database`delete from readings where area_id = 1 and seat = ${seat} and time = ${time}`
      await database`delete from reading_stretches where area_id = 1 and seat = ${seat} and stretch = ${stretch}`
    }
  })

  test('leaves no list of an account out', async () => {
    const all = (await lists()).filter(({ responses }) => JSON.stringify(responses).includes('cursor'))
    const ids = all.map(({ operationId }) => operationId)
    expect(ids.length).toBeGreaterThan(8)
    expect(ids.filter((id) => !listsTakenAlong.includes(id))).toEqual([])
  })

  test('is for nobody else', async () => {
    const alice = await tokenOf(street, people.alice)
    const reply = await ask(street, 'GET', `accounts/${lower(people.bob)}/everything`, { token: alice })
    expect([reply.status, reply.body.code]).toEqual([403, 'ACCOUNT_FOREIGN'])
  })
})

test('a grid operator lists the meters of its area, which notes that it read of them', async () => {
  const grid = await tokenOf(street, people.grid)
  const page = meterSchema
    .array()
    .parse((await ask(street, 'GET', 'areas/1/meters?limit=1', { token: grid })).body.items)
  expect(page.map(({ account, confirmed, closesAt }) => [account, confirmed, closesAt])).toEqual([
    [lower(people.alice), true, null],
  ])
  const { cursor } = (await ask(street, 'GET', 'areas/1/meters?limit=1', { token: grid })).body
  const next = (await ask(street, 'GET', `areas/1/meters?limit=1&cursor=${cursor}`, { token: grid })).body
  expect(next.items.map(({ account }: { account: string }) => account)).toEqual([lower(people.bob)])
  expect((await own('reads')).body.items[0]).toMatchObject({ what: 'seats', reader: lower(people.grid) })
  expect((await ask(street, 'GET', 'areas/1/meters', { token })).body.code).toBe('NOT_GRID_ACCOUNT')
})

describe('a daily budget', () => {
  const set = async (amount: string, nonce: number, signer = people.bob) => {
    const budget = { account: lower(people.bob), meter: lower(meters.bob), rules: settings.rulesHash, nonce }
    // What is no amount of the area is refused whatever was signed.
    const value = { ...budget, amount: /\.\d{8}/.test(amount) ? 0n : parseMoney(amount, 4) }
    const signature = await signFull(signer, domain, 'DailyBudget', value)
    return ask(street, 'POST', 'budgets', { body: { budget: { ...budget, amount }, signature } })
  }
  const day = async () => {
    const reply = await own(`budget-day?seat=${seatIds.bob}&at=${iso(t0 + 6 * intervalSeconds)}`)
    return budgetDaySchema.parse(reply.body)
  }
  const midnight = t0 - (t0 % 86_400)

  test('is set by the account alone, once; amounts that none can be are refused', async () => {
    const first = await set('0.000001', 1)
    expect(first.status).toBe(201)
    expect(dailyBudgetSchema.parse(first.body)).toMatchObject({
      ...{ seat: seatIds.bob, amount: '0.000001', effectiveFrom: iso(t0 + 5 * intervalSeconds) },
    })
    const again = await set('0.000001', 1)
    expect([again.status, again.body]).toEqual([200, first.body])
    const key = new Wallet(`0x${'7e'.repeat(32)}`)
    const refusals = [await set('4', 2, key), await set('0.00000001', 2), await set('1000000000', 2), await set('4', 1)]
    expect(refusals.map(({ body }) => body.code)).toEqual([
      ...['BUDGET_SIGNATURE', 'BUDGET_AMOUNT', 'BUDGET_AMOUNT', 'ORDER_NONCE'],
    ])
  })

  test('ends buying when it is reached, and each interval says so with its numbers', async () => {
    const agent = street.agent()
    for (const name of ['alice', 'bob'] as const) await announce(agent, name)
    for (const n of [5, 6]) {
      const time = t0 + n * intervalSeconds
      await street.setTime(time + 1)
      await meter(agent, time, { exportWh: 500 * n, importWh: 800 * n })
    }
    await street.setTime(t0 + 6 * intervalSeconds + 120)
    agent.close()
    const { items } = pageOf(seatIntervalSchema).parse((await own('intervals')).body)
    expect(items[0]).toMatchObject({ start: iso(t0 + 5 * intervalSeconds), boughtWh: 0, paid: '0' })
    expect(items[0]!.outcomes[0]).toMatchObject({
      ...{ code: 'budget-reached', dailyBudget: '0.000001', budgetLeft: '0', coveredWh: 0 },
      message: expect.stringMatching(/^Buying: the daily budget of 0\.000001.€ is reached, with 0.€ left\.$/u),
    })
    const today = await day()
    expect(today).toMatchObject({
      ...{ dayStart: iso(midnight), dayEnd: iso(midnight + 86_400), budget: '0.000001' },
      newest: { amount: '0.000001' },
    })
    expect(Number(today.paid) * 1e7).toBe(sumOf(items.map(({ paid }) => paid)))
    expect(sumOf([today.paid])).toBeGreaterThan(0)
    const now = budgetDaySchema.parse((await own(`budget-day?seat=${seatIds.bob}`)).body)
    expect(now).toMatchObject({ budget: null, paid: '0' })
  })

  test('of 0 lifts it, and all that were signed are listed', async () => {
    expect((await set('0', 3)).status).toBe(201)
    expect(await day()).toMatchObject({ budget: '0.000001', newest: { amount: null } })
    const { items } = pageOf(dailyBudgetSchema).parse((await own(`budgets?seat=${seatIds.bob}`)).body)
    expect(items.map(({ amount }) => amount)).toEqual([null, '0.000001'])
    const first = pageOf(dailyBudgetSchema).parse((await own('budgets?limit=1')).body)
    const next = pageOf(dailyBudgetSchema).parse((await own(`budgets?limit=1&cursor=${first.cursor}`)).body)
    expect([...first.items, ...next.items]).toEqual(items)
  })
})
