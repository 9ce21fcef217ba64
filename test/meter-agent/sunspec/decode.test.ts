/** From registers to points. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scaled } from '../../../meter-agent/modbus/words.ts'
import { decodeBody, fixedLength, toPoints } from '../../../meter-agent/sunspec/decode.ts'
import { modelTables } from '../../../meter-agent/sunspec/model-tables.ts'
import { words } from '../modbus/register-table.ts'
import { model, text } from './image.ts'

/** Decodes a whole model (with ID and L in front). */
function decode(registers: (number | undefined)[], length = registers[1]!) {
  const body = decodeBody(modelTables.get(registers[0]!)!, registers.slice(2), length)
  return { points: toPoints(body.group), warnings: body.warnings, spans: body.spans }
}

describe('the model tables', () => {
  // From the SunSpec Alliance's definitions: L of the models in which nothing repeats.
  it.each([
    [1, 66],
    [101, 50],
    [103, 50],
    [111, 60],
    [113, 60],
    [120, 26],
    [121, 30],
    [122, 44],
    [123, 24],
    [124, 24],
    [201, 105],
    [203, 105],
    [211, 124],
    [213, 124],
    [701, 153],
    [702, 50],
    [703, 17],
    [704, 65],
    [713, 7],
    [802, 62],
  ])('model %i has %i registers', (id, length) => {
    expect(fixedLength(modelTables.get(id)!)).toBe(length)
  })

  it('are those the agent promises', () => {
    const ids = [1, 101, 102, 103, 111, 112, 113, 120, 121, 122, 123, 124, 160, 201, 202, 203, 204, 211, 212, 213, 214]
    const der = Array.from({ length: 14 }, (_, index) => 701 + index)
    expect([...modelTables.keys()]).toEqual([...ids, ...der, 802, 803])
  })
})

describe('scaling', () => {
  it('gives the shortest decimal', () => {
    expect(scaled(3n, -1)).toBe(0.3)
    expect(scaled(4987n, -2)).toBe(49.87)
    expect(scaled(-29n, -3)).toBe(-0.029)
    expect(scaled(14138n, 1)).toBe(141_380)
  })

  it('prints the integer’s own digits for every exponent', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 }), fc.integer({ min: -10, max: 10 }), (raw, exponent) => {
        const sign = raw < 0 ? '-' : ''
        const digits = String(Math.abs(raw)).padStart(11, '0')
        const decimal =
          exponent >= 0
            ? `${sign}${digits}${'0'.repeat(exponent)}`
            : `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`
        expect(scaled(BigInt(raw), exponent)).toBe(Number(decimal))
      }),
      { seed: 41 },
    )
  })
})

