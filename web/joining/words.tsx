/** The texts of joining and of inviting. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.home
const de = vocabulary.de.home

export const joiningWords = catalogue({
  en: {
    steps: { account: 'Account', code: 'Code', home: 'Your home', limits: 'Limits', open: 'Open' },
    stepsLabel: 'Steps',
    join: (area: string) => `Join ${area}`,
    fiveMinutes: 'It takes about five minutes. Your supplier and your meter stay as they are.',
    codeTitle: 'The code of your meter',
    codeText: (command: ReactNode): ReactNode => (
      <>
        On the computer that reads your meter, run {command}. It shows a code of eight characters, and a picture that
        opens this page.
      </>
    ),
    code: 'Code',
    find: 'Find my home',
    notACode: 'A code has eight letters and digits; 0, 1, I, L, O and U are never among them.',
    codeHint: 'Small or capital letters, with or without the hyphen. A code lives ten minutes.',
    demoTitle: 'No meter at hand?',
    demoText:
      'This is a demo: it lends you a roof with real devices and an agent of its own for a day. From here on everything is as it is for anybody.',
    demoTake: 'Lend me a home',
    demoWaiting: 'Its devices and its agent are starting…',
    demoFull: 'All of its homes have found somebody. One becomes free when nobody looks at it for an hour.',
    demoReady: (code: ReactNode): ReactNode => (
      <>Your home is there. Its agent shows the code {code}: find your home by it.</>
    ),
    looking: 'Looking for your home',
    another: 'Enter another code',
    moment: 'One moment…',
    mine: 'This is my home',
    meterAsked: 'Your meter is asked to sign.',
    waitingAgent: 'Waiting for the agent',
    itDoes: (command: ReactNode): ReactNode => <>: it does so by itself while {command} is on.</>,
    roles: { grid: 'Meter at the grid', production: 'Inverter', battery: 'Battery' },
    found: 'What the agent found',
    serial: (number: string) => ` no. ${number}`,
    feedsIn: 'feeds in now',
    takes: 'takes now',
    roofNow: 'roof now',
    takenSoFar: 'taken so far',
    fedInSoFar: 'fed in so far',
    canSell: 'can sell',
    buysOnly: 'buys only',
    codeHolds: (time: string) => `The code holds until ${time}, longer while the agent goes on.`,
    limitsTitle: 'Your limits',
    sellAtLeast: 'Sell for at least, ct/kWh',
    buyAtMost: 'Buy for at most, ct/kWh',
    connection: 'My connection carries, kW',
    signing: 'Signing…',
    signAndJoin: 'Sign and join',
    signed: 'Signed.',
    waitingChain: 'Waiting for the public ledger',
    opensSoon: ': your place opens in a moment.',
    between: (low: string, high: string) => `between ${low} and ${high}`,
    floorWrong: (between: string) => `The lowest price for selling is a number of cents ${between}.`,
    ceilingWrong: (between: string) => `The highest price for buying is a number of cents ${between}.`,
    onePrice: 'Say at least one price: to sell, to buy, or both.',
    connectionWrong:
      'Your connection carries a number of kilowatts, such as 25. It stands in the contract with your grid operator.',
    youAreIn: 'You are in',
    startWith: (prices: string) =>
      `Your place is open. Start with ${prices}: ${en.theirPrice} is usually better than your limit, and you can change it at any time.`,
    sellingFrom: (price: string) => `selling from ${price}`,
    buyingUpTo: (price: string) => `buying up to ${price}`,
    and: ' and ',
    start: 'Start trading',
    pricesCount: (period: string) => `Your prices count from the next ${period} on.`,
    period: en.period,
    confirmed: 'The grid operator has confirmed your meter.',
    waitingGrid: 'Waiting for the grid operator',
    itConfirms: ': it confirms your meter. Until then nothing of it is traded.',
    waitingReading: 'Waiting for the first reading',
    itSends: (period: string) => `: the agent sends it at the end of the running ${period}.`,
    firstReadings: (time: string) => `The first readings are here, the newest of ${time}.`,
    putMoneyIn: `To buy, put money into ${en.purse} on your page.`,
    toMyPage: 'To my page',
    sentences: {
      sell: (price: string, most: string, length: string) =>
        `You never get less than ${price} for what neighbours buy from you, and sell at most ${most} in ${length}.`,
      sellNothing: 'You sell nothing: what you feed in stays with your supplier.',
      buy: (price: string, most: string, length: string) =>
        `You never pay more than ${price} for what you buy from neighbours, all grid fees included, and buy at most ${most} in ${length}.`,
      buyNothing: 'You buy nothing: what you need comes from your supplier.',
      span: (from: string, until: string) =>
        `It counts from ${from} until ${until}. You can change or end it on any day before.`,
      supplier: 'Your supplier stays as it is: it takes what no neighbour buys and brings what no neighbour has.',
      pause: `You can pause at any time. When you leave, what is in ${en.purse} comes back to your account.`,
      tax: 'What you earn may have to be taxed. This is a reminder and no advice.',
    },
    /** What is said otherwise where the metering operator reads the meter, and nothing is installed. */
    metered: {
      steps: { account: 'Account', code: 'Code', home: 'Your meter', limits: 'Limits', open: 'Open' },
      fiveMinutes:
        'It takes about five minutes, and nothing is installed: your metering operator reads your meter as ever. Your supplier stays.',
      codeTitle: 'The code of your metering point',
      codeText: (_command: ReactNode): ReactNode =>
        'Here the values of the metering operator count. Ask whoever looks after this neighbourhood for the code of your metering point: it has eight characters. The number of the point is on your electricity bill.',
      find: 'Find my meter',
      codeHint:
        'Small or capital letters, with or without the hyphen. A code lives ten minutes, then there is a new one.',
      demoTitle: 'No letter at hand?',
      demoText:
        'This is a demo: it lends you a flat in this house for a day. Its metering operator sends you the code of the flat’s metering point. From here on everything is as it is for anybody.',
      demoTake: 'Lend me a flat',
      demoWaiting: 'The metering operator is asked…',
      demoFull: 'All of its flats have found somebody. One becomes free when nobody looks at it for an hour.',
      demoReady: (code: ReactNode): ReactNode => (
        <>The metering operator has sent the code {code}: find your meter by it.</>
      ),
      looking: 'Looking for your meter',
      mine: 'This is my meter',
      meterAsked: 'The metering operator is asked to sign for your meter.',
      waitingAgent: 'Waiting for the metering operator',
      itDoes: (_command: ReactNode): ReactNode => ': it does so by itself.',
      found: 'Your metering point',
      codeHolds: (time: string) => `The code holds until ${time}, longer while the metering operator offers it.`,
      waitingReading: 'Waiting for the first values',
      itSends: (_period: string) => ': the metering operator brings them, mostly on the next day.',
      firstReadings: (time: string) => `The first values are here, the newest of ${time}.`,
    },
    point: 'number',
    isItYours:
      'Compare it with the number on your electricity bill. If it is another one, this is not your meter: do not go on.',
    pointValues: 'What counts here is what the metering operator reads. The values come later, mostly on the next day.',
    invite: 'Invite a neighbour',
    inviteText:
      'You sign a link for one neighbour. Whoever opens it within two weeks can join free of charge. You can bring five a year.',
    makeLink: 'Make a link',
    sendLink: 'Send this link to your neighbour',
  },
  de: {
    steps: { account: 'Konto', code: 'Code', home: 'Ihr Haus', limits: 'Grenzen', open: 'Offen' },
    stepsLabel: 'Schritte',
    join: (area) => `In ${area} mitmachen`,
    fiveMinutes: 'Es dauert etwa fünf Minuten. Ihr Versorger und Ihr Zähler bleiben, wie sie sind.',
    codeTitle: 'Der Code Ihres Zählers',
    codeText: (command) => (
      <>
        Starten Sie auf dem Rechner, der Ihren Zähler liest, {command}. Er zeigt einen Code aus acht Zeichen und ein
        Bild, das diese Seite öffnet.
      </>
    ),
    code: 'Code',
    find: 'Mein Haus finden',
    notACode: 'Ein Code hat acht Buchstaben und Ziffern; 0, 1, I, L, O und U kommen nie darin vor.',
    codeHint: 'Kleine oder große Buchstaben, mit oder ohne Bindestrich. Ein Code lebt zehn Minuten.',
    demoTitle: 'Kein Zähler zur Hand?',
    demoText:
      'Dies ist eine Vorführung: Sie leiht Ihnen für einen Tag ein Dach mit echten Geräten und einem eigenen Agenten. Von hier an ist alles wie bei jedem.',
    demoTake: 'Leih mir ein Haus',
    demoWaiting: 'Geräte und Agent fahren hoch …',
    demoFull: 'Alle Häuser haben jemanden gefunden. Eines wird frei, wenn es eine Stunde lang niemand ansieht.',
    demoReady: (code) => <>Ihr Haus ist da. Sein Agent zeigt den Code {code}: Finden Sie Ihr Haus damit.</>,
    looking: 'Ihr Haus wird gesucht',
    another: 'Einen anderen Code eingeben',
    moment: 'Einen Moment …',
    mine: 'Das ist mein Haus',
    meterAsked: 'Ihr Zähler wird um seine Unterschrift gebeten.',
    waitingAgent: 'Gewartet wird auf den Agenten',
    itDoes: (command) => <>: er macht das von selbst, solange {command} läuft.</>,
    roles: { grid: 'Zähler am Netz', production: 'Wechselrichter', battery: 'Batterie' },
    found: 'Was der Agent gefunden hat',
    serial: (number) => ` Nr. ${number}`,
    feedsIn: 'speist jetzt ein',
    takes: 'bezieht jetzt',
    roofNow: 'Dach jetzt',
    takenSoFar: 'bisher bezogen',
    fedInSoFar: 'bisher eingespeist',
    canSell: 'kann verkaufen',
    buysOnly: 'kauft nur',
    codeHolds: (time) => `Der Code gilt bis ${time}, länger, solange der Agent weitermacht.`,
    limitsTitle: 'Ihre Grenzen',
    sellAtLeast: 'Verkaufen für mindestens, ct/kWh',
    buyAtMost: 'Kaufen für höchstens, ct/kWh',
    connection: 'Mein Anschluss trägt, kW',
    signing: 'Wird unterschrieben …',
    signAndJoin: 'Unterschreiben und mitmachen',
    signed: 'Unterschrieben.',
    waitingChain: 'Gewartet wird auf das öffentliche Register',
    opensSoon: ': Ihr Platz öffnet gleich.',
    between: (low, high) => `zwischen ${low} und ${high}`,
    floorWrong: (between) => `Der niedrigste Verkaufspreis ist eine Zahl von Cent ${between}.`,
    ceilingWrong: (between) => `Der höchste Kaufpreis ist eine Zahl von Cent ${between}.`,
    onePrice: 'Nennen Sie mindestens einen Preis: zum Verkaufen, zum Kaufen oder beide.',
    connectionWrong:
      'Ihr Anschluss trägt eine Zahl von Kilowatt, etwa 25. Sie steht im Vertrag mit Ihrem Netzbetreiber.',
    youAreIn: 'Sie sind dabei',
    startWith: (prices) =>
      `Ihr Platz ist offen. Beginnen Sie mit ${prices}: ${de.theirPrice} ist meist besser als Ihre Grenze, und Sie können sie jederzeit ändern.`,
    sellingFrom: (price) => `Verkauf ab ${price}`,
    buyingUpTo: (price) => `Kauf bis ${price}`,
    and: ' und ',
    start: 'Handel beginnen',
    pricesCount: (period) => `Ihre Preise gelten ab der nächsten ${period}.`,
    period: de.period,
    confirmed: 'Der Netzbetreiber hat Ihren Zähler bestätigt.',
    waitingGrid: 'Gewartet wird auf den Netzbetreiber',
    itConfirms: ': er bestätigt Ihren Zähler. Bis dahin wird nichts davon gehandelt.',
    waitingReading: 'Gewartet wird auf den ersten Zählerstand',
    itSends: (period) => `: der Agent schickt ihn am Ende der laufenden ${period}.`,
    firstReadings: (time) => `Die ersten Zählerstände sind da, der neueste von ${time}.`,
    putMoneyIn: 'Um zu kaufen, zahlen Sie auf Ihrer Seite etwas ein.',
    toMyPage: 'Zu meiner Seite',
    sentences: {
      sell: (price, most, length) =>
        `Sie bekommen nie weniger als ${price} für das, was Nachbarn von Ihnen kaufen, und verkaufen höchstens ${most} in ${length}.`,
      sellNothing: 'Sie verkaufen nichts: was Sie einspeisen, bleibt bei Ihrem Versorger.',
      buy: (price, most, length) =>
        `Sie zahlen nie mehr als ${price} für das, was Sie von Nachbarn kaufen, alle Netzgebühren eingeschlossen, und kaufen höchstens ${most} in ${length}.`,
      buyNothing: 'Sie kaufen nichts: was Sie brauchen, kommt von Ihrem Versorger.',
      span: (from, until) => `Es gilt von ${from} bis ${until}. An jedem Tag davor können Sie es ändern oder beenden.`,
      supplier: 'Ihr Versorger bleibt: er nimmt, was kein Nachbar kauft, und bringt, was kein Nachbar hat.',
      pause: 'Sie können jederzeit pausieren. Wenn Sie gehen, kommt Ihr Guthaben auf Ihr Konto zurück.',
      tax: 'Was Sie einnehmen, ist vielleicht zu versteuern. Das ist ein Hinweis und kein Rat.',
    },
    metered: {
      steps: { account: 'Konto', code: 'Code', home: 'Ihr Zähler', limits: 'Grenzen', open: 'Offen' },
      fiveMinutes:
        'Es dauert etwa fünf Minuten, und nichts wird eingebaut: Ihr Messstellenbetreiber liest den Zähler ab wie immer. Ihr Versorger bleibt.',
      codeTitle: 'Der Code Ihres Zählpunkts',
      codeText: () =>
        'Hier gelten die Werte des Messstellenbetreibers. Fragen Sie, wer diese Nachbarschaft betreibt, nach dem Code Ihres Zählpunkts: er hat acht Zeichen. Die Nummer des Zählpunkts steht auf Ihrer Stromrechnung.',
      find: 'Meinen Zähler finden',
      codeHint:
        'Kleine oder große Buchstaben, mit oder ohne Bindestrich. Ein Code lebt zehn Minuten, dann gibt es einen neuen.',
      demoTitle: 'Kein Brief zur Hand?',
      demoText:
        'Dies ist eine Vorführung: Sie leiht Ihnen für einen Tag eine Wohnung in diesem Haus. Der Messstellenbetreiber schickt Ihnen den Code ihres Zählpunkts. Von hier an ist alles wie bei jedem.',
      demoTake: 'Leih mir eine Wohnung',
      demoWaiting: 'Der Messstellenbetreiber wird gefragt …',
      demoFull: 'Alle Wohnungen haben jemanden gefunden. Eine wird frei, wenn sie eine Stunde lang niemand ansieht.',
      demoReady: (code) => <>Der Messstellenbetreiber hat den Code {code} geschickt: Finden Sie Ihren Zähler damit.</>,
      looking: 'Ihr Zähler wird gesucht',
      mine: 'Das ist mein Zähler',
      meterAsked: 'Der Messstellenbetreiber wird gebeten, für Ihren Zähler zu unterschreiben.',
      waitingAgent: 'Gewartet wird auf den Messstellenbetreiber',
      itDoes: () => ': er macht das von selbst.',
      found: 'Ihr Zählpunkt',
      codeHolds: (time) => `Der Code gilt bis ${time}, länger, solange der Messstellenbetreiber ihn anbietet.`,
      waitingReading: 'Gewartet wird auf die ersten Werte',
      itSends: () => ': der Messstellenbetreiber bringt sie, meist am nächsten Tag.',
      firstReadings: (time) => `Die ersten Werte sind da, die neuesten von ${time}.`,
    },
    point: 'Nummer',
    isItYours:
      'Vergleichen Sie sie mit der Nummer auf Ihrer Stromrechnung. Ist es eine andere, dann ist es nicht Ihr Zähler: Machen Sie nicht weiter.',
    pointValues: 'Hier zählt, was der Messstellenbetreiber abliest. Die Werte kommen später, meist am nächsten Tag.',
    invite: 'Einen Nachbarn einladen',
    inviteText:
      'Sie unterschreiben einen Link für einen Nachbarn. Wer ihn binnen zwei Wochen öffnet, kann kostenlos mitmachen. Fünf im Jahr können Sie mitbringen.',
    makeLink: 'Einen Link machen',
    sendLink: 'Schicken Sie diesen Link Ihrem Nachbarn',
  },
})

/** The same for a meter that the metering operator reads. */
export function meteredWords() {
  const said = joiningWords()
  return { ...said, ...said.metered }
}
