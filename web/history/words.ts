/** The texts of a home's energy over days, weeks, months and years. */
import { catalogue } from '../words/language.ts'
import { vocabulary } from '../words/vocabulary.ts'

export const historyWords = catalogue({
  en: {
    title: 'My energy',
    which: 'Which time',
    spans: { newest: 'Newest', day: 'Day', week: 'Week', month: 'Month', year: 'Year' },
    before: { day: 'The day before', week: 'The week before', month: 'The month before', year: 'The year before' },
    after: { day: 'The next day', week: 'The next week', month: 'The next month', year: 'The next year' },
    noLater: 'Nothing later has happened yet.',
    by: 'by',
    parts: { 'quarter-hour': 'quarter-hour', hour: 'hour', day: 'day', month: 'month' },
    usedAtOnce: 'used at once',
    used: (energy: string) => `used at once ${energy}`,
    usedExplained: '“Used at once” is what the roof made and the home or its battery took before the meter.',
    received: 'received',
    paid: 'paid',
    nothing: 'No result of this time is known.',
    provisional: (count: number, periods: string) => `Not final yet: ${count} of these ${periods}.`,
    periods: vocabulary.en.home.periods,
  },
  de: {
    title: 'Mein Strom',
    which: 'Welche Zeit',
    spans: { newest: 'Neueste', day: 'Tag', week: 'Woche', month: 'Monat', year: 'Jahr' },
    before: { day: 'Der Tag davor', week: 'Die Woche davor', month: 'Der Monat davor', year: 'Das Jahr davor' },
    after: { day: 'Der nächste Tag', week: 'Die nächste Woche', month: 'Der nächste Monat', year: 'Das nächste Jahr' },
    noLater: 'Später ist noch nichts geschehen.',
    by: 'nach',
    parts: { 'quarter-hour': 'Viertelstunde', hour: 'Stunde', day: 'Tag', month: 'Monat' },
    usedAtOnce: 'gleich verbraucht',
    used: (energy) => `${energy} gleich verbraucht`,
    usedExplained:
      '„Gleich verbraucht“ ist, was das Dach gemacht und das Haus oder seine Batterie vor dem Zähler genommen hat.',
    received: 'bekommen',
    paid: 'bezahlt',
    nothing: 'Aus dieser Zeit ist kein Ergebnis bekannt.',
    provisional: (count, periods) => `Noch nicht endgültig: ${count} dieser ${periods}.`,
    periods: vocabulary.de.home.periods,
  },
})
