/** The texts of who takes part, of inviting, and of how payments go. */
import { catalogue } from '../words/language.ts'

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

export const memberWords = catalogue({
  en: {
    members: 'Members by place in the grid',
    zone: 'Zone',
    accounts: 'members',
    meters: 'meters',
    unconfirmed: 'not confirmed',
    inviteTitle: 'Invite members',
    inviteText:
      'You sign a link. Whoever opens it can join free of charge, until as many have as you say. Nobody can join twice with it.',
    places: 'For how many members',
    placesWrong: 'That is a whole number from 1 to 10,000.',
    days: 'Good for how many days',
    daysWrong: 'That is a whole number of days from 1 to 365.',
    sign: 'Sign the link',
    signing: 'Signing…',
    link: (places: number, until: string) =>
      `Send this link to ${plural(places, 'new member', 'new members')}. It is good until ${until}.`,
    invited: (ofOffices: number, ofMembers: number) =>
      ofOffices + ofMembers === 0
        ? 'Nobody has taken an invitation yet.'
        : `Invitations taken: ${ofOffices} from utility and operator, ${ofMembers} from members.`,
    withoutMeter: (count: number) =>
      count === 0 ? 'Each of them has brought a meter.' : `${count} of them have not brought a meter yet.`,
    newest: (time: string) => `The newest: ${time}.`,
    health: 'How payments go',
    paidUntil: 'paid until',
    waiting: 'waiting to be paid',
    waitingOf: (count: number, since: string) => `${plural(count, 'payment', 'payments')}, the oldest for ${since}`,
    none: 'none',
    notYet: 'not yet',
    gas: 'gas of a payment',
    gasOf: (each: string, meter: string) => `${each} on average, ${meter} a meter`,
    watchers: 'watchers',
    nobodyWatches: 'nobody: only this server computes the payments',
    watched: (quorum: number, all: number) => `${quorum} of ${all} must sign each payment`,
    signedBy: (signed: number, all: number, since: string) =>
      `Signed so far by ${signed} of ${all}, waiting since ${since}.`,
    settlesAnyway: (time: string) => `Without them it settles from ${time} on.`,
    refused: (watcher: string, why: string) => `${watcher} does not sign: ${why}`,
  },
  de: {
    members: 'Mitglieder nach Ort im Netz',
    zone: 'Zone',
    accounts: 'Mitglieder',
    meters: 'Zähler',
    unconfirmed: 'nicht bestätigt',
    inviteTitle: 'Mitglieder einladen',
    inviteText:
      'Sie unterschreiben einen Link. Wer ihn öffnet, kann kostenlos mitmachen, bis es so viele getan haben, wie Sie sagen. Niemand kann damit zweimal mitmachen.',
    places: 'Für wie viele Mitglieder',
    placesWrong: 'Das ist eine ganze Zahl von 1 bis 10.000.',
    days: 'Wie viele Tage er gilt',
    daysWrong: 'Das ist eine ganze Zahl von 1 bis 365 Tagen.',
    sign: 'Den Link unterschreiben',
    signing: 'Wird unterschrieben …',
    link: (places, until) =>
      `Schicken Sie diesen Link ${plural(places, 'neuen Mitglied', 'neuen Mitgliedern')}. Er gilt bis ${until}.`,
    invited: (ofOffices, ofMembers) =>
      ofOffices + ofMembers === 0
        ? 'Noch hat niemand eine Einladung angenommen.'
        : `Angenommene Einladungen: ${ofOffices} von Versorger und Betreiber, ${ofMembers} von Mitgliedern.`,
    withoutMeter: (count) =>
      count === 0
        ? 'Alle haben einen Zähler mitgebracht.'
        : `${plural(count, 'Konto davon hat', 'Konten davon haben')} noch keinen Zähler mitgebracht.`,
    newest: (time) => `Die neueste: ${time}.`,
    health: 'Wie die Zahlungen laufen',
    paidUntil: 'bezahlt bis',
    waiting: 'wartet auf Bezahlung',
    waitingOf: (count, since) => `${plural(count, 'Zahlung', 'Zahlungen')}, die älteste seit ${since}`,
    none: 'nichts',
    notYet: 'noch nicht',
    gas: 'Gas einer Zahlung',
    gasOf: (each, meter) => `im Mittel ${each}, je Zähler ${meter}`,
    watchers: 'Wächter',
    nobodyWatches: 'niemand: Nur dieser Server rechnet die Zahlungen',
    watched: (quorum, all) => `${quorum} von ${all} müssen jede Zahlung unterschreiben`,
    signedBy: (signed, all, since) => `Bisher haben ${signed} von ${all} unterschrieben; sie wartet seit ${since}.`,
    settlesAnyway: (time) => `Ohne sie wird ab ${time} bezahlt.`,
    refused: (watcher, why) => `${watcher} unterschreibt nicht: ${why}`,
  },
})
