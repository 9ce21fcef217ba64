/** The command `clear` as people script against it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommonwatt } from './run-commonwatt.ts'

const street = {
  priceDecimals: 4,
  zones: [{ id: 'street' }, { id: 'f1', parent: 'street', feePerKwh: '0.01', capacityWh: 40000 }],
  orders: [
    { id: 'b1', side: 'buy', zone: 'street', energyWh: 1200, limitPerKwh: '0.24' },
    { id: 's1', side: 'sell', zone: 'f1', energyWh: 1200, limitPerKwh: '0.10' },
  ],
}

const streetCleared = {
  matchedWh: 1200,
  welfare: '0.156',
  zones: [
    { id: 'street', pricePerKwh: '0.1750', lowestPerKwh: '0.1100', highestPerKwh: '0.2400', soldWh: 0, boughtWh: 1200 },
    { id: 'f1', pricePerKwh: '0.1650', lowestPerKwh: '0.1000', highestPerKwh: '0.2300', soldWh: 1200, boughtWh: 0 },
  ],
  flows: [{ zone: 'f1', exportWh: 1200, congestionPerKwh: '0.0000' }],
  fills: [
    { order: 'b1', energyWh: 1200, pricePerKwh: '0.1750' },
    { order: 's1', energyWh: 1200, pricePerKwh: '0.1650' },
  ],
  gridFees: '0.012',
  congestionRent: '0',
}

const onlySell = { orders: [{ id: 's', side: 'sell', energyWh: 3, limitPerKwh: '-0.5' }] }
const onlySellCleared = {
  matchedWh: 0,
  welfare: '0',
  zones: [{ id: 'market', pricePerKwh: null, lowestPerKwh: null, highestPerKwh: null, soldWh: 0, boughtWh: 0 }],
  flows: [],
  fills: [],
  gridFees: '0',
  congestionRent: '0',
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-clear-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, JSON.stringify(content))
  return path
}

const clear = (content: unknown, ...args: string[]) => runCommonwatt(['clear', ...args], JSON.stringify(content))

describe('commonwatt clear', () => {
  test('clears the documented example, from a file and from standard input, in one byte form', async () => {
    const expected = { status: 0, stdout: `${JSON.stringify(streetCleared)}\n`, stderr: '' }
    expect(await runCommonwatt(['clear', await file('street.json', street)])).toEqual(expected)
    expect(await clear(street)).toEqual(expected)
    expect(await clear(street, '-')).toEqual(expected)
  })

  test('answers an array with an array, and an auction without zones with the one zone "market"', async () => {
    const run = await clear([street, onlySell])
    expect(JSON.parse(run.stdout)).toEqual([streetCleared, onlySellCleared])
    expect((await clear([])).stdout).toBe('[]\n')
  })

  test('prints prices with the decimals asked for', async () => {
    const orders = [
      { id: 'b', side: 'buy', energyWh: 1, limitPerKwh: '-1' },
      { id: 's', side: 'sell', energyWh: 1, limitPerKwh: '-2' },
    ]
    expect(JSON.parse((await clear({ priceDecimals: 0, orders })).stdout)).toMatchObject({
      welfare: '0.001',
      fills: [{ pricePerKwh: '-2' }, {}],
    })
    expect(JSON.parse((await clear({ priceDecimals: 2, orders })).stdout)).toMatchObject({
      fills: [{ pricePerKwh: '-1.50' }, {}],
    })
  })

  describe('refuses, naming the item and the reason,', () => {
    const order = { id: 'x', side: 'buy', energyWh: 1, limitPerKwh: '0.1' }
    const withOrder = (rest: object) => ({ orders: [{ ...order, ...rest }] })
    const withZones = (...zones: object[]) => ({ zones, orders: [] })
    const refusals: [string, unknown, RegExp][] = [
      ['an unknown zone', withOrder({ zone: 'nowhere' }), /order "x".*unknown zone "nowhere"/],
      ['an unknown parent', withZones({ id: 'r' }, { id: 'c', parent: 'q' }), /zone "c".*unknown parent "q"/],
      ['a cycle', withZones({ id: 'r' }, { id: 'a', parent: 'b' }, { id: 'b', parent: 'a' }), /zone "[ab]".*cycle/],
      ['a second root', withZones({ id: 'r' }, { id: 'q' }), /zone "q".*second root/],
      ['no root', withZones(), /root/],
      ['a duplicate zone', withZones({ id: 'r' }, { id: 'r', parent: 'r' }), /zone "r".*twice/],
      ['a duplicate order', { orders: [order, order] }, /order "x".*twice/],
      ['an unknown side', withOrder({ side: 'hold' }), /order "x".*side/],
      ['zero energy', withOrder({ energyWh: 0 }), /order "x".*energy 0/],
      ['negative energy', withOrder({ energyWh: -1 }), /order "x".*energy -1/],
      ['fractional energy', withOrder({ energyWh: 1.5 }), /order "x".*energy 1.5/],
      ['energy in quotes', withOrder({ energyWh: '1' }), /order "x".*energyWh/],
      ['energy above the limit', withOrder({ energyWh: 2 ** 53 }), /order "x".*energy 9007199254740992/],
      ['a price off the tick', withOrder({ limitPerKwh: '0.10005' }), /order "x".*off the tick/],
      ['a price beyond the bound', withOrder({ limitPerKwh: '107374.1824' }), /order "x".*beyond/],
      ['a price that is no decimal', withOrder({ limitPerKwh: '1e3' }), /order "x".*not a decimal/],
      ['a price without quotes', withOrder({ limitPerKwh: 0.1 }), /order "x".*limitPerKwh/],
      ['a missing price', withOrder({ limitPerKwh: undefined }), /order "x".*limitPerKwh/],
      [
        'a fee off the tick',
        withZones({ id: 'r' }, { id: 'c', parent: 'r', feePerKwh: '0.00001' }),
        /zone "c".*off the tick/,
      ],
      ['a negative fee', withZones({ id: 'r' }, { id: 'c', parent: 'r', feePerKwh: '-1' }), /zone "c".*fee/],
      [
        'a negative capacity',
        withZones({ id: 'r' }, { id: 'c', parent: 'r', capacityWh: -1 }),
        /zone "c".*capacity -1/,
      ],
      [
        'a misspelt field',
        withZones({ id: 'r' }, { id: 'c', parent: 'r', capacity: 1 }),
        /zone "c".*unknown field "capacity"/,
      ],
      ['an order without an id', withOrder({ id: undefined }), /order 1 of the list.*id/],
      ['an id with a line break', { orders: [{ ...order, id: 'a\nb', energyWh: 0 }] }, /order "a\\nb"/],
      ['the second of two auctions', [onlySell, withOrder({ energyWh: 0 })], /auction 2: order "x"/],
      ['something else', 7, /auction is an object/],
    ]
    test.each(refusals)('%s', async (_, content, reason) => {
      const run = await clear(content)
      expect(run).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(reason) })
      expect(run.stderr.match(/\n/g)).toHaveLength(1)
    })

    test.each([
      ['text that is not JSON', 'not\njson', /standard input: this is no JSON: see line 1, column 2\n/],
      ['an empty file', '', /standard input: this is no JSON: it ends too early\n/],
      ['bytes that are not text', Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
      ['a line of 50 MB', Buffer.alloc(50_000_000, 'x'), /line 1 is longer/],
    ])('%s', async (_, input, reason) => {
      const run = await runCommonwatt(['clear'], input)
      expect(run).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(reason) })
      expect(run.stderr.match(/\n/g)).toHaveLength(1)
      expect(run.stderr.length).toBeLessThan(400)
    })

    test('a file that is not there', async () => {
      const run = await runCommonwatt(['clear', join(folder, 'missing.json')])
      expect(run).toMatchObject({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(/missing\.json cannot be read/),
      })
    })
  })

  test('--check accepts a right result and names the rule a wrong one breaks', async () => {
    const input = await file('input.json', [street, onlySell])
    const right = await file('right.json', [streetCleared, onlySellCleared])
    expect(await runCommonwatt(['clear', '--check', right, input])).toEqual({
      status: 0,
      stdout: '{"right":true}\n',
      stderr: '',
    })
    const [fill, ...rest] = streetCleared.fills
    const wrong = await file('wrong.json', [
      { ...streetCleared, fills: [{ ...fill, pricePerKwh: '0.1751' }, ...rest] },
      onlySellCleared,
    ])
    const run = await runCommonwatt(['clear', '--check', wrong, input])
    expect(run).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^auction 1: FILL_PRICE: order "b1"/) })
    const odd = await file('odd.json', { ...streetCleared, gridFees: '0.0120' })
    const shape = await runCommonwatt(['clear', '--check', odd, await file('one.json', street)])
    expect(shape).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/gridFees/) })
  })

  test('--explain says why and what other limits would have got', async () => {
    const dear = { id: 's2', side: 'sell', zone: 'f1', energyWh: 1200, limitPerKwh: '0.30' }
    const path = await file('dear.json', { ...street, orders: [...street.orders, dear] })
    const explained = await runCommonwatt(['clear', '--explain', 's2', path])
    expect(JSON.parse(explained.stdout)).toEqual({
      order: 's2',
      code: 'price-too-high',
      message: 'your price of 0.3000 was 0.1350 above the clearing price of 0.1650',
      offeredWh: 1200,
      filledWh: 0,
      pricePerKwh: '0.1650',
      limitPerKwh: '0.3000',
      gapPerKwh: '0.1350',
      whatIf: [
        { limitPerKwh: '0.1000', filledWh: 600, pricePerKwh: '0.1000' },
        { limitPerKwh: '0.0999', filledWh: 1200, pricePerKwh: '0.0999' },
      ],
    })
    const limited = await runCommonwatt(['clear', '--explain', 's2', '--limit', '0.05', path])
    expect(JSON.parse(limited.stdout).whatIf).toEqual([
      { limitPerKwh: '0.0500', filledWh: 1200, pricePerKwh: '0.0750' },
    ])
    const cheap = { orders: [{ ...dear, zone: 'market', limitPerKwh: '0.2' }] }
    const both = await clear([cheap, street, { ...street, orders: [dear] }], '--explain', 's2')
    expect(JSON.parse(both.stdout)).toMatchObject([
      { order: 's2', code: 'no-counterparty', limitPerKwh: '0.2000' },
      { order: 's2', code: 'no-counterparty', limitPerKwh: '0.3000' },
    ])
    const wrong = await clear([cheap, { ...street, zones: [], orders: [dear] }], '--explain', 's2')
    expect(wrong).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^auction 2: .*root/) })
    expect(await runCommonwatt(['clear', '--explain', 'nobody', path])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/order "nobody"/),
    })
  })
})
