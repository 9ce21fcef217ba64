/** Whether a home would sell its surplus, and why, as its agent found its meter. */
import type { FoundMeter } from '../../contracts/protocol/pairing.ts'
import { catalogue } from '../words/language.ts'

type Promises = Record<FoundMeter['promise'], string>

const en: Promises = {
  silent: 'This home would not sell: its meter does not answer now.',
  'counts-nothing': 'This home would not sell: its device counts nothing at the grid connection.',
  elsewhere: 'This home would not sell: its meter does not sit at the grid connection.',
  'counts-import': 'This home would buy and not sell: its meter does not count what is fed in.',
  vouched: 'This home would sell what it feeds in; its owner vouches for the meter.',
  unproven:
    'This home would not sell: its meter shows no power that could confirm its counters; its owner may vouch for them.',
  'once-agreed': 'This home would sell what it feeds in, once its counters and its power have agreed.',
  'read-by-operator':
    'The metering operator reads this meter: its values count once they arrive, mostly on the next day.',
}
const de: Promises = {
  silent: 'Dieses Haus würde nicht verkaufen: Sein Zähler antwortet gerade nicht.',
  'counts-nothing': 'Dieses Haus würde nicht verkaufen: Sein Gerät zählt am Netzanschluss nichts.',
  elsewhere: 'Dieses Haus würde nicht verkaufen: Sein Zähler sitzt nicht am Netzanschluss.',
  'counts-import': 'Dieses Haus würde kaufen und nicht verkaufen: Sein Zähler zählt nicht, was eingespeist wird.',
  vouched: 'Dieses Haus würde verkaufen, was es einspeist; wem es gehört, bürgt für den Zähler.',
  unproven:
    'Dieses Haus würde nicht verkaufen: Sein Zähler zeigt keine Leistung, die seine Zählerstände bestätigen könnte; wem es gehört, kann für sie bürgen.',
  'once-agreed':
    'Dieses Haus würde verkaufen, was es einspeist, sobald seine Zählerstände und seine Leistung übereingestimmt haben.',
  'read-by-operator':
    'Der Messstellenbetreiber liest diesen Zähler ab: Seine Werte zählen, sobald sie kommen, meist am nächsten Tag.',
}

export const promiseWords = catalogue({ en, de })
