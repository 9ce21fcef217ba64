/** What the grid operator declared, out of an area's file, as the stages take it. */
import { columnsOf } from '../market/area/declarations.ts'
import type { AreaState } from '../market/area/state.ts'
import type { AreaFile } from './area-file.ts'

type DeclaredState = Pick<AreaState, 'declared' | 'keys' | 'prices'>

/** The declarations that count: where quantities of one interval were declared several times, the highest version. */
export function declaredIn({ declarations }: Pick<AreaFile, 'declarations'>): DeclaredState {
  const known: DeclaredState = { declared: new Map(), keys: [], prices: [] }
  for (const { arrival, declaration, body } of declarations) {
    const { start, end, version } = declaration
    if (body.type === 'key') known.keys.push({ arrival, start, end, version, body })
    else if (body.type === 'prices') known.prices.push({ arrival, start, end, version, body })
    else {
      for (const interval of body.intervals) {
        const before = known.declared.get(interval.start)
        if (before !== undefined && before.version >= version) continue
        known.declared.set(interval.start, columnsOf({ arrival, version }, interval.seats))
      }
    }
  }
  return known
}