describe('points', () => {
  it('take their scale from the model’s own scale factors', () => {
    const { points, warnings } = decode(
      model(103, { W: -1234, W_SF: -1, WH: [0x0012, 0xd687], WH_SF: 0, PhVphA: 2305, V_SF: -1, Hz: 4998, Hz_SF: -2 }),
    )
    expect(points).toMatchObject({ W: -123.4, WH: 1_234_567, PhVphA: 230.5, Hz: 49.98 })
    expect(warnings).toEqual([])
  })

  it('are null where the device says they are not implemented', () => {
    const { points, warnings } = decode(model(103, {}))
    expect(new Set(Object.values(points))).toEqual(new Set([null]))
    expect(warnings).toEqual([])
  })

  it('have no padding and no scale factors', () => {
    const { points } = decode(model(103, { W_SF: 0 }))
    expect(Object.keys(points).filter((name) => name.endsWith('_SF') || /pad/i.test(name))).toEqual([])
  })

  it('show an accumulator of 0 as null, and a 64-bit counter of 0 as 0', () => {
    expect(decode(model(103, { WH: [0, 0], WH_SF: 0 })).points.WH).toBeNull()
    expect(decode(model(701, { TotWhInj: [0, 0, 0, 0], TotWh_SF: 0 })).points.TotWhInj).toBe(0)
  })

  it('show enumerations and bit fields as plain numbers', () => {
    const { points } = decode(model(103, { St: 4, Evt1: [0x8000, 0x0001] }))
    expect(points).toMatchObject({ St: 4, Evt1: 0x8000_0001 })
  })

  it('cut texts at the first NUL and trim them', () => {
    const registers = model(1, { Mn: text('Fronius\0rest', 16), Md: text('Symo   ', 16), SN: text('', 16) })
    expect(decode(registers).points).toMatchObject({ Mn: 'Fronius', Md: 'Symo', SN: null })
  })

  it('read floats, and any NaN as not implemented', () => {
    const { points } = decode(model(113, { W: words('459a5000'), Hz: words('ffc00001'), A: words('80000000') }))
    expect(points).toMatchObject({ W: 4938, Hz: null, A: 0 })
  })

  it('stay unscaled, with a warning, where their scale factor is not implemented', () => {
    const { points, warnings } = decode(model(103, { W: 500 }))
    expect(points.W).toBe(500)
    expect(warnings).toEqual(['W_SF is not implemented: W shown unscaled and not used'])
  })

  it('are null, with a warning, where the scale factor is out of range', () => {
    const { points, warnings } = decode(model(103, { W: 500, W_SF: 11 }))
    expect(points.W).toBeNull()
    expect(warnings).toEqual([expect.stringContaining('W_SF is 11')])
  })

  it('are null where their scale factor could not be read', () => {
    const registers: (number | undefined)[] = model(103, { W: 500, W_SF: 1 })
    registers[2 + 13] = undefined
    expect(decode(registers).points.W).toBeNull()
  })

  it('beyond the model’s length are null', () => {
    const registers = model(103, { W: 500, W_SF: 0, Hz: 5000, Hz_SF: -2 })
    const { points, warnings } = decode(registers.slice(0, 2 + 14), 14)
    expect(points).toMatchObject({ W: 500, Hz: null, WH: null })
    expect(warnings).toEqual(['shorter than the standard (14 of 50 registers)'])
  })

  it('lose nothing where only the trailing pad is missing', () => {
    const registers = model(1, { Mn: text('SolarEdge', 16) }).slice(0, -1)
    expect(decode(registers, 65)).toMatchObject({ points: { Mn: 'SolarEdge' }, warnings: [] })
  })

  it('ignore registers past the definition', () => {
    const { points, warnings } = decode([...model(713, { SoC: 55, Pct_SF: 0 }), 1, 2, 3], 10)
    expect(points).toMatchObject({ SoC: 55 })
    expect(warnings).toEqual([])
  })
})

describe('repeating groups', () => {
  const fixed = (n: number) => [0, 0, 0, 0, 0, 0, n, 0xffff]
  const module = (id: number, watts: number) => [
    id,
    ...text(`PV${id}`, 8),
    1,
    2,
    watts,
    0,
    0,
    0xffff,
    0xffff,
    0x8000,
    4,
    0,
    0,
  ]

  it('fill the length whatever the count says', () => {
    const registers = [160, 48, ...fixed(1), ...module(1, 1500), ...module(2, 1600)]
    const { points, warnings } = decode(registers)
    expect(points.module).toEqual([
      expect.objectContaining({ ID: 1, IDStr: 'PV1', DCW: 1500, Tmp: null, DCSt: 4 }),
      expect.objectContaining({ ID: 2, IDStr: 'PV2', DCW: 1600 }),
    ])
    expect(warnings).toContainEqual('says it has 1 × module, its length has room for 2')
  })

  it('are an empty list where there is no element', () => {
    expect(decode([160, 8, ...fixed(0)]).points.module).toEqual([])
  })

  it('nest, with the inner count from the outer group', () => {
    // 705 with NPt = 2 and NCrv = 1: 15 registers before the curves, 10 in the curve before its points, 2 a point.
    const definition = modelTables.get(705)!
    const before = definition.points.flatMap((point) =>
      point.name === 'NPt'
        ? [2]
        : point.name === 'NCrv'
          ? [1]
          : point.type === 'sunssf'
            ? [0]
            : Array(point.size).fill(0),
    )
    const curve = definition.groups[0]!.points.flatMap((point) => Array<number>(point.size).fill(0))
    const body = [...before, ...curve, 97, 30, 103, 0xffe2]
    const { points, warnings } = decode([705, body.length, ...body])
    expect(points.Crv).toEqual([
      expect.objectContaining({
        Pt: [
          { V: 97, Var: 30 },
          { V: 103, Var: -30 },
        ],
      }),
    ])
    expect(warnings).toEqual([])
  })

  it('without a count are one object', () => {
    const { points } = decode([704, 0])
    expect(points.PFWInj).toEqual({ PF: null, Ext: null })
  })

  it('stop where the inner count is not known', () => {
    const body = Array<number>(40).fill(0xffff)
    expect(decode([705, 40, ...body]).points.Crv).toEqual([])
  })
})
