/**
 * The scripted street with quantities that hold for minutes: the same in every interval, and a south link that is full. Beside it can
 * stand a house whose meters are read by the metering operator: a roof, and an empty flat.
 */
import { type House, houseSchema, type Street, type StreetHome } from '../../server/demo/street.ts'
import { type Counted, intervalSeconds, script, scriptedHome, scriptedStreet, zoneOfNoon } from './scripted-street.ts'

/** Wh in every interval. */
const counted: Counted = { roofNorth: 40, roofSouth: 40, buyer: 45 }
const southLinkWh = 20
export const flatWh = 15
export const flatPoint = 'AT0099990000000000000000000000003'

export function steadyStreet(folder: string, options: { startSeconds: number; intervals: number }): Street {
  const street = scriptedStreet(folder, {
    startSeconds: options.startSeconds,
    intervals: Array.from({ length: options.intervals }, () => counted),
  })
  const zones = street.area.zones as { zone: string; capacityWh?: number }[]
  zones.find(({ zone }) => zone === 'south')!.capacityWh = southLinkWh
  return street
}

export const installedWh = 10

/** A home of the street that only buys, and that is nobody's of the demo: its owner installs the agent. */
export function installedHome(street: Street, times: { startSeconds: number; intervals: number }): StreetHome {
  const quantities = Array<number>(times.intervals).fill(installedWh)
  const like = street.homes.find(({ role }) => role === 'buyer')!
  return { ...like, id: 'installed', name: 'installed', physics: { script: script(times, 'importWh', quantities) } }
}

/** Values come within six seconds after a batch, and settle three later. */
const house = { intervalSeconds: 3, batchSeconds: 9, graceSeconds: 9 }

/** For as long as so many of the street's intervals. */
export function steadyHouse(options: { startSeconds: number; intervals: number }): House {
  const count = Math.ceil((options.intervals * intervalSeconds) / house.intervalSeconds)
  const times = { startSeconds: options.startSeconds, lengthSeconds: house.intervalSeconds }
  const home = (id: string, quantity: 'importWh' | 'exportWh', wh: number) => ({
    ...scriptedHome(id, 'house', {
      role: quantity === 'exportWh' ? 'household' : 'buyer',
      sellAtPerKwh: quantity === 'exportWh' ? '0.10' : null,
      buyAtPerKwh: null,
      devices: [{ models: [1, 203] }],
      physics: { script: script(times, quantity, Array(count).fill(wh)) },
    }),
  })
  const roofPoints = ['AT0099990000000000000000000000001', 'AT0099990000000000000000000000002'] as const
  return houseSchema.parse({
    area: {
      name: 'Scripted house',
      currency: 'EUR',
      feedInPerKwh: '0.08',
      retailPerKwh: '0.30',
      graceSeconds: house.graceSeconds,
      zones: [{ zone: 'house', name: 'The whole house' }],
      rules: {
        intervalSeconds: house.intervalSeconds,
        batchSeconds: house.batchSeconds,
        maxGridPerKwh: '0',
        maxBandPerKwh: '0.80',
        confirmation: 'everybody',
        settlingGrade: 'billing',
      },
    },
    country: 'AT',
    connection: 'AT0099990000000000000000000000009',
    timeZone: zoneOfNoon(options.startSeconds),
    homes: [
      {
        ...home('house-roof', 'exportWh', 20),
        drawsThrough: roofPoints[0],
        feedsInThrough: roofPoints[1],
        hasAgent: false,
      },
    ],
    vacant: [{ ...home('house-flat', 'importWh', flatWh), drawsThrough: flatPoint, feedsInThrough: null }],
  })
}
