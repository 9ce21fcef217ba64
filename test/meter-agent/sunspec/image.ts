/** SunSpec registers for tests. */
import { fixedLength } from '../../../meter-agent/sunspec/decode.ts'
import { type GroupDefinition, modelTables } from '../../../meter-agent/sunspec/model-tables.ts'

/** Text as registers, filled with NUL. */
export function text(value: string, registers: number): number[] {
  const bytes = Buffer.alloc(registers * 2)
  bytes.write(value)
  return Array.from({ length: registers }, (_, index) => bytes.readUInt16BE(index * 2))
}

/** Model 1 with these texts, 66 registers. */
export function common(fields: { Mn?: string; Md?: string; Opt?: string; Vr?: string; SN?: string }): number[] {
  const { Mn = 'Example', Md = 'E5', Opt = '', Vr = '1.2', SN = '123' } = fields
  return [1, 66, ...text(Mn, 16), ...text(Md, 16), ...text(Opt, 8), ...text(Vr, 8), ...text(SN, 16), 1, 0x8000]
}

/**
 * A model of fixed length whose registers are "not implemented" but for those given, each as the words of its point. Written
 * without the project's encoder, so that tests do not prove it against itself.
 */
export function model(id: number, points: Record<string, number | number[]>): number[] {
  const definition = modelTables.get(id)!
  return [id, fixedLength(definition)!, ...body(definition, points)]
}

function body(definition: GroupDefinition, points: Record<string, number | number[]>): number[] {
  return definition.points.flatMap((point) => {
    const given = points[point.name]
    if (given !== undefined) return typeof given === 'number' ? [given & 0xffff] : given
    const rest = Array.from({ length: point.size - 1 }, () => 0)
    if (/^(int|sunssf|pad)/.test(point.type)) return [0x8000, ...rest]
    if (/^(acc|string)/.test(point.type)) return [0, ...rest]
    if (point.type === 'float32') return [0x7fc0, 0]
    return Array.from({ length: point.size }, () => 0xffff)
  })
}

/** Marker, models and end marker from a base on, as registers by address. */
export function chain(models: number[][], base = 40_000): Map<number, number> {
  const registers = [0x5375, 0x6e53, ...models.flat(), 0xffff, 0]
  return new Map(registers.map((word, index) => [base + index, word]))
}
