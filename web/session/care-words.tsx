/** The texts of looking after an account: where it is signed in, its second key, and getting it back. Loaded with those parts. */
import type { ReactNode } from 'react'
import { catalogue } from '../words/language.ts'
import { sessionWords } from './words.ts'

interface Paper {
  account: string
  key: string
  /** The page's own address. */
  page: string
}

/** The server names a client in English: "Firefox on Windows", "Safari on an iPhone", "Safari" or "a program". */
function germanClient(client: string): string {
  return client === 'a program' ? 'ein Programm' : client.replace(/ on (an? )?/, ' auf ')
}

export const careWords = catalogue({
  en: {
    signedIn: 'Where I am signed in',
    since: (client: string, moment: string) => `${client}, since ${moment}`,
    here: 'here',
    signOut: 'Sign out',
    endIt: 'End it',
    ifLostDevice: 'If I lose this device',
    lostDeviceText:
      'Your account lies in this browser, locked with your passphrase. Save it as a file and keep that elsewhere: with the file and the passphrase you open it on any device. Without both nobody can bring it back, nor what is in its purse.',
    saveAccount: 'Save my account as a file',
    ifLost: 'If I lose my passkey',
    notOpenYet:
      'Your account is entered in the public ledger when you join with a meter. Then you can name a second key for it here.',
    somebodyAsks: 'Somebody with your second key asks for this account.',
    objectNow: (from: string) => `From ${from} on another passkey can take it over. If that was not you, object now.`,
    notMe: 'That was not me',
    hasSecond: (delay: string) =>
      `A second key is named. It cannot sign for you; it can ask for the account, and gets it after ${delay}, unless you object here.`,
    noSecond: (delay: string) =>
      `Nobody can give a lost passkey back to you. Name a second key now: it can ask for the account when the passkey is gone, and gets it after ${delay}, unless you object.`,
    printAnother: 'Print another recovery key',
    printFirst: 'Save a recovery key to print',
    otherDevice: 'Use a passkey of another device',
    nameNone: 'Name no second key',
    signed: 'Signed. It counts as soon as the public ledger has it, in a moment.',
    prices: 'Prices from this device',
    setsPrice: (meter: string, until: string) =>
      `This device changes the price of the meter ${meter}… without asking for your finger, inside your limits, until ${until}.`,
    asksOnce: 'Your passkey is asked the next time you set a price here, and then no more.',
    stopPrices: 'Take that back (what it set ends)',
    account: 'Account',
    recoveryKey: 'Recovery key',
    hint: (delay: string) =>
      `Leave the key empty if your second key is a passkey: you are asked for it. A new passkey is made on this device; it gets the account after ${delay}, unless whoever has the lost one objects.`,
    signing: 'Signing…',
    ask: 'Ask for my account',
    asked: (account: string, from: string): ReactNode => (
      <>
        Asked for the account {account}…: the passkey of this device can take it over <strong>from {from}</strong>.
      </>
    ),
    moment: 'One moment…',
    takeOver: 'Take it over',
    paper: ({ account, key, page }: Paper) =>
      `Recovery key of a Commonwatt account. Keep it away from the device; whoever has it can ask for the account.

Account: ${account}
Key:     ${key}

To recover: open ${page}/account, choose "${sessionWords.texts.en.lostPasskey}", and type both.
`,
    noneOpen: 'No account of a passkey is open at this address.',
    malformed: 'The account is 0x and 40 hexadecimal digits, the recovery key 0x and 64: compare them with the paper.',
  },
  de: {
    signedIn: 'Wo ich angemeldet bin',
    since: (client, moment) => `${germanClient(client)}, seit ${moment}`,
    here: 'hier',
    signOut: 'Abmelden',
    endIt: 'Dort abmelden',
    ifLostDevice: 'Wenn ich dieses Gerät verliere',
    lostDeviceText:
      'Ihr Konto liegt in diesem Browser, verschlossen mit Ihrem Passwortsatz. Speichern Sie es als Datei und bewahren Sie diese woanders auf: Mit Datei und Passwortsatz öffnen Sie es auf jedem Gerät. Ohne beides kann es niemand zurückbringen, und auch das Guthaben nicht.',
    saveAccount: 'Mein Konto als Datei speichern',
    ifLost: 'Wenn ich meinen Passkey verliere',
    notOpenYet:
      'Ihr Konto kommt in das öffentliche Register, wenn Sie mit einem Zähler mitmachen. Dann können Sie hier einen zweiten Schlüssel dafür festlegen.',
    somebodyAsks: 'Jemand mit Ihrem zweiten Schlüssel verlangt dieses Konto.',
    objectNow: (from) =>
      `Ab ${from} kann ein anderer Passkey es übernehmen. Waren Sie das nicht, widersprechen Sie jetzt.`,
    notMe: 'Das war ich nicht',
    hasSecond: (delay) =>
      `Ein zweiter Schlüssel ist festgelegt. Er kann nicht für Sie unterschreiben; er kann das Konto verlangen und bekommt es nach der Wartezeit (${delay}), wenn Sie hier nicht widersprechen.`,
    noSecond: (delay) =>
      `Einen verlorenen Passkey kann Ihnen niemand wiedergeben. Legen Sie jetzt einen zweiten Schlüssel fest: Er kann das Konto verlangen, wenn der Passkey weg ist, und bekommt es nach der Wartezeit (${delay}), wenn Sie nicht widersprechen.`,
    printAnother: 'Einen anderen Ersatzschlüssel drucken',
    printFirst: 'Einen Ersatzschlüssel zum Drucken speichern',
    otherDevice: 'Den Passkey eines anderen Geräts nehmen',
    nameNone: 'Keinen zweiten Schlüssel mehr haben',
    signed: 'Unterschrieben. Es gilt, sobald es im öffentlichen Register steht, also gleich.',
    prices: 'Preise von diesem Gerät',
    setsPrice: (meter, until) =>
      `Dieses Gerät ändert den Preis des Zählers ${meter}… bis ${until}, ohne nach Ihrem Finger zu fragen, innerhalb Ihrer Grenzen.`,
    asksOnce: 'Wenn Sie hier das nächste Mal einen Preis setzen, wird Ihr Passkey gefragt, und danach nicht mehr.',
    stopPrices: 'Das zurücknehmen (was dieses Gerät gesetzt hat, endet)',
    account: 'Konto',
    recoveryKey: 'Ersatzschlüssel',
    hint: (delay) =>
      `Lassen Sie den Schlüssel leer, wenn Ihr zweiter Schlüssel ein Passkey ist: Dann werden Sie nach ihm gefragt. Auf diesem Gerät wird ein neuer Passkey angelegt; er bekommt das Konto nach der Wartezeit (${delay}), es sei denn, wer den verlorenen hat, widerspricht.`,
    signing: 'Wird unterschrieben …',
    ask: 'Mein Konto verlangen',
    asked: (account, from) => (
      <>
        Das Konto {account}… ist verlangt: Der Passkey dieses Geräts kann es <strong>ab {from}</strong> übernehmen.
      </>
    ),
    moment: 'Einen Moment …',
    takeOver: 'Übernehmen',
    paper: ({ account, key, page }) =>
      `Ersatzschlüssel eines Kontos bei Commonwatt. Bewahren Sie ihn nicht beim Gerät auf; wer ihn hat, kann das Konto verlangen.

Konto:     ${account}
Schlüssel: ${key}

Um das Konto wiederzubekommen: ${page}/account öffnen, „${sessionWords.texts.de.lostPasskey}“ wählen und beides eintippen.
`,
    noneOpen: 'An dieser Adresse ist kein Konto mit Passkey eröffnet.',
    malformed:
      'Das Konto ist 0x und 40 hexadezimale Ziffern, der Ersatzschlüssel 0x und 64: Vergleichen Sie beide mit dem Papier.',
  },
})
