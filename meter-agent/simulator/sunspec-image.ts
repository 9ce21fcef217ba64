/** The registers of a simulated SunSpec device. */
import type { RegisterImage } from '../modbus/words.ts'
import { type Drawing, drawChain, drawModel, type PointContent } from '../sunspec/draw-model.ts'
import { modelTables } from '../sunspec/model-tables.ts'
import type { DeviceValues } from './device-values.ts'

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

const defaultBase = 40_000
const volts = 230
const directVolts = 400
const usualScaleFactors: Record<string, number> = { V_SF: -1, Hz_SF: -2 }

const usualElements: Record<string, number> = { module: 4, Pt: 2 }
/** The last two inputs of the inverter of a house with a battery are the battery's. */
const modulesWithBattery = 4

/** The registers of the whole chain, from the marker to the end. */
export function sunSpecImage(described: SunSpecDescription, values: DeviceValues): RegisterImage {
  const description = { ...described, scaleFactors: { ...powerScale(values), ...described.scaleFactors } }
  const { models, base = defaultBase } = description
  const drawn = models.map((id, index) => {
    const content = contentOf(id, values, {
      ofMeter: id === 1 && index > 0,
      modules: elementsOf(description, 'module'),
    })
    return { id, body: drawModel(id, drawingOf(id, description, content)) }
  })
  return new Map(drawChain(drawn).map((word, index) => [base + index, word]))
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
    drawModel(id, drawingOf(id, description, {}), (path) => names.add(`${id}.${path}`))
  }
  return names
}

/** The registers of the whole chain, marker and end marker included. */
export function chainSize(description: SunSpecDescription): number {
  return description.models.reduce((size, id) => size + 2 + drawModel(id, drawingOf(id, description, {})).length, 4)
}

/** What a house has to show in a model, with what the description fixes. */
function drawingOf(id: number, description: SunSpecDescription, content: Record<string, PointContent>): Drawing {
  const prefix = `${id}.`
  const fixed = Object.entries(description.points ?? {})
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value] as const)
  return {
    content: { ...content, ...Object.fromEntries(fixed) },
    scaleFactors: { ...usualScaleFactors, ...description.scaleFactors },
    elementsOf: (group) => elementsOf(description, group),
  }
}

function elementsOf({ elements = {} }: SunSpecDescription, group: string): number {
  return elements[group] ?? usualElements[group] ?? 1
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
