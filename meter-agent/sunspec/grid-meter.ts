/**
 * Which of a chain's meters sits at the grid connection. SunSpec has no register for it: SolarEdge writes it into the options of
 * the model 1 before the meter, Fronius numbers its meters by unit (200 is the one it regulates by, 240 on older Datamanagers;
 * those after it count something else), others say nothing. What a device says counts; where it says nothing and there is one
 * meter only, that one is taken; where there are several, somebody has to say.
 */
import type { MeterPlace } from '../registers/device-sample.ts'
import type { ReadModel } from './chain.ts'
import type { Value } from './decode.ts'

/** What somebody has said of a device's meters. */
export interface GridChoice {
  /** Which meter of the chain, counted from 1; `null`: nobody said. */
  meter: number | null
  /** The owner vouches for it, whatever the device says. */
  confirmed: boolean
}

export const noChoice: GridChoice = { meter: null, confirmed: false }

export interface GridMeter {
  meter: ReadModel | null
  place: MeterPlace
  warnings: string[]
}

const meterIds = [201, 202, 203, 204, 211, 212, 213, 214]

interface Candidate {
  model: ReadModel
  /** The model 1 before it. */
  owner: ReadModel | undefined
  option: string | null
  /** What its maker calls it. */
  name: string | null
  role: 'grid' | 'elsewhere' | 'silent' | 'lost'
}

/** Finds the grid meter of a chain. @param unit the Modbus unit it was read from */
export function gridMeterOf(models: readonly ReadModel[], unit: number, choice: GridChoice): GridMeter {
  const candidates = candidatesOf(models, unit)
  const nothing = (place: MeterPlace, warnings: string[]): GridMeter => ({ meter: null, place, warnings })
  const chosen = choice.meter === null ? undefined : candidates[choice.meter - 1]
  if (choice.meter !== null) {
    if (!chosen) {
      return nothing({ role: 'none', says: null }, [
        `there is no meter ${choice.meter}: the device has ${candidates.length}`,
      ])
    }
    if (chosen.role === 'grid' || chosen.role === 'silent' || choice.confirmed) return taken(chosen)
    return nothing({ role: 'elsewhere', says: chosen.option }, [refusal(chosen)])
  }
  const [first] = candidates
  if (!first) return nothing({ role: 'none', says: null }, [])
  const lost = candidates.find(({ role }) => role === 'lost')
  if (lost) {
    return nothing({ role: 'unknown', says: null }, [
      `what the meter at register ${lost.model.address} measures could not be read: not taken`,
    ])
  }
  const refused = candidates.filter(({ role }) => role === 'elsewhere')
  const said = candidates.filter(({ role }) => role === 'grid')
  const silent = candidates.filter(({ role }) => role === 'silent')
  const open = said.length > 0 ? said : silent
  if (open.length > 1) {
    const list = open.map((one) => `${candidates.indexOf(one) + 1} (${one.name ?? 'unnamed'})`).join(', ')
    return nothing({ role: 'unknown', says: null }, [
      `the device has ${candidates.length} meters, and nothing tells which of ${list} sits at the grid connection: name it with meter (--meter N)`,
    ])
  }
  const warnings = refused.map(refusal)
  const [only] = open
  if (only) return { ...taken(only), warnings }
  if (choice.confirmed) return taken(first)
  return nothing({ role: 'elsewhere', says: first.option ?? first.name }, warnings)
}

function taken({ model, option, role }: Candidate): GridMeter {
  const place: MeterPlace = { role: 'grid', says: option }
  if (role === 'grid' || role === 'silent') return { meter: model, place, warnings: [] }
  const says = option === null ? 'it is a further meter' : `it says ${JSON.stringify(option)}`
  const warning = `the meter at register ${model.address} is taken as the grid meter because its owner says so, though ${says}`
  return { meter: model, place, warnings: [warning] }
}

function refusal({ model, option, name }: Candidate): string {
  const what =
    option === null
      ? `is a further meter of its maker (${name ?? 'unnamed'}), not the one at the grid connection`
      : `is a ${option.toLowerCase()} meter`
  return `the meter at register ${model.address} ${what}: not taken as the grid meter`
}

function candidatesOf(models: readonly ReadModel[], unit: number): Candidate[] {
  const candidates: Candidate[] = []
  let owner: ReadModel | undefined
  const maker = models.find(({ id }) => id === 1)
  for (const model of models) {
    if (model.id === 1) owner = model
    if (!meterIds.includes(model.id)) continue
    const option = textOf(owner, 'Opt')
    const name = textOf(owner, 'Md')
    const isLost = owner?.lost === true && option === null
    const isFurther = isFurtherFronius(textOf(maker, 'Mn'), unit)
    const role = isLost ? 'lost' : roleOf(option) !== 'silent' ? roleOf(option) : isFurther ? 'elsewhere' : 'silent'
    candidates.push({ model, owner, option: roleOf(option) === 'silent' ? null : option, name, role })
  }
  return candidates
}

/** Other places win: a meter that says "Export+Import Production" counts production. */
function roleOf(option: string | null): 'grid' | 'elsewhere' | 'silent' {
  if (option === null) return 'silent'
  if (/produc|consum|load|batter|storage|generat|\bpv\b|solar|inverter/i.test(option)) return 'elsewhere'
  return /export|import|feed.?in|\bgrid\b/i.test(option) ? 'grid' : 'silent'
}

/** Fronius' units from 200 on are meters; the first of them, and 240 before there were more, is the one at the grid. */
function isFurtherFronius(manufacturer: string | null, unit: number): boolean {
  return manufacturer !== null && /^fronius/i.test(manufacturer) && unit > 200 && unit < 248 && unit !== 240
}

function textOf(model: ReadModel | undefined, name: string): string | null {
  const found: Value | undefined = model?.body?.group.values.get(name)
  return typeof found?.raw === 'string' ? found.raw : null
}
