/** The texts of a home with a roof that also buys. */
import { catalogue } from '../words/language.ts'

export const buyingWords = catalogue({
  en: {
    whatIPay: 'What I pay when I need energy, my daily budget, and money for it',
    priceForBuying: 'My price for buying',
    moneyToBuy: 'Money to buy with',
  },
  de: {
    whatIPay: 'Was ich zahle, wenn ich Strom brauche, mein Tagesbudget und Geld dafür',
    priceForBuying: 'Mein Preis beim Kaufen',
    moneyToBuy: 'Geld zum Kaufen',
  },
})
