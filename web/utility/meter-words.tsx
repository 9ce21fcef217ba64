/** The texts of the grid operator's list of meters, and of taking a confirmation back. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

export const meterWords = catalogue({
  en: {
    tab: 'Meters',
    period: vocabulary.en.utility.period,
    none: 'No meter has joined yet.',
    meter: 'Meter',
    zone: 'Zone',
    most: 'at most, Wh',
    newest: 'newest reading',
    state: 'State',
    states: {
      confirmed: 'confirmed',
      unconfirmed: 'not confirmed',
      suspended: 'suspended: two values for one time',
      closed: 'closed',
    },
    closesAt: (time: string) => `ends ${time}`,
    never: 'none yet',
    silent: 'silent',
    act: 'Revoke…',
    revokeTitle: (meter: string) => `Revoke the meter ${meter}`,
    revokeText: (period: string) =>
      `From the next ${period} on it trades nothing, wherever it sits, and its owner’s page says so. What it traded before is paid. Nobody else has to agree. It cannot be taken back; you can confirm the meter anew, and it waits for that among the meters to confirm.`,
    revoke: 'Sign and revoke',
    signing: 'Signing…',
    cancel: 'Leave it confirmed',
    revoked: (transaction: ReactNode): ReactNode => <>On its way, in transaction {transaction}.</>,
    older: 'Show more',
  },
  de: {
    tab: 'Zähler',
    period: vocabulary.de.utility.period,
    none: 'Noch macht kein Zähler mit.',
    meter: 'Zähler',
    zone: 'Zone',
    most: 'höchstens, Wh',
    newest: 'neuester Zählerstand',
    state: 'Stand',
    states: {
      confirmed: 'bestätigt',
      unconfirmed: 'nicht bestätigt',
      suspended: 'ausgesetzt: zwei Werte für eine Zeit',
      closed: 'beendet',
    },
    closesAt: (time) => `endet ${time}`,
    never: 'noch keiner',
    silent: 'verstummt',
    act: 'Widerrufen …',
    revokeTitle: (meter) => `Den Zähler ${meter} widerrufen`,
    revokeText: (period) =>
      `Ab der nächsten ${period} handelt er nichts, wo immer er sitzt, und die Seite seines Besitzers sagt es. Was er vorher gehandelt hat, wird bezahlt. Niemand sonst muss zustimmen. Es lässt sich nicht zurücknehmen; Sie können den Zähler neu bestätigen, und er wartet darauf unter den Zählern zum Bestätigen.`,
    revoke: 'Unterschreiben und widerrufen',
    signing: 'Wird unterschrieben …',
    cancel: 'Bestätigt lassen',
    revoked: (transaction) => <>Unterwegs, in Transaktion {transaction}.</>,
    older: 'Mehr zeigen',
  },
})
