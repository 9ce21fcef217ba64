/** What the page says where a request failed: sentences of its own for what people meet; everything else is said by the server. */
import { catalogue } from '../words/language.ts'

export const apiWords = catalogue({
  en: {
    unreachable: 'The server cannot be reached. Check the connection and try again.',
    answered: (status: number) => `The server answered with status ${status}.`,
    noJson: 'The server gave an answer that this page cannot read.',
    pageMissing: 'A part of this page could not be fetched. Check the connection, then load the page again.',
    /** By the code of the refusal. */
    refusals: {
      ORDER_SEAT_CLOSED: 'This meter trades no more, or it is suspended.',
      ORDER_NONCE: 'Another price was set at the same moment. Look at your price and set it again.',
      ORDER_RATE: 'That was too fast. Wait a second and try again.',
      ORDER_UNKNOWN: 'There is nothing left to take back.',
      ORDER_GATE_CLOSED: 'It has started by now, so nothing more can be agreed ahead for it.',
      ORDER_FUNDS: 'There is not enough money in your purse for that. Put some in first.',
      ORDER_UNCONFIRMED: 'The grid operator has not confirmed your meter yet.',
      SESSION_KEY_EXPIRED: 'This device may not sign for you any more. Sign in again.',
      DATABASE_SILENT: 'The server is busy and did not answer in time. Try again in a moment.',
      STORE_ARCHIVED: 'This time has been put away in an archive. Ask whoever keeps the server.',
      STATEMENTS_BUSY: 'Too many statements are being made right now. Try again in a moment.',
      SETTLEMENT_STATEMENT_ERASED: 'This statement has been erased.',
      CHAIN_UNREACHABLE: 'The public ledger cannot be reached right now. Nothing was sent; try again in a moment.',
      RELAY_UNINVITED: 'The server pays only for who is invited. Ask a neighbour or the operator for a link.',
      PAIRING_UNKNOWN: 'This code is wrong or has expired. Enter the one that the agent shows now.',
      PAIRING_TAKEN:
        'Another account has entered this code. If that was not you, stop the agent and pair again in ten minutes.',
      PAIRING_TRIES: 'Those were too many wrong codes. Wait ten minutes.',
    } as Readonly<Record<string, string>>,
  },
  de: {
    unreachable: 'Der Server ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
    answered: (status) => `Der Server antwortete mit Status ${status}.`,
    noJson: 'Der Server gab eine Antwort, die diese Seite nicht lesen kann.',
    pageMissing:
      'Ein Teil dieser Seite konnte nicht geladen werden. Prüfen Sie die Verbindung und laden Sie die Seite dann neu.',
    refusals: {
      ORDER_SEAT_CLOSED: 'Dieser Zähler handelt nicht mehr, oder er ist gesperrt.',
      ORDER_NONCE:
        'Im selben Augenblick wurde ein anderer Preis gesetzt. Sehen Sie nach und setzen Sie ihn noch einmal.',
      ORDER_RATE: 'Das ging zu schnell. Warten Sie eine Sekunde und versuchen Sie es noch einmal.',
      ORDER_UNKNOWN: 'Es gibt nichts mehr zurückzunehmen.',
      ORDER_GATE_CLOSED: 'Sie hat schon begonnen; im Voraus lässt sich für sie nichts mehr vereinbaren.',
      ORDER_FUNDS: 'Dafür reicht Ihr Guthaben nicht. Zahlen Sie zuerst etwas ein.',
      ORDER_UNCONFIRMED: 'Der Netzbetreiber hat Ihren Zähler noch nicht bestätigt.',
      SESSION_KEY_EXPIRED: 'Dieses Gerät darf nicht mehr für Sie unterschreiben. Melden Sie sich neu an.',
      DATABASE_SILENT:
        'Der Server ist beschäftigt und hat nicht rechtzeitig geantwortet. Versuchen Sie es gleich noch einmal.',
      STORE_ARCHIVED: 'Diese Zeit liegt in einem Archiv. Wer den Server betreibt, hat es.',
      STATEMENTS_BUSY: 'Gerade werden zu viele Abrechnungen gemacht. Versuchen Sie es gleich noch einmal.',
      SETTLEMENT_STATEMENT_ERASED: 'Diese Abrechnung wurde gelöscht.',
      CHAIN_UNREACHABLE:
        'Das öffentliche Register ist gerade nicht erreichbar. Nichts wurde geschickt; versuchen Sie es gleich noch einmal.',
      RELAY_UNINVITED:
        'Der Server zahlt nur für Eingeladene. Bitten Sie einen Nachbarn oder den Betreiber um einen Link.',
      PAIRING_UNKNOWN: 'Dieser Code ist falsch oder abgelaufen. Geben Sie den ein, den der Agent jetzt zeigt.',
      PAIRING_TAKEN:
        'Ein anderes Konto hat diesen Code eingegeben. Wenn Sie das nicht waren, halten Sie den Agenten an und verbinden Sie ihn in zehn Minuten neu.',
      PAIRING_TRIES: 'Das waren zu viele falsche Codes. Warten Sie zehn Minuten.',
    },
  },
})
