/** Why a watcher does not sign a payment, and how it is told what a program has said in English. */
import type { WatchersResource } from '../../server/api/watching-resources.ts'
import { catalogue } from '../words/language.ts'

type Reason = NonNullable<NonNullable<WatchersResource['waiting']>['words'][number]['reason']>

/** Why a watcher does not sign. */
const becauseEn: Record<Reason, string> = {
  other: 'It names no reason of those known.',
  incomplete: 'Something that the payment rests on is missing.',
  times: 'Its times are wrong.',
  statement: 'It comes to another statement.',
  band: 'A price lies outside the area’s band.',
  'grid-take': 'The grid’s share is another one.',
  entries: 'An entry is missing, or says something else.',
  'moved-without-trade': 'Traded energy would be lost.',
  header: 'What is to be signed does not fit what was shown.',
  unsigned: 'Something is not signed by whom it must be.',
  stated: 'What the server states cannot have been.',
  'passed-over': 'A meter is kept from trading for too long.',
  'signed-another': 'It has signed another version of the same payment.',
}
const becauseDe: Record<Reason, string> = {
  other: 'Er nennt keinen der bekannten Gründe.',
  incomplete: 'Etwas fehlt, worauf die Zahlung beruht.',
  times: 'Ihre Zeiten sind falsch.',
  statement: 'Er kommt auf einen anderen Nachweis.',
  band: 'Ein Preis liegt außerhalb der Spanne des Gebiets.',
  'grid-take': 'Der Anteil des Netzes ist ein anderer.',
  entries: 'Ein Eintrag fehlt oder sagt etwas anderes.',
  'moved-without-trade': 'Gehandelter Strom ginge verloren.',
  header: 'Was zu unterschreiben ist, passt nicht zu dem, was gezeigt wurde.',
  unsigned: 'Etwas ist nicht von der richtigen Stelle unterschrieben.',
  stated: 'Was der Server angibt, kann nicht gewesen sein.',
  'passed-over': 'Ein Zähler wird zu lange vom Handel ferngehalten.',
  'signed-another': 'Er hat eine andere Fassung derselben Zahlung unterschrieben.',
}

export const refusalWords = catalogue({
  en: { because: becauseEn, says: 'In its own words:' },
  de: { because: becauseDe, says: 'Im Wortlaut, auf Englisch:' },
})
