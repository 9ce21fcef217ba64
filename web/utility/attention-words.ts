/** The texts of what the utility has to look at first. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

const en = vocabulary.en.utility
const de = vocabulary.de.utility

export const attentionWords = catalogue({
  en: {
    title: 'Today',
    period: en.period,
    periods: en.periods,
    lights: { good: 'all in order', warn: 'look at this', bad: 'does not add up' },
    lightTexts: {
      good: (count: number, periods: string) => `The last ${count} ${periods} add up, and nothing waits for you.`,
      warn: 'Everything adds up. This waits for somebody:',
      bad: 'Something is wrong:',
    },
    exceptions: {
      missed: (count: number) =>
        `${count} ${count === 1 ? 'payment was' : 'payments were'} settled of which this server has no results.`,
      faults: (count: number, periods: string) => `${count} of the ${periods} shown below do not add up.`,
      waiting: (count: number) =>
        count === 1 ? 'One meter waits to be confirmed.' : `${count} meters wait to be confirmed.`,
      missing: (count: number) =>
        `${count} ${count === 1 ? 'meter has' : 'meters have'} no reading in the newest final result.`,
      unpaid: (since: string) => `Nothing was paid since ${since}.`,
      documents: (month: string, given: number, needed: number) =>
        `The documents of ${month} wait for approval: ${given} of ${needed} have signed.`,
      billChanged: (month: string) =>
        `The documents of ${month} were issued, and what they rest on changed since: preview the month again.`,
      billReported: (month: string) =>
        `Values of ${month} were corrected after its documents were issued. The documents stay; the report has a new version. Preview the month to confirm that you have seen it.`,
      releases: (count: number) =>
        count === 1
          ? 'One report waits to be released by two people.'
          : `${count} reports wait to be released by two people.`,
      releasesChanged: (count: number) =>
        count === 1
          ? 'One report that was put forward says something else by now: write it again.'
          : `${count} reports that were put forward say something else by now: write them again.`,
      undeclared: (count: number, periods: string) =>
        `${count} ${periods} wait for what you allocate in them; nothing is paid until then.`,
      conflicts: (count: number, periods: string) =>
        `Two files of official values contradict each other in ${count === 1 ? 'one' : count} of the ${periods}: a newer file decides.`,
      valuesMissing: (count: number) =>
        count === 1
          ? 'One official value of the last day is missing.'
          : `${count} official values of the last day are missing.`,
      estimated: (count: number) =>
        count === 1
          ? 'One official value of the last day is only estimated, and does not settle.'
          : `${count} official values of the last day are only estimated, and do not settle.`,
      differing: (count: number, periods: string) =>
        `In ${count === 1 ? 'one' : count} of the ${periods} of the last three days an official value and the home’s own device differ beyond the tolerance.`,
      valuesLate: (count: number) =>
        count === 1
          ? 'One official value came when it was overdue.'
          : `${count} official values came when they were overdue.`,
      valuesReplaced: (count: number) =>
        `Corrected by a newer file in the last day: ${count} official ${count === 1 ? 'value' : 'values'}.`,
      corrected: (count: number, periods: string) =>
        `Corrected by readings that came late: ${count} of these ${periods}.`,
      deviated: (energy: string) => `${energy} that were agreed ahead were not delivered or not taken.`,
    },
    yesterday: 'Yesterday',
    yesterdayText: (rows: number, fedIn: string, sold: string, taken: string) =>
      `${rows} meters fed in ${fedIn}, of which neighbours took ${sold}; ${taken} were taken in all.`,
    nothingYesterday: 'Nothing was traded yesterday.',
    addsUp: 'adds up',
    doesNot: 'does not add up',
    getYesterday: 'Yesterday’s report',
    saved: (rows: number) => `${rows} rows saved; every one adds up, checked here.`,
    inbox: 'Meters to confirm',
    nobodyWaits: 'No meter waits.',
    agentSays: (sentence: string) => `Its agent says: ${sentence}`,
    noAgent: 'It came without an agent’s word.',
    registers: (taken: string, fedIn: string) => `Registers: ${taken} taken, ${fedIn} fed in.`,
    zone: 'Zone',
    most: (period: string) => `Most it can feed in within a ${period}, Wh`,
    confirmText: (period: string) =>
      `With your signature the meter trades from the next ${period} on, at most so much. You can revoke it at any time, in the list of meters below.`,
    mostWrong:
      'That is a whole number of watt-hours above zero. It follows from the power of the roof: 10\u202fkW feed in 2500\u202fWh in a quarter of an hour.',
    confirm: 'Sign and confirm',
    signing: 'Signing…',
    confirmed: 'On its way, in transaction',
    load: 'Load of the lines',
    loadTable: 'Load of the lines, as a table',
    loadNow: (flow: string, capacity: string | null) =>
      capacity === null ? `Now ${flow}; the line has no limit.` : `Now ${flow} of ${capacity}.`,
    loadPeak: (peak: string, time: string) => `Most: ${peak}, at ${time}.`,
    loadFull: (full: number, all: number, periods: string) => `Full in ${full} of ${all} ${periods}.`,
    noLines: 'The area has one zone, and no line.',
    lineLoad: (zone: string) => `Energy over the line of ${zone}`,
    time: 'from',
  },
  de: {
    title: 'Heute',
    period: de.period,
    periods: de.periods,
    lights: { good: 'alles in Ordnung', warn: 'bitte ansehen', bad: 'geht nicht auf' },
    lightTexts: {
      good: (count, periods) => `Die letzten ${count} ${periods} gehen auf, und nichts wartet auf Sie.`,
      warn: 'Alles geht auf. Dies wartet auf jemanden:',
      bad: 'Etwas stimmt nicht:',
    },
    exceptions: {
      missed: (count) =>
        `${count} ${count === 1 ? 'Zahlung wurde' : 'Zahlungen wurden'} abgerechnet, von der dieser Server keine Ergebnisse hat.`,
      faults: (count, periods) => `${count} der unten gezeigten ${periods} gehen nicht auf.`,
      waiting: (count) =>
        count === 1 ? 'Ein Zähler wartet auf Bestätigung.' : `${count} Zähler warten auf Bestätigung.`,
      missing: (count) =>
        `${count} Zähler ${count === 1 ? 'hat' : 'haben'} im neuesten endgültigen Ergebnis keinen Wert.`,
      unpaid: (since) => `Seit ${since} wurde nichts bezahlt.`,
      documents: (month, given, needed) =>
        `Die Dokumente vom ${month} warten auf Freigabe: ${given} von ${needed} haben unterschrieben.`,
      billChanged: (month) =>
        `Die Dokumente vom ${month} sind ausgestellt, und seither hat sich geändert, worauf sie beruhen: Zeigen Sie die Vorschau des Monats neu an.`,
      billReported: (month) =>
        `Werte vom ${month} wurden berichtigt, nachdem die Dokumente ausgestellt waren. Die Dokumente bleiben; der Bericht hat eine neue Fassung. Mit einer Vorschau des Monats bestätigen Sie, dass Sie es gesehen haben.`,
      releases: (count) =>
        count === 1
          ? 'Ein Bericht wartet auf die Freigabe durch zwei Personen.'
          : `${count} Berichte warten auf die Freigabe durch zwei Personen.`,
      releasesChanged: (count) =>
        count === 1
          ? 'Ein vorgelegter Bericht sagt inzwischen etwas anderes: schreiben Sie ihn neu.'
          : `${count} vorgelegte Berichte sagen inzwischen etwas anderes: schreiben Sie sie neu.`,
      undeclared: (count, periods) =>
        `${count} ${periods} warten darauf, was Sie darin zuteilen; bis dahin wird nichts bezahlt.`,
      conflicts: (count, periods) =>
        `Zwei Dateien mit Messwerten widersprechen einander in ${count === 1 ? 'einer' : count} der ${periods}: Eine neuere Datei entscheidet.`,
      valuesMissing: (count) =>
        count === 1 ? 'Ein Messwert des letzten Tages fehlt.' : `${count} Messwerte des letzten Tages fehlen.`,
      estimated: (count) =>
        count === 1
          ? 'Ein Messwert des letzten Tages ist nur geschätzt und wird nicht abgerechnet.'
          : `${count} Messwerte des letzten Tages sind nur geschätzt und werden nicht abgerechnet.`,
      differing: (count, periods) =>
        `In ${count === 1 ? 'einer' : count} der ${periods} der letzten drei Tage weichen Messwert und eigenes Gerät stärker voneinander ab als erlaubt.`,
      valuesLate: (count) => (count === 1 ? 'Ein Messwert kam zu spät.' : `${count} Messwerte kamen zu spät.`),
      valuesReplaced: (count) =>
        `Am letzten Tag durch eine neuere Datei berichtigt: ${count} ${count === 1 ? 'Messwert' : 'Messwerte'}.`,
      corrected: (count, periods) => `Durch späte Werte berichtigt: ${count} dieser ${periods}.`,
      deviated: (energy) => `${energy}, die im Voraus vereinbart waren, wurden nicht geliefert oder nicht genommen.`,
    },
    yesterday: 'Gestern',
    yesterdayText: (rows, fedIn, sold, taken) =>
      `${rows} Zähler haben ${fedIn} eingespeist, davon nahmen Nachbarn ${sold}; bezogen wurden insgesamt ${taken}.`,
    nothingYesterday: 'Gestern wurde nichts gehandelt.',
    addsUp: 'geht auf',
    doesNot: 'geht nicht auf',
    getYesterday: 'Bericht von gestern',
    saved: (rows) => `${rows} Zeilen gespeichert; jede geht auf, hier geprüft.`,
    inbox: 'Zähler zum Bestätigen',
    nobodyWaits: 'Kein Zähler wartet.',
    agentSays: (sentence) => `Sein Agent sagt: ${sentence}`,
    noAgent: 'Er kam ohne das Wort eines Agenten.',
    registers: (taken, fedIn) => `Zählerstände: ${taken} bezogen, ${fedIn} eingespeist.`,
    zone: 'Zone',
    most: (period) => `Was er in einer ${period} höchstens einspeist, Wh`,
    confirmText: (period) =>
      `Mit Ihrer Unterschrift handelt der Zähler ab der nächsten ${period}, höchstens so viel. Sie können ihn jederzeit widerrufen, unten in der Liste der Zähler.`,
    mostWrong:
      'Das ist eine ganze Zahl von Wattstunden über null. Sie folgt aus der Leistung des Dachs: 10\u202fkW speisen in einer Viertelstunde 2500\u202fWh ein.',
    confirm: 'Unterschreiben und bestätigen',
    signing: 'Wird unterschrieben …',
    confirmed: 'Unterwegs, in Transaktion',
    load: 'Last der Leitungen',
    loadTable: 'Last der Leitungen, als Tabelle',
    loadNow: (flow, capacity) =>
      capacity === null ? `Jetzt ${flow}; die Leitung hat keine Grenze.` : `Jetzt ${flow} von ${capacity}.`,
    loadPeak: (peak, time) => `Höchstens: ${peak}, um ${time}.`,
    loadFull: (full, all, periods) => `Voll in ${full} von ${all} ${periods}.`,
    noLines: 'Das Gebiet hat eine Zone und keine Leitung.',
    lineLoad: (zone) => `Strom über die Leitung von ${zone}`,
    time: 'ab',
  },
})
