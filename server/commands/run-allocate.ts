/** What `commonwatt allocate` does: reads each file, finds the seats of its points, signs and sends what it declares. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { CodedError } from '../../contracts/protocol/error.ts'
import { type Declaration, digestOf, signFull } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { signInWithKey } from '../api-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { TimeZone } from '../exchange/time-zone.ts'
import { contentOf, kindOfDeclared } from '../market/area/declarations.ts'
import { requireArea } from '../store/areas.ts'
import { openDatabase, type Queries } from '../store/database.ts'
import { seatsOfArea } from '../store/declaration-store.ts'
import { areaPlace, rosterOf } from '../store/roster-store.ts'
import { readConfigOf } from './configured.ts'
import { configuredArea } from './configured-area.ts'
import { type FileForm, readDeclaredFile, type SeatAt } from './declared-file.ts'
import { InputError, refuse, writeOutput } from './streams.ts'
import { readBounded } from './values-file.ts'

export interface AllocateFlags {
  config: string
  area?: number
  keyFile: string
  server?: string
  timezone?: string
  revision?: number
}

/**
 * One declaration for each piece of each file. Throws `InputError`, `ExchangeError`, what reading the configuration and its area
 * throws, and `ApiClientError` with what the server refuses.
 */
export async function runAllocate(files: readonly string[], flags: AllocateFlags): Promise<void> {
  const config = await readConfigOf(flags)
  const { settings } = await configuredArea(config, flags.area)
  const { area, chain, rules, rulesHash, priceDecimals } = settings
  if (config.databaseUrl === undefined) throw new InputError('the configuration names no database')
  const wallet = readWalletFile(flags.keyFile)
  const points = await pointsIn(config.databaseUrl, { area, escrow: chain.escrow })
  const server = flags.server ?? `http://localhost:${config.port ?? 8080}`
  const client = await signInWithKey(server, wallet, chain.chainId)
  const { intervalSeconds } = rules
  let version = flags.revision ?? Math.floor(Date.now() / 1000)
  for (const file of files) {
    const bytes = await readBounded(file).catch((error: Error) => {
      throw new InputError(`${file}: ${error.message}`)
    })
    const here = { name: basename(file), now: Date.now() / 1000, ...(flags.timezone && { timezone: flags.timezone }) }
    const form = { intervalSeconds, priceDecimals, ...points, ...here }
    const { pieces, told } = await readDeclaredFile(bytes, form).catch((error: Error) => {
      throw error instanceof CodedError ? new InputError(`${file}: ${error.message}`, { cause: error }) : error
    })
    const evidence = `0x${createHash('sha256').update(bytes).digest('hex')}`
    for (const { body, start, end } of pieces) {
      const value: Declaration = {
        ...{ rules: rulesHash, kind: kindOfDeclared(body), start, end, version },
        ...{ content: contentOf(body), evidence },
      }
      const signature = await signFull(wallet, chain, 'Declaration', value)
      const sent = { declaration: value, body, signature }
      await client.post(`/areas/${area}/declarations`, sent, digestOf(chain, 'Declaration', value))
      const [from, to] = [start, end].map((time) => new Date(time * 1000).toISOString())
      await writeOutput(`${file}: ${body.type} from ${from} to ${to} declared as version ${version}\n`)
      // Keys and prices have each a version of their own.
      if (body.type !== 'quantities') version += 1
    }
    for (const sentence of told) refuse(`${file}: ${sentence}`)
  }
}

type PointsOfArea = Pick<FileForm, 'seatAt' | 'producersAt'>

/** The seats that points, meters and numbers mean, by the roster and the seats of the area. */
async function pointsIn(databaseUrl: string, named: { area: number; escrow: string }): Promise<PointsOfArea> {
  const database = openDatabase(databaseUrl, 1)
  try {
    const { areaId } = await requireArea(database, named)
    return await pointsOf(database, areaId)
  } finally {
    await database.end()
  }
}

async function pointsOf(sql: Queries, areaId: number): Promise<PointsOfArea> {
  const seats = await seatsOfArea(sql, areaId)
  const roster = await rosterOf(sql, areaId)
  const zone = new TimeZone((await areaPlace(sql, areaId))?.timeZone ?? 'UTC')
  const known = new Set(seats.map(({ seat }) => seat))
  const ofMeter = new Map<string, typeof seats>()
  for (const own of seats) ofMeter.set(own.meter, [...(ofMeter.get(own.meter) ?? []), own])
  const byPoint = new Map<string, typeof roster>()
  for (const row of roster) {
    const point = `${row.direction} ${row.point}`
    byPoint.set(point, [...(byPoint.get(point) ?? []), row])
  }
  const holds =
    (start: UtcSeconds) =>
    ({ fromDay, endDay }: (typeof roster)[number]) =>
      zone.startOfDay(fromDay) <= start && (endDay === null || start < zone.startOfDay(endDay))
  const seatAt: SeatAt = (name, direction, start) => {
    if (/^\d{1,10}$/.test(name) && known.has(Number(name))) return Number(name)
    const meter = /^0x[0-9a-f]{40}$/i.test(name)
      ? name.toLowerCase()
      : namesOf(name).flatMap((own) => byPoint.get(`${direction} ${own}`)?.find(holds(start))?.meter ?? [])[0]
    const own = meter === undefined ? undefined : ofMeter.get(meter)
    const seat = own?.findLast(({ openedAt }) => openedAt <= start) ?? own?.[0]
    if (seat !== undefined) return seat.seat
    const at = new Date(start * 1000).toISOString()
    throw new InputError(`point ${name} (${direction}) has no seat at ${at}: is it in the roster?`)
  }
  const producersAt = (start: UtcSeconds) => {
    const feeding = roster.filter((row) => row.direction === 'export' && holds(start)(row))
    return [...new Set(feeding.map(({ point }) => point))]
  }
  return { seatAt, producersAt }
}

/** A CUPS of 22 characters is the point that values name by its first 20. */
function namesOf(name: string): string[] {
  return /^ES.{20}$/.test(name) ? [name, name.slice(0, 20)] : [name]
}
