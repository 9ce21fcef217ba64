/** The texts of times. */
import { catalogue } from '../words/language.ts'

export const timeWords = catalogue({
  en: {
    days: (count: number) => `${count} days`,
    /** How often something happens: each minute, each hour, or after so much time. */
    eachMinute: 'every minute',
    eachHour: 'every hour',
    each: (length: string) => `every ${length}`,
  },
  de: {
    days: (count) => `${count} Tage`,
    eachMinute: 'jede Minute',
    eachHour: 'jede Stunde',
    each: (length) => `alle ${length}`,
  },
})
