/** The texts of monthly statements. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.home
const de = vocabulary.de.home

export const statementWords = catalogue({
  en: {
    title: 'Statement of a month',
    month: 'Month',
    period: en.period,
    none: 'No result of this month is known yet.',
    earned: (energy: string, money: string) => `Sold ${energy} to neighbours for ${money}.`,
    spent: (energy: string, money: string) => `Bought ${energy} from neighbours for ${money}.`,
    balance: 'Received less paid',
    what: 'What',
    energy: 'Energy',
    amount: 'Amount',
    paid: (money: string) => `of it paid: ${money}`,
    addsUp: 'adds up',
    addsUpText: (sold: string, bought: string) =>
      `The lines are all that was sold (${sold}) and bought (${bought}) in this month.`,
    doesNot: 'does not add up',
    doesNotText: 'The lines are not all that was sold and bought in this month.',
    open: (count: number, periods: string) => `Not final yet: ${count} of the month’s ${periods}.`,
    periods: en.periods,
    unpaid: (count: number) =>
      count === 1 ? 'One payment of this month is on its way.' : `${count} payments of this month are on their way.`,
    lines: {
      'sell agreements': 'sold by agreement',
      'sell forward': 'sold ahead',
      'sell spot': 'sold to the street',
      'sell imported': 'sold as the grid operator shared it',
      'sell coefficients': 'sold by the sharing key',
      'buy agreements': 'bought by agreement',
      'buy forward': 'bought ahead',
      'buy spot': 'bought from the street',
      'buy imported': 'bought as the grid operator shared it',
      'buy coefficients': 'bought by the sharing key',
      toSupplier: 'to the supplier',
      fromSupplier: 'from the supplier',
      ownUse: 'used by yourself',
    },
    rules: {
      'sell agreements': (period: string) =>
        `The price that both signed, for what both meters measured in the same ${period}, before everything else.`,
      'sell forward': (period: string) =>
        `The price agreed ahead, for what was really delivered and taken in its ${period}; the rest was not charged.`,
      'sell spot': (period: string) =>
        `The neighbours’ price of each ${period}, never less than yours, for what the meter measured beyond your own use; what came back from a full line is in it.`,
      'buy agreements': (period: string) =>
        `The price that both signed and the grid fee of the way, for what both meters measured in the same ${period}.`,
      'buy forward': (period: string) =>
        `The price agreed ahead, for what was really delivered and taken in its ${period}; the rest was not charged.`,
      'buy spot': (period: string) =>
        `The neighbours’ price of each ${period} with the grid fee in it, never more than yours; what came back from a full line is taken off.`,
      'sell imported': (period: string) =>
        `What the grid operator says was shared of each ${period}, at the community’s price; never more than the meter measured, never for less than yours.`,
      'sell coefficients': (period: string) =>
        `What the community’s sharing key gives for each ${period}, at the community’s price; never more than the meter measured, never for less than yours.`,
      'buy imported': (period: string) =>
        `What the grid operator says was yours of each ${period}, at the community’s price with the grid fee in it; never more than the meter measured, nor above your price.`,
      'buy coefficients': (period: string) =>
        `What the community’s sharing key gives for each ${period}, at the community’s price with the grid fee in it; never more than the meter measured, nor above your price.`,
      toSupplier: (_period: string) =>
        'No neighbour took it. Your supplier pays for it by its own tariff, outside this statement.',
      fromSupplier: (_period: string) =>
        'No neighbour had it. Your supplier bills it by its own tariff, outside this statement.',
      ownUse: (period: string) => `Went out and in within the same ${period}. Nobody is charged for it.`,
    },
    byLine: 'Line by line',
    byDay: 'Day by day',
    dayName: 'Day',
    day: { sold: 'sold', toSupplier: 'to the supplier', bought: 'bought', fromSupplier: 'from the supplier' },
    received: 'received',
    spentColumn: 'paid',
    saveCsv: 'Save as CSV',
    savePdf: 'Save as PDF',
    print: 'Print',
    verify: 'Verify it here',
    verifying: (done: number, all: number) => `Verifying, ${done} of ${all} payments …`,
    nothingPaid: 'Nothing of this month is paid yet, so there is nothing to verify.',
    right: 'verified here',
    rightText: (trades: number, payments: number) =>
      `This browser made the fingerprint of ${trades} ${trades === 1 ? 'trade' : 'trades'} in ${payments} ${payments === 1 ? 'payment' : 'payments'} again. Each payment gives the fingerprint that the public contract holds, and together they are the paid amounts above.`,
    empty: (count: number) => `${count} ${count === 1 ? 'payment holds' : 'payments hold'} no trade of this home.`,
    askedOf: (nodes: string, escrow: string, chain: number) =>
      `What the contract ${escrow} (network ${chain}) holds was said by this server, which asked ${nodes}.`,
    notChecked:
      'Not checked here: that whoever was asked told the truth, that the meter signed what was measured, and how each price came about. Save a payment’s list above and check it by “commonwatt verify” with a node of your own for that.',
    wrong: 'not right',
    faults: {
      'other-root': (end: string) =>
        `The trades of the payment to ${end} do not give the fingerprint that the public contract holds.`,
      'other-statement': (end: string) => `For the payment to ${end} the server handed out another list.`,
      'other-sum': (line: string) => `The trades do not add up to what was paid for “${line}”.`,
    },
    partly: 'not all checked',
    unchecked: (count: number, because: string) =>
      `${count} ${count === 1 ? 'payment' : 'payments'} could not be checked, so the sums were not compared: ${because}`,
  },
  de: {
    title: 'Abrechnung eines Monats',
    month: 'Monat',
    period: de.period,
    none: 'Aus diesem Monat ist noch kein Ergebnis bekannt.',
    earned: (energy, money) => `${energy} für ${money} an Nachbarn verkauft.`,
    spent: (energy, money) => `${energy} für ${money} von Nachbarn gekauft.`,
    balance: 'Einnahmen abzüglich Ausgaben',
    what: 'Was',
    energy: 'Strom',
    amount: 'Betrag',
    paid: (money) => `davon bezahlt: ${money}`,
    addsUp: 'geht auf',
    addsUpText: (sold, bought) =>
      `Die Zeilen sind alles, was in diesem Monat verkauft (${sold}) und gekauft (${bought}) wurde.`,
    doesNot: 'geht nicht auf',
    doesNotText: 'Die Zeilen sind nicht alles, was in diesem Monat verkauft und gekauft wurde.',
    open: (count, periods) => `Noch nicht endgültig: ${count} der ${periods} dieses Monats.`,
    periods: de.periods,
    unpaid: (count) =>
      count === 1 ? 'Eine Zahlung dieses Monats ist unterwegs.' : `${count} Zahlungen dieses Monats sind unterwegs.`,
    lines: {
      'sell agreements': 'nach Vereinbarung verkauft',
      'sell forward': 'im Voraus verkauft',
      'sell spot': 'an die Straße verkauft',
      'sell imported': 'nach Aufteilung des Netzbetreibers verkauft',
      'sell coefficients': 'nach dem Aufteilungsschlüssel verkauft',
      'buy agreements': 'nach Vereinbarung gekauft',
      'buy forward': 'im Voraus gekauft',
      'buy spot': 'aus der Straße gekauft',
      'buy imported': 'nach Aufteilung des Netzbetreibers gekauft',
      'buy coefficients': 'nach dem Aufteilungsschlüssel gekauft',
      toSupplier: 'an den Versorger',
      fromSupplier: 'vom Versorger',
      ownUse: 'selbst verbraucht',
    },
    rules: {
      'sell agreements': (period) =>
        `Der Preis, den beide unterschrieben haben, für das, was beide Zähler in derselben ${period} gemessen haben, vor allem anderen.`,
      'sell forward': (period) =>
        `Der im Voraus vereinbarte Preis, für das, was in der ${period} wirklich geliefert und genommen wurde; der Rest wurde nicht berechnet.`,
      'sell spot': (period) =>
        `Der Preis der Nachbarn in jeder ${period}, nie unter Ihrem, für das, was der Zähler über den eigenen Verbrauch hinaus gemessen hat; was von einer vollen Leitung zurückkam, ist enthalten.`,
      'buy agreements': (period) =>
        `Der Preis, den beide unterschrieben haben, und die Netzgebühr des Weges, für das, was beide Zähler in derselben ${period} gemessen haben.`,
      'buy forward': (period) =>
        `Der im Voraus vereinbarte Preis, für das, was in der ${period} wirklich geliefert und genommen wurde; der Rest wurde nicht berechnet.`,
      'buy spot': (period) =>
        `Der Preis der Nachbarn in jeder ${period} samt Netzgebühr, nie über Ihrem; was von einer vollen Leitung zurückkam, ist abgezogen.`,
      'sell imported': (period) =>
        `Was in jeder ${period} nach Angabe des Netzbetreibers geteilt wurde, zum Preis der Gemeinschaft; nie mehr, als der Zähler gemessen hat, und nie unter Ihrem Preis.`,
      'sell coefficients': (period) =>
        `Was der Aufteilungsschlüssel der Gemeinschaft für jede ${period} ergibt, zum Preis der Gemeinschaft; nie mehr, als der Zähler gemessen hat, und nie unter Ihrem Preis.`,
      'buy imported': (period) =>
        `Was in jeder ${period} nach Angabe des Netzbetreibers Ihnen gehörte, zum Preis der Gemeinschaft samt Netzgebühr; nie mehr, als der Zähler gemessen hat, und nie über Ihrem Preis.`,
      'buy coefficients': (period) =>
        `Was der Aufteilungsschlüssel der Gemeinschaft für jede ${period} ergibt, zum Preis der Gemeinschaft samt Netzgebühr; nie mehr, als der Zähler gemessen hat, und nie über Ihrem Preis.`,
      toSupplier: () =>
        'Kein Nachbar hat ihn genommen. Ihr Versorger vergütet ihn nach seinem Tarif, außerhalb dieser Abrechnung.',
      fromSupplier: () =>
        'Kein Nachbar hatte ihn. Ihr Versorger berechnet ihn nach seinem Tarif, außerhalb dieser Abrechnung.',
      ownUse: (period) => `Ging in derselben ${period} hinaus und herein. Niemand berechnet ihn.`,
    },
    byLine: 'Zeile für Zeile',
    byDay: 'Tag für Tag',
    dayName: 'Tag',
    day: { sold: 'verkauft', toSupplier: 'an den Versorger', bought: 'gekauft', fromSupplier: 'vom Versorger' },
    received: 'bekommen',
    spentColumn: 'bezahlt',
    saveCsv: 'Als CSV speichern',
    savePdf: 'Als PDF speichern',
    print: 'Drucken',
    verify: 'Hier nachprüfen',
    verifying: (done, all) => `Wird geprüft, ${done} von ${all} Zahlungen …`,
    nothingPaid: 'Aus diesem Monat ist noch nichts bezahlt, also gibt es nichts nachzuprüfen.',
    right: 'hier nachgeprüft',
    rightText: (trades, payments) =>
      `Dieser Browser hat den Prüfwert von ${trades} ${trades === 1 ? 'Geschäft' : 'Geschäften'} aus ${payments} ${payments === 1 ? 'Zahlung' : 'Zahlungen'} neu berechnet. Jede Zahlung ergibt den Prüfwert, den der öffentliche Vertrag hält, und zusammen sind sie die bezahlten Beträge oben.`,
    empty: (count) =>
      `${count} ${count === 1 ? 'Zahlung enthält' : 'Zahlungen enthalten'} kein Geschäft dieses Hauses.`,
    askedOf: (nodes, escrow, chain) =>
      `Was der Vertrag ${escrow} (Netzwerk ${chain}) hält, hat dieser Server gesagt, der ${nodes} gefragt hat.`,
    notChecked:
      'Hier nicht geprüft: dass die gefragte Stelle die Wahrheit sagt, dass der Zähler unterschrieben hat, was gemessen wurde, und wie jeder Preis zustande kam. Speichern Sie dafür oben die Liste einer Zahlung und rufen Sie „commonwatt verify“ mit einem eigenen Knoten auf.',
    wrong: 'stimmt nicht',
    faults: {
      'other-root': (end) =>
        `Die Geschäfte der Zahlung bis ${end} ergeben nicht den Prüfwert, den der öffentliche Vertrag hält.`,
      'other-statement': (end) => `Für die Zahlung bis ${end} hat der Server eine andere Liste ausgehändigt.`,
      'other-sum': (line) => `Die Geschäfte ergeben nicht, was für „${line}“ bezahlt wurde.`,
    },
    partly: 'nicht alles geprüft',
    unchecked: (count, because) =>
      `${count} ${count === 1 ? 'Zahlung ließ' : 'Zahlungen ließen'} sich nicht prüfen, darum wurden die Summen nicht verglichen: ${because}`,
  },
})
