/** The texts of times. */
import { catalogue } from '../words/language.ts'

export const timeWords = catalogue({
  en: { days: (count: number) => `${count} days` },
  de: { days: (count) => `${count} Tage` },
})
