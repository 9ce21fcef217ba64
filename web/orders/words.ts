/** The texts of "my price". */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.home
const de = vocabulary.de.home

export const priceWordsOf = catalogue({
  en: {
    selling: 'selling',
    buying: 'buying',
    paused: 'paused',
    sellToNeighbours: 'Sell to neighbours',
    buyFromNeighbours: 'Buy from neighbours',
    closed: 'This meter trades no more.',
    notSelling: `${capital(en.limit)} does not let this meter sell.`,
    notBuying: `${capital(en.limit)} does not let this meter buy.`,
    lowest: 'Lowest price I sell at',
    highest: 'Highest price I pay',
    notSetYet: 'not set yet',
    lowestSlider: 'My lowest selling price',
    highestSlider: 'My highest buying price',
    less: (step: string) => `${step} less`,
    more: (step: string) => `${step} more`,
    fieldSell: 'My lowest selling price in ct/kWh',
    fieldBuy: 'My highest buying price in ct/kWh',
    notANumber: (decimals: number) => `A price is a number of cents with at most ${decimals} decimals, such as 12.5.`,
    belowRange: (lowest: string) => `${capital(en.limit)} goes down to ${lowest}.`,
    aboveLimit: (highest: string) => `${capital(en.limit)} goes up to ${highest}.`,
    aboveUse: (highest: string) => `Above ${highest} no neighbour buys: that is what the supplier asks.`,
    belowUse: (lowest: string) => `Below ${lowest} no neighbour sells: that is what the supplier pays.`,
    signing: 'Signing…',
    set: 'Set my price',
    setAndResume: (price: string) => `Go on with ${price}`,
    setPaused: 'You have paused: a price counts only once you go on.',
    keepAsItWas: 'Keep as it was',
    keep: (price: string) => `Keep ${price}`,
    nothingChanged: 'This is your price. Move it to set another one.',
    noConnection: 'Without a connection nothing can be signed.',
    stillHolds: (price: string) => `No connection. Your price is still ${price}.`,
    stillPaused: 'No connection. You are still paused.',
    unanswered:
      'The server did not answer, so nobody knows yet whether it counts. Once the connection is back, this page shows what holds; nothing is sent again by itself.',
    explainSell: (now: string | null, floor: string, most: string, period: string) =>
      `You never get less than this, all fees included; usually you get ${en.theirPrice}${now === null ? '' : `, now ${now}`}. ${capital(en.limit)} ends at ${floor}, so nothing can sell your surplus for less. At most ${most} in a ${period}.`,
    explainBuy: (now: string | null, ceiling: string, most: string, period: string) =>
      `You never pay more than this, all fees included; usually you pay ${en.theirPrice}${now === null ? '' : `, now ${now}`}. ${capital(en.limit)} ends at ${ceiling}, so nothing can charge you more. At most ${most} in a ${period}.`,
    period: en.period,
    withLimit: (limit: string) => `with ${limit}.`,
    signed: (limit: string) => `Signed. ${limit}`,
    countsFrom: (time: string) => `counts from ${time}`,
    inTime: (duration: string) => `, in ${duration}.`,
    countsSince: (limit: string, time: string, result: string) =>
      `${limit} counts since ${time}. Its first result comes shortly after ${result}.`,
    pausedSell: (period: string) =>
      `Paused: from the next ${period} on your surplus goes to your supplier at the feed-in tariff.`,
    pausedBuy: (period: string) => `Paused: from the next ${period} on all your energy comes from your supplier.`,
  },
  de: {
    selling: 'verkauft',
    buying: 'kauft',
    paused: 'pausiert',
    sellToNeighbours: 'An Nachbarn verkaufen',
    buyFromNeighbours: 'Von Nachbarn kaufen',
    closed: 'Dieser Zähler handelt nicht mehr.',
    notSelling: `${de.limit} lässt diesen Zähler nicht verkaufen.`,
    notBuying: `${de.limit} lässt diesen Zähler nicht kaufen.`,
    lowest: 'Niedrigster Preis, zu dem ich verkaufe',
    highest: 'Höchster Preis, den ich zahle',
    notSetYet: 'noch nicht gesetzt',
    lowestSlider: 'Mein niedrigster Verkaufspreis',
    highestSlider: 'Mein höchster Kaufpreis',
    less: (step) => `${step} weniger`,
    more: (step) => `${step} mehr`,
    fieldSell: 'Mein niedrigster Verkaufspreis in ct/kWh',
    fieldBuy: 'Mein höchster Kaufpreis in ct/kWh',
    notANumber: (decimals) => `Ein Preis ist eine Zahl von Cent mit höchstens ${decimals} Nachkommastellen, etwa 12,5.`,
    belowRange: (lowest) => `${de.limit} reicht bis ${lowest} hinunter.`,
    aboveLimit: (highest) => `${de.limit} reicht bis ${highest} hinauf.`,
    aboveUse: (highest) => `Über ${highest} kauft kein Nachbar: das verlangt der Versorger.`,
    belowUse: (lowest) => `Unter ${lowest} verkauft kein Nachbar: das zahlt der Versorger.`,
    signing: 'Wird unterschrieben …',
    set: 'Meinen Preis setzen',
    setAndResume: (price) => `Weiter mit ${price}`,
    setPaused: 'Sie pausieren: ein Preis gilt erst, wenn Sie weitermachen.',
    keepAsItWas: 'Lassen, wie es war',
    keep: (price) => `Bei ${price} bleiben`,
    nothingChanged: 'Das ist Ihr Preis. Verschieben Sie ihn, um einen anderen zu setzen.',
    noConnection: 'Ohne Verbindung lässt sich nichts unterschreiben.',
    stillHolds: (price) => `Keine Verbindung. Ihr Preis ist weiterhin ${price}.`,
    stillPaused: 'Keine Verbindung. Sie pausieren weiterhin.',
    unanswered:
      'Der Server hat nicht geantwortet; darum weiß noch niemand, ob es gilt. Sobald die Verbindung wieder da ist, zeigt diese Seite, was gilt; von selbst wird nichts noch einmal geschickt.',
    explainSell: (now, floor, most, period) =>
      `Sie bekommen nie weniger, alle Gebühren eingeschlossen; meist ist es ${de.theirPrice}${now === null ? '' : `, jetzt ${now}`}. ${de.limit} endet bei ${floor}, darum kann nichts Ihren Überschuss billiger verkaufen. Höchstens ${most} je ${period}.`,
    explainBuy: (now, ceiling, most, period) =>
      `Sie zahlen nie mehr, alle Gebühren eingeschlossen; meist ist es ${de.theirPrice}${now === null ? '' : `, jetzt ${now}`}. ${de.limit} endet bei ${ceiling}, darum kann Ihnen nichts mehr berechnet werden. Höchstens ${most} je ${period}.`,
    period: de.period,
    withLimit: (limit) => `mit ${limit}.`,
    signed: (limit) => `Unterschrieben. ${limit}`,
    countsFrom: (time) => `gilt ab ${time}`,
    inTime: (duration) => `, in ${duration}.`,
    countsSince: (limit, time, result) => `${limit} gilt seit ${time}. Das erste Ergebnis kommt kurz nach ${result}.`,
    pausedSell: (period) =>
      `Pausiert: ab der nächsten ${period} geht Ihr Überschuss zur Einspeisevergütung an Ihren Versorger.`,
    pausedBuy: (period) => `Pausiert: ab der nächsten ${period} kommt all Ihr Strom vom Versorger.`,
  },
})

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
