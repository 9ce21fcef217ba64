/** The texts of trading ahead. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

interface TradeParts {
  sells: boolean
  delivered: string
  energy: string
  missed: string
  why: string
}

export const forwardWords = catalogue({
  en: {
    title: 'Agreed ahead, for later today and tomorrow',
    offers: (zone: string) => `What neighbours offer in ${zone}`,
    forTime: (period: string) => `For the ${period} from`,
    period: vocabulary.en.home.period,
    wh: 'Wh',
    whWrong: 'An energy is a whole number of Wh above 0.',
    atLeast: 'for at least, ct/kWh',
    atMost: 'for at most, ct/kWh',
    signing: 'Signing…',
    offerFor: (time: string) => `Offer for ${time}`,
    askFor: (time: string) => `Ask for ${time}`,
    explainSell:
      'You promise energy that your meter has yet to feed in. What it does not feed in is not paid, and is noted as missing.',
    explainBuy:
      'You promise to take energy that your meter has yet to take. What it does not take is not charged, and is noted as not taken.',
    noFee: (most: string, period: string) => ` No grid fee: it stays near you. At most ${most} in a ${period}.`,
    soldAhead: (energy: string) => `${energy} sold ahead`,
    boughtAhead: (energy: string) => `${energy} bought ahead`,
    staysOpen: (until: string) => `What nobody takes stays open until ${until}.`,
    signed: (rest: string) => `Signed. ${rest}`,
    atOnce: (what: string, rest: string) => `${what} at once. ${rest}`,
    nobodyYet: 'Nobody has offered or asked for anything yet.',
    offered: 'offered',
    wanted: 'wanted',
    lastAgreed: (energy: string, price: string) => `last agreed: ${energy} at ${price}`,
    nothing: 'nothing',
    level: (energy: string, price: string) => `${energy} at ${price}`,
    mine: 'mine',
    fillIn: 'fill in',
    fillInLabel: (energy: string, price: string) => `Fill in ${energy} at ${price}`,
    own: 'What I agreed ahead',
    openOrders: 'Open orders',
    agreedTrades: 'Agreed trades',
    nothingYet: 'Nothing yet. Without it everything is traded as it comes, at my price or better.',
    offeredAt: (energy: string, price: string) => `${energy} offered · ${price}`,
    askedAt: (energy: string, price: string) => `${energy} asked for · ${price}`,
    open: 'open',
    takeBack: 'Take back',
    takeBackLabel: (what: string, time: string) => `Take back ${what}, ${time}`,
    void: 'void',
    short: 'short',
    sold: (energy: string, price: string) => `${energy} sold · ${price}`,
    bought: (energy: string, price: string) => `${energy} bought · ${price}`,
    underWay: 'Under way.',
    waitingReadings: 'Waiting for the readings.',
    trade: {
      agreed: 'Agreed. It counts before anything else is traded.',
      kept: (sells: boolean): string => (sells ? 'Delivered as agreed.' : 'Received as agreed.'),
      fellThrough: ({ why }: TradeParts) => `Fell through: ${why}. Nothing was charged.`,
      onlyPart: ({ delivered, energy, missed, why }: TradeParts) =>
        `Only ${delivered} of ${energy}: ${why}. The other ${missed} were not charged.`,
      less: { delivered: 'less was left over than had been agreed', taken: 'less was needed than had been agreed' },
      side: (whose: 'own' | 'seller' | 'buyer', because: string) =>
        `on ${whose === 'own' ? 'your own side' : whose === 'seller' ? 'the seller’s side' : 'the buyer’s side'} ${because}`,
      outside: 'the price lay outside what one of the two had signed by then',
      zones: 'the two were in different zones by then',
      leftOut: 'your purse could not pay for it',
      partner: 'the partner could not pay and was left out',
    },
  },
  de: {
    title: 'Im Voraus vereinbart, für später und morgen',
    offers: (zone) => `Was Nachbarn in ${zone} anbieten`,
    forTime: (period) => `Für die ${period} ab`,
    period: vocabulary.de.home.period,
    wh: 'Wh',
    whWrong: 'Eine Menge ist eine ganze Zahl von Wh über 0.',
    atLeast: 'für mindestens, ct/kWh',
    atMost: 'für höchstens, ct/kWh',
    signing: 'Wird unterschrieben …',
    offerFor: (time) => `Anbieten für ${time}`,
    askFor: (time) => `Nachfragen für ${time}`,
    explainSell:
      'Sie versprechen Strom, den Ihr Zähler erst noch einspeist. Was er nicht einspeist, wird nicht bezahlt und als fehlend notiert.',
    explainBuy:
      'Sie versprechen, Strom zu nehmen, den Ihr Zähler erst noch bezieht. Was er nicht bezieht, wird nicht berechnet und als nicht genommen notiert.',
    noFee: (most, period) => ` Keine Netzgebühr: es bleibt in Ihrer Nähe. Höchstens ${most} je ${period}.`,
    soldAhead: (energy) => `${energy} im Voraus verkauft`,
    boughtAhead: (energy) => `${energy} im Voraus gekauft`,
    staysOpen: (until) => `Was niemand nimmt, bleibt bis ${until} offen.`,
    signed: (rest) => `Unterschrieben. ${rest}`,
    atOnce: (what, rest) => `${what}, sofort. ${rest}`,
    nobodyYet: 'Noch hat niemand etwas angeboten oder nachgefragt.',
    offered: 'angeboten',
    wanted: 'gesucht',
    lastAgreed: (energy, price) => `zuletzt vereinbart: ${energy} zu ${price}`,
    nothing: 'nichts',
    level: (energy, price) => `${energy} zu ${price}`,
    mine: 'meins',
    fillIn: 'eintragen',
    fillInLabel: (energy, price) => `${energy} zu ${price} eintragen`,
    own: 'Was ich im Voraus vereinbart habe',
    openOrders: 'Offene Aufträge',
    agreedTrades: 'Vereinbarte Geschäfte',
    nothingYet: 'Noch nichts. Ohne das wird alles gehandelt, wie es kommt, zu meinem Preis oder besser.',
    offeredAt: (energy, price) => `${energy} angeboten · ${price}`,
    askedAt: (energy, price) => `${energy} nachgefragt · ${price}`,
    open: 'offen',
    takeBack: 'Zurücknehmen',
    takeBackLabel: (what, time) => `${what}, ${time} zurücknehmen`,
    void: 'entfallen',
    short: 'nicht ganz',
    sold: (energy, price) => `${energy} verkauft · ${price}`,
    bought: (energy, price) => `${energy} gekauft · ${price}`,
    underWay: 'Läuft gerade.',
    waitingReadings: 'Wartet auf die Zählerstände.',
    trade: {
      agreed: 'Vereinbart. Es zählt, bevor anderes gehandelt wird.',
      kept: (sells) => (sells ? 'Geliefert wie vereinbart.' : 'Erhalten wie vereinbart.'),
      fellThrough: ({ why }) => `Entfallen: ${why}. Nichts wurde berechnet.`,
      onlyPart: ({ delivered, energy, missed, why }) =>
        `Nur ${delivered} von ${energy}: ${why}. Die übrigen ${missed} wurden nicht berechnet.`,
      less: {
        delivered: 'es blieb weniger übrig, als vereinbart war',
        taken: 'es wurde weniger gebraucht, als vereinbart war',
      },
      side: (whose, because) =>
        `${whose === 'own' ? 'auf Ihrer eigenen Seite' : whose === 'seller' ? 'auf der Seite des Verkäufers' : 'auf der Seite des Käufers'}: ${because}`,
      outside: 'der Preis lag da schon außerhalb dessen, was einer der beiden unterschrieben hat',
      zones: 'die beiden waren da in verschiedenen Zonen',
      leftOut: 'Ihr Guthaben reichte nicht',
      partner: 'der Partner konnte nicht zahlen und fiel heraus',
    },
  },
})
