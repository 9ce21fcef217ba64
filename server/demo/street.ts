/**
 * The demo's neighbourhood: who lives there, what stands on the roofs, what everybody wants of the market. Prices are
 * tokens per kWh, energies Wh per interval of ten seconds: one kilowatt is 2.8 Wh.
 */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { mistakesOf } from '../../contracts/protocol/mistakes.ts'
import { type DemoText, demoTextSchema } from '../api/demo-resources.ts'
import { givenAreaSchema } from '../founding/found.ts'
import { DemoError } from './error.ts'

const price = z.string().regex(/^-?\d{1,4}(\.\d{1,4})?$/, 'a price in tokens per kWh with at most four decimals')
const wh = z.int().min(0).max(0xff_ffff)

const deviceSchema = z.strictObject({
  /** `sunspec`, or the name of a register map. */
  profile: z.string().default('sunspec'),
  role: z.enum(['grid', 'production']).default('grid'),
  unit: z.int().min(0).max(255).optional(),
  /** SunSpec models, as the simulator serves them. */
  models: z.array(z.int()).optional(),
})

const homeSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/),
  name: z.string().min(1),
  role: z.enum(['household', 'buyer']),
  description: demoTextSchema,
  zone: z.string().min(1).max(31),
  /** Homes with the same word share one agent process; by default each has its own. */
  gateway: z.string().optional(),
  sellFloorPerKwh: price,
  buyCeilingPerKwh: price,
  sellAtPerKwh: price.nullable(),
  buyAtPerKwh: price.nullable(),
  maxSellWh: wh,
  maxBuyWh: wh,
  nameplateW: z.int().min(1),
  mainFuseW: z.int().min(1),
  deposit: z.string(),
  devices: z.array(deviceSchema).min(1),
  /** A wallbox with a car that charges while neighbours have sun to spare. */
  carKw: z.number().positive().optional(),
  /** What the simulator knows of the home besides its name and devices. */
  physics: z.record(z.string(), z.unknown()),
})

const streetSchema = z.strictObject({
  /** An area file without the grid operator's account. */
  area: givenAreaSchema,
  withdrawalDelaySeconds: z.int().min(1),
  /** How many compute each batch themselves; more than half of them must sign it. */
  watchers: z.int().min(0).max(9).default(0),
  /** For how long the owner of an account can object to its recovery. */
  recoveryDelaySeconds: z.int().min(1),
  dayLengthSeconds: z.number().min(1),
  pollSeconds: z.number().positive(),
  utility: z.strictObject({ name: z.string(), description: demoTextSchema }),
  homes: z.array(homeSchema).min(1),
  /** Homes that visitors take for themselves: how many there may be at a time, and what each is like. */
  guests: z.strictObject({ most: z.int().min(1).max(64), home: homeSchema }).optional(),
})

export type Street = z.output<typeof streetSchema>
export type StreetHome = Street['homes'][number]
type HomeInput = z.input<typeof homeSchema>

/** Reads a street from a JSON file. Throws `STREET_FILE` with a line per mistake. */
export function readStreet(file: string): Street {
  let text: unknown
  try {
    text = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new DemoError('STREET_FILE', `${file}: ${(cause as Error).message}`, { cause })
  }
  const parsed = streetSchema.safeParse(text)
  if (parsed.success) return parsed.data
  const lines = mistakesOf(parsed.error).map((mistake) => `${file}: ${mistake}`)
  throw new DemoError('STREET_FILE', lines.join('\n'))
}

const kilowatt = 1000

const directions = {
  south: 'Süden',
  east: 'Osten',
  west: 'Westen',
  'south-west': 'Südwesten',
  'south-east': 'Südosten',
} as const

function roofWords(home: { kwp: number; direction: keyof typeof directions; batteryKwh?: number }): DemoText {
  const { kwp, direction, batteryKwh } = home
  const comma = (value: number) => String(value).replace('.', ',')
  const [en, de] = [
    `a roof of ${kwp} kW facing ${direction}`,
    `ein Dach von ${comma(kwp)} kW nach ${directions[direction]}`,
  ]
  if (batteryKwh === undefined) return { en, de }
  return {
    en: `${en}, and a battery of ${batteryKwh} kWh`,
    de: `${de}, und eine Batterie von ${comma(batteryKwh)} kWh`,
  }
}

