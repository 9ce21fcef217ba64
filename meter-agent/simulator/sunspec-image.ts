import { fixedLength } from '../sunspec/decode.ts'
import { modelTables, type PointDefinition } from '../sunspec/model-tables.ts'
import {
  type DeviceValues,
  energySteps,
  float32Words,
  type RegisterImage,
  textWords,
  wordsOf,
} from './device-values.ts'

/** A SunSpec device to simulate. */
export interface SunSpecDescription {
  kind: 'sunspec'
  unit: number
  /** The chain, e.g. `[1, 103, 1, 203]`: common, inverter, common of the meter, meter. */
  models: number[]
  /** Where the marker lies; 40000 by default. */
  base?: number
  /** Scale factors that are not 0; counters show steps of 10^TotWh_SF and 10^WH_SF Wh. */
  scaleFactors?: Record<string, number>
}

/** A point's value in its unit, an exact energy, or text; `null`: not implemented. */
type PointContent = number | string | { milliWh: bigint } | null

const defaultBase = 40_000
const volts = 230
const usualScaleFactors: Record<string, number> = { V_SF: -1, Hz_SF: -2 }

/** The registers of the whole chain, from the marker to the end. */
export function sunSpecImage(description: SunSpecDescription, values: DeviceValues): RegisterImage {
  const { models, base = defaultBase, scaleFactors = {} } = description
  const words = [0x5375, 0x6e53]
  for (const [index, id] of models.entries()) {
    const ofMeter = id === 1 && index > 0
    words.push(...modelWords(id, contentOf(id, values, ofMeter), { ...usualScaleFactors, ...scaleFactors }))
  }
  words.push(0xffff, 0)
  return new Map(words.map((word, index) => [base + index, word]))
}

/** The models that can be simulated: those without a repeating part. */
export function canSimulateModel(id: number): boolean {
  const definition = modelTables.get(id)
  return definition !== undefined && definition.groups.length === 0
}

function modelWords(id: number, content: Record<string, PointContent>, scaleFactors: Record<string, number>): number[] {
  const definition = modelTables.get(id)
  if (!definition || !canSimulateModel(id)) throw new RangeError(`model ${id} cannot be simulated`)
  const body = definition.points.flatMap((point) => {
    const exponent = typeof point.scaleFactor === 'string' ? (scaleFactors[point.scaleFactor] ?? 0) : 0
    return pointWords(point, content[point.name] ?? null, exponent, scaleFactors)
  })
  return [id, fixedLength(definition)!, ...body]
}

function pointWords(
  { name, type, size }: PointDefinition,
  content: PointContent,
  exponent: number,
  scaleFactors: Record<string, number>,
): number[] {
  if (type === 'pad') return [0x8000]
  if (type === 'sunssf') return wordsOf(BigInt(scaleFactors[name] ?? 0), 1)
  if (type === 'string') return textWords(typeof content === 'string' ? content : '', size)
  if (type === 'float32') {
    if (content === null) return float32Words(Number.NaN)
    return float32Words(typeof content === 'object' ? Number(content.milliWh) / 1000 : Number(content))
  }
  if (content === null) {
    if (type.startsWith('acc')) return wordsOf(0n, size)
    const highBit = 1n << BigInt(size * 16 - 1)
    return wordsOf(type.startsWith('int') ? highBit : -1n, size)
  }
  if (typeof content === 'object') return wordsOf(energySteps(content.milliWh, exponent), size)
  return wordsOf(BigInt(Math.round(Number(content) / 10 ** exponent)), size)
}

function contentOf(id: number, values: DeviceValues, ofMeter: boolean): Record<string, PointContent> {
  const energy = (milliWh: bigint | null) => (milliWh === null ? null : { milliWh })
  const { powerW, productionW } = values
  // A device that says nothing any more says no voltage either.
  const asleep = values.powerW === null && values.productionW === null && values.importMilliWh === null
  const grid: Record<string, PointContent> = asleep
    ? {}
    : { PhV: volts, PhVphA: volts, PhVphB: volts, PhVphC: volts, Hz: 50 }
  if (id === 1) {
    return {
      Mn: values.manufacturer,
      Md: values.model,
      Vr: values.version,
      SN: ofMeter ? `${values.serialNumber}-M` : values.serialNumber,
      Opt: ofMeter ? 'Export+Import' : null,
      DA: 1,
    }
  }
  if (id <= 113) {
    const currentA = productionW === null ? null : productionW / (3 * volts)
    const producing = productionW !== null && productionW > 0
    return {
      ...grid,
      A: currentA,
      W: productionW,
      WH: energy(values.productionMilliWh),
      St: producing ? 4 : 2,
      Evt1: 0,
    }
  }
  if (id === 701) {
    return {
      ACType: 3,
      ...(asleep ? {} : { LNV: volts, Hz: 50 }),
      W: productionW,
      TotWhInj: energy(values.productionMilliWh),
    }
  }
  if (id >= 201 && id <= 214) {
    const meter = { W: powerW, TotWhImp: energy(values.importMilliWh), TotWhExp: energy(values.exportMilliWh) }
    return { ...grid, ...meter, A: powerW === null ? null : powerW / (3 * volts), Evt: 0 }
  }
  return { ChaState: values.stateOfChargePercent, SoC: values.stateOfChargePercent, W: values.batteryPowerW }
}
