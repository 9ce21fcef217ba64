/**
 * A street of three whose meters count exactly what a script says, so that every number downstream can be worked out by
 * hand. All processes are the real ones; only the quantities behind the Modbus registers are written down beforehand. Power
 * agrees with the counters, as agents demand.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStreet, type Street } from '../../server/demo/street.ts'

export const intervalSeconds = 5
export const batchSeconds = 15

/**
 * A time zone in which it is about noon at a moment, without summer time: what begins then sees no midnight for eleven hours, and the
 * day of its readers is never yesterday's.
 */
export function zoneOfNoon(atSeconds: number): string {
  const hoursAhead = 12 - (Math.round(atSeconds / 3600) % 24)
  // POSIX counts these west of Greenwich.
  return hoursAhead === 0 ? 'Etc/GMT' : `Etc/GMT${hoursAhead < 0 ? '+' : '-'}${Math.abs(hoursAhead)}`
}

/** Wh that a visitor's roof feeds in in every interval. */
export const guestWh = 10

/** Wh that each meter counts in the middle of every scripted interval. */
export interface Counted {
  roofNorth: number
  roofSouth: number
  buyer: number
}

/** A counter that stands still until `startSeconds` (UTC, a boundary) and then steps once in the middle of each interval. */
export function script(
  { startSeconds, lengthSeconds = intervalSeconds }: { startSeconds: number; lengthSeconds?: number },
  quantity: 'importWh' | 'exportWh',
  steppedWh: readonly number[],
): object {
  let total = 1_000
  const other = quantity === 'importWh' ? 'exportWh' : 'importWh'
  const still = [
    { at: -1e9, quantity, value: total },
    { at: -1e9, quantity: other, value: 500 },
    { at: -1e9, quantity: 'powerW', value: 0 },
    { at: -1e9, quantity: 'productionW', value: 0 },
    { at: -1e9, quantity: 'productionWh', value: 9_000 },
  ]
  const sign = quantity === 'importWh' ? 1 : -1
  const steps = steppedWh.flatMap((wh, index) => {
    total += wh
    const watts = (sign * wh * 3600) / lengthSeconds
    return [
      { at: index * lengthSeconds, quantity: 'powerW', value: watts },
      { at: (index + 0.5) * lengthSeconds, quantity, value: total },
    ]
  })
  steps.push({ at: steppedWh.length * lengthSeconds, quantity: 'powerW', value: 0 })
  return { start: new Date(startSeconds * 1000).toISOString(), steps: [...still, ...steps] }
}

export function scriptedHome<Change extends object>(id: string, zone: string, change: Change) {
  return {
    id,
    name: id,
    description: 'scripted',
    zone,
    sellFloorPerKwh: '0.05',
    buyCeilingPerKwh: '0.30',
    maxSellWh: 1_000,
    maxBuyWh: 1_000,
    nameplateW: 1_000_000,
    mainFuseW: 1_000_000,
    deposit: '10',
    ...change,
  }
}

/** What each meter counts in each interval is given. */
export function scriptedStreet(folder: string, options: { startSeconds: number; intervals: Counted[] }): Street {
  const counting = (quantity: 'importWh' | 'exportWh', whOf: (counted: Counted) => number) =>
    script(options, quantity, options.intervals.map(whOf))
  const home = scriptedHome
  const street = {
    area: {
      name: 'Scripted street',
      currency: 'EUR',
      feedInPerKwh: '0.08',
      retailPerKwh: '0.30',
      graceSeconds: 2,
      timeZone: zoneOfNoon(options.startSeconds),
      zones: [
        { zone: 'transformer', name: 'Transformer' },
        { zone: 'north', name: 'North', parent: 'transformer', feePerKwh: '0.01' },
        { zone: 'south', name: 'South', parent: 'transformer', feePerKwh: '0.005', capacityWh: 60 },
      ],
      rules: {
        intervalSeconds,
        batchSeconds,
        maxGridPerKwh: '0.015',
        maxBandPerKwh: '0.80',
        confirmation: 'everybody',
        settlingGrade: 'device',
      },
    },
    withdrawalDelaySeconds: 40,
    recoveryDelaySeconds: 5,
    dayLengthSeconds: 360,
    pollSeconds: 0.5,
    utility: { name: 'Grid', description: 'scripted' },
    operator: { name: 'Operator', description: 'scripted' },
    homes: [
      home('roof-north', 'north', {
        role: 'household',
        sellAtPerKwh: '0.10',
        buyAtPerKwh: null,
        devices: [{ models: [1, 103, 1, 203] }],
        physics: { script: counting('exportWh', ({ roofNorth }) => roofNorth) },
      }),
      home('roof-south', 'south', {
        role: 'household',
        sellAtPerKwh: '0.08',
        buyAtPerKwh: null,
        devices: [{ profile: 'sma' }],
        physics: { script: counting('exportWh', ({ roofSouth }) => roofSouth) },
      }),
      home('buyer', 'transformer', {
        role: 'buyer',
        sellAtPerKwh: null,
        buyAtPerKwh: '0.25',
        devices: [{ models: [1, 203] }],
        physics: { script: counting('importWh', ({ buyer }) => buyer) },
      }),
    ],
    guests: {
      most: 2,
      home: home('guest', 'transformer', {
        role: 'household',
        sellAtPerKwh: null,
        buyAtPerKwh: null,
        devices: [{ models: [1, 103, 1, 203] }],
        physics: { script: counting('exportWh', () => guestWh) },
      }),
    },
  }
  const file = join(folder, 'street.json')
  writeFileSync(file, JSON.stringify(street, null, 2))
  return readStreet(file)
}
