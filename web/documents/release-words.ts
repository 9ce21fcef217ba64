/** The texts of reports that two people release. */
import { catalogue } from '../words/language.ts'

export const releaseWords = catalogue({
  en: {
    title: 'Reports to be released',
    explain:
      'A report that was put forward is released once two different people have signed what its manifest says: range, sums and the fingerprint of the file. If anything in it changes, the new version needs both again.',
    none: 'No report was put forward yet. That is done beside each version, in the list of reports.',
    report: (name: string, version: number) => `${name}, version ${version}`,
    byPeriods: { day: 'by day', month: 'by month' },
    changesOnly: 'changes only',
    rows: (rows: number) => (rows === 1 ? 'one row' : `${rows} rows`),
    states: { waiting: 'waits for approval', changed: 'has changed since', released: 'released' },
    changedText: 'The report says something else by now: write it again and put the new version forward.',
    proposed: (when: string) => `put forward on ${when}`,
    released: (when: string) => `released on ${when}`,
    approvals: (given: number, needed: number) => `${given} of ${needed} have approved`,
    approve: 'Approve with your signature',
    approving: 'Signing…',
    approved: 'You have approved this.',
    fingerprint: (hash: string) => `Fingerprint of the manifest (SHA-256) ${hash}`,
    propose: 'Put forward for release',
  },
  de: {
    title: 'Berichte zur Freigabe',
    explain:
      'Ein vorgelegter Bericht ist freigegeben, sobald zwei verschiedene Personen unterschrieben haben, was über ihn feststeht: Zeitraum, Summen und der Prüfwert der Datei. Ändert sich etwas darin, braucht die neue Fassung beide noch einmal.',
    none: 'Noch ist kein Bericht vorgelegt. Das geschieht neben jeder Fassung, in der Liste der Berichte.',
    report: (name, version) => `${name}, Fassung ${version}`,
    byPeriods: { day: 'je Tag', month: 'je Monat' },
    changesOnly: 'nur Änderungen',
    rows: (rows) => (rows === 1 ? 'eine Zeile' : `${rows} Zeilen`),
    states: { waiting: 'wartet auf Freigabe', changed: 'seither geändert', released: 'freigegeben' },
    changedText: 'Der Bericht sagt inzwischen etwas anderes: schreiben Sie ihn neu und legen Sie die neue Fassung vor.',
    proposed: (when) => `vorgelegt am ${when}`,
    released: (when) => `freigegeben am ${when}`,
    approvals: (given, needed) => `${given} von ${needed} haben freigegeben`,
    approve: 'Mit Ihrer Unterschrift freigeben',
    approving: 'Wird unterschrieben …',
    approved: 'Sie haben das freigegeben.',
    fingerprint: (hash) => `Prüfwert (SHA-256) ${hash}`,
    propose: 'Zur Freigabe vorlegen',
  },
})
