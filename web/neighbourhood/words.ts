/** The texts of the first page. */
import { catalogue } from '../words/language.ts'

export const neighbourhoodWords = catalogue({
  en: {
    title: 'Sunshine from next door.',
    lead: (area: string) =>
      `In ${area}, roofs sell what they do not use to the homes around them. Everybody does better than with the supplier, and nobody pays or earns anything they did not sign for.`,
    join: 'Join with my home',
    price: 'Price between neighbours',
    now: (share: string, energy: string, duration: string) =>
      `In the last ${duration}, ${share} of what homes took came from next door: ${energy}.`,
    savedToday: (kept: string) => `Today that has saved the street ${kept} so far.`,
    saved: (kept: string, duration: string) => `In these ${duration} that saved the street ${kept}.`,
    seeHome: 'See a home',
    seeFlat: 'See a flat',
    span: (from: string, until: string) => `${from} to ${until}`,
    priceNow: 'price now',
    tradedIn: 'traded in it',
    tradedLast: (duration: string) => `in the last ${duration}`,
    whereItFlows: 'Where it flows',
    betweenAndSupplier: 'Between neighbours and with the supplier',
  },
  de: {
    title: 'Sonne von nebenan.',
    lead: (area) =>
      `In ${area} verkaufen Dächer, was sie nicht selbst brauchen, an die Häuser um sie herum. Alle stehen besser da als mit dem Versorger, und niemand zahlt oder bekommt etwas, wofür er nicht unterschrieben hat.`,
    join: 'Mit meinem Haus mitmachen',
    price: 'Preis unter Nachbarn',
    now: (share, energy, duration) =>
      `In den letzten ${duration} kamen ${share} dessen, was Häuser bezogen, von nebenan: ${energy}.`,
    savedToday: (kept) => `Heute hat das der Straße bisher ${kept} gespart.`,
    saved: (kept, duration) => `In diesen ${duration} hat das der Straße ${kept} gespart.`,
    seeHome: 'Ein Haus ansehen',
    seeFlat: 'Eine Wohnung ansehen',
    span: (from, until) => `${from} bis ${until}`,
    priceNow: 'Preis jetzt',
    tradedIn: 'darin gehandelt',
    tradedLast: (duration) => `in den letzten ${duration}`,
    whereItFlows: 'Wohin es fließt',
    betweenAndSupplier: 'Unter Nachbarn und mit dem Versorger',
  },
})
