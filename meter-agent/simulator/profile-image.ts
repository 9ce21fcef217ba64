/** The registers of a simulated device with a map of its own: the family's formulas and its recognition, turned round. */

import { energySteps, float32Words, float64Words, type RegisterImage, textWords, wordsOf } from '../modbus/words.ts'
import { wordAddresses, wordCount } from '../profiles/point-value.ts'
import { type Condition, conditionPoint, type Formula, type Profile, type ProfilePoint } from '../profiles/profile.ts'
import type { DeviceValues } from './device-values.ts'

/** The registers of a device with its own map: those of its unit and those of the grid meter's unit. */
export interface ProfileImage {
  device: RegisterImage
  grid: RegisterImage
  /** Registers of the device that one function code alone serves. */
  byFunction: Record<3 | 4, RegisterImage>
}

/** What the device's unit answers under a function code. */
export function deviceRegisters(profile: Profile, image: ProfileImage, functionCode: number): RegisterImage {
  if (functionCode !== 3 && functionCode !== 4) return new Map()
  const serves = profile.functions.includes(functionCode)
  const own = image.byFunction[functionCode]
  return own.size === 0 && serves ? image.device : new Map([...(serves ? image.device : []), ...own])
}

/** A point's content in the unit of its field, an exact energy or text. */
type PointContent = number | string | { milliWh: bigint }
type Assigned = Map<string, PointContent>

const fields = [
  'batteryPowerW',
  'stateOfChargePercent',
  'powerW',
  'importWh',
  'exportWh',
  'productionWh',
  'productionW',
] as const

/**
 * The registers in which a device of this family would show the values: the family's formulas, turned round. What has no value
 * gets the registers that mean "not there", or 0 where the map knows none.
 */
export function profileImage(profile: Profile, values: DeviceValues): ProfileImage {
  const assigned: Assigned = new Map()
  for (const field of fields) {
    const content = contentOf(values, field)
    if (content === null) continue
    const formula = profile.reading[field].find((candidate) => fits(candidate, content, assigned, profile))
    if (formula) assign(formula, content, assigned)
  }
  if (typeof profile.wordOrder === 'object') assigned.set(profile.wordOrder.tellingPoint, 50)
  const { model, version, serialNumber = [] } = profile.identity
  if (model && values.model !== null) assigned.set(model, values.model)
  if (version && values.version !== null) assigned.set(version, values.version)
  for (const name of serialNumber) if (values.serialNumber !== null) assigned.set(name, values.serialNumber)
  beRecognised(profile, assigned)
  return draw(profile, assigned)
}

/** Gives the device what the family is recognised by, in a point that holds no serial number where there is one. */
function beRecognised({ recognition: { own }, identity }: Profile, assigned: Assigned): void {
  const isSerial = (name: string) => identity.serialNumber?.includes(name) === true
  const condition = own.find((one) => !isSerial(conditionPoint(one))) ?? own[0]
  if (!condition) return
  const name = conditionPoint(condition)
  const known = assigned.get(name)
  if ('oneOf' in condition) assigned.set(name, condition.oneOf[0]!)
  else if ('between' in condition) assigned.set(name, condition.between[0])
  else if ('startsWith' in condition)
    assigned.set(name, `${condition.startsWith[0]} ${typeof known === 'string' ? known : ''}`)
  else if ('contains' in condition)
    assigned.set(name, `${typeof known === 'string' ? known : ''}${condition.contains[0]}`)
  else if ('present' in condition && known === undefined) assigned.set(name, 'SIM')
}

function contentOf(values: DeviceValues, field: (typeof fields)[number]): number | { milliWh: bigint } | null {
  if (!field.endsWith('Wh')) return values[field as 'powerW']
  const milliWh = values[field.replace('Wh', 'MilliWh') as 'importMilliWh']
  return milliWh === null ? null : { milliWh }
}

/** True when the formula could have given this value. */
function fits(formula: Formula, content: number | { milliWh: bigint }, assigned: Assigned, profile: Profile): boolean {
  const negative = typeof content === 'number' && content < 0
  const needsMagnitude = [...formula.plus, ...formula.minus].some((name) => profile.points[name]!.keep === 'magnitude')
  if (needsMagnitude && negative !== formula.minus.length > 0 && content !== 0) return false
  if (formula.when.some((condition) => !canHold(condition, assigned, formula))) return false
  return formula.unless.length === 0 || !formula.unless.every((condition) => holds(condition, assigned))
}

