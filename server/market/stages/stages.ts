/** The stages of an area whose market decides the quantities, in the order in which they take from the pool. */
import { agreementsStage } from './agreements/stage.ts'
import { forwardStage } from './forward/stage.ts'
import { spotStage } from './spot/stage.ts'
import type { Stage } from './stage.ts'

export const stages: readonly Stage[] = [agreementsStage, forwardStage, spotStage]
