/** What is concluded from real devices and from their vendors' habits. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ModbusError } from '../../../meter-agent/modbus/error.ts'
import { readSunSpec, SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { patience, RegisterTable, registersOf, words } from '../modbus/register-table.ts'
import { chain, common, model, text } from './image.ts'

const read = (models: number[][]) => readSunSpec({ source: new RegisterTable(chain(models)), unit: 1, patience })
const poller = (source: RegisterTable) => new SunSpecPoller({ source, unit: 1, patience })

const kilo = (thousands: number) => [Math.floor((thousands * 1000) / 65_536), (thousands * 1000) % 65_536]
const voltage = { PhVphA: 2300, V_SF: -1 }
const inverter = model(103, { W: 1500, W_SF: 0, WH: kilo(3100), WH_SF: 0, Hz: 5000, Hz_SF: -2, ...voltage })
const meter = (points: object = {}, id = 203) =>
  model(id, { W: -1200, W_SF: 0, TotWhImp: kilo(812), TotWhExp: kilo(2170), TotWh_SF: 0, ...voltage, ...points })

describe('real devices', () => {
  it.each(['fimer-pvs', 'solaredge-asleep'])('%s reads as it should', async (name) => {
    const dump = JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))
    const source = new RegisterTable(registersOf(dump.registers))
    const report = await readSunSpec({ source, unit: dump.unit, patience })
    expect(report).toMatchObject(dump.expected)
    expect(report.warnings).toEqual([])
  })
})

describe('a reading', () => {
  it('joins inverter and meter of one chain', async () => {
    const report = await read([
      common({ Mn: 'Example', Md: 'E5', Vr: '1.2', SN: '123' }),
      inverter,
      common({ SN: 'M-9' }),
      meter(),
    ])
    expect(report).toMatchObject({
      device: { manufacturer: 'Example', model: 'E5', version: '1.2', serialNumber: '123' },
      reading: {
        powerW: -1200,
        productionW: 1500,
        importWh: 812_000,
        exportWh: 2_170_000,
        productionWh: 3_100_000,
        batteryPowerW: null,
        stateOfChargePercent: null,
      },
      warnings: [],
    })
    expect(report.models.map(({ id }) => id)).toEqual([1, 103, 1, 203])
  })

  it('of an inverter alone has no grid values', async () => {
    const { reading } = await read([common({}), inverter])
    expect(reading).toMatchObject({
      productionW: 1500,
      productionWh: 3_100_000,
      powerW: null,
      importWh: null,
      exportWh: null,
    })
  })

  it('takes model 701 where there is no older inverter model, and never 122', async () => {
    const der = model(701, { W: 900, W_SF: 0, TotWhInj: [0, 0, 0, 0], TotWh_SF: 0 })
    const status = model(122, { ActWh: [0, 0, 0, 77] })
    expect((await read([common({}), status, der])).reading).toMatchObject({ productionW: 900, productionWh: 0 })
    expect((await read([common({}), status])).reading).toMatchObject({ productionW: null, productionWh: null })
    expect((await read([common({}), der, inverter])).reading).toMatchObject({ productionW: 1500 })
  })

  it('rounds energies to whole Wh and keeps the exact counters', async () => {
    const source = new RegisterTable(
      chain([common({}), meter({ TotWhImp: [0, 12_345], TotWhExp: [0, 5], TotWh_SF: -1 })]),
    )
    const sample = await poller(source).poll()
    expect(sample.reading).toMatchObject({ importWh: 1235, exportWh: 1 })
    expect(sample.counters).toEqual({
      import: { milliWh: 1_234_500n, resolutionMilliWh: 100n, maxMilliWh: 429_496_729_500n, verified: true },
      export: { milliWh: 500n, resolutionMilliWh: 100n, maxMilliWh: 429_496_729_500n, verified: true },
      production: null,
    })
  })

  it('counts float energies with the step of their last digit', async () => {
    // 33,554,432 Wh as a float32: the next one is 4 Wh more.
    const float = model(213, {
      W: words('c4960000'),
      TotWhImp: words('4c000000'),
      TotWhExp: words('00000000'),
      Hz: words('42480000'),
    })
    const { reading, counters } = await poller(new RegisterTable(chain([common({}), float]))).poll()
    expect(reading).toMatchObject({ powerW: -1200, importWh: 33_554_432, exportWh: 0 })
    expect(counters.import).toMatchObject({ milliWh: 33_554_432_000n, resolutionMilliWh: 4_001n })
    expect(counters.export).toMatchObject({ milliWh: 0n, resolutionMilliWh: 1_000n })
  })

  it('takes a counter of 0 from a meter that is alive, and none from an empty block', async () => {
    const zero = { TotWhImp: [0, 0], TotWhExp: [0, 0] }
    expect((await read([common({}), meter(zero)])).reading).toMatchObject({ importWh: 0, exportWh: 0 })
    const dead = model(203, { W: 0, W_SF: 0, TotWh_SF: 0, ...zero })
    expect((await read([common({}), dead])).reading).toMatchObject({ importWh: null, exportWh: null })
    const byPanels = model(103, { WH: [0, 0], WH_SF: 0, DCV: 300, DCV_SF: 0 })
    expect((await read([common({}), byPanels])).reading).toMatchObject({ productionWh: 0 })
  })

  describe('where a model that says who the device is was lost on the line', () => {
    /** Addresses of the first model 1's body and of the second's, with an inverter of 52 registers between them. */
    const [first, second] = [40_002, 40_122]
    const lost = async (models: number[][], address: number, code = 0) => {
      const source = new RegisterTable(chain(models))
      source.trouble.set(address, code)
      const read = source.read.bind(source)
      // Only the body's request, not the header's.
      source.read = (request) => {
        if (request.count > 2 || request.address !== address) return read(request)
        source.trouble.delete(address)
        return read(request).finally(() => source.trouble.set(address, code))
      }
      return (await readSunSpec({ source, unit: 1, patience })).reading
    }

    it('has no power whose sign depends on it, and no counter that may be negative', async () => {
      const behind = (Mn: string, points: object) => [common({ Mn }), inverter, common({ Mn }), meter(points)]
      const solarEdge = behind('SolarEdge', { W: 1200 })
      expect(await lost(solarEdge, first)).toMatchObject({ productionW: 1500, powerW: null, importWh: 812_000 })
      const kostal = behind('KOSTAL', { TotWhExp: [0xffff, 0xfc18] })
      expect(await lost(kostal, first)).toMatchObject({ importWh: 812_000, exportWh: null })
      const zeros = model(103, { St: 7, W: 0, W_SF: 0, WH: [0, 0], WH_SF: 0, Hz: 0, Hz_SF: 0, PhVphA: 0, V_SF: 0 })
      expect(await lost([common({ Mn: 'Fronius' }), zeros], first)).toMatchObject({
        productionW: null,
        productionWh: null,
      })
    })

    it.each([125, 20])(
      'of all that a hybrid says, nothing is ever wrong (%i registers a request)',
      async (registersPerRequest) => {
        const port = (name: string, watts: number) => [1, ...text(name, 8), 0, 0, watts, 0, 0, 0, 0, 0, 4, 0, 0]
        const ports = [
          160,
          8 + 80,
          0,
          0,
          0,
          0,
          0,
          0,
          4,
          0,
          port('S1', 900),
          port('S2', 600),
          port('StCha 3', 700),
          port('StDisCha 4', 0),
        ]
        const models = [
          common({ Mn: 'KOSTAL' }),
          inverter,
          common({ Opt: 'Production' }),
          meter({ TotWhExp: [0xffff, 0xfc18] }),
          common({ Opt: 'Export+Import' }),
          meter({ W: 77, TotWhImp: [0xffff, 0xfc18] }),
          ports.flat(),
          model(802, { SoC: 55, SoC_SF: 0 }),
          model(124, { ChaState: 44, ChaState_SF: 0 }),
        ]
        const device = (source: RegisterTable) => ({ source, unit: 1, patience: { ...patience, registersPerRequest } })
        const healthy = new RegisterTable(chain(models))
        const { reading: whole } = await readSunSpec(device(healthy))
        expect(whole).toMatchObject({ powerW: 77, importWh: 1000, batteryPowerW: -700, stateOfChargePercent: 55 })
        for (const [index] of healthy.requests.entries()) {
          for (const trouble of [0, 4]) {
            const source = new RegisterTable(chain(models))
            const read = source.read.bind(source)
            source.read = (request) => {
              if (source.requests.length === index) source.trouble.set(request.address, trouble)
              return read(request).finally(() => source.trouble.clear())
            }
            const outcome = await readSunSpec(device(source)).catch((error) => error)
            if (outcome instanceof ModbusError) continue
            for (const [field, value] of Object.entries(outcome.reading)) {
              if (value !== null)
                expect([index, field, value]).toEqual([index, field, whole[field as keyof typeof whole]])
            }
          }
        }
      },
    )

    it('takes no meter that may be one of production', async () => {
      const models = [common({}), inverter, common({ Opt: 'Production' }), meter()]
      const none = { productionW: 1500, powerW: null, importWh: null, exportWh: null }
      expect(await lost(models, second)).toMatchObject(none)
      expect(await lost(models, second, 4)).toMatchObject(none)
    })

    it('goes on where the device merely does not have it', async () => {
      expect(await lost([common({}), meter()], first, 2)).toMatchObject({ powerW: -1200, importWh: 812_000 })
    })
  })

  it('does not add up phases to a total that the device does not offer', async () => {
    const phases = { TotWhImp: [0x8000, 0], TotWhImpPhA: kilo(1), TotWhImpPhB: kilo(1), TotWhImpPhC: kilo(1) }
    const dead = model(203, { W: 0, W_SF: 0, TotWh_SF: 0, ...phases, TotWhImp: [0, 0] })
    expect((await read([common({}), dead])).reading).toMatchObject({ importWh: null, exportWh: null })
    expect((await read([common({ Mn: 'KOSTAL' }), meter(phases)])).reading).toMatchObject({ importWh: null })
  })

  it('has no value whose scale factor is not implemented', async () => {
    const { reading, models } = await read([common({}), meter({ TotWh_SF: 0x8000 })])
    expect(reading).toMatchObject({ powerW: -1200, importWh: null, exportWh: null })
    expect(models[1]!.points.TotWhImp).toBe(812_000)
  })

  it('has nulls, and is no failure, where a sleeping device answers with sentinels only', async () => {
    const { reading } = await read([common({}), model(103, {}), model(203, {})])
    expect(new Set(Object.values(reading))).toEqual(new Set([null]))
  })

  it('skips a meter that measures production', async () => {
    const report = await read([
      common({}),
      common({ Opt: 'Production' }),
      meter({ W: 99 }),
      common({ Opt: 'Export+Import' }),
      meter(),
    ])
    expect(report.reading.powerW).toBe(-1200)
    expect(report.warnings).toEqual([expect.stringContaining('production meter')])
  })
})

