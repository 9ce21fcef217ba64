/** The texts of what the grid operator declares. */
import { catalogue } from '../words/language.ts'

export const declarationWords = catalogue({
  en: {
    tab: 'Declarations',
    awaited: (count: number, first: string, last: string) =>
      count === 1
        ? `The period from ${first} waits for what you allocate in it; nothing is paid until then.`
        : `${count} periods from ${first} to ${last} wait for what you allocate in them; nothing is paid until then.`,
    none: 'Nothing was declared yet: “commonwatt allocate” signs and sends it.',
    accepted: 'taken',
    kind: 'what',
    kinds: { quantities: 'allocated energy', key: 'key', prices: 'prices of the exchange' },
    from: 'from',
    until: 'until',
    version: 'version',
    counts: 'moves something',
    late: (time: string) => `only from ${time}: what lies before was final`,
    whole: 'in all of it',
  },
  de: {
    tab: 'Zuteilungen',
    awaited: (count, first, last) =>
      count === 1
        ? `Der Zeitraum ab ${first} wartet darauf, was Sie darin zuteilen; bis dahin wird nichts bezahlt.`
        : `${count} Zeiträume von ${first} bis ${last} warten darauf, was Sie darin zuteilen; bis dahin wird nichts bezahlt.`,
    none: 'Noch wurde nichts zugeteilt: „commonwatt allocate“ unterschreibt und schickt es.',
    accepted: 'angenommen',
    kind: 'was',
    kinds: { quantities: 'zugeteilte Energie', key: 'Schlüssel', prices: 'Börsenpreise' },
    from: 'von',
    until: 'bis',
    version: 'Fassung',
    counts: 'bewegt etwas',
    late: (time) => `erst ab ${time}: was davor liegt, war endgültig`,
    whole: 'in allem',
  },
})
