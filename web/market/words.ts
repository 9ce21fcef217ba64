/** The texts of results: prices, zones, what was sold and bought, and what does not add up. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.home
const de = vocabulary.de.home

export const marketWords = catalogue({
  en: {
    endsIn: (period: string, duration: string) => `this ${period} ends in ${duration}`,
    simulated: (time: string, dayLength: string) => `simulated sun: ${time} o’clock, a day passes in ${dayLength}`,
    period: en.period,
    nobodyShares: 'No neighbour has sun to share right now.',
    supplierBrings: (retail: string) => `The supplier brings what is needed, at ${retail}.`,
    lastPrice: (price: string, time: string) => `The last price between neighbours was ${price}, at ${time}.`,
    dependsOnSide: 'It depends on the side of the street, since a line is full or costs its fee',
    problems: {
      closed: 'This meter was closed and trades no more. What is in the purse can still be paid out.',
      suspended:
        'The meter sent two values for one moment. Nothing is traded until the grid operator has confirmed it anew.',
      unconfirmed: 'The grid operator has not confirmed the meter yet. Until then nothing is traded.',
      firstReading: 'No value of the meter has come yet. It comes by itself while the agent is on.',
      noReading: (time: string, duration: string) =>
        `The meter has been silent for ${duration}, since ${time}. Look whether the agent is on and has a network; what it counts meanwhile is kept.`,
      purseEmpty:
        'Your purse has nothing left to buy with, so the supplier brings all you need. Put money in to go on.',
      limitEnds: (date: string) =>
        `${en.limit.charAt(0).toUpperCase()}${en.limit.slice(1)} ends on ${date}. Sign a new one to go on.`,
    },
    instead: {
      sellCaption: 'What was sold to neighbours, instead of at the feed-in tariff',
      buyCaption: 'What was bought from neighbours, instead of at the retail tariff',
      sold: 'sold',
      bought: 'bought',
      inUnit: (name: string, unit: string) => `${name}, ${unit}`,
      earned: 'earned',
      paid: 'paid',
      atSupplier: 'with the supplier',
      better: 'better by',
      spans: { day: 'today', dayBefore: 'yesterday', month: 'this month', year: 'this year' },
    },
    lastResults: (periods: string) => `The last ${periods}`,
    periods: en.periods,
    nothingYet: (time: string) => `Nothing traded yet. The first result comes shortly after ${time}.`,
    notFinal: en.notFinal,
    quality: { measured: 'measured', estimated: 'estimated', doubtful: 'doubtful', missing: 'no value' },
    corrected: en.corrected,
    noTrade: 'no trade',
    withBack: (theirs: string, back: string) => `(${theirs}, and ${back} back from a full line)`,
    budgetForMore: (money: string, energy: string) =>
      `Another ${money} of daily budget would have paid for the other ${energy} too.`,
    purseForMore: (money: string, energy: string) =>
      `Another ${money} in your purse would have paid for the other ${energy} too.`,
    cappedAt: {
      sell: (rest: string, most: string) =>
        `The other ${rest} went to the supplier: you offer at most ${most} at a time.`,
      buy: (rest: string, most: string) =>
        `The other ${rest} came from the supplier: you ask for at most ${most} at a time.`,
    },
    sellingPaused: 'Selling: paused, so what was left over went to the supplier.',
    buyingPaused: 'Buying: paused, so the supplier brought what was needed.',
    sold: 'sold',
    bought: 'bought',
    feedIn: 'feed-in tariff',
    retail: 'retail tariff',
    fewHomes: 'few homes: counted with the zone above',
    notTold: 'not shown, since few homes are behind it',
    noFlow: 'no flow',
    out: 'out',
    in: 'in',
    roomFor: (amount: string) => `room for ${amount}`,
    fee: (price: string) => `fee ${price}`,
    congestion: (price: string) => ` + ${price} because it is full`,
    full: 'full',
    inZone: (energy: string, what: string) => `${energy} ${what}`,
    faults: {
      soldBought: (sold: number, bought: number) => `${sold}\u202fWh sold but ${bought}\u202fWh bought`,
      boughtMatched: (bought: number, matched: number) =>
        `${bought}\u202fWh bought in the zones but ${matched}\u202fWh matched`,
      imports: 'imports of the zones differ from the area’s',
      exports: 'exports of the zones differ from the area’s',
      soldMore: (zone: string) => `${zone} sold more than was metered`,
      boughtMore: (zone: string) => `${zone} bought more than was metered`,
      carried: (zone: string, carried: number, over: number) =>
        `the link of ${zone} carried ${carried}\u202fWh where ${over}\u202fWh were over`,
      overCapacity: (zone: string) => `the link of ${zone} carried more than its capacity`,
    },
  },
  de: {
    endsIn: (period, duration) => `diese ${period} endet in ${duration}`,
    simulated: (time, dayLength) => `simulierte Sonne: ${time} Uhr, ein Tag vergeht in ${dayLength}`,
    period: de.period,
    nobodyShares: 'Gerade hat kein Nachbar Sonne übrig.',
    supplierBrings: (retail) => `Der Versorger bringt, was gebraucht wird, zu ${retail}.`,
    lastPrice: (price, time) => `Der letzte Preis unter Nachbarn war ${price}, um ${time}.`,
    dependsOnSide: 'Er hängt von der Seite der Straße ab, denn eine Leitung ist voll oder kostet ihre Gebühr',
    problems: {
      closed: 'Dieser Zähler wurde geschlossen und handelt nicht mehr. Das Guthaben lässt sich noch auszahlen.',
      suspended:
        'Der Zähler hat zwei Werte für einen Zeitpunkt geschickt. Gehandelt wird erst, wenn der Netzbetreiber ihn neu bestätigt hat.',
      unconfirmed: 'Der Netzbetreiber hat den Zähler noch nicht bestätigt. Bis dahin wird nichts gehandelt.',
      firstReading: 'Noch ist kein Wert des Zählers gekommen. Er kommt von selbst, solange der Agent läuft.',
      noReading: (time, duration) =>
        `Der Zähler schweigt seit ${duration}, seit ${time}. Sehen Sie nach, ob der Agent läuft und Netz hat; was er inzwischen zählt, bleibt erhalten.`,
      purseEmpty:
        'Auf Ihrem Guthaben ist nichts mehr zum Kaufen; der Versorger bringt alles, was Sie brauchen. Zahlen Sie ein, um weiterzumachen.',
      limitEnds: (date) => `${de.limit} endet am ${date}. Unterschreiben Sie eine neue, um weiterzumachen.`,
    },
    instead: {
      sellCaption: 'Was an Nachbarn verkauft wurde, statt zur Einspeisevergütung',
      buyCaption: 'Was von Nachbarn gekauft wurde, statt zum Stromtarif',
      sold: 'verkauft',
      bought: 'gekauft',
      inUnit: (name, unit) => `${name}, ${unit}`,
      earned: 'Erlös',
      paid: 'bezahlt',
      atSupplier: 'beim Versorger',
      better: 'besser um',
      spans: { day: 'heute', dayBefore: 'gestern', month: 'dieser Monat', year: 'dieses Jahr' },
    },
    lastResults: (periods) => `Die letzten ${periods}`,
    periods: de.periods,
    nothingYet: (time) => `Noch nichts gehandelt. Das erste Ergebnis kommt kurz nach ${time}.`,
    notFinal: de.notFinal,
    quality: { measured: 'gemessen', estimated: 'geschätzt', doubtful: 'zweifelhaft', missing: 'kein Wert' },
    corrected: de.corrected,
    noTrade: 'kein Handel',
    withBack: (theirs, back) => `(${theirs}, dazu ${back} zurück von einer vollen Leitung)`,
    budgetForMore: (money, energy) => `Mit ${money} mehr Tagesbudget wären auch die anderen ${energy} bezahlt gewesen.`,
    purseForMore: (money, energy) => `Mit ${money} mehr Guthaben wären auch die anderen ${energy} bezahlt gewesen.`,
    cappedAt: {
      sell: (rest, most) => `Die anderen ${rest} gingen an den Versorger: Sie bieten höchstens ${most} auf einmal an.`,
      buy: (rest, most) => `Die anderen ${rest} kamen vom Versorger: Sie verlangen höchstens ${most} auf einmal.`,
    },
    sellingPaused: 'Verkauf: pausiert, darum ging, was übrig war, an den Versorger.',
    buyingPaused: 'Kauf: pausiert, darum brachte der Versorger, was gebraucht wurde.',
    sold: 'verkauft',
    bought: 'gekauft',
    feedIn: 'Einspeisevergütung',
    retail: 'Stromtarif',
    fewHomes: 'wenige Häuser: in der Zone darüber mitgezählt',
    notTold: 'nicht gezeigt, weil wenige Häuser dahinter sind',
    noFlow: 'nichts fließt',
    out: 'hinaus',
    in: 'herein',
    roomFor: (amount) => `Platz für ${amount}`,
    fee: (price) => `Gebühr ${price}`,
    congestion: (price) => ` + ${price}, weil sie voll ist`,
    full: 'voll',
    inZone: (energy, what) => `${energy} ${what}`,
    faults: {
      soldBought: (sold, bought) => `${sold}\u202fWh verkauft, aber ${bought}\u202fWh gekauft`,
      boughtMatched: (bought, matched) => `${bought}\u202fWh in den Zonen gekauft, aber ${matched}\u202fWh vermittelt`,
      imports: 'Bezug der Zonen und des Gebiets sind verschieden',
      exports: 'Einspeisung der Zonen und des Gebiets sind verschieden',
      soldMore: (zone) => `${zone} hat mehr verkauft, als gemessen wurde`,
      boughtMore: (zone) => `${zone} hat mehr gekauft, als gemessen wurde`,
      carried: (zone, carried, over) =>
        `über die Leitung von ${zone} flossen ${carried}\u202fWh, wo ${over}\u202fWh übrig waren`,
      overCapacity: (zone) => `über die Leitung von ${zone} floss mehr, als sie trägt`,
    },
  },
})
