/** The texts of what somebody does seldom with a meter and its money: other limits, other ways of money, the meter's key, stopping. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.home
const de = vocabulary.de.home

export const actTexts = catalogue({
  en: {
    limitsTitle: 'My signed limits',
    limitsText: (period: string) =>
      `You sign new limits for a year; they count from the next ${period} on, and the old ones until then. Nobody else has to agree, and you can sign others at any time. Your price stays as far as it lies inside them.`,
    limitsAct: 'Sign the new limits',
    limitsSigned: (transaction: ReactNode): ReactNode => <>Signed, in transaction {transaction}.</>,
    limitsComing: (time: string) => `New limits are signed. They count from ${time} on.`,
    signing: 'Signing…',
    waysTitle: 'Money: other ways in and out',
    inTitle: 'Send money to my account',
    inText: (token: string, chain: number) =>
      `Send ${token}, on the network ${chain}, to this address, and nothing else: other money would be lost. It is in your wallet once it has arrived, and from there you put it into the purse.`,
    qr: 'The address as a picture for a phone',
    copy: 'Copy the address',
    copied: 'Copied.',
    outTitle: 'Pay out to another address',
    outText: (delay: string) =>
      `Two steps, as for yourself: you sign now and collect it ${delay} later. Until then you can leave it in the purse; afterwards nobody can bring it back.`,
    outAmount: 'Pay out',
    outTo: 'To the address',
    notAnAddress: 'An address is 0x and 40 digits or letters from a to f. A letter or digit of this one is wrong.',
    notThere: 'That address takes no money for anybody: it is the market’s own.',
    compare: (address: string) => `It is read as ${address}. Compare it with the one that you were given.`,
    moreThanPurse: (most: string) => `That is more than is in the purse: at most ${most}.`,
    moreThanWallet: (most: string) => `That is more than the wallet holds: ${most}.`,
    notAnAmount: (decimals: number) =>
      `An amount is a number above zero with at most ${decimals} decimals, such as 12.50.`,
    outAct: 'Ask for it',
    outSent: (transaction: ReactNode): ReactNode => (
      <>Asked for in transaction {transaction}. Collect it above, once the wait is over.</>
    ),
    replaces: 'It replaces what is asked for at present.',
    sendTitle: 'Send what is in my wallet',
    sendText: 'Your passkey signs, and the server carries it out at once. It cannot be taken back.',
    sendAmount: 'Send',
    sendAct: 'Sign and send',
    sent: (transaction: ReactNode): ReactNode => <>Sent in transaction {transaction}.</>,
    meterKey: 'Meter’s key',
    firstKey: 'Your meter signs with its first key,',
    newestKey: 'Your meter’s newest key is',
    signsFrom: (time: string) => `, which signs from ${time}`,
    signsSince: (time: string) => `, which signs since ${time}`,
    changeKey: (command: ReactNode): ReactNode => (
      <>
        . To change it, run {command} where the meter is read, and paste the line that it prints. Prices, money and
        readings stay. Approve only a line that you made yourself. If the agent has lost its key, it pairs anew as
        another meter: stop this one below, and move its money over.
      </>
    ),
    agentLine: 'The agent’s line',
    approve: 'Approve the next key',
    nextKey: 'Next key:',
    approved: (transaction: ReactNode): ReactNode => (
      <>Approved in transaction {transaction}. The agent goes over to the next key by itself.</>
    ),
    stopTitle: 'Stop trading for good',
    stopText: (period: string) =>
      `From the next ${period} on this meter sells and buys nothing here. What was traded before is paid as always, what is in the purse stays yours and can be asked for at any time. To come back you join anew.`,
    stopForGood: 'Nobody has to agree, and it cannot be taken back once it is signed.',
    stopsAt: (time: string) => `This meter stops at ${time}. Until then it trades as before.`,
    stopped: 'This meter has stopped. To come back, pair it again.',
    iWantToStop: 'I want to stop',
    close: 'Stop for good',
    closed: (transaction: ReactNode): ReactNode => <>Stopped in transaction {transaction}.</>,
    period: en.period,
    ticket: {
      notALine: 'This is not the line that the agent printed. Paste all of it.',
      otherMarket: 'This line was made for another market.',
      otherAccount: 'This line was made for another account.',
      otherMeter: 'This line was made for another meter.',
      keyChanged: 'The meter’s key has changed since this line was printed. Let the agent print a new one.',
      expired: 'This line has expired. Let the agent print it again.',
    },
  },
  de: {
    limitsTitle: 'Meine unterschriebenen Grenzen',
    limitsText: (period) =>
      `Sie unterschreiben neue Grenzen für ein Jahr; sie gelten ab der nächsten ${period}, bis dahin die alten. Niemand sonst muss zustimmen, und Sie können jederzeit andere unterschreiben. Ihr Preis bleibt, soweit er darin liegt.`,
    limitsAct: 'Die neuen Grenzen unterschreiben',
    limitsSigned: (transaction) => <>Unterschrieben, in Transaktion {transaction}.</>,
    limitsComing: (time) => `Neue Grenzen sind unterschrieben. Sie gelten ab ${time}.`,
    signing: 'Wird unterschrieben …',
    waysTitle: 'Geld: andere Wege hinein und hinaus',
    inTitle: 'Geld auf mein Konto schicken',
    inText: (token, chain) =>
      `Schicken Sie ${token} im Netzwerk ${chain} an diese Adresse und nichts anderes: Anderes Geld wäre verloren. Es ist in Ihrer Wallet, sobald es angekommen ist; von dort zahlen Sie es auf Ihr Guthaben ein.`,
    qr: 'Die Adresse als Bild für ein Telefon',
    copy: 'Die Adresse kopieren',
    copied: 'Kopiert.',
    outTitle: 'An eine andere Adresse auszahlen',
    outText: (delay) =>
      `Zwei Schritte wie für Sie selbst: Sie unterschreiben jetzt und holen es ${delay} später ab. Bis dahin können Sie es auf dem Guthaben lassen; danach kann es niemand zurückholen.`,
    outAmount: 'Auszahlen',
    outTo: 'An die Adresse',
    notAnAddress: 'Eine Adresse ist 0x und 40 Ziffern oder Buchstaben von a bis f. An dieser stimmt ein Zeichen nicht.',
    notThere: 'Diese Adresse nimmt für niemanden Geld an: Sie gehört dem Markt selbst.',
    compare: (address) => `Gelesen als ${address}. Vergleichen Sie sie mit der, die Ihnen genannt wurde.`,
    moreThanPurse: (most) => `Das ist mehr, als auf dem Guthaben ist: höchstens ${most}.`,
    moreThanWallet: (most) => `Das ist mehr, als in der Wallet ist: ${most}.`,
    notAnAmount: (decimals) =>
      `Ein Betrag ist eine Zahl über null mit höchstens ${decimals} Nachkommastellen, etwa 12,50.`,
    outAct: 'Verlangen',
    outSent: (transaction) => (
      <>Verlangt in Transaktion {transaction}. Holen Sie es oben ab, wenn die Wartezeit vorbei ist.</>
    ),
    replaces: 'Es ersetzt, was jetzt verlangt ist.',
    sendTitle: 'Schicken, was in meiner Wallet ist',
    sendText: 'Ihr Passkey unterschreibt, und der Server führt es sofort aus. Es lässt sich nicht zurücknehmen.',
    sendAmount: 'Schicken',
    sendAct: 'Unterschreiben und schicken',
    sent: (transaction) => <>Geschickt in Transaktion {transaction}.</>,
    meterKey: 'Schlüssel des Zählers',
    firstKey: 'Ihr Zähler unterschreibt mit seinem ersten Schlüssel,',
    newestKey: 'Der neueste Schlüssel Ihres Zählers ist',
    signsFrom: (time) => `; er unterschreibt ab ${time}`,
    signsSince: (time) => `; er unterschreibt seit ${time}`,
    changeKey: (command) => (
      <>
        . Um ihn zu wechseln, starten Sie {command} dort, wo der Zähler gelesen wird, und fügen Sie die Zeile ein, die
        es ausgibt. Preise, Geld und Zählerstände bleiben. Bestätigen Sie nur eine Zeile, die Sie selbst erzeugt haben.
        Hat der Agent seinen Schlüssel verloren, wird er neu verbunden, als anderer Zähler: Hören Sie mit diesem hier
        unten auf, und übertragen Sie sein Guthaben.
      </>
    ),
    agentLine: 'Die Zeile des Agenten',
    approve: 'Nächsten Schlüssel bestätigen',
    nextKey: 'Nächster Schlüssel:',
    approved: (transaction) => (
      <>Bestätigt in Transaktion {transaction}. Der Agent wechselt von selbst zum nächsten Schlüssel.</>
    ),
    stopTitle: 'Für immer aufhören',
    stopText: (period) =>
      `Ab der nächsten ${period} verkauft und kauft dieser Zähler hier nichts mehr. Was vorher gehandelt wurde, wird wie immer bezahlt; Ihr Guthaben bleibt Ihres und lässt sich jederzeit auszahlen. Um zurückzukommen, machen Sie neu mit.`,
    stopForGood: 'Niemand muss zustimmen, und nach der Unterschrift lässt es sich nicht zurücknehmen.',
    stopsAt: (time) => `Dieser Zähler hört um ${time} auf. Bis dahin handelt er wie bisher.`,
    stopped: 'Dieser Zähler hat aufgehört. Um zurückzukommen, verbinden Sie ihn neu.',
    iWantToStop: 'Ich möchte aufhören',
    close: 'Für immer aufhören',
    closed: (transaction) => <>Beendet in Transaktion {transaction}.</>,
    period: de.period,
    ticket: {
      notALine: 'Das ist nicht die Zeile, die der Agent ausgegeben hat. Fügen Sie sie ganz ein.',
      otherMarket: 'Diese Zeile gehört zu einem anderen Markt.',
      otherAccount: 'Diese Zeile gehört zu einem anderen Konto.',
      otherMeter: 'Diese Zeile gehört zu einem anderen Zähler.',
      keyChanged: 'Der Schlüssel des Zählers hat seitdem gewechselt. Lassen Sie den Agenten eine neue Zeile ausgeben.',
      expired: 'Diese Zeile ist abgelaufen. Lassen Sie den Agenten sie noch einmal ausgeben.',
    },
  },
})