describe('vendors’ habits', () => {
  it('SolarEdge: the sign of the meter power is turned', async () => {
    const report = await read([common({ Mn: 'SolarEdge' }), common({ Mn: 'WattNode' }), meter({ W: 1200 })])
    expect(report.reading).toMatchObject({ powerW: -1200, importWh: 812_000, exportWh: 2_170_000 })
    expect(report.models[2]!.points.W).toBe(1200)
    expect(report.warnings).toEqual([expect.stringContaining('SolarEdge')])
  })

  it('KOSTAL: negative accumulators are made positive, those it does not count are null', async () => {
    const points = { TotWhExp: words('fffffc18'), TotWhImp: words('80000000') }
    const report = await read([common({ Mn: 'KOSTAL Solar Electric' }), meter(points)])
    expect(report.reading).toMatchObject({ exportWh: 1000, importWh: null })
    expect(report.models[1]!.points).toMatchObject({ TotWhExp: 0xffff_fc18, TotWhImp: 0x8000_0000 })
    expect(report.warnings).toHaveLength(2)
    const other = await read([common({ Mn: 'Other' }), meter(points)])
    expect(other.reading).toMatchObject({ exportWh: null, importWh: null })
    expect(other.warnings).toEqual([
      expect.stringContaining('TotWhImp reads 2147483648'),
      expect.stringContaining('TotWhExp reads 4294966296'),
    ])
  })

  it('Fronius: a frame of zeros from a busy inner bus is not a reading', async () => {
    const zeros = model(103, { W: 0, W_SF: 0, WH: [0, 0], WH_SF: 0, Hz: 0, Hz_SF: -2, PhVphA: 0, V_SF: -1, St: 7 })
    const report = await read([common({ Mn: 'Fronius' }), zeros])
    expect(report.reading).toMatchObject({ productionW: null, productionWh: null })
  })

  it('Fronius: the storage’s power comes from the modules of model 160', async () => {
    const module = (id: number, name: string, watts: number) => [
      id,
      ...text(name, 8),
      0,
      0,
      watts,
      0,
      0,
      0,
      0,
      0,
      4,
      0,
      0,
    ]
    const modules = (charge: number, discharge: number) => [
      160,
      88,
      0x8000,
      0x8000,
      0,
      0x8000,
      0,
      0,
      4,
      0xffff,
      ...module(1, 'PV1', 3000),
      ...module(2, 'PV2', 10),
      ...module(3, 'StCha 3', charge),
      ...module(4, 'StDisCha 4', discharge),
    ]
    const storage = model(124, { ChaState: 5650, ChaState_SF: -2 })
    const charging = await read([common({ Mn: 'Fronius' }), modules(800, 0), storage])
    expect(charging.reading).toMatchObject({ batteryPowerW: -800, stateOfChargePercent: 56.5 })
    expect((await read([common({ Mn: 'Fronius' }), modules(0, 650)])).reading.batteryPowerW).toBe(650)
  })

  it('batteries: 713 before 802 before 124 for the charge, 802 for the power', async () => {
    const battery = model(802, { SoC: 405, SoC_SF: -1, W: -900, W_SF: 0 })
    const report = await read([common({ Mn: 'KOSTAL' }), battery, model(713, { SoC: 41, Pct_SF: 0 })])
    expect(report.reading).toMatchObject({ batteryPowerW: -900, stateOfChargePercent: 41 })
    expect((await read([common({}), battery])).reading.stateOfChargePercent).toBe(40.5)
    expect((await read([common({}), battery])).warnings).toEqual([expect.stringContaining('unverified')])
  })
})

