/** Homes of the demo's neighbourhoods: one with a roof, and one that only buys. */
import type { DemoText } from '../api/demo-resources.ts'
import type { HomeInput } from './street.ts'

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
export function roof(home: {
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
export function consumer(home: {
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
