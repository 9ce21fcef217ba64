/**
 * The stages of an area, in the order in which they take from the pool: by who decides the quantities, which is the `allocation` of
 * the rules that everybody signed.
 */
import type { AreaConfig } from '../area/area.ts'
import { agreementsStage } from './agreements/stage.ts'
import { coefficientsStage } from './coefficients/stage.ts'
import { forwardStage } from './forward/stage.ts'
import { importedStage } from './imported/stage.ts'
import { spotStage } from './spot/stage.ts'
import type { Stage } from './stage.ts'

const byAllocation: readonly (readonly Stage[])[] = [
  [agreementsStage, forwardStage, spotStage],
  [importedStage],
  [coefficientsStage],
]

export function stagesOf({ rules }: Pick<AreaConfig, 'rules'>): readonly Stage[] {
  return byAllocation[rules.allocation]!
}
