/** The texts of standing agreements with a neighbour. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

interface OfferParts {
  what: string
  partner: ReactNode
  price: string
  from: string
  until: string
  /** Null: none. */
  notice: string | null
}

export const agreementWords = catalogue({
  en: {
    title: 'Standing agreements with a neighbour',
    own: 'What I have agreed',
    nothingYet: 'Nothing yet. An agreement gives a neighbour part of a roof’s surplus before anything else is traded.',
    myLine: 'My line for others:',
    standings: { ahead: 'agreed', running: 'running', ending: 'ends', ended: 'ended' },
    iSell: 'I sell',
    iBuy: 'I buy',
    to: 'to',
    from: 'from',
    span: (from: string, until: string) => `, from ${from} until ${until}`,
    iGaveNotice: '; I gave notice',
    theyGaveNotice: '; the neighbour gave notice',
    noticeOf: (duration: string) => `; notice ${duration}`,
    endsByItself: 'It ends by itself before notice could end it.',
    signing: 'Signing…',
    endIt: (time: string) => `End it, shortly after ${time}`,
    keepIt: 'Keep it',
    giveNotice: 'Give notice',
    signSent: 'Sign what a neighbour sent',
    theirText: 'The neighbour’s text or link',
    signAndHandIn: 'Sign and hand in',
    agreed: (what: string) => `Agreed: ${what}.`,
    kinds: {
      fixed: (energy: string, period: string) => `${energy} a ${period}`,
      share: (percent: string) => `${percent} of the surplus`,
      all: 'all of the surplus',
    },
    period: vocabulary.en.home.period,
    described: (what: string, price: string) => `${what} at ${price}`,
    youSell: ({ what, partner, price, from, until, notice }: OfferParts): ReactNode => (
      <>
        You sell {what} to {partner} at {price}, from {from} until {until}
        {notice !== null && `, with a notice of ${notice}`}. It comes before everything else that is traded. The buyer
        pays the grid fee of the way besides.
      </>
    ),
    youBuy: ({ what, partner, price, from, until, notice }: OfferParts): ReactNode => (
      <>
        You buy {what} from {partner} at {price}, from {from} until {until}
        {notice !== null && `, with a notice of ${notice}`}. It comes before everything else that is traded. You pay the
        grid fee of the way besides.
      </>
    ),
    agree: 'Agree with a neighbour',
    theirLine: 'The neighbour’s line (account and meter)',
    lineMissing: 'The neighbour’s line is missing: it stands on their page.',
    lineWrong: 'This is not a neighbour’s line: two addresses that begin with 0x, and not your own.',
    what: 'What',
    choices: { all: 'all of the surplus', share: 'a share of the surplus', fixed: 'a fixed energy' },
    percent: '%',
    percentWrong: 'A share is a percentage above 0 and up to 100, with at most two decimals.',
    whEach: (period: string) => `Wh a ${period}`,
    whWrong: 'An energy is a whole number of Wh above 0.',
    forPrice: 'for, ct/kWh',
    fromField: 'from',
    until: 'until',
    untilWrong: 'The agreement must end after it begins.',
    notice: 'notice',
    none: 'none',
    sign: 'Sign it',
    signed: 'Signed. Send this to your neighbour; it holds once both have signed.',
    textFor: 'Text for the neighbour',
    asLink: 'Or as a link: ',
    openIt: 'open it on the neighbour’s page',
    explainSell:
      'What is agreed is taken off my surplus before it is traded. Only what is left over is given, and nothing is owed for the rest.',
    explainBuy:
      'I take it off the neighbour’s surplus as far as I need energy, and pay the grid fee of the way besides. What I do not need is not charged.',
    problems: {
      notAnOffer: 'This is not an agreement that somebody sent. Paste all of it.',
      otherMarket: 'This agreement was made for another market.',
      somebodyElse: 'This agreement was made for somebody else, or for another meter of yours.',
      ownOffer: 'This is what you signed yourself: your partner has to sign it now.',
      over: 'This agreement would have ended already.',
      unknownKind: 'This page does not know this kind of agreement.',
    },
  },
  de: {
    title: 'Feste Vereinbarungen mit einem Nachbarn',
    own: 'Was ich vereinbart habe',
    nothingYet:
      'Noch nichts. Eine Vereinbarung gibt einem Nachbarn einen Teil vom Überschuss eines Dachs, bevor anderes gehandelt wird.',
    myLine: 'Meine Zeile für andere:',
    standings: { ahead: 'vereinbart', running: 'läuft', ending: 'endet', ended: 'beendet' },
    iSell: 'Ich verkaufe',
    iBuy: 'Ich kaufe',
    to: 'an',
    from: 'von',
    span: (from, until) => `, von ${from} bis ${until}`,
    iGaveNotice: '; ich habe gekündigt',
    theyGaveNotice: '; der Nachbar hat gekündigt',
    noticeOf: (duration) => `; Kündigungsfrist ${duration}`,
    endsByItself: 'Sie endet von selbst, bevor eine Kündigung sie beenden könnte.',
    signing: 'Wird unterschrieben …',
    endIt: (time) => `Beenden, kurz nach ${time}`,
    keepIt: 'Behalten',
    giveNotice: 'Kündigen',
    signSent: 'Unterschreiben, was ein Nachbar geschickt hat',
    theirText: 'Der Text oder Link des Nachbarn',
    signAndHandIn: 'Unterschreiben und abgeben',
    agreed: (what) => `Vereinbart: ${what}.`,
    kinds: {
      fixed: (energy, period) => `${energy} je ${period}`,
      share: (percent) => `${percent} des Überschusses`,
      all: 'der ganze Überschuss',
    },
    period: vocabulary.de.home.period,
    described: (what, price) => `${what} zu ${price}`,
    youSell: ({ what, partner, price, from, until, notice }) => (
      <>
        Sie verkaufen {what} an {partner} zu {price}, von {from} bis {until}
        {notice !== null && `, mit einer Kündigungsfrist von ${notice}`}. Es kommt vor allem anderen, was gehandelt
        wird. Die Netzgebühr des Wegs zahlt der Käufer dazu.
      </>
    ),
    youBuy: ({ what, partner, price, from, until, notice }) => (
      <>
        Sie kaufen {what} von {partner} zu {price}, von {from} bis {until}
        {notice !== null && `, mit einer Kündigungsfrist von ${notice}`}. Es kommt vor allem anderen, was gehandelt
        wird. Die Netzgebühr des Wegs zahlen Sie dazu.
      </>
    ),
    agree: 'Mit einem Nachbarn vereinbaren',
    theirLine: 'Die Zeile des Nachbarn (Konto und Zähler)',
    lineMissing: 'Es fehlt die Zeile des Nachbarn: sie steht auf seiner Seite.',
    lineWrong: 'Das ist keine Zeile eines Nachbarn: zwei Adressen, die mit 0x beginnen, und nicht Ihre eigene.',
    what: 'Was',
    choices: { all: 'den ganzen Überschuss', share: 'einen Anteil am Überschuss', fixed: 'eine feste Menge' },
    percent: '%',
    percentWrong: 'Ein Anteil ist ein Prozentsatz über 0 und bis 100, mit höchstens zwei Nachkommastellen.',
    whEach: (period) => `Wh je ${period}`,
    whWrong: 'Eine Menge ist eine ganze Zahl von Wh über 0.',
    forPrice: 'für, ct/kWh',
    fromField: 'von',
    until: 'bis',
    untilWrong: 'Die Vereinbarung muss nach ihrem Anfang enden.',
    notice: 'Kündigungsfrist',
    none: 'keine',
    sign: 'Unterschreiben',
    signed: 'Unterschrieben. Schicken Sie das Ihrem Nachbarn; es gilt, sobald beide unterschrieben haben.',
    textFor: 'Text für den Nachbarn',
    asLink: 'Oder als Link: ',
    openIt: 'auf der Seite des Nachbarn öffnen',
    explainSell:
      'Was vereinbart ist, geht von meinem Überschuss ab, bevor er gehandelt wird. Gegeben wird nur, was übrig ist; für den Rest wird nichts geschuldet.',
    explainBuy:
      'Ich nehme es vom Überschuss des Nachbarn, soweit ich Strom brauche, und zahle die Netzgebühr des Wegs dazu. Was ich nicht brauche, wird nicht berechnet.',
    problems: {
      notAnOffer: 'Das ist keine Vereinbarung, die jemand geschickt hat. Fügen Sie sie ganz ein.',
      otherMarket: 'Diese Vereinbarung gehört zu einem anderen Markt.',
      somebodyElse: 'Diese Vereinbarung gehört jemand anderem oder einem anderen Ihrer Zähler.',
      ownOffer: 'Das haben Sie selbst unterschrieben: jetzt muss Ihr Partner unterschreiben.',
      over: 'Diese Vereinbarung wäre schon zu Ende.',
      unknownKind: 'Diese Art von Vereinbarung kennt die Seite nicht.',
    },
  },
})
