/** The texts beneath the numbers of the first page. */
import { catalogue } from '../words/language.ts'

export const beneathWords = catalogue({
  en: {
    signIn: 'Sign in with my account',
    seeItAs: 'See it as one of them',
    help: 'How it works',
    howPrice: 'How does the price come about?',
    howPriceText: (every: string, feedIn: string, retail: string) =>
      `The meters report ${every} what was fed in and taken. Sellers have said how little they accept, buyers how much they pay. One price is found at which the most worth changes hands; whoever sells above it or buys below it does not trade. It lies between the feed-in tariff of ${feedIn} and the retail tariff of ${retail} as long as that is what people ask. Using the grid between two streets costs its fee, and a full line lets prices differ.`,
    howPaid: 'How is it paid?',
    howPaidText: (every: string, delay: string) =>
      `Buyers keep money in a purse that a public contract guards. All trades are paid from there together ${every}, after each meter’s signature and everybody’s signed limits have been checked. Producers ask for a payout and collect it ${delay} later. Nobody can block that.`,
    whatUtility: 'What does the utility see?',
    whatUtilityText:
      'For every meter and time a report in which what was metered is what neighbours traded plus what stays with the supplier, to the watt-hour, and everything needed to compute it again from the signed readings.',
    whatSigned: 'What is signed where?',
    whatSignedText:
      'Keys stay with their owners. The meter signs its readings in the home; a price, a pause, a payment or a payout is signed in this browser. The server signs nothing for anybody.',
  },
  de: {
    signIn: 'Mit meinem Konto anmelden',
    seeItAs: 'Mit ihren Augen sehen',
    help: 'Wie es geht',
    howPrice: 'Wie kommt der Preis zustande?',
    howPriceText: (every, feedIn, retail) =>
      `Die Zähler melden ${every}, was eingespeist und bezogen wurde. Verkäufer haben gesagt, wie wenig sie nehmen, Käufer, wie viel sie zahlen. Gesucht wird ein Preis, zu dem der größte Wert den Besitzer wechselt; wer darüber verkauft oder darunter kauft, handelt nicht. Er liegt zwischen der Einspeisevergütung von ${feedIn} und dem Stromtarif von ${retail}, solange die Leute das verlangen. Das Netz zwischen zwei Straßen kostet seine Gebühr, und eine volle Leitung lässt Preise auseinandergehen.`,
    howPaid: 'Wie wird bezahlt?',
    howPaidText: (every, delay) =>
      `Käufer haben ein Guthaben, das ein öffentlicher Vertrag bewacht. Alles Gehandelte wird von dort ${every} gemeinsam bezahlt, nachdem die Unterschrift jedes Zählers und alle unterschriebenen Grenzen geprüft sind. Erzeuger verlangen eine Auszahlung und holen sie ${delay} später ab. Niemand kann das verhindern.`,
    whatUtility: 'Was sieht der Versorger?',
    whatUtilityText:
      'Für jeden Zähler und jede Zeit einen Bericht, in dem das Gemessene gleich dem ist, was Nachbarn handelten, und dem, was beim Versorger bleibt, auf die Wattstunde, und alles, um es aus den unterschriebenen Zählerständen nachzurechnen.',
    whatSigned: 'Was wird wo unterschrieben?',
    whatSignedText:
      'Schlüssel bleiben bei ihren Besitzern. Der Zähler unterschreibt im Haus; ein Preis, eine Pause, eine Einzahlung oder Auszahlung wird in diesem Browser unterschrieben. Der Server unterschreibt für niemanden.',
  },
})