describe('what a device lacks', () => {
  it('a broken chain is fine once a power or energy model was found', async () => {
    const registers = chain([common({}), inverter])
    registers.delete(40_122)
    registers.delete(40_123)
    const report = await readSunSpec({ source: new RegisterTable(registers), unit: 1, patience })
    expect(report.reading.productionW).toBe(1500)
    expect(report.warnings).toEqual([expect.stringContaining('without its end marker')])
  })

  it('a chain broken before that cannot be read', async () => {
    const registers = chain([common({})])
    registers.delete(40_070)
    registers.delete(40_071)
    const source = new RegisterTable(registers)
    await expect(readSunSpec({ source, unit: 1, patience })).rejects.toMatchObject({ code: 'MODBUS_CHAIN_BROKEN' })
  })

  it('a body that stays silent leaves its model null and the rest whole', async () => {
    const source = new RegisterTable(chain([common({}), inverter, meter()]))
    source.trouble.set(40_070, 0)
    // The header alone is read at the same address: let that through.
    const original = source.read.bind(source)
    source.read = (request) => {
      if (request.count === 2) source.trouble.delete(40_070)
      else if (request.address === 40_070) source.trouble.set(40_070, 0)
      return original(request)
    }
    const report = await readSunSpec({ source, unit: 1, patience })
    expect(report.reading).toMatchObject({ productionW: null, productionWh: null, powerW: -1200 })
    expect(report.models[1]!.points).toMatchObject({ W: null, WH: null })
    expect(report.warnings).toEqual([expect.stringContaining('registers left out')])
  })
})

