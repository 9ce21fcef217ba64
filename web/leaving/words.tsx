/** The texts of moving house, taking data along and having it erased. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'

export const leavingWords = catalogue({
  en: {
    title: 'Moving, my data, being erased',
    movingTitle: 'I am moving',
    movingNext: (command: ReactNode): ReactNode => (
      <>
        Whoever lives here after you starts {command} and enters its code in an account of their own. Your place with
        this meter ends by itself with the running period, and what was traded before is paid to you. Nobody else can
        take it over: the meter itself signs.
      </>
    ),
    movingNew:
      'In your new home you pair its meter with this same account; its grid operator confirms it there. Until then nothing of it is traded.',
    movingMoney:
      'Your money does not move by itself: it stays in this purse until you have it paid out, or moved to the purse of another meter of yours.',
    joinNew: 'Pair the meter of my new home',
    moveTitle: 'Move money to my other meter',
    moveText: (delay: string) =>
      `Two steps: you sign now and collect it ${delay} later, above at the payout. Until then you can leave it where it is.`,
    moveTo: 'To the meter',
    amount: 'Amount',
    move: 'Ask for it to move',
    signing: 'Signing…',
    moved: (transaction: ReactNode): ReactNode => <>Asked for in transaction {transaction}.</>,
    notAnAmount: (decimals: number) =>
      `An amount is a number above zero with at most ${decimals} decimals, such as 12.50.`,
    tooMuch: (most: string) => `That is more than is in the purse: at most ${most}.`,
    dataTitle: 'Take my data along',
    dataText:
      'Everything that this server keeps of your account: meters, limits, prices you set, every period, readings with their signatures, payments, agreements, documents, who read what, where you are signed in. It is made now, and nobody else is told.',
    dataForm: (link: ReactNode): ReactNode => (
      <>Each line is one thing in JSON; what its fields mean stands in {link} under the list that it names.</>
    ),
    dataLink: 'the description of the API',
    everything: 'Save everything (JSON)',
    periods: 'Save my periods (CSV)',
    making: 'One moment…',
    savedItems: (count: string): string => `Saved: ${count} things.`,
    notWhole: 'It broke off before its end. Try again.',
    eraseTitle: 'Erase me',
    eraseWhat:
      'Erased here: what ties you to your entries in payments, and the notices of that time. Afterwards nobody can show or prove what you traded in a period of these payments, and neither can you.',
    eraseChain:
      'What stays in the public ledger, because it forgets nothing: what this meter sold and bought in each payment as one sum, its money, and the address of your account. No name, no place, no period.',
    eraseBooks:
      'What stays here: the market’s books, numbers without your name, since your neighbours’ results were computed from them; invoices, as long as the law asks; and copies that were archived or saved before.',
    eraseWhen: 'It happens at once, nobody else has to agree, and it cannot be taken back. Save first what you need.',
    eraseUntil: 'Of everything that was paid until the end of',
    eraseSure: 'I have saved what I need',
    erase: 'Erase it',
    erased: (count: number): string =>
      count === 0
        ? 'There was nothing to erase in that time, or it had been erased before.'
        : `Erased: what tied you to ${count === 1 ? 'one payment' : `${count} payments`}.`,
  },
  de: {
    title: 'Umziehen, meine Daten, gelöscht werden',
    movingTitle: 'Ich ziehe um',
    movingNext: (command) => (
      <>
        Wer nach Ihnen hier wohnt, startet {command} und gibt den Code in einem eigenen Konto ein. Ihr Platz mit diesem
        Zähler endet dann von selbst mit der laufenden Zeitspanne, und was vorher gehandelt wurde, wird Ihnen bezahlt.
        Niemand sonst kann ihn übernehmen: Der Zähler selbst unterschreibt.
      </>
    ),
    movingNew:
      'In Ihrem neuen Haus verbinden Sie den Zähler dort mit diesem selben Konto; der Netzbetreiber bestätigt ihn. Bis dahin wird nichts davon gehandelt.',
    movingMoney:
      'Ihr Geld zieht nicht von selbst mit: Es bleibt auf diesem Guthaben, bis Sie es auszahlen lassen oder auf das Guthaben eines anderen Zählers von Ihnen übertragen.',
    joinNew: 'Den Zähler meines neuen Hauses verbinden',
    moveTitle: 'Geld auf meinen anderen Zähler übertragen',
    moveText: (delay) =>
      `Zwei Schritte: Sie unterschreiben jetzt und holen es ${delay} später ab, oben bei der Auszahlung. Bis dahin können Sie es lassen, wo es ist.`,
    moveTo: 'Auf den Zähler',
    amount: 'Betrag',
    move: 'Übertragung verlangen',
    signing: 'Wird unterschrieben …',
    moved: (transaction) => <>Verlangt in Transaktion {transaction}.</>,
    notAnAmount: (decimals) =>
      `Ein Betrag ist eine Zahl über null mit höchstens ${decimals} Nachkommastellen, etwa 12,50.`,
    tooMuch: (most) => `Das ist mehr, als auf dem Guthaben ist: höchstens ${most}.`,
    dataTitle: 'Meine Daten mitnehmen',
    dataText:
      'Alles, was dieser Server von Ihrem Konto hat: Zähler, Grenzen, gesetzte Preise, jede Zeitspanne, Zählerstände mit ihren Unterschriften, Zahlungen, Vereinbarungen, Belege, wer was gelesen hat, wo Sie angemeldet sind. Es wird jetzt zusammengestellt, und niemand sonst erfährt davon.',
    dataForm: (link) => (
      <>Jede Zeile ist ein Ding in JSON; was seine Felder bedeuten, steht in {link} bei der Liste, die sie nennt.</>
    ),
    dataLink: 'der Beschreibung der API',
    everything: 'Alles speichern (JSON)',
    periods: 'Meine Zeitspannen speichern (CSV)',
    making: 'Einen Moment …',
    savedItems: (count) => `Gespeichert: ${count} Dinge.`,
    notWhole: 'Es ist vor dem Ende abgebrochen. Versuchen Sie es noch einmal.',
    eraseTitle: 'Lösche mich',
    eraseWhat:
      'Gelöscht wird hier, was Sie mit Ihren Einträgen in Zahlungen verbindet, und die Mitteilungen aus dieser Zeit. Danach kann niemand mehr zeigen oder beweisen, was Sie in einer Zeitspanne dieser Zahlungen gehandelt haben, auch Sie nicht.',
    eraseChain:
      'Im öffentlichen Register bleibt, weil es nichts vergisst: was dieser Zähler in jeder Zahlung verkauft und gekauft hat als eine Summe, sein Geld und die Adresse Ihres Kontos. Kein Name, kein Ort, keine Zeitspanne.',
    eraseBooks:
      'Hier bleiben die Bücher des Marktes, Zahlen ohne Ihren Namen, weil die Ergebnisse Ihrer Nachbarn aus ihnen berechnet sind; Rechnungen, solange das Gesetz sie verlangt; und Kopien, die vorher archiviert oder gespeichert wurden.',
    eraseWhen:
      'Es geschieht sofort, niemand sonst muss zustimmen, und es lässt sich nicht zurücknehmen. Speichern Sie vorher, was Sie brauchen.',
    eraseUntil: 'Von allem, was bezahlt wurde bis zum Ende des',
    eraseSure: 'Ich habe gespeichert, was ich brauche',
    erase: 'Löschen',
    erased: (count) =>
      count === 0
        ? 'Aus dieser Zeit war nichts zu löschen, oder es ist schon gelöscht.'
        : `Gelöscht ist, was Sie mit ${count === 1 ? 'einer Zahlung' : `${count} Zahlungen`} verband.`,
  },
})