/** A roof that also buys when the sun is away. */
function roof(home: {
  id: string
  name: string
  zone: string
  kwp: number
  azimuthDeg: number
  direction: keyof typeof directions
  sellAt: string
  buyAt: string
  seed: number
  batteryKwh?: number
  load?: string
  loadScale?: number
  devices?: HomeInput['devices']
  offlineSchedule?: { everySeconds: number; forSeconds: number }
}): HomeInput {
  return {
    id: home.id,
    name: home.name,
    role: 'household',
    description: roofWords(home),
    zone: home.zone,
    sellFloorPerKwh: '0.08',
    buyCeilingPerKwh: '0.30',
    sellAtPerKwh: home.sellAt,
    buyAtPerKwh: home.buyAt,
    maxSellWh: Math.ceil(home.kwp * 3),
    maxBuyWh: 40,
    nameplateW: Math.round(home.kwp * kilowatt * 1.05),
    mainFuseW: 43 * kilowatt,
    deposit: '40',
    devices: home.devices ?? [{ models: [1, 103, 1, 203] }],
    physics: {
      seed: home.seed,
      pvKwp: home.kwp,
      azimuthDeg: home.azimuthDeg,
      load: home.load ?? 'household',
      loadScale: home.loadScale ?? 1,
      ...(home.batteryKwh === undefined ? {} : { batteryKwh: home.batteryKwh, batteryKw: 5 }),
      ...(home.offlineSchedule === undefined ? {} : { offlineSchedule: home.offlineSchedule }),
      counters: {
        importWh: 1_000_000 + 71_000 * home.seed,
        exportWh: 2_000_000 + 133_000 * home.seed,
        productionWh: 5_000_000,
      },
    },
  }
}

/** A connection that only buys. */
function consumer(home: {
  id: string
  name: string
  zone: string
  description: DemoText
  load: string
  loadScale: number
  buyAt: string
  maxBuyWh: number
  deposit: string
  seed: number
  gateway?: string
  carKw?: number
}): HomeInput {
  return {
    id: home.id,
    name: home.name,
    role: 'buyer',
    description: home.description,
    zone: home.zone,
    ...(home.gateway === undefined ? {} : { gateway: home.gateway }),
    ...(home.carKw === undefined ? {} : { carKw: home.carKw }),
    sellFloorPerKwh: '0.08',
    buyCeilingPerKwh: '0.30',
    sellAtPerKwh: null,
    buyAtPerKwh: home.buyAt,
    maxSellWh: 0,
    maxBuyWh: home.maxBuyWh,
    nameplateW: 1,
    mainFuseW: 100 * kilowatt,
    deposit: home.deposit,
    devices: [{ models: [1, 203] }],
    physics: {
      seed: home.seed,
      load: home.load,
      loadScale: home.loadScale,
      mainFuseW: 100 * kilowatt,
      counters: { importWh: 20_000_000 + 91_000 * home.seed },
    },
  }
}

const north = 'north'
const south = 'south'

