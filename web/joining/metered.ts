/**
 * Areas in which the values of the metering operator count. Their homes install nothing, so the page describes joining in other
 * words.
 */
import type { AreaResource } from '../../server/api/resources.ts'
import { joiningWords, meteredWords } from './words.tsx'

/** The number that rules use for the grade of official values. */
const billing = 1

export function isMetered({ rules }: AreaResource): boolean {
  return rules.settlingGrade === billing
}

export function joiningWordsIn(area: AreaResource) {
  return isMetered(area) ? meteredWords() : joiningWords()
}
