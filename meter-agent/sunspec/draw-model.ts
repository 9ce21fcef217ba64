/** From values to the registers of a SunSpec model: the tables by which models are read, turned round. */
import { energySteps, float32Words, textWords, wordsOf } from '../modbus/words.ts'
import { type GroupDefinition, modelTables, type PointDefinition } from './model-tables.ts'

/** A point's value in its unit, an exact energy, or text; `null`: not implemented. */
export type PointContent = number | string | { milliWh: bigint } | null

/** A model to draw. */
export interface Drawing {
  /** Values by the point's path: `{ W: -1200, 'module[0].DCW': 800 }`; what is not named is not implemented. */
  content: Record<string, PointContent>
  /** Scale factors that are not 0. */
  scaleFactors: Record<string, number>
  /** How many elements a repeating group has. */
  elementsOf(group: string): number
}

/** The registers of a model's body; `drawn` is told the path of each point. Throws a `RangeError` for a model without a table. */
export function drawModel(id: number, drawing: Drawing, drawn: (path: string) => void = () => {}): number[] {
  const definition = modelTables.get(id)
  if (!definition) throw new RangeError(`there is no table of model ${id}`)
  const { content, scaleFactors, elementsOf } = drawing
  const counts = countsOf(definition, elementsOf)
  const draw = (group: GroupDefinition, before: string): number[] => {
    const own = group.points.flatMap((point) => {
      const path = before + point.name
      drawn(path)
      const given = content[path]
      const value = given === undefined ? (counts[point.name] ?? null) : given
      const factor = point.scaleFactor
      const exponent = typeof factor === 'string' ? (scaleFactors[factor] ?? 0) : (factor ?? 0)
      return pointWords(point, value, exponent, scaleFactors)
    })
    const inner = group.groups.flatMap((one) => {
      if (one.count === null) return draw(one, `${before}${one.name}.`)
      const elements = Array.from({ length: elementsOf(one.name) }, (_, index) => index)
      return elements.flatMap((index) => draw(one, `${before}${one.name}[${index}].`))
    })
    return [...own, ...inner]
  }
  return draw(definition, '')
}

/** A whole chain from its marker to its end. */
export function drawChain(models: readonly { id: number; body: readonly number[] }[]): number[] {
  return [0x5375, 0x6e53, ...models.flatMap(({ id, body }) => [id, body.length, ...body]), 0xffff, 0]
}

/** What the points that count elements say, by their names. */
function countsOf(definition: GroupDefinition, elementsOf: Drawing['elementsOf']): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const group of definition.groups) {
    const elements = elementsOf(group.name)
    if (typeof group.count === 'string') counts[group.count] = elements
    const counting = definition.points.find(({ type }) => type === 'count')
    if (group.count === 0 && counting) counts[counting.name] = elements
    Object.assign(counts, countsOf(group, elementsOf))
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
