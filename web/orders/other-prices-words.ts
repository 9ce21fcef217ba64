/** The texts of what other prices would have traded, and which price would have traded more. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

export const otherPricesWords = catalogue({
  en: {
    periods: vocabulary.en.home.periods,
    mine: 'yours',
    together: (unit: string) => `together with the supplier’s, ${unit}`,
    leftOut: (count: number, periods: string) =>
      `Left out, because more than prices decided there: ${count} of these ${periods}.`,
    sell: {
      title: 'What other prices would have earned',
      price: 'Lowest price',
      traded: 'to neighbours',
      amount: (unit: string) => `from neighbours, ${unit}`,
      nothing: 'There was nothing to sell in the last weeks.',
      best: (price: string, money: string) => `Of these prices ${price} would have earned most: ${money}.`,
      better: (mine: string, money: string, best: string, more: string) =>
        `Your ${mine} would have earned ${money}. With ${best} it would have been ${more} more.`,
      fine: (mine: string, money: string) => `None of these would have earned more than your ${mine}: ${money}.`,
      how: (count: number, periods: string, energy: string, since: string) =>
        `Computed from ${count} ${periods} since ${since} in which you offered ${energy}: each was computed again with your price changed and every other price as it was. What neighbours would not have taken earns the feed-in tariff.`,
    },
    buy: {
      title: 'What other prices would have saved',
      price: 'Highest price',
      traded: 'from neighbours',
      amount: (unit: string) => `to neighbours, ${unit}`,
      nothing: 'There was nothing to buy in the last weeks.',
      best: (price: string, money: string) => `Of these prices ${price} would have cost least: ${money}.`,
      better: (mine: string, money: string, best: string, less: string) =>
        `Your ${mine} would have cost ${money}. With ${best} it would have been ${less} less.`,
      fine: (mine: string, money: string) => `None of these would have cost less than your ${mine}: ${money}.`,
      how: (count: number, periods: string, energy: string, since: string) =>
        `Computed from ${count} ${periods} since ${since} in which you asked for ${energy}: each was computed again with your price changed and every other price as it was. What neighbours would not have brought costs the retail tariff.`,
    },
    whyNotMore: 'Why not more?',
    noPrice: {
      sell: (traded: string, offered: string) =>
        `No price would have sold more than ${traded} of ${offered}: nobody could take more.`,
      buy: (traded: string, offered: string) =>
        `No price would have bought more than ${traded} of ${offered}: there was no more to be had.`,
    },
    wouldHave: {
      sell: (price: string, traded: string) => `At ${price} you would have sold ${traded}.`,
      buy: (price: string, traded: string) => `At ${price} you would have bought ${traded}.`,
    },
    noMore: 'No price would have traded more than that.',
    beyondSupplier: 'With the supplier it is cheaper.',
    belowSupplier: 'The supplier pays more.',
    untold: 'More than prices decided here, for example a purse that could not pay.',
  },
  de: {
    periods: vocabulary.de.home.periods,
    mine: 'Ihrer',
    together: (unit) => `samt Versorger, ${unit}`,
    leftOut: (count, periods) => `Ohne die, in denen mehr als Preise entschieden hat: ${count} dieser ${periods}.`,
    sell: {
      title: 'Was andere Preise gebracht hätten',
      price: 'Mindestpreis',
      traded: 'an Nachbarn',
      amount: (unit) => `von Nachbarn, ${unit}`,
      nothing: 'In den letzten Wochen gab es nichts zu verkaufen.',
      best: (price, money) => `Von diesen Preisen hätte ${price} am meisten gebracht: ${money}.`,
      better: (mine, money, best, more) =>
        `Ihre ${mine} hätten ${money} gebracht. Mit ${best} wären es ${more} mehr gewesen.`,
      fine: (mine, money) => `Keiner davon hätte mehr gebracht als Ihre ${mine}: ${money}.`,
      how: (count, periods, energy, since) =>
        `Berechnet aus ${count} ${periods} seit ${since}, in denen Sie ${energy} angeboten haben: Jede wurde mit Ihrem geänderten Preis und allen anderen Preisen wie damals noch einmal berechnet. Was Nachbarn nicht genommen hätten, bringt die Einspeisevergütung.`,
    },
    buy: {
      title: 'Was andere Preise gespart hätten',
      price: 'Höchstpreis',
      traded: 'von Nachbarn',
      amount: (unit) => `an Nachbarn, ${unit}`,
      nothing: 'In den letzten Wochen gab es nichts zu kaufen.',
      best: (price, money) => `Von diesen Preisen hätte ${price} am wenigsten gekostet: ${money}.`,
      better: (mine, money, best, less) =>
        `Ihre ${mine} hätten ${money} gekostet. Mit ${best} wären es ${less} weniger gewesen.`,
      fine: (mine, money) => `Keiner davon hätte weniger gekostet als Ihre ${mine}: ${money}.`,
      how: (count, periods, energy, since) =>
        `Berechnet aus ${count} ${periods} seit ${since}, in denen Sie ${energy} verlangt haben: Jede wurde mit Ihrem geänderten Preis und allen anderen Preisen wie damals noch einmal berechnet. Was Nachbarn nicht gebracht hätten, kostet den Stromtarif.`,
    },
    whyNotMore: 'Warum nicht mehr?',
    noPrice: {
      sell: (traded, offered) =>
        `Kein Preis hätte mehr als ${traded} von ${offered} verkauft: Mehr konnte niemand nehmen.`,
      buy: (traded, offered) => `Kein Preis hätte mehr als ${traded} von ${offered} gekauft: Mehr war nicht zu haben.`,
    },
    wouldHave: {
      sell: (price, traded) => `Zu ${price} hätten Sie ${traded} verkauft.`,
      buy: (price, traded) => `Zu ${price} hätten Sie ${traded} gekauft.`,
    },
    noMore: 'Kein Preis hätte mehr als das gehandelt.',
    beyondSupplier: 'Beim Versorger ist es billiger.',
    belowSupplier: 'Der Versorger zahlt mehr.',
    untold: 'Hier hat mehr als Preise entschieden, etwa ein Guthaben, das nicht reichte.',
  },
})
