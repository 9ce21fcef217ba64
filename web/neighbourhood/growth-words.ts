/** The texts of how a neighbourhood has grown. */
import { catalogue } from '../words/language.ts'

export const growthWords = catalogue({
  en: {
    title: 'How it has grown',
    count: (homes: number) => (homes === 1 ? '1 home' : `${homes} homes`),
    homes: (homes: number, more: number, then: string) => {
      const now = homes === 1 ? '1 home takes part' : `${homes} homes take part`
      return more === 0 ? `${now}.` : `${now}, ${more > 0 ? `${more} more` : `${-more} fewer`} than at first (${then}).`
    },
    since: (since: string, share: string, kept: string) =>
      `Since ${since}, ${share} of what they took came from next door, and ${kept} stayed in the street.`,
    chart: 'Homes, energy from next door and money that stayed in the street, over time',
    line: (name: string, from: string, until: string) => `${name}, ${from} to ${until}`,
    point: (time: string, homes: string, share: string, kept: string) =>
      `${time}: ${homes} · ${share} from next door · ${kept} stayed until then`,
    columns: { homes: 'homes', share: 'from next door', kept: 'stayed in the street so far' },
    keptColumn: 'stayed so far',
    by: { hour: 'hour', day: 'day', month: 'month' },
  },
  de: {
    title: 'Wie es gewachsen ist',
    count: (homes) => (homes === 1 ? '1 Haushalt' : `${homes} Haushalte`),
    homes: (homes, more, then) => {
      const now = homes === 1 ? '1 Haushalt macht mit' : `${homes} Haushalte machen mit`
      return more === 0
        ? `${now}.`
        : `${now}, ${more > 0 ? `${more} mehr` : `${-more} weniger`} als am Anfang (${then}).`
    },
    since: (since, share, kept) =>
      `Seit ${since} kamen ${share} dessen, was sie bezogen, von nebenan, und ${kept} blieben in der Straße.`,
    chart: 'Haushalte, Strom von nebenan und Geld, das in der Straße blieb, im Lauf der Zeit',
    line: (name, from, until) => `${name}, ${from} bis ${until}`,
    point: (time, homes, share, kept) => `${time}: ${homes} · ${share} von nebenan · ${kept} blieben bis dahin`,
    columns: { homes: 'Haushalte', share: 'von nebenan', kept: 'blieben bisher in der Straße' },
    keptColumn: 'blieb bisher',
    by: { hour: 'Stunde', day: 'Tag', month: 'Monat' },
  },
})