/** The street of `npm start`. */
export const demoStreet: Street = streetSchema.parse({
  area: {
    name: 'Sunfield',
    currency: 'EUR',
    feedInPerKwh: '0.08',
    retailPerKwh: '0.30',
    supplierMix: { gramsPerKwh: 380, source: 'Sunfield Grid, made up for this demo' },
    graceSeconds: 4,
    zones: [
      { zone: 'sunfield', name: 'Sunfield' },
      { zone: north, name: 'North side', parent: 'sunfield', feePerKwh: '0.01' },
      { zone: south, name: 'South side', parent: 'sunfield', feePerKwh: '0.01', capacityWh: 45 },
    ],
    rules: {
      intervalSeconds: 10,
      batchSeconds: 60,
      maxGridPerKwh: '0.04',
      maxBandPerKwh: '0.80',
      confirmation: 'everybody',
      settlingGrade: 'device',
      watcherGraceSeconds: 60,
    },
  },
  watchers: 3,
  withdrawalDelaySeconds: 300,
  recoveryDelaySeconds: 120,
  dayLengthSeconds: 360,
  pollSeconds: 1,
  utility: {
    name: 'Sunfield Grid',
    description: {
      en: 'grid operator and supplier of the neighbourhood',
      de: 'Netzbetreiber und Versorger der Nachbarschaft',
    },
  },
  homes: [
    roof({
      id: 'larch-1',
      name: 'Larch Lane 1',
      zone: north,
      kwp: 9.8,
      azimuthDeg: 180,
      direction: 'south',
      sellAt: '0.11',
      buyAt: '0.27',
      seed: 1,
    }),
    roof({
      id: 'larch-2',
      name: 'Larch Lane 2',
      zone: north,
      kwp: 6.4,
      azimuthDeg: 95,
      direction: 'east',
      sellAt: '0.10',
      buyAt: '0.26',
      seed: 2,
    }),
    roof({
      id: 'larch-3',
      name: 'Larch Lane 3',
      zone: north,
      kwp: 7.2,
      azimuthDeg: 265,
      direction: 'west',
      sellAt: '0.12',
      buyAt: '0.28',
      seed: 3,
      offlineSchedule: { everySeconds: 240, forSeconds: 35 },
    }),
    roof({
      id: 'larch-4',
      name: 'Larch Lane 4',
      zone: north,
      kwp: 11,
      azimuthDeg: 190,
      direction: 'south',
      sellAt: '0.13',
      buyAt: '0.25',
      seed: 4,
      batteryKwh: 0.2,
      // The inverter tells what its battery does as two of its inputs, and how full it is.
      devices: [{ models: [1, 103, 160, 124, 203] }],
    }),
    roof({
      id: 'mill-1',
      name: 'Mill Road 1',
      zone: south,
      kwp: 5.6,
      azimuthDeg: 170,
      direction: 'south',
      sellAt: '0.09',
      buyAt: '0.27',
      seed: 5,
      devices: [{ profile: 'sma' }],
    }),
    roof({
      id: 'mill-2',
      name: 'Mill Road 2',
      zone: south,
      kwp: 8.4,
      azimuthDeg: 225,
      direction: 'south-west',
      sellAt: '0.10',
      buyAt: '0.28',
      seed: 6,
      devices: [{ profile: 'eastron-sdm630' }, { role: 'production', models: [1, 103] }],
    }),
    roof({
      id: 'mill-3',
      name: 'Mill Road 3',
      zone: south,
      kwp: 4.2,
      azimuthDeg: 135,
      direction: 'south-east',
      sellAt: '0.14',
      buyAt: '0.24',
      seed: 7,
    }),
    roof({
      id: 'farm',
      name: 'Brook Farm',
      zone: south,
      kwp: 48,
      azimuthDeg: 180,
      direction: 'south',
      sellAt: '0.085',
      buyAt: '0.25',
      seed: 8,
      load: 'farm',
    }),
    consumer({
      id: 'bakery',
      name: 'Bakery',
      zone: 'sunfield',
      description: { en: 'ovens from three in the morning', de: 'Öfen ab drei Uhr morgens' },
      load: 'bakery',
      loadScale: 3,
      buyAt: '0.285',
      maxBuyWh: 100,
      deposit: '200',
      seed: 9,
    }),
    consumer({
      id: 'school',
      name: 'School',
      zone: 'sunfield',
      description: { en: 'lessons, kitchen and gym', de: 'Unterricht, Küche und Turnhalle' },
      load: 'school',
      loadScale: 2.6,
      buyAt: '0.26',
      maxBuyWh: 120,
      deposit: '200',
      seed: 10,
    }),
    consumer({
      id: 'flat-a',
      name: 'Flat A',
      zone: north,
      description: { en: 'third floor, no roof', de: 'dritter Stock, kein Dach' },
      load: 'flat',
      loadScale: 3,
      buyAt: '0.27',
      maxBuyWh: 20,
      deposit: '20',
      seed: 11,
      gateway: 'flats',
    }),
    consumer({
      id: 'flat-b',
      name: 'Flat B',
      zone: north,
      description: { en: 'second floor, no roof', de: 'zweiter Stock, kein Dach' },
      load: 'flat',
      loadScale: 4,
      buyAt: '0.23',
      maxBuyWh: 20,
      deposit: '20',
      seed: 12,
      gateway: 'flats',
    }),
    consumer({
      id: 'flat-c',
      name: 'Flat C',
      zone: north,
      description: {
        en: 'ground floor, no roof; its car charges when neighbours have sun to spare',
        de: 'Erdgeschoss, kein Dach; ihr Auto lädt, wenn Nachbarn Sonne übrig haben',
      },
      load: 'flat',
      loadScale: 2,
      buyAt: '0.29',
      maxBuyWh: 20,
      deposit: '20',
      seed: 13,
      gateway: 'flats',
      carKw: 3.7,
    }),
  ],
  guests: {
    most: 8,
    home: roof({
      id: 'guest',
      name: 'A visitor’s home',
      zone: north,
      kwp: 8.2,
      azimuthDeg: 185,
      direction: 'south',
      sellAt: '0.09',
      buyAt: '0.27',
      seed: 100,
    }),
  },
})
