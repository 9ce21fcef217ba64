/** The texts of what other prices would have earned. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

export const otherPricesWords = catalogue({
  en: {
    title: 'What other prices would have earned',
    periods: vocabulary.en.home.periods,
    price: 'Lowest price',
    mine: 'yours',
    sold: 'to neighbours',
    fromNeighbours: (unit: string) => `from neighbours, ${unit}`,
    together: (unit: string) => `with the supplier, ${unit}`,
    nothing: 'There was nothing to sell in the last weeks.',
    best: (price: string, money: string) => `Of these prices ${price} would have earned most: ${money}.`,
    better: (mine: string, money: string, best: string, more: string) =>
      `Your ${mine} would have earned ${money}. With ${best} it would have been ${more} more.`,
    fine: (mine: string, money: string) => `None of these would have earned more than your ${mine}: ${money}.`,
    how: (count: number, periods: string, energy: string, since: string) =>
      `Computed from ${count} ${periods} since ${since} in which you offered ${energy}: each was cleared again with your price changed and every other price as it was. What neighbours would not have taken earns the feed-in tariff.`,
    leftOut: (count: number, periods: string) =>
      `Left out, because more than prices decided there: ${count} of these ${periods}.`,
  },
  de: {
    title: 'Was andere Preise gebracht hätten',
    periods: vocabulary.de.home.periods,
    price: 'Mindestpreis',
    mine: 'Ihrer',
    sold: 'an Nachbarn',
    fromNeighbours: (unit) => `von Nachbarn, ${unit}`,
    together: (unit) => `mit dem Versorger, ${unit}`,
    nothing: 'In den letzten Wochen gab es nichts zu verkaufen.',
    best: (price, money) => `Von diesen Preisen hätte ${price} am meisten gebracht: ${money}.`,
    better: (mine, money, best, more) =>
      `Ihre ${mine} hätten ${money} gebracht. Mit ${best} wären es ${more} mehr gewesen.`,
    fine: (mine, money) => `Keiner davon hätte mehr gebracht als Ihre ${mine}: ${money}.`,
    how: (count, periods, energy, since) =>
      `Berechnet aus ${count} ${periods} seit ${since}, in denen Sie ${energy} angeboten haben: Jede wurde mit Ihrem geänderten Preis und allen anderen Preisen wie damals noch einmal abgerechnet. Was Nachbarn nicht genommen hätten, bringt die Einspeisevergütung.`,
    leftOut: (count, periods) => `Ohne die, in denen mehr als Preise entschieden hat: ${count} dieser ${periods}.`,
  },
})
