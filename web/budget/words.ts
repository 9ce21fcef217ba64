/** The texts of the daily budget. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

export const budgetWords = catalogue({
  en: {
    title: 'My daily budget',
    isSet: 'counts',
    isOff: 'none',
    keepTo: 'Keep to a daily budget',
    most: 'The most I spend on neighbours’ energy in a day',
    notSetYet: 'not set yet',
    less: (step: string) => `${step} less`,
    more: (step: string) => `${step} more`,
    least: 'Type a smaller amount into the field, or switch the budget off.',
    field: (currency: string) => `My daily budget in ${currency}`,
    notAnAmount: 'A budget is an amount of more than nothing with at most two decimals, such as 4.50.',
    signing: 'Signing…',
    set: 'Set my budget',
    keepAsItWas: 'Keep as it was',
    nothingChanged: 'This is your budget. Change it to set another one.',
    noConnection: 'Without a connection nothing can be signed.',
    unanswered:
      'The server did not answer, so nobody knows yet whether it counts. Once the connection is back, this page shows what holds.',
    none: 'You have no daily budget: your price alone decides.',
    spent: (paid: string, budget: string) => `${paid} of ${budget} today.`,
    reached: (time: string) => `Your budget is reached: buying goes on at midnight (${time}).`,
    countsFrom: (budget: string, time: string) => `Signed. ${budget} a day counts from ${time}.`,
    endsFrom: (time: string) => `Signed. From ${time} on there is no daily budget.`,
    explain: (period: string) =>
      `When the day’s energy from neighbours, grid fees included, has cost this much, nothing more is bought until midnight; then all comes from your supplier. What you agreed on before is kept in any case, and counts. A change counts from the next ${period} on.`,
    period: vocabulary.en.home.period,
  },
  de: {
    title: 'Mein Tagesbudget',
    isSet: 'gilt',
    isOff: 'keines',
    keepTo: 'Ein Tagesbudget einhalten',
    most: 'Höchstens für Strom von Nachbarn am Tag',
    notSetYet: 'noch nicht gesetzt',
    less: (step) => `${step} weniger`,
    more: (step) => `${step} mehr`,
    least: 'Geben Sie einen kleineren Betrag in das Feld ein, oder schalten Sie das Budget aus.',
    field: (currency) => `Mein Tagesbudget in ${currency}`,
    notAnAmount: 'Ein Budget ist ein Betrag über null mit höchstens zwei Nachkommastellen, etwa 4,50.',
    signing: 'Wird unterschrieben …',
    set: 'Mein Budget setzen',
    keepAsItWas: 'Lassen, wie es war',
    nothingChanged: 'Das ist Ihr Budget. Ändern Sie es, um ein anderes zu setzen.',
    noConnection: 'Ohne Verbindung lässt sich nichts unterschreiben.',
    unanswered:
      'Der Server hat nicht geantwortet; darum weiß noch niemand, ob es gilt. Sobald die Verbindung wieder da ist, zeigt diese Seite, was gilt.',
    none: 'Sie haben kein Tagesbudget: nur Ihr Preis entscheidet.',
    spent: (paid, budget) => `Heute ${paid} von ${budget}.`,
    reached: (time) => `Ihr Budget ist ausgeschöpft: um Mitternacht (${time}) wird weiter gekauft.`,
    countsFrom: (budget, time) => `Unterschrieben. ${budget} am Tag gelten ab ${time}.`,
    endsFrom: (time) => `Unterschrieben. Ab ${time} gibt es kein Tagesbudget.`,
    explain: (period) =>
      `Hat der Strom von Nachbarn an einem Tag so viel gekostet, Netzgebühren eingeschlossen, wird bis Mitternacht nichts mehr gekauft; dann kommt alles vom Versorger. Was Sie vorher vereinbart haben, wird in jedem Fall eingehalten und zählt mit. Eine Änderung gilt ab der nächsten ${period}.`,
    period: vocabulary.de.home.period,
  },
})
