/** Why a button of a form does nothing yet. */
import { catalogue } from '../words/language.ts'

export const formWords = catalogue({
  en: {
    fillIn: 'Nothing is filled in yet.',
    fillAll: 'Both fields have to be filled in.',
    wholeWh: 'Energy is a whole number of Wh of more than nothing.',
    percent: 'A share is a number of percent between 0 and 100.',
    cents: 'A price is a number of cents per kWh, such as 12.5.',
    order: 'It has to begin before it ends.',
  },
  de: {
    fillIn: 'Hier ist noch nichts ausgefüllt.',
    fillAll: 'Beide Felder müssen ausgefüllt sein.',
    wholeWh: 'Energie ist eine ganze Zahl von Wh, mehr als null.',
    percent: 'Ein Anteil ist eine Zahl von Prozent zwischen 0 und 100.',
    cents: 'Ein Preis ist eine Zahl von Cent je kWh, etwa 12,5.',
    order: 'Der Anfang liegt vor dem Ende.',
  },
})
