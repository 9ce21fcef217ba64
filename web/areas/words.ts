/** The texts of choosing a neighbourhood. */
import { catalogue } from '../words/language.ts'

export const areasWords = catalogue({
  en: {
    title: 'Find your neighbourhood',
    lead: 'Sunshine is traded among homes on the same piece of grid. Each neighbourhood has its own price.',
    search: 'Name, street or place',
    searchLabel: 'Search for a neighbourhood',
    list: 'Neighbourhoods',
    nothing: 'No neighbourhood is called like that here.',
    traded: (each: string) => `traded ${each}`,
    more: 'Show more',
  },
  de: {
    title: 'Ihre Nachbarschaft finden',
    lead: 'Sonne wird unter Häusern am selben Stück Netz gehandelt. Jede Nachbarschaft hat ihren eigenen Preis.',
    search: 'Name, Straße oder Ort',
    searchLabel: 'Eine Nachbarschaft suchen',
    list: 'Nachbarschaften',
    nothing: 'So heißt hier keine Nachbarschaft.',
    traded: (each) => `Handel ${each}`,
    more: 'Mehr zeigen',
  },
})
