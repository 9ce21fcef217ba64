/** The texts of official values and of the two witnesses of a metering point. */
import { catalogue } from '../words/language.ts'

export const meteringWords = catalogue({
  en: {
    title: 'Two meters, one home',
    record: {
      agent: 'Your own device measures alone here.',
      compared: 'Your own device is what counts; the metering operator’s values are compared with it.',
      official:
        'The metering operator’s values are what counts. They come later; until then your own device, where you have one, gives a first result.',
    },
    compared: (days: string) => `Compared on ${days} days.`,
    agree: 'Both say the same, within what two meters may differ.',
    differ: (count: string): string =>
      count === '1'
        ? 'In one moment they differ by more than that.'
        : `In ${count} moments they differ by more than that.`,
    show: 'Which ones',
    tab: 'Official values',
    nothing: 'In the last 30 days no official value met a reading of a home’s own device.',
    days: 'Days on which both said something',
    differences: 'Moments in which they differ beyond the tolerance',
    tolerance: (wh: string, percent: string) => `Tolerance: ${wh} Wh and ${percent} % of the larger of the two.`,
    day: 'day',
    when: 'when',
    point: 'metering point',
    directions: { import: 'taken', export: 'fed in' },
    direction: 'direction',
    both: 'compared',
    beyond: 'beyond',
    official: 'official Wh',
    own: 'own device Wh',
    largest: 'largest difference Wh',
    difference: 'difference Wh',
  },
  de: {
    title: 'Zwei Zähler, ein Zuhause',
    record: {
      agent: 'Hier misst Ihr eigenes Gerät allein.',
      compared: 'Ihr eigenes Gerät zählt; die Werte des Messstellenbetreibers werden damit verglichen.',
      official:
        'Die Werte des Messstellenbetreibers zählen. Sie kommen später; bis dahin gibt Ihr eigenes Gerät, wenn Sie eines haben, ein erstes Ergebnis.',
    },
    compared: (days) => `Verglichen an ${days} Tagen.`,
    agree: 'Beide sagen dasselbe, soweit zwei Zähler das können.',
    differ: (count) =>
      count === '1'
        ? 'In einem Zeitraum weichen sie stärker voneinander ab.'
        : `In ${count} Zeiträumen weichen sie stärker voneinander ab.`,
    show: 'In welchen',
    tab: 'Messwerte des Netzes',
    nothing: 'In den letzten 30 Tagen traf kein Messwert des Netzes auf einen Wert eines eigenen Geräts.',
    days: 'Tage, an denen beide etwas sagten',
    differences: 'Zeiträume, in denen sie stärker abweichen als erlaubt',
    tolerance: (wh, percent) => `Erlaubt: ${wh} Wh und ${percent} % des größeren Werts.`,
    day: 'Tag',
    when: 'wann',
    point: 'Zählpunkt',
    directions: { import: 'bezogen', export: 'eingespeist' },
    direction: 'Richtung',
    both: 'verglichen',
    beyond: 'zu weit',
    official: 'Netz Wh',
    own: 'eigenes Gerät Wh',
    largest: 'größte Abweichung Wh',
    difference: 'Abweichung Wh',
  },
})
