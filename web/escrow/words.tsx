/** The texts of money: the purse, putting in, taking out, what was paid, and the meter's key. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.home
const de = vocabulary.de.home

export const moneyTexts = catalogue({
  en: {
    inPurse: `in ${en.purse}`,
    available: 'available now',
    add: 'Add to my purse',
    deposit: 'Put in',
    signing: 'Signing…',
    sending: 'Sending…',
    inWallet: (amount: string) => `In my wallet: ${amount}. `,
    moreThanWallet: 'That is more than the wallet holds.',
    thisAmountOnly: 'You sign for this amount only.',
    notAnAmount: (decimals: number) =>
      `An amount is a number above zero with at most ${decimals} decimals, such as 12.50.`,
    depositSent: (transaction: ReactNode): ReactNode => <>On its way, in transaction {transaction}.</>,
    moreThanPurse: (most: string) => `That is more than is in the purse: at most ${most}.`,
    endsBuying: 'This takes all that is in the purse, so buying from neighbours stops until you put money in again.',
    paidFirst: 'What was bought until then is paid first, and you collect what is left.',
    nothingToBuyWith: 'Until then nothing is left to buy with, so all energy comes from the supplier.',
    askAnyway: 'Ask for all of it',
    cancel: 'Leave it in the purse',
    takenBack: 'Nothing is asked for any more: all of it stays in the purse.',
    putIn: 'put in, less taken out',
    earned: 'earned from neighbours',
    spent: 'paid to neighbours',
    heldBack: 'held back',
    heldBackUntil: (time: string) => `for what is bought and not paid yet, until about ${time}`,
    asked: 'asked for',
    askedUntil: (time: string) => `to be collected from ${time} on`,
    cannotDeposit: 'This kind of money cannot be put in with a signature alone.',
    words: { payout: 'payout', withdrawal: 'withdrawal' },
    request: (word: 'payout' | 'withdrawal'): string => (word === 'payout' ? 'Ask for a payout' : 'Ask for money back'),
    requestInstead: 'Ask for another amount instead',
    askedFor: (amount: ReactNode): ReactNode => <>{amount} asked for.</>,
    collectAt: (time: string, duration: string) => `You can collect it from ${time} on, in ${duration}.`,
    movesOver: 'It goes to the purse of your other meter.',
    goesTo: (address: string) => `It goes to ${address}.`,
    ready: 'It is ready to collect.',
    collect: 'Collect it',
    all: 'all',
    emptyAmount: '0.00',
    ask: 'Ask for it',
    twoSteps: (delay: string) => `Two steps: you sign now and collect it ${delay} later. Nobody can block it.`,
    requestSent: (transaction: ReactNode): ReactNode => <>Asked for in transaction {transaction}.</>,
    collected: (transaction: ReactNode): ReactNode => <>Collected in transaction {transaction}.</>,
    paidTitle: 'Paid',
    noneYet: (each: string) => `Nothing paid yet. Trades are paid together ${each}.`,
    statuses: { cut: 'waiting', submitted: 'sent', settled: en.paid },
    sold: (energy: string) => `${energy} sold`,
    bought: (energy: string) => `${energy} bought`,
    noTrade: 'no trade',
    statement: 'statement',
    watched: (approvals: number, count: number) => {
      if (approvals === 0) return 'no watcher has signed that it computed this payment'
      return count === 1
        ? 'the watcher computed this payment itself'
        : `${approvals} of ${count} watchers computed this payment themselves`
    },
    saveStatement: (time: string) => `Save the statement of the payment at ${time}`,
  },
  de: {
    inPurse: 'auf meinem Guthaben',
    available: 'jetzt verfügbar',
    add: 'Auf mein Guthaben einzahlen',
    deposit: 'Einzahlen',
    signing: 'Wird unterschrieben …',
    sending: 'Wird geschickt …',
    inWallet: (amount) => `In meiner Wallet: ${amount}. `,
    moreThanWallet: 'Das ist mehr, als in der Wallet ist.',
    thisAmountOnly: 'Sie unterschreiben nur für diesen Betrag.',
    notAnAmount: (decimals) =>
      `Ein Betrag ist eine Zahl über null mit höchstens ${decimals} Nachkommastellen, etwa 12,50.`,
    depositSent: (transaction) => <>Unterwegs, in Transaktion {transaction}.</>,
    moreThanPurse: (most) => `Das ist mehr, als auf dem Guthaben ist: höchstens ${most}.`,
    endsBuying: 'Das nimmt das ganze Guthaben; von Nachbarn wird dann nichts mehr gekauft, bis Sie wieder einzahlen.',
    paidFirst: 'Was bis dahin gekauft wurde, wird zuerst bezahlt; Sie holen ab, was übrig ist.',
    nothingToBuyWith: 'Bis dahin ist nichts zum Kaufen übrig, und aller Strom kommt vom Versorger.',
    askAnyway: 'Alles verlangen',
    cancel: 'Auf dem Guthaben lassen',
    takenBack: 'Es ist nichts mehr verlangt: alles bleibt auf dem Guthaben.',
    putIn: 'eingezahlt, abzüglich Ausgezahltem',
    earned: 'von Nachbarn eingenommen',
    spent: 'an Nachbarn gezahlt',
    heldBack: 'zurückgehalten',
    heldBackUntil: (time) => `für Gekauftes, das noch nicht bezahlt ist, bis etwa ${time}`,
    asked: 'verlangt',
    askedUntil: (time) => `abzuholen ab ${time}`,
    cannotDeposit: 'Diese Art von Geld lässt sich nicht allein mit einer Unterschrift einzahlen.',
    words: { payout: 'Auszahlung', withdrawal: 'Rückzahlung' },
    request: (word) => (word === 'payout' ? 'Auszahlung verlangen' : 'Geld zurückverlangen'),
    requestInstead: 'Stattdessen einen anderen Betrag verlangen',
    askedFor: (amount) => <>{amount} verlangt.</>,
    collectAt: (time, duration) => `Sie können es ab ${time} abholen, in ${duration}.`,
    movesOver: 'Es geht auf das Guthaben Ihres anderen Zählers.',
    goesTo: (address) => `Es geht an ${address}.`,
    ready: 'Es liegt zum Abholen bereit.',
    collect: 'Abholen',
    all: 'alles',
    emptyAmount: '0,00',
    ask: 'Verlangen',
    twoSteps: (delay) =>
      `Zwei Schritte: Sie unterschreiben jetzt und holen es ${delay} später ab. Niemand kann das verhindern.`,
    requestSent: (transaction) => <>Verlangt in Transaktion {transaction}.</>,
    collected: (transaction) => <>Abgeholt in Transaktion {transaction}.</>,
    paidTitle: 'Bezahlt',
    noneYet: (each) => `Noch nichts bezahlt. Was gehandelt wurde, wird ${each} gemeinsam bezahlt.`,
    statuses: { cut: 'wartet', submitted: 'geschickt', settled: de.paid },
    sold: (energy) => `${energy} verkauft`,
    bought: (energy) => `${energy} gekauft`,
    noTrade: 'kein Handel',
    statement: 'Nachweis',
    watched: (approvals, count) => {
      if (approvals === 0) return 'kein Wächter hat unterschrieben, dass er diese Zahlung nachgerechnet hat'
      return count === 1
        ? 'der Wächter hat diese Zahlung selbst nachgerechnet'
        : `${approvals} von ${count} Wächtern haben diese Zahlung selbst nachgerechnet`
    },
    saveStatement: (time) => `Nachweis der Zahlung von ${time} speichern`,
  },
})