describe('polling', () => {
  it('walks the chain once a connection and then reads only what is needed', async () => {
    const source = new RegisterTable(chain([common({}), inverter, model(121, {}), meter()]))
    const polled = poller(source)
    await polled.poll()
    source.requests.length = 0
    const sample = await polled.poll()
    expect(source.requests.map(({ address, count }) => [address, count])).toEqual([
      [40_070, 52],
      [40_154, 107],
    ])
    // The meter’s request alone: its counters are the sample.
    expect(sample).toMatchObject({ requestedAtMs: 2, repliedAtMs: 2.5 })
    source.generation += 1
    await polled.poll()
    expect(source.requests.length).toBeGreaterThan(6)
  })

  it('reads scale factors with their values: they may change while the device runs', async () => {
    const source = new RegisterTable(chain([common({}), inverter]))
    const polled = poller(source)
    expect((await polled.poll()).reading.productionW).toBe(1500)
    const at = 40_072
    source.registers.set(at + 12, 150)
    source.registers.set(at + 13, 1)
    expect((await polled.poll()).reading.productionW).toBe(1500)
  })

  it('walks again when the chain has moved', async () => {
    const source = new RegisterTable(chain([common({}), inverter]))
    const polled = poller(source)
    await polled.poll()
    source.registers.clear()
    for (const [address, word] of chain([common({}), model(120, {}), inverter])) source.registers.set(address, word)
    expect((await polled.poll()).reading.productionW).toBe(1500)
  })

  it('never passes trouble off as a reading', async () => {
    const source = new RegisterTable(chain([common({}), inverter]))
    const polled = poller(source)
    await polled.poll()
    for (const code of [0, 4, 11]) {
      source.trouble.set(40_070, code)
      await expect(polled.poll()).rejects.toThrow()
    }
    source.trouble.clear()
    expect((await polled.poll()).reading.productionWh).toBe(3_100_000)
  })
})
