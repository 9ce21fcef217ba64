/** The texts of the area's operator. */
import type { OperationResource } from '../../server/api/operation-resources.ts'
import { catalogue } from '../words/language.ts'

type TroubleWords = Record<OperationResource['troubles'][number]['code'], (time: string, key: string) => string>

const troublesEn: TroubleWords = {
  'area-not-ready': () => 'The market takes nothing right now, neither readings nor orders.',
  'operator-other': (_time, key) =>
    `The contract takes payments from another key than this server’s (${key}): the grid operator has to appoint it.`,
  'chain-trouble': (time) => `The blockchain’s node has said something that cannot be, for ${time}.`,
  'chain-silent': (time) => `The blockchain’s node has shown nothing new for ${time}.`,
  'chain-unread': () => 'Nothing of the blockchain has been read yet.',
  'chain-old': (time) => `The newest block is ${time} old: the blockchain or its node stands still.`,
  'gas-short': (_time, key) =>
    `The key ${key} cannot pay the gas of a payment any more: send it some of the chain’s coin.`,
  'watchers-late': (time) => `A payment has waited for its watchers for ${time}.`,
  'behind-chain': () =>
    'The contract has made payments that this server’s records do not know: an older backup was restored.',
  'database-silent': () => 'The database does not answer.',
}
const troublesDe: TroubleWords = {
  'area-not-ready': () => 'Der Markt nimmt gerade nichts an, weder Zählerstände noch Aufträge.',
  'operator-other': (_time, key) =>
    `Der Vertrag nimmt Zahlungen von einem anderen Schlüssel an als dem dieses Servers (${key}): Der Netzbetreiber muss ihn einsetzen.`,
  'chain-trouble': (time) => `Der Knoten der Blockchain sagt seit ${time} etwas, das nicht sein kann.`,
  'chain-silent': (time) => `Der Knoten der Blockchain zeigt seit ${time} nichts Neues.`,
  'chain-unread': () => 'Von der Blockchain wurde noch nichts gelesen.',
  'chain-old': (time) => `Der neueste Block ist ${time} alt: Die Blockchain oder ihr Knoten steht still.`,
  'gas-short': (_time, key) =>
    `Der Schlüssel ${key} kann das Gas einer Zahlung nicht mehr zahlen: Schicken Sie ihm Münzen der Kette.`,
  'watchers-late': (time) => `Eine Zahlung wartet seit ${time} auf ihre Wächter.`,
  'behind-chain': () =>
    'Der Vertrag hat Zahlungen geleistet, die die Aufzeichnungen dieses Servers nicht kennen: Eine ältere Sicherung wurde eingespielt.',
  'database-silent': () => 'Die Datenbank antwortet nicht.',
}

/** Why a payment waits, by the server's code. */
const heldUpEn: Readonly<Record<string, string>> = {
  CHAIN_FUNDS: 'The key that settles cannot pay the gas.',
  CHAIN_FEE_CAP: 'Gas costs more than this server pays at most.',
  CHAIN_UNREACHABLE: 'The blockchain’s node cannot be reached.',
  CHAIN_NODE: 'The blockchain’s node does not answer as it should.',
  CHAIN_REFUSED: 'The contract refuses it.',
  CHAIN_TRANSACTION_FAILED: 'It failed on the chain more than once, and is tried again later.',
  CHAIN_WATCHERS: 'Watchers refuse to sign it.',
  CHAIN_OVERTAKEN: 'The chain has gone another way than this server’s records.',
  CHAIN_RULES: 'The rules on the chain are not those of the settings.',
}
const heldUpDe: Readonly<Record<string, string>> = {
  CHAIN_FUNDS: 'Der Schlüssel, der abrechnet, kann das Gas nicht zahlen.',
  CHAIN_FEE_CAP: 'Gas kostet mehr, als dieser Server höchstens zahlt.',
  CHAIN_UNREACHABLE: 'Der Knoten der Blockchain ist nicht zu erreichen.',
  CHAIN_NODE: 'Der Knoten der Blockchain antwortet nicht, wie er sollte.',
  CHAIN_REFUSED: 'Der Vertrag weist sie zurück.',
  CHAIN_TRANSACTION_FAILED: 'Sie ist auf der Kette mehr als einmal gescheitert und wird später wieder versucht.',
  CHAIN_WATCHERS: 'Wächter verweigern die Unterschrift.',
  CHAIN_OVERTAKEN: 'Auf der Kette ist etwas anderes geschehen, als dieser Server aufgezeichnet hat.',
  CHAIN_RULES: 'Die Regeln auf der Kette sind nicht die der Einstellungen.',
}