function canHold(condition: Condition, assigned: Assigned, formula: Formula): boolean {
  const name = conditionPoint(condition)
  const own = [...formula.plus, ...formula.minus].includes(name)
  if ('present' in condition || 'missing' in condition) return holds(condition, assigned)
  return own || !assigned.has(name) || holds(condition, assigned)
}

function holds(condition: Condition, assigned: Assigned): boolean {
  const content = assigned.get(conditionPoint(condition))
  if ('present' in condition) return content !== undefined
  if ('missing' in condition) return content === undefined
  const value = typeof content === 'object' ? Number(content.milliWh) / 1000 : content
  if (typeof value !== 'number') return false
  if ('oneOf' in condition) return condition.oneOf.includes(value)
  if ('noneOf' in condition) return !condition.noneOf.includes(value)
  if ('between' in condition) return value >= condition.between[0] && value <= condition.between[1]
  if ('above' in condition) return value > condition.above
  return 'below' in condition && value < condition.below
}

/** The first term takes the value; of two sides, each takes its own sign. */
function assign(formula: Formula, content: number | { milliWh: bigint }, assigned: Assigned): void {
  const terms = [...formula.plus, ...formula.minus]
  for (const name of terms) assigned.set(name, typeof content === 'number' ? 0 : { milliWh: 0n })
  const [plus] = formula.plus
  const [minus] = formula.minus
  const shifted = typeof content === 'number' ? content / 10 ** formula.shift : content
  if (typeof shifted === 'object') assigned.set((plus ?? minus)!, shifted)
  else if (plus && minus) assigned.set(shifted < 0 ? minus : plus, Math.abs(shifted))
  else if (plus) assigned.set(plus, shifted)
  else assigned.set(minus!, -shifted)
  for (const condition of formula.when) {
    if ('oneOf' in condition) assigned.set(condition.point, condition.oneOf[0]!)
    else if ('noneOf' in condition && !assigned.has(condition.point)) {
      assigned.set(condition.point, [1, 2, 3, 4, 5].find((value) => !condition.noneOf.includes(value))!)
    }
  }
}

function draw(profile: Profile, assigned: Assigned): ProfileImage {
  const image: ProfileImage = { device: new Map(), grid: new Map(), byFunction: { 3: new Map(), 4: new Map() } }
  const order = typeof profile.wordOrder === 'string' ? profile.wordOrder : 'high-first'
  for (const [name, point] of Object.entries(profile.points)) {
    const words = pointWords(point, assigned.get(name))
    // `order` holds for numbers; a family whose order must be told sends floats low word first, as it comes from the factory.
    const own = typeof profile.wordOrder === 'object' && point.type === 'f32' ? 'low-first' : order
    const registers = point.functionCode === undefined ? image[point.at] : image.byFunction[point.functionCode]
    for (const [index, address] of wordAddresses(point, own).entries()) registers.set(address, words[index]!)
  }
  return image
}

function pointWords(point: ProfilePoint, content: PointContent | undefined): number[] {
  const count = wordCount(point)
  if (point.type === 'string') {
    const text = textWords(typeof content === 'object' ? '' : String(content ?? ''), count)
    return point.swappedBytes ? text.map((word) => ((word & 0xff) << 8) | (word >> 8)) : text
  }
  if (content === undefined) {
    if (point.type === 'f32') return float32Words(Number.NaN)
    if (point.type === 'f64') return float64Words(Number.NaN)
    return wordsOf(BigInt(point.missing[0] ?? 0), count)
  }
  if (point.type === 'f32' || point.type === 'f64') {
    const value = typeof content === 'object' ? Number(content.milliWh) / 1000 : Number(content)
    return (point.type === 'f32' ? float32Words : float64Words)(value / 10 ** point.scale)
  }
  if (typeof content === 'object') return wordsOf(energySteps(content.milliWh, point.scale), count)
  const number = typeof content === 'string' ? numberFromText(content) : content
  return wordsOf(BigInt(Math.round(number / 10 ** point.scale)), count)
}

/** A serial number for maps that hold it as a number: the text's own digits, else one made of its letters. */
function numberFromText(text: string): number {
  const digits = text.replace(/\D/g, '').slice(-4)
  let number = 0
  for (const letter of text) number = (number * 31 + letter.codePointAt(0)!) % 10_007
  return digits === '' ? number : Number(digits)
}
