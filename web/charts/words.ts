/** The texts of charts. */
import { catalogue } from '../words/language.ts'

export const chartWords = catalogue({
  en: {
    market: 'Energy fed in above the line and taken below it, between neighbours or with the supplier, with the price.',
    seat: 'Energy traded with neighbours and with the supplier, and the neighbours’ price.',
    between: 'between neighbours',
    withSupplier: 'with the supplier',
    price: 'price',
    withNeighbours: 'with neighbours',
    toNeighbours: 'to neighbours',
    fromNeighbours: 'from neighbours',
    withMySupplier: 'with my supplier',
    toMySupplier: 'to my supplier',
    fromMySupplier: 'from my supplier',
    marketHint: 'Fed in above the line, taken below.',
    seatHint: 'Out of the home above the line, into it below.',
    pointHint: 'Point at the chart for the numbers.',
    marketReadout: (time: string, matched: string, fedIn: string, taken: string, price: string) =>
      `${time}: ${matched} between neighbours, of ${fedIn} fed in and ${taken} taken · ${price}`,
    sold: (energy: string) => `sold ${energy}`,
    ownUse: (energy: string) => `used by myself ${energy}`,
    toSupplier: (energy: string) => `to supplier ${energy}`,
    bought: (energy: string) => `bought ${energy}`,
    fromSupplier: (energy: string) => `from supplier ${energy}`,
    nothing: 'nothing metered',
  },
  de: {
    market:
      'Eingespeister Strom über der Linie, bezogener darunter, unter Nachbarn oder mit dem Versorger, und der Preis.',
    seat: 'Strom, der mit Nachbarn und mit dem Versorger gehandelt wurde, und der Preis der Nachbarn.',
    between: 'unter Nachbarn',
    withSupplier: 'mit dem Versorger',
    price: 'Preis',
    withNeighbours: 'mit Nachbarn',
    toNeighbours: 'an Nachbarn',
    fromNeighbours: 'von Nachbarn',
    withMySupplier: 'mit meinem Versorger',
    toMySupplier: 'an meinen Versorger',
    fromMySupplier: 'von meinem Versorger',
    marketHint: 'Eingespeist über der Linie, bezogen darunter.',
    seatHint: 'Aus dem Haus über der Linie, ins Haus darunter.',
    pointHint: 'Zeigen Sie auf das Diagramm, um die Zahlen zu sehen.',
    marketReadout: (time, matched, fedIn, taken, price) =>
      `${time}: ${matched} unter Nachbarn, von ${fedIn} eingespeist und ${taken} bezogen · ${price}`,
    sold: (energy) => `${energy} verkauft`,
    ownUse: (energy) => `${energy} selbst verbraucht`,
    toSupplier: (energy) => `${energy} an den Versorger`,
    bought: (energy) => `${energy} gekauft`,
    fromSupplier: (energy) => `${energy} vom Versorger`,
    nothing: 'nichts gemessen',
  },
})