export const operatorWords = catalogue({
  en: {
    title: 'How things stand',
    lights: { good: 'all in order', warn: 'please look', bad: 'something is in the way' },
    runs: 'The server does its work, and nothing is in the way of the next payment.',
    troubles: troublesEn,
    heldUp: (since: string) => `Since ${since} the next payment cannot be made.`,
    heldUpBecause: heldUpEn,
    offered: (from: string) => `Your office is offered to somebody else, who can take it over from ${from} on.`,
    block: (block: string, time: string) => `Read up to block ${block}, of ${time}.`,
    payments: 'How payments go',
    watchers: 'Watchers',
    nobodyWatches:
      'Nobody watches: only this server computes the payments. The area’s rules can name watchers when it opens.',
    watched: (quorum: number, all: number) => `${quorum} of ${all} must sign each payment before it is made.`,
    nothingWaits: 'No payment waits for them now.',
    waits: (from: string, to: string, since: string) => `The payment of ${from} to ${to} has waited since ${since}.`,
    settlesAnyway: (time: string) => `Without them it settles from ${time} on.`,
    signed: 'signed',
    refused: 'does not sign',
    silent: 'nothing yet',
    gas: 'Gas',
    key: 'key',
    does: 'what it pays',
    doing: { settles: 'payments to members', relays: 'what people sign' },
    has: 'has, in the chain’s coin',
    lasts: 'lasts for',
    lastsOf: (payments: string, one: boolean) => `${payments} ${one ? 'payment' : 'payments'}`,
    lastsGas: (gas: string) => `${gas} gas`,
    free: 'gas is free',
    noKeys: 'The node has not been asked yet.',
    relayed: 'paid for people in 24 hours',
    relayedOf: (used: string, most: string) => `${used} of at most ${most} transactions`,
    relayedGas: (used: string, most: string) => `${used} of at most ${most} gas`,
    ofGrid: 'of these for the grid operator',
    ofAccount: 'for one member at most',
    ofAccountIs: (transactions: string, gas: string) => `${transactions} transactions, ${gas} gas`,
    noRelay: 'This server has no key that pays for people: each pays the gas of what it signs.',
    offices: 'Offices',
    operator: 'operator',
    grid: 'grid operator',
    settlesAs: 'this server settles as',
    you: 'you',
    offeredTo: (to: string, from: string) => `offered to ${to}, who can take it from ${from} on`,
    nobodyNext: 'offered to nobody',
    succession: 'if the grid operator falls silent',
    successionFrom: (successor: string, from: string) =>
      `${successor} can ask for the office from ${from} on, and has it after a delay unless the grid operator speaks`,
    noSuccessor: 'nobody follows: the rules name no successor',
    members: 'Members and invitations',
  },
  de: {
    title: 'Wie es steht',
    lights: { good: 'alles in Ordnung', warn: 'bitte ansehen', bad: 'etwas ist im Weg' },
    runs: 'Der Server tut seine Arbeit, und der nächsten Zahlung ist nichts im Weg.',
    troubles: troublesDe,
    heldUp: (since) => `Seit ${since} kann die nächste Zahlung nicht gemacht werden.`,
    heldUpBecause: heldUpDe,
    offered: (from) => `Ihr Amt ist jemand anderem angeboten, der es ab ${from} übernehmen kann.`,
    block: (block, time) => `Gelesen bis Block ${block}, von ${time}.`,
    payments: 'Wie die Zahlungen laufen',
    watchers: 'Wächter',
    nobodyWatches:
      'Niemand prüft nach: Nur dieser Server rechnet die Zahlungen. Die Regeln des Gebiets können bei seiner Eröffnung Wächter nennen.',
    watched: (quorum, all) => `${quorum} von ${all} müssen jede Zahlung unterschreiben, bevor sie gemacht wird.`,
    nothingWaits: 'Keine Zahlung wartet jetzt auf sie.',
    waits: (from, to, since) => `Die Zahlung von ${from} bis ${to} wartet seit ${since}.`,
    settlesAnyway: (time) => `Ohne sie wird ab ${time} bezahlt.`,
    signed: 'unterschrieben',
    refused: 'unterschreibt nicht',
    silent: 'noch nichts',
    gas: 'Gas',
    key: 'Schlüssel',
    does: 'was er zahlt',
    doing: { settles: 'Zahlungen an Mitglieder', relays: 'was Leute unterschreiben' },
    has: 'hat, in der Münze der Kette',
    lasts: 'reicht für',
    lastsOf: (payments, one) => `${payments} ${one ? 'Zahlung' : 'Zahlungen'}`,
    lastsGas: (gas) => `${gas} Gas`,
    free: 'Gas kostet nichts',
    noKeys: 'Der Knoten wurde noch nicht gefragt.',
    relayed: 'in 24 Stunden für Leute gezahlt',
    relayedOf: (used, most) => `${used} von höchstens ${most} Transaktionen`,
    relayedGas: (used, most) => `${used} von höchstens ${most} Gas`,
    ofGrid: 'davon für den Netzbetreiber',
    ofAccount: 'für ein Mitglied höchstens',
    ofAccountIs: (transactions, gas) => `${transactions} Transaktionen, ${gas} Gas`,
    noRelay:
      'Dieser Server hat keinen Schlüssel, der für Leute zahlt: Alle zahlen das Gas dessen, was sie unterschreiben.',
    offices: 'Ämter',
    operator: 'Betreiber',
    grid: 'Netzbetreiber',
    settlesAs: 'dieser Server rechnet ab als',
    you: 'Sie',
    offeredTo: (to, from) => `angeboten an ${to}, kann es ab ${from} übernehmen`,
    nobodyNext: 'niemandem angeboten',
    succession: 'wenn der Netzbetreiber verstummt',
    successionFrom: (successor, from) =>
      `${successor} kann das Amt ab ${from} verlangen und hat es nach einer Frist, wenn der Netzbetreiber nichts sagt`,
    noSuccessor: 'niemand folgt nach: Die Regeln nennen keinen Nachfolger',
    members: 'Mitglieder und Einladungen',
  },
})
