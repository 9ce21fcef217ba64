/** The API on a street where one batch has been traded: what it shows to the public, to its people and to the grid operator. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  areaSchema,
  batchSchema,
  intervalSchema,
  orderSchema,
  pageOf,
  seatBatchSchema,
  seatIntervalSchema,
  seatSchema,
  summarySchema,
} from '../../server/api/resources.ts'
import { SettlementError } from '../../server/settlement/error.ts'
import { batchSeconds, intervalSeconds, t0 } from '../market/engine/street.ts'
import { lower, people, seatIds, settings } from './people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from './street.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

let street: Street
let tokens: Record<'alice' | 'bob' | 'grid' | 'stranger', string>
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
  tokens = {
    alice: await tokenOf(street, people.alice),
    bob: await tokenOf(street, people.bob),
    grid: await tokenOf(street, people.grid),
    stranger: await tokenOf(street, people.stranger),
  }
})
afterAll(() => street.stop())

describe('what everybody may see', () => {
  test('the areas with their rules, zones and chain', async () => {
    const list = await ask(street, 'GET', 'areas')
    expect(list.status).toBe(200)
    expect(list.headers.get('cache-control')).toBe('no-cache')
    const { items, cursor } = pageOf(areaSchema).parse(list.body)
    expect(cursor).toBeNull()
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ area: 1, feedInPerKwh: '0.0800', retailPerKwh: '0.3000', settledUntil: null })
    expect(items[0]!.rules.hash).toBe(settings.rulesHash)
    expect(items[0]!.zones[2]).toEqual({
      zone: 'south',
      name: 'South feeder',
      parent: 'street',
      feePerKwh: '0.0100',
      capacityWh: 400,
    })
    expect((await ask(street, 'GET', 'areas/1')).body).toEqual(items[0])
  })

  test('intervals, newest first, page by page', async () => {
    const first = await ask(street, 'GET', 'areas/1/intervals?limit=3')
    const page = pageOf(intervalSchema).parse(first.body)
    expect(page.items.map(({ start }) => start)).toEqual([3, 2, 1].map((n) => iso(t0 + n * intervalSeconds)))
    const second = await ask(street, 'GET', `areas/1/intervals?limit=3&cursor=${page.cursor}`)
    expect(second.body.items.map(({ start }: { start: string }) => start)).toEqual([iso(t0)])
    expect(second.body.cursor).toBeNull()
    const ranged = await ask(street, 'GET', `areas/1/intervals?from=${iso(t0 + 900)}&to=${iso(t0 + 2700)}`)
    expect(ranged.body.items).toHaveLength(2)
  })

  test('an interval’s energy, prices and flows', async () => {
    const { body } = await ask(street, 'GET', `areas/1/intervals/${iso(t0)}`)
    const [interval] = pageOf(intervalSchema).parse(body).items
    expect(interval).toMatchObject({
      run: 1,
      status: 'final',
      matchedWh: 400,
      importWh: 800,
      exportWh: 500,
      missingReadings: 0,
      gridFees: '0.008',
      congestionRent: '0.052',
    })
    expect(interval!.zones.map(({ zone, pricePerKwh }) => [zone, pricePerKwh])).toEqual([
      ['street', '0.1100'],
      ['north', '0.1000'],
      ['south', '0.2500'],
    ])
    // One meter in each zone: to the public they are one figure, to the grid operator two.
    expect(interval!.zones.map(({ exportWh, importWh }) => [exportWh, importWh])).toEqual([
      [500, 800],
      [null, null],
      [null, null],
    ])
    expect(interval!.flows).toEqual([
      { zone: 'north', exportWh: null, congestionPerKwh: '0.0000' },
      { zone: 'south', exportWh: null, congestionPerKwh: '0.1300' },
    ])
    const token = await tokenOf(street, people.grid)
    const own = await ask(street, 'GET', `areas/1/intervals/${iso(t0)}`, { token })
    const [known] = pageOf(intervalSchema).parse(own.body).items
    expect(known!.zones.map(({ exportWh, importWh }) => [exportWh, importWh])).toEqual([
      [0, 0],
      [500, 0],
      [0, 800],
    ])
    expect(known!.flows.map(({ exportWh }) => exportWh)).toEqual([400, -400])
    const alices = await ask(street, 'GET', `areas/1/intervals/${iso(t0)}`, {
      token: await tokenOf(street, people.alice),
    })
    expect(alices.body).toEqual(body)
  })

  test('a long answer comes packed to whoever takes it, a short one as it is', async () => {
    const packing = async (path: string, encodings: string) => {
      const { headers } = await fetch(`${street.origin}${path}`, { headers: { 'accept-encoding': encodings } })
      return { encoding: headers.get('content-encoding'), vary: headers.get('vary') }
    }
    const long = '/api/v1/areas/1/intervals'
    const vary = expect.stringMatching(/^Accept-Encoding\b/)
    expect(await packing(long, 'gzip, br')).toEqual({ encoding: 'gzip', vary })
    expect(await packing(long, 'identity')).toEqual({ encoding: null, vary })
    expect(await packing(`${long}?limit=1&to=2001-01-01T00:00:00Z`, 'gzip')).toEqual({ encoding: null, vary })
    expect(await packing('/openapi.json', 'gzip')).toEqual({ encoding: 'gzip', vary })
  })

  test('batches', async () => {
    const { body } = await ask(street, 'GET', 'areas/1/batches')
    const [batch] = pageOf(batchSchema).parse(body).items
    expect(batch).toMatchObject({
      start: iso(t0),
      end: iso(t0 + batchSeconds),
      status: 'cut',
      seats: 2,
      energyWh: 1_600,
      paid: '0.312',
      received: '0.248',
      gridTake: '0.064',
      transaction: null,
    })
    expect((await ask(street, 'GET', `areas/1/batches/${batch!.end}`)).body).toEqual(batch)
  })

  test.each([
    ['areas/2', 404, 'AREA_UNKNOWN'],
    ['areas/x', 404, 'AREA_UNKNOWN'],
    ['areas/x/intervals', 400, 'REQUEST_INVALID'],
    ['areas/X', 400, 'REQUEST_INVALID'],
    ['areas/1/intervals?limit=501', 400, 'REQUEST_INVALID'],
    ['areas/1/intervals?limit=0', 400, 'REQUEST_INVALID'],
    ['areas/1/intervals?from=yesterday', 400, 'REQUEST_INVALID'],
    [`areas/1/intervals?from=${iso(t0 + 900)}&to=${iso(t0)}`, 400, 'RANGE_EMPTY'],
    [`areas/1/intervals?from=${iso(t0)}&to=${iso(t0)}`, 400, 'RANGE_EMPTY'],
    ['areas/1/intervals?cursor=abc', 400, 'CURSOR_INVALID'],
    [`areas/1/intervals?cursor=${Buffer.from('["batches",5]').toString('base64url')}`, 400, 'CURSOR_INVALID'],
    [`areas/1/intervals?cursor=${Buffer.from('["intervals","x"]').toString('base64url')}`, 400, 'CURSOR_INVALID'],
    [`areas/1/intervals/${iso(t0 - 900)}`, 404, 'INTERVAL_UNKNOWN'],
    [`areas/1/batches/${iso(t0)}`, 404, 'BATCH_UNKNOWN'],
    ['nothing', 404, 'ROUTE_UNKNOWN'],
    ['demo/people', 404, 'DEMO_ONLY'],
  ])('%s is refused: %i %s', async (path, status, code) => {
    const reply = await ask(street, 'GET', path)
    expect(reply.status).toBe(status)
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
    expect(reply.body).toMatchObject({ status, code, type: `urn:commonwatt:problem:${code}` })
    expect(reply.body.detail).toEqual(expect.any(String))
  })
})

describe('what belongs to an account', () => {
  const own = (path: string, token = tokens.alice) =>
    ask(street, 'GET', `accounts/${people.alice.address}/${path}`, { token })

  test('its seats', async () => {
    const { items } = pageOf(seatSchema).parse((await own('seats')).body)
    expect(items).toHaveLength(1)
    const [seat] = items
    expect(seat).toMatchObject({
      area: 1,
      seat: seatIds.alice,
      account: lower(people.alice),
      zone: 'north',
      confirmed: true,
      balance: '100',
      lastReadingAt: iso(t0 + batchSeconds),
    })
    expect(seat!.sellOrder).toMatchObject({
      side: 'sell',
      limitPerKwh: '0.1000',
      status: 'active',
      effectiveFrom: iso(t0),
    })
    expect(seat!.buyOrder).toBeNull()
  })

  test('its intervals, in which metered is matched + residual', async () => {
    const page = pageOf(seatIntervalSchema).parse((await own(`intervals?seat=${seatIds.alice}&limit=2`)).body)
    expect(page.items).toHaveLength(2)
    expect(page.items[0]).toMatchObject({
      start: iso(t0 + 2_700),
      quality: 'measured',
      exportWh: 500,
      soldWh: 400,
      residualExportWh: 100,
      productionWh: 5_000,
      received: '0.062',
      pricePerKwh: '0.1000',
    })
    expect(page.items[0]!.outcomes[0]).toMatchObject({
      side: 'sell',
      filledWh: 400,
      pricePerKwh: '0.1000',
      amount: '0.062',
    })
    const next = pageOf(seatIntervalSchema).parse((await own(`intervals?limit=2&cursor=${page.cursor}`)).body)
    expect(next.items.map(({ start }) => start)).toEqual([iso(t0 + 900), iso(t0)])
    expect(next.cursor).toBeNull()
  })

  test('its sums, beside what the tariffs would have given', async () => {
    for (const path of ['summary', 'intervals']) {
      for (const to of [t0, t0 - 900]) {
        const asked = await own(`${path}?seat=${seatIds.alice}&from=${iso(t0)}&to=${iso(to)}`)
        expect([asked.status, asked.body.code]).toEqual([400, 'RANGE_EMPTY'])
      }
    }
    const reply = await own(`summary?seat=${seatIds.alice}&from=${iso(t0)}&to=${iso(t0 + 1_800)}`)
    expect(summarySchema.parse(reply.body)).toMatchObject({
      exportWh: 1_000,
      soldWh: 800,
      received: '0.124',
      soldAtFeedIn: '0.064',
    })
  })

  test('its orders, batches and wallet', async () => {
    expect(pageOf(orderSchema).parse((await own('orders')).body).items).toHaveLength(1)
    const { items } = pageOf(seatBatchSchema).parse((await own('batches')).body)
    expect(items).toEqual([
      {
        seat: seatIds.alice,
        start: iso(t0),
        end: iso(t0 + batchSeconds),
        status: 'cut',
        soldWh: 1_600,
        boughtWh: 0,
        paid: '0',
        received: '0.248',
        transaction: null,
        approvals: null,
      },
    ])
    expect((await own('wallet?area=1')).body).toEqual({
      ...{ account: lower(people.alice), tokens: '12.5', permitNonce: 3, permitDomain: null },
    })
  })

  test('its statement of a batch, as whoever makes statements hands it out', async () => {
    const end = t0 + batchSeconds
    const path = `statements/${iso(end)}?seat=${seatIds.alice}`
    expect((await own(path)).body.code).toBe('BATCH_UNKNOWN')
    const statement = { area: 1, seat: 1, end, leaves: [] }
    street.statements.set(`1 1 ${end}`, statement as never)
    expect((await own(path)).body).toEqual(statement)
    expect((await own(path, tokens.grid)).body).toEqual(statement)
    street.statements.set(`1 1 ${end}`, new SettlementError('SETTLEMENT_STATEMENT_ERASED', 'it has been erased'))
    const erased = await own(path)
    expect([erased.status, erased.body.code]).toEqual([410, 'SETTLEMENT_STATEMENT_ERASED'])
    expect((await own(path.replace(seatIds.alice, seatIds.bob))).body.code).toBe('SEAT_UNKNOWN')
  })

  test('what links it to its leaves is erased by itself alone, once the batch is settled', async () => {
    const end = t0 + batchSeconds
    const area = (await street.database`select area_id from seats limit 1`)[0]!.area_id
    const at = { area_id: area, end_at: end, number: 1 }
    await street.database`insert into statement_seats ${street.database({ ...at, seat: 1, first: 0, leaves: 1, seed: Buffer.alloc(32, 1) })}`
    await street.database`insert into batch_progress ${street.database({ ...at, status: 'submitted' })}`
    const erase = async (token: string) => {
      const body = { seat: seatIds.alice, until: iso(end) }
      return ask(street, 'POST', `accounts/${lower(people.alice)}/erasures`, { body, token })
    }
    expect((await erase(tokens.grid)).body.code).toBe('ACCOUNT_FOREIGN')
    expect((await erase(tokens.alice)).body).toEqual({ batches: [] })
    await street.database`update batch_progress set status = 'settled' where area_id = ${area} and end_at = ${end}`
    expect((await erase(tokens.alice)).body).toEqual({ batches: [iso(end)] })
    const [row] = await street.database`select seed from statement_seats where area_id = ${area} and end_at = ${end}`
    expect(row!.seed).toBeNull()
    expect((await erase(tokens.alice)).body).toEqual({ batches: [] })
  })

  test('the grid operator of its area may read it', async () => {
    expect((await own('seats', tokens.grid)).body.items).toHaveLength(1)
    expect((await own('wallet?area=1', tokens.grid)).status).toBe(200)
  })

  test('nobody else may', async () => {
    for (const path of [
      'seats',
      'orders',
      'intervals',
      'batches',
      'wallet?area=1',
      `statements/${iso(t0 + batchSeconds)}?seat=${seatIds.alice}`,
      `summary?seat=1&from=${iso(t0)}&to=${iso(t0 + 900)}`,
    ]) {
      expect((await own(path, tokens.bob)).body.code).toBe('ACCOUNT_FOREIGN')
      expect((await own(path, '')).body.code).toBe('SESSION_NEEDED')
      expect((await own(path, 'A'.repeat(43))).status).toBe(401)
    }
    const foreign = await ask(street, 'GET', `accounts/${people.stranger.address}/wallet?area=1`, {
      token: tokens.grid,
    })
    expect(foreign.body.code).toBe('ACCOUNT_FOREIGN')
  })

  test('a seat of another account is not there', async () => {
    expect((await own(`intervals?seat=${seatIds.bob}`)).body.code).toBe('SEAT_UNKNOWN')
  })
})

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

describe('the rest of the house', () => {
  test('health and readiness', async () => {
    expect((await ask(street, 'GET', '/healthz')).body).toEqual({ ok: true, release: version })
    expect((await ask(street, 'GET', '/readyz')).body).toEqual({ ready: true, notReady: [] })
    street.notReady.push('chain')
    const reply = await ask(street, 'GET', '/readyz')
    expect([reply.status, reply.body.notReady]).toEqual([503, ['chain']])
    street.notReady.length = 0
  })

  test('metrics', async () => {
    const body = await street.registry.metrics()
    expect(body).toContain('commonwatt_http_request_seconds_count')
    expect(body).toContain('commonwatt_readings_total{area="1",status="stored"} 8')
    expect((await ask(street, 'GET', '/metrics')).status, 'strangers do not see them').toBe(404)
  })

  test('the document names every operation, and the problem of each', async () => {
    const { body } = await ask(street, 'GET', '/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    expect(Object.keys(body.paths)).toContain('/api/v1/areas/{area}/intervals/{start}')
    const order = body.paths['/api/v1/orders'].post
    expect(order.requestBody.content['application/json'].schema.$ref).toBe('#/components/schemas/SignedOrder')
    expect(order.parameters[0]).toMatchObject({ name: 'Idempotency-Key', in: 'header', required: false })
    expect(order.responses.default.content['application/problem+json'].schema.$ref).toBe('#/components/schemas/Problem')
    for (const [, name] of JSON.stringify(body).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(Object.keys(body.components.schemas)).toContain(name)
    }
    const ids = Object.values<Record<string, { operationId: string }>>(body.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('the documentation loads nothing from elsewhere', async () => {
    const page = await ask(street, 'GET', '/docs/')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source)
    expect(sources).toHaveLength(4)
    for (const source of sources) expect((await ask(street, 'GET', source!)).status).toBe(200)
  })

  test('every answer carries the security headers and none names the software', async () => {
    for (const path of ['/healthz', 'areas', 'nothing', '/docs/']) {
      const { headers } = await ask(street, 'GET', path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('x-powered-by')).toBeNull()
    }
  })
})
