/** The texts of transformers' meters. */
import { catalogue } from '../words/language.ts'

export const feederWords = catalogue({
  en: {
    title: 'Transformers',
    nothing: 'Of no moment are both known yet: its own values, and those of all homes below it.',
    transformer: 'through the transformer',
    homes: 'all homes below it',
    difference: 'difference',
    explain: (count: number) =>
      `Drawn from above less fed back, in ${count} moments of which everything is measured. The difference is what lines and the transformer lose, and what is connected and takes no part in the market (stairs, street lamps, other homes). If it grows, or turns negative, a meter counts wrongly or somebody is connected whom nobody knows.`,
    chart: (name: string) => `${name}: the difference over time`,
    table: 'The newest ones as numbers',
    time: 'from',
  },
  de: {
    title: 'Transformatoren',
    nothing: 'Noch ist von keinem Zeitpunkt beides bekannt: sein eigener Messwert und die aller Haushalte darunter.',
    transformer: 'durch den Transformator',
    homes: 'alle Haushalte darunter',
    difference: 'Unterschied',
    explain: (count) =>
      `Bezug von oben weniger Rückspeisung, in ${count} Zeitpunkten, von denen alles gemessen ist. Der Unterschied ist, was Leitungen und Transformator verlieren, und was ohne Platz im Markt angeschlossen ist (Stiegenhaus, Straßenlampen, Haushalte, die nicht teilnehmen). Wächst er oder wird er negativ, zählt ein Zähler falsch oder es ist jemand angeschlossen, den niemand kennt.`,
    chart: (name) => `${name}: der Unterschied im Lauf der Zeit`,
    table: 'Die neuesten als Zahlen',
    time: 'von',
  },
})
