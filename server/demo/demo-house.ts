/**
 * The house beside the street, whose meters are read by the metering operator: its values alone settle, and come later. Two flats have nothing
 * but that meter; the home with the roof has an agent of its own, which gives first results and is the second witness. Two more flats are
 * empty, for visitors.
 */
import type { z } from 'zod'
import { consumer, roof } from './demo-homes.ts'
import type { houseSchema } from './street.ts'

const zone = 'orchard'

/** Identifiers as in Austria, of a grid operator whose number nobody has. */
const point = (number: number) => `AT009999${String(number).padStart(25, '0')}`

/** One of the house's flats, which draws through a point of its own and feeds nothing in. */
function flat(number: number, buyAt: string) {
  return {
    ...consumer({
      id: `orchard-${number}`,
      name: `Orchard Flat ${number}`,
      zone,
      description: {
        en: 'no roof and no agent: the metering operator reads its meter',
        de: 'kein Dach und kein Agent: der Messstellenbetreiber liest den Zähler ab',
      },
      load: 'flat',
      loadScale: 4 + number,
      buyAt,
      maxBuyWh: 20,
      deposit: '20',
      seed: 21 + number,
    }),
    drawsThrough: point(2 + number),
    feedsInThrough: null,
  }
}

export const demoHouse: z.input<typeof houseSchema> = {
  area: {
    name: 'Orchard House',
    currency: 'EUR',
    feedInPerKwh: '0.08',
    retailPerKwh: '0.30',
    supplierMix: { gramsPerKwh: 380, source: 'Demo: Sunfield Grid' },
    // How long official values may take: those of a batch come within half of it.
    graceSeconds: 60,
    zones: [{ zone, name: 'The whole house' }],
    rules: {
      intervalSeconds: 10,
      batchSeconds: 60,
      maxGridPerKwh: '0',
      maxBandPerKwh: '0.80',
      confirmation: 'everybody',
      settlingGrade: 'billing',
    },
  },
  country: 'AT',
  timeZone: 'Europe/Vienna',
  connection: point(9),
  homes: [
    {
      ...roof({
        id: 'orchard-roof',
        name: 'Orchard Roof',
        zone,
        kwp: 12,
        azimuthDeg: 180,
        direction: 'south',
        sellAt: '0.12',
        buyAt: '0.26',
        seed: 21,
      }),
      drawsThrough: point(1),
      feedsInThrough: point(2),
      hasAgent: true,
    },
    ...([1, 2] as const).map((number) => ({
      ...flat(number, number === 1 ? '0.27' : '0.25'),
      hasAgent: false,
    })),
  ],
  vacant: [flat(3, '0.26'), flat(4, '0.26')],
}
