/** The registers of a simulated SunSpec device. */
import { type GroupDefinition, modelTables, type PointDefinition } from '../sunspec/model-tables.ts'
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
  /** How many elements each repeating group has, by the group's name, wherever it is: `{ module: 4, Crv: 1, Pt: 3 }`. */
  elements?: Record<string, number>
  /** Values in place of the house's, scaled, by model and path: `{ '160.module[2].IDStr': 'StCha 3' }`; `null`: not implemented. */
  points?: Record<string, number | string | null>
}

/** A point's value in its unit, an exact energy, or text; `null`: not implemented. */
type PointContent = number | string | { milliWh: bigint } | null

const defaultBase = 40_000
const volts = 230
const directVolts = 400
const usualScaleFactors: Record<string, number> = { V_SF: -1, Hz_SF: -2 }

const usualElements: Record<string, number> = { module: 4, Pt: 2 }
/** Of a house with a battery, the last two inputs of its inverter are the battery's. */
const modulesWithBattery = 4

/** The registers of the whole chain, from the marker to the end. */
export function sunSpecImage(described: SunSpecDescription, values: DeviceValues): RegisterImage {
  const description = { ...described, scaleFactors: { ...powerScale(values), ...described.scaleFactors } }
  const { models, base = defaultBase } = description
  const words = [0x5375, 0x6e53]
  for (const [index, id] of models.entries()) {
    const content = contentOf(id, values, {
      ofMeter: id === 1 && index > 0,
      modules: elementsOf(description, 'module'),
    })
    const body = drawModel(id, description, content)
    words.push(id, body.length, ...body)
  }
  words.push(0xffff, 0)
  return new Map(words.map((word, index) => [base + index, word]))
}

/** Power of more than 16 bits is shown in steps of ten watts. */
function powerScale({ powerW, productionW }: DeviceValues): Record<string, number> {
  return Math.max(Math.abs(powerW ?? 0), Math.abs(productionW ?? 0)) > 32_767 ? { W_SF: 1 } : {}
}

/** True for the models whose tables we have. */
export function canSimulateModel(id: number): boolean {
  return modelTables.has(id)
}

/** Every point of the description's models, as `points` names them. */
export function pointNames(description: SunSpecDescription): Set<string> {
  const names = new Set<string>()
  for (const id of description.models) {
    drawModel(id, description, {}, (path) => names.add(`${id}.${path}`))
  }
  return names
}

/** The registers of the whole chain, marker and end marker included. */
export function chainSize(description: SunSpecDescription): number {
  return description.models.reduce((size, id) => size + 2 + drawModel(id, description, {}).length, 4)
}

function elementsOf({ elements = {} }: SunSpecDescription, group: string): number {
  return elements[group] ?? usualElements[group] ?? 1
}

/** The body's registers; `drawn` is told the path of each point. */
function drawModel(
  id: number,
  description: SunSpecDescription,
  content: Record<string, PointContent>,
  drawn: (path: string) => void = () => {},
): number[] {
  const definition = modelTables.get(id)
  if (!definition) throw new RangeError(`model ${id} cannot be simulated`)
  const { points = {} } = description
  const scaleFactors = { ...usualScaleFactors, ...description.scaleFactors }
  const counts = countsOf(definition, description)
  const draw = (group: GroupDefinition, before: string): number[] => {
    const own = group.points.flatMap((point) => {
      const path = before + point.name
      drawn(path)
      const given = points[`${id}.${path}`]
      const value = given === undefined ? (content[path] ?? counts[point.name] ?? null) : given
      const factor = point.scaleFactor
      const exponent = typeof factor === 'string' ? (scaleFactors[factor] ?? 0) : (factor ?? 0)
      return pointWords(point, value, exponent, scaleFactors)
    })
    const inner = group.groups.flatMap((one) => {
      if (one.count === null) return draw(one, `${before}${one.name}.`)
      const elements = Array.from({ length: elementsOf(description, one.name) }, (_, index) => index)
      return elements.flatMap((index) => draw(one, `${before}${one.name}[${index}].`))
    })
    return [...own, ...inner]
  }
  return draw(definition, '')
}

/** What the points that count elements say, by their names. */
function countsOf(definition: GroupDefinition, description: SunSpecDescription): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const group of definition.groups) {
    const elements = elementsOf(description, group.name)
    if (typeof group.count === 'string') counts[group.count] = elements
    const counting = definition.points.find(({ type }) => type === 'count')
    if (group.count === 0 && counting) counts[counting.name] = elements
    Object.assign(counts, countsOf(group, description))
  }
  return counts
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

function contentOf(
  id: number,
  values: DeviceValues,
  { ofMeter, modules }: { ofMeter: boolean; modules: number },
): Record<string, PointContent> {
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
  if (id === 160) return moduleContent(values, modules)
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

/** The inputs of a hybrid inverter: strings of panels that share the production, then the battery's two. */
function moduleContent({ productionW, batteryPowerW }: DeviceValues, modules: number): Record<string, PointContent> {
  const ports = modules >= modulesWithBattery ? 2 : 0
  const strings = modules - ports
  const content: Record<string, PointContent> = {}
  for (let index = 0; index < modules; index += 1) {
    const isString = index < strings
    const kind = isString ? 'String' : index === strings ? 'StCha' : 'StDisCha'
    const flow = kind === 'StCha' ? -1 : 1
    const powerW = isString
      ? productionW === null
        ? null
        : productionW / strings
      : batteryPowerW === null
        ? null
        : Math.max(0, flow * batteryPowerW)
    const module = `module[${index}].`
    content[`${module}ID`] = index + 1
    content[`${module}IDStr`] = `${kind} ${index + 1}`
    content[`${module}DCW`] = powerW
    content[`${module}DCV`] = powerW === null ? null : directVolts
    content[`${module}DCA`] = powerW === null ? null : powerW / directVolts
  }
  return content
}
