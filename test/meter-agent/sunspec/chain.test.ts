/** Finding and reading SunSpec models on devices that have their ways. */
import { describe, expect, it } from 'vitest'
import { findBase, readModels, type SunSpecUnit, walkChain } from '../../../meter-agent/sunspec/chain.ts'
import { patience, RegisterTable } from '../modbus/register-table.ts'
import { chain, common, model } from './image.ts'

const inverter = model(103, { W: 1500, W_SF: 0 })

function unit(source: RegisterTable, changes: Partial<typeof patience> = {}): SunSpecUnit {
  return { source, unit: 1, patience: { ...patience, ...changes } }
}

describe('discovery', () => {
  it.each([40_000, 50_000, 0])('finds the marker at %i', async (base) => {
    expect(await findBase(unit(new RegisterTable(chain([common({})], base))))).toBe(base)
  })

  it('goes on after a base that does not answer', async () => {
    const source = new RegisterTable(chain([common({})], 50_000))
    source.trouble.set(40_000, 0)
    expect(await findBase(unit(source))).toBe(50_000)
  })

  it('tries each base once and briefly, then with the full patience only if one stayed silent', async () => {
    const source = new RegisterTable(new Map())
    for (const base of [40_000, 50_000, 0]) source.trouble.set(base, 0)
    await expect(findBase(unit(source, { timeoutMs: 3_000 }))).rejects.toMatchObject({ code: 'MODBUS_TIMEOUT' })
    expect(source.requests.map((request) => [request.address, request.timeoutMs, request.tries])).toEqual([
      [40_000, 1_500, 1],
      [50_000, 1_500, 1],
      [0, 1_500, 1],
      [40_000, 3_000, 1],
      [50_000, 3_000, 1],
      [0, 3_000, 1],
    ])
  })

  it('asks again only where nothing came, and says where that was', async () => {
    const source = new RegisterTable(new Map())
    source.trouble.set(50_000, 0)
    await expect(findBase(unit(source, { tries: 2 }))).rejects.toMatchObject({
      code: 'MODBUS_NO_SUNSPEC',
      message: expect.stringContaining('no usable answer at 50000'),
    })
    expect(source.requests.map(({ address }) => address)).toEqual([40_000, 50_000, 0, 50_000])
  })

  it('says that a device which answers without a marker does not speak SunSpec', async () => {
    const source = new RegisterTable(
      new Map([
        [40_000, 1],
        [40_001, 2],
      ]),
    )
    await expect(findBase(unit(source))).rejects.toMatchObject({ code: 'MODBUS_NO_SUNSPEC' })
    expect(source.requests).toHaveLength(3)
  })

  it.each([1, 4, 10, 11])('ends with exception %i on the first read', async (code) => {
    const source = new RegisterTable(chain([common({})]))
    source.trouble.set(40_000, code)
    await expect(findBase(unit(source))).rejects.toMatchObject({ exception: code })
    expect(source.requests).toHaveLength(1)
  })
})

describe('the chain', () => {
  const walk = (registers: Map<number, number>) => walkChain(unit(new RegisterTable(registers)), 40_000)

  it('lists every model in order, known or not', async () => {
    const { models, broken } = await walk(chain([common({}), inverter, [65_230, 1, 7], common({}), model(203, {})]))
    expect(models).toEqual([
      { id: 1, address: 40_002, length: 66 },
      { id: 103, address: 40_070, length: 50 },
      { id: 65_230, address: 40_122, length: 1 },
      { id: 1, address: 40_125, length: 66 },
      { id: 203, address: 40_193, length: 105 },
    ])
    expect(broken).toBeNull()
  })

  it('needs only the first register of the end marker', async () => {
    const registers = chain([inverter])
    registers.delete(40_055)
    expect(await walk(registers)).toMatchObject({ models: [{ id: 103 }], broken: null })
  })

  it('keeps what it found where the map just ends', async () => {
    const registers = chain([inverter])
    registers.delete(40_054)
    registers.delete(40_055)
    expect(await walk(registers)).toMatchObject({
      models: [{ id: 103 }],
      broken: expect.stringContaining('without its end'),
    })
  })

  it('ends at model id 0, at a length past the last register and after 100 models', async () => {
    expect(await walk(chain([inverter, [0, 5]]))).toMatchObject({
      models: [{ id: 103 }],
      broken: expect.stringContaining('id 0'),
    })
    expect(await walk(chain([inverter, [160, 0xfff0]]))).toMatchObject({
      models: [{ id: 103 }],
      broken: expect.stringContaining('too long'),
    })
    const many = await walk(chain(Array.from({ length: 101 }, () => [64_000, 1, 0])))
    expect(many).toMatchObject({ models: { length: 100 }, broken: expect.stringContaining('100 models') })
  })
})

describe('reading models', () => {
  const place = { id: 103, address: 40_002, length: 50 }
  const absent = () => new Set<number>()

  it('takes the header along and never asks for more registers than allowed', async () => {
    const source = new RegisterTable(chain([inverter]))
    const read = await readModels(unit(source, { registersPerRequest: 20 }), [place], {
      absent: absent(),
      lenient: false,
    })
    expect(read).toMatchObject({ moved: false, failures: [] })
    expect(source.requests[0]).toMatchObject({ address: 40_002 })
    expect(Math.max(...source.requests.map((request) => request.count))).toBeLessThanOrEqual(20)
    expect(source.requests.at(-1)!.address + source.requests.at(-1)!.count).toBe(40_054)
    expect(read.models[0]!.body!.group.values.get('W')!.raw).toBe(1500n)
  })

  it('never splits a point between two requests', async () => {
    const source = new RegisterTable(chain([inverter]))
    await readModels(unit(source, { registersPerRequest: 25 }), [place], { absent: absent(), lenient: false })
    // WH lies at 22 and 23 of the body: a block from its start of 23 registers would cut it.
    const starts = source.requests.map((request) => request.address - 40_004)
    expect(starts).not.toContain(23)
  })

  it('notices that the chain has moved', async () => {
    const source = new RegisterTable(chain([inverter]))
    const read = await readModels(unit(source), [{ ...place, id: 101 }], { absent: absent(), lenient: false })
    expect(read.moved).toBe(true)
  })

  it('leaves out what the device does not have, down to single points, and does not ask again', async () => {
    const registers = chain([inverter])
    const hz = 40_004 + 14
    registers.delete(hz)
    const source = new RegisterTable(registers)
    const known = absent()
    const first = await readModels(unit(source), [place], { absent: known, lenient: false })
    expect(first.models[0]!.body!.warnings).toEqual(['the device does not answer for 1 of its points'])
    expect(first.models[0]!.body!.group.values.get('W')!.raw).toBe(1500n)
    expect(first.models[0]!.body!.group.values.get('Hz')!.raw).toBeNull()
    const asked = source.requests.length
    await readModels(unit(source), [place], { absent: known, lenient: false })
    const again = source.requests.slice(asked)
    expect(again).toHaveLength(2)
    expect(again.filter(({ address, count }) => address <= hz && hz < address + count)).toEqual([])
  })

  it('leaves out what fails otherwise only when asked to be lenient', async () => {
    const source = new RegisterTable(chain([inverter]))
    source.trouble.set(40_002, 4)
    await expect(readModels(unit(source), [place], { absent: absent(), lenient: false })).rejects.toMatchObject({
      exception: 4,
    })
    const read = await readModels(unit(source), [place], { absent: absent(), lenient: true })
    expect(read.failures).toHaveLength(1)
    expect(read.models[0]!.body!.group.values.get('W')!.raw).toBeNull()
  })
})
