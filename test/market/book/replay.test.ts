/** The command `replay` as people script against it. */
import { describe, expect, test } from 'vitest'
import { runCommonwatt } from '../run-commonwatt.ts'

const place = (id: string, account: string, side: string, pricePerKwh: unknown, energyWh: unknown, rest = {}) => ({
  op: 'place',
  id,
  account,
  side,
  pricePerKwh,
  energyWh,
  ...rest,
})

async function replay(...commands: object[]) {
  const run = await runCommonwatt(['replay'], commands.map((command) => `${JSON.stringify(command)}\n`).join(''))
  expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(run.stdout.endsWith('\n')).toBe(true)
  return run.stdout.trimEnd().split('\n')
}

const hash = expect.stringMatching(/^[0-9a-f]{64}$/)

describe('commonwatt replay', () => {
  test('answers every command in order and ends with the state of the book', async () => {
    const lines = await replay(
      place('1', 'A', 'buy', '0.2000', 100, { timeInForce: 'GTC' }),
      place('2', 'B', 'sell', '0.1900', 50),
      place('3', 'B', 'sell', '-0.5', 80, { timeInForce: 'IOC' }),
      place('4', 'B', 'sell', '0.3', 70),
      place('5', 'C', 'buy', '0.3001', 80, { timeInForce: 'FOK' }),
      { op: 'amend', id: '4', energyWh: 50 },
      { op: 'amend', id: '4', pricePerKwh: '0.31' },
      { op: 'cancel', id: '1' },
    )
    expect(lines.slice(0, -1)).toEqual([
      '{"event":"accepted","id":"1"}',
      '{"event":"accepted","id":"2"}',
      '{"event":"trade","maker":"1","taker":"2","pricePerKwh":"0.2000","energyWh":50}',
      '{"event":"accepted","id":"3"}',
      '{"event":"trade","maker":"1","taker":"3","pricePerKwh":"0.2000","energyWh":50}',
      '{"event":"cancelled","id":"3","energyWh":30,"reason":"immediate-or-cancel"}',
      '{"event":"accepted","id":"4"}',
      '{"event":"accepted","id":"5"}',
      '{"event":"cancelled","id":"5","energyWh":80,"reason":"fill-or-kill"}',
      '{"event":"amended","id":"4","energyWh":50,"pricePerKwh":"0.3000"}',
      '{"event":"amended","id":"4","energyWh":50,"pricePerKwh":"0.3100"}',
      '{"event":"rejected","id":"1","code":"ORDER_UNKNOWN"}',
    ])
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      event: 'state',
      bids: [],
      asks: [{ pricePerKwh: '0.3100', energyWh: 50, orders: 1 }],
      hash,
    })
  })

  test('rejects what is wrong with an order by code', async () => {
    const lines = await replay(
      place('1', 'A', 'hold', '0.2', 1),
      place('1', 'A', 'buy', '0.20001', 1),
      place('1', 'A', 'buy', 0.2, 1),
      place('1', 'A', 'buy', '107374.1824', 1),
      place('1', 'A', 'buy', 'dear', 1),
      place('1', 'A', 'buy', '0.2', 0),
      place('1', 'A', 'buy', '0.2', -1),
      place('1', 'A', 'buy', '0.2', 1.5),
      place('1', 'A', 'buy', '0.2', 2 ** 53),
      place('1', 'A', 'buy', '0.2', 1, { timeInForce: 'GTD' }),
      place('1', 'A', 'buy', '0.2', 1),
      place('1', 'A', 'buy', '0.2', 1),
      { op: 'amend', id: '1', energyWh: 0 },
      { op: 'amend', id: '1', pricePerKwh: '0.20001' },
      { op: 'cancel', id: '9' },
      { op: 'close-gate' },
      place('2', 'A', 'buy', '0.2', 1),
    )
    expect(
      lines
        .slice(0, -1)
        .map((line) => JSON.parse(line))
        .map(({ event, code }) => code ?? event),
    ).toEqual([
      'ORDER_SIDE',
      ...Array(4).fill('ORDER_PRICE'),
      ...Array(4).fill('ORDER_ENERGY'),
      'ORDER_TIME_IN_FORCE',
      'accepted',
      'ORDER_DUPLICATE',
      'ORDER_ENERGY',
      'ORDER_PRICE',
      'ORDER_UNKNOWN',
      'cancelled',
      'ORDER_GATE_CLOSED',
    ])
  })

  test('keeps one book per zone and interval, in order of first use, best price first', async () => {
    const lines = await replay(
      place('1', 'A', 'buy', '0.2', 1, { zone: 'f2', interval: '2026-06-01T10:00:00Z' }),
      place('2', 'A', 'sell', '0.1', 1, { zone: 'f1' }),
      place('3', 'B', 'buy', '0.3', 2, { zone: 'f2', interval: '2026-06-01T10:00:00Z' }),
      place('4', 'A', 'buy', '0.2', 3, { zone: 'f2', interval: '2026-06-01T10:00:00Z' }),
    )
    expect(lines.slice(4).map((line) => JSON.parse(line))).toEqual([
      {
        event: 'state',
        zone: 'f2',
        interval: '2026-06-01T10:00:00Z',
        bids: [
          { pricePerKwh: '0.3000', energyWh: 2, orders: 1 },
          { pricePerKwh: '0.2000', energyWh: 4, orders: 2 },
        ],
        asks: [],
        hash,
      },
      { event: 'state', zone: 'f1', bids: [], asks: [{ pricePerKwh: '0.1000', energyWh: 1, orders: 1 }], hash },
    ])
  })

  test('answers an empty journal with one empty state', async () => {
    const lines = await replay()
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ event: 'state', bids: [], asks: [], hash }])
  })

  test('answers every line of a long journal', async () => {
    const lines = await replay(...Array.from({ length: 30_000 }, (_, id) => ({ op: 'cancel', id: `${id}` })))
    expect(lines).toHaveLength(30_001)
    expect(lines[29_999]).toBe('{"event":"rejected","id":"29999","code":"ORDER_UNKNOWN"}')
  })

  const good = JSON.stringify(place('1', 'A', 'buy', '0.2', 1))
  test.each([
    ['text that is not JSON', `${good}\nbuy low\n${good}`, /line 2 /],
    ['JSON that is no object', '[]\n', /line 1 /],
    ['an unknown op', `${good}\n${good}\n{"op":"sell"}`, /line 3 /],
    ['an order without an id', '{"op":"cancel"}', /line 1 .*"id"/],
    [
      'an order without an account',
      '{"op":"place","id":"1","side":"buy","pricePerKwh":"0.2","energyWh":1}',
      /line 1 .*"account"/,
    ],
    ['an amend of nothing', `${good}\n{"op":"amend","id":"1"}`, /line 2 /],
    ['an empty line', `${good}\n\n${good}`, /line 2 /],
    ['bytes that are not text', Buffer.concat([Buffer.from(`${good}\n{"op":"`), Buffer.from([0xc3, 0x0a])]), /line 2 /],
    ['a line of 50 MB', `${good}\n${'x'.repeat(50_000_000)}\n`, /line 2 /],
  ])('ends at %s, naming the line', async (_, journal, reason) => {
    const run = await runCommonwatt(['replay'], journal)
    expect(run).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(reason) })
    expect(run.stderr.match(/\n/g)).toHaveLength(1)
    expect(run.stderr.length).toBeLessThan(300)
  })
})
