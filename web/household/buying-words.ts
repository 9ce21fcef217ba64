/** The texts of a home with a roof that also buys. */
import { catalogue } from '../words/language.ts'

export const buyingWords = catalogue({
  en: {
    whatIPay: 'What I pay when I need energy, and my daily budget',
    priceForBuying: 'My price for buying',
  },
  de: {
    whatIPay: 'Was ich zahle, wenn ich Strom brauche, und mein Tagesbudget',
    priceForBuying: 'Mein Preis beim Kaufen',
  },
})
