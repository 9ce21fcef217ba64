/** Areas in which the values of the metering operator count: their meters need nothing installed, and their joining other words. */
import type { AreaResource } from '../../server/api/resources.ts'
import { joiningWords, meteredWords } from './words.tsx'

/** As rules name the grade of official values. */
const billing = 1

export function isMetered({ rules }: AreaResource): boolean {
  return rules.settlingGrade === billing
}

export function joiningWordsIn(area: AreaResource) {
  return isMetered(area) ? meteredWords() : joiningWords()
}
