/** The texts of the sun ahead. */
import { catalogue } from '../words/language.ts'

export const sunWords = catalogue({
  en: {
    title: 'Sun ahead',
    notYet: 'What will probably be left over is said here once three days with sun are known.',
    both: (rest: string, next: string) =>
      `Until midnight about ${rest} more will probably be left over for neighbours, and about ${next} on the next day.`,
    tomorrowOnly: (next: string) =>
      `Until midnight nothing more will be left over for neighbours. On the next day it will probably be about ${next}.`,
    span: (least: string, most: string) => `${least} to ${most}`,
    why: (days: number, isSimulated: boolean, rest: string, whole: string) =>
      `Expected as on the last ${days} days${isSimulated ? ' of the simulated sun' : ''}: from this time on ${rest} were left over then, on a whole day ${whole}. What the weather will be is not known here.`,
  },
  de: {
    title: 'Sonne voraus',
    notYet: 'Was wahrscheinlich übrig bleibt, steht hier, sobald drei Tage mit Sonne bekannt sind.',
    both: (rest, next) =>
      `Bis Mitternacht bleiben wahrscheinlich noch etwa ${rest} für Nachbarn übrig, am Tag darauf etwa ${next}.`,
    tomorrowOnly: (next) =>
      `Bis Mitternacht bleibt für Nachbarn nichts mehr übrig. Am Tag darauf sind es wahrscheinlich etwa ${next}.`,
    span: (least, most) => `${least} bis ${most}`,
    why: (days, isSimulated, rest, whole) =>
      `Erwartet wie an den letzten ${days} Tagen${isSimulated ? ' der simulierten Sonne' : ''}: Ab dieser Zeit blieben da ${rest} übrig, am ganzen Tag ${whole}. Wie das Wetter wird, weiß hier niemand.`,
  },
})
