/**
 * The house's metering operator: reads the meters over Modbus at each boundary, writes a file every half minute and brings it over the API with
 * its own account, some intervals late. As in life not everything comes at once, and once it is wrong: see `asItComes`.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Wallet } from 'ethers'
import { z } from 'zod'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { type ApiClient, ApiClientError, signInWithKey } from '../api-client.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { IntervalValue, OfficialSeries } from '../exchange/official-values.ts'
import { writeEspi } from '../exchange/write/espi.ts'
import { agentProgram } from '../project-files.ts'
import { saveDurably } from './durable-file.ts'
import type { DevicePlace } from './homes.ts'
import { LoadProfiles, type PointRegister } from './load-profile.ts'
import type { VacantFlat } from './street.ts'
import { keepRunning, type Log, type Supervisor } from './supervisor.ts'

export interface MeteringOperatorParts {
  settings: AreaSettings
  /** Signs in, and brings the files. */
  wallet: Wallet
  /** The homes whose meters it reads. */
  homes: readonly { id: string }[]
  /** Where their devices answer; their grid meters speak SunSpec. */
  places: ReadonlyMap<string, DevicePlace[]>
  supervisor: Supervisor
  serverUrl: string
  /** The folder for the files. */
  folder: string
  /** The values of one interval are wrong. */
  wrongAt: UtcSeconds
  /** Metering point of the house's connection, behind which all its homes are. */
  connection: string
  /** The points whose values somebody takes now; the first file of each has all that was read before. */
  points: () => PointRegister[]
  log: Log
  signal: AbortSignal
}

/** A file covers so many intervals, and is brought so many after the last of them. */
const fileRhythm = { intervals: 3, lateIntervals: 2 }
/** Boundaries that are remembered: ten minutes of them, should nobody take files for so long. */
const remembered = 60
/** Files that were brought stay for whoever wants to look. */
const mostKept = 20
const wrongMicroWh = 12_000_000
/** What was read later than this after a boundary says nothing of it. */
const lateMs = 1_000

const lineSchema = z.object({
  url: z.string(),
  timeMs: z.number(),
  reading: z.object({ importWh: z.int().nullable(), exportWh: z.int().nullable() }),
})

/** Reads and brings until the signal is aborted. Throws `DemoError` where the meters cannot be read at all. */
export async function runMeteringOperator(parts: MeteringOperatorParts): Promise<void> {
  const { settings, folder, log, signal } = parts
  const length = settings.rules.intervalSeconds
  const profiles = new LoadProfiles(length, remembered)
  const brought = join(folder, 'brought')
  mkdirSync(brought, { recursive: true, mode: 0o700 })
  let client: ApiClient | null = null
  let isBringing = false
  const known = new Set<string>()

  async function bring(name: string): Promise<void> {
    client ??= await signInWithKey(parts.serverUrl, parts.wallet, settings.chain.chainId)
    const path = `/areas/${settings.area}/official-values?name=${name}&format=espi`
    await client.send(path, readFileSync(join(folder, name)))
    renameSync(join(folder, name), join(brought, name))
    for (const old of readdirSync(brought).sort().slice(0, -mostKept)) rmSync(join(brought, old))
  }

  /** The oldest first; what cannot be brought now is brought with the next file. */
  async function bringAll(): Promise<void> {
    if (isBringing) return
    isBringing = true
    try {
      for (const name of readdirSync(folder)
        .filter((each) => each.endsWith('.xml'))
        .sort())
        await bring(name)
    } catch (error) {
      if (error instanceof ApiClientError && error.status === 401) client = null
      if (!signal.aborted) log(`metering operator: ${(error as Error).message}; it tries again`)
    } finally {
      isBringing = false
    }
  }

  const reading = await readMeters(parts, length, (home, { timeMs, reading: { importWh, exportWh } }) => {
    const boundary = Math.round(timeMs / 1000 / length) * length
    if (importWh === null || exportWh === null || Math.abs(timeMs - boundary * 1000) > lateMs) return
    profiles.note(boundary, home, { import: importWh, export: exportWh })
  })
  const bringing = new Set<Promise<void>>()
  while (!signal.aborted) {
    const boundary = (Math.floor(Date.now() / 1000 / length) + 1) * length
    await delay(boundary * 1000 - Date.now(), undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    const end = boundary - fileRhythm.lateIntervals * length
    if (end % (fileRhythm.intervals * length) !== 0) continue
    const isNew = ({ point }: PointRegister) => !known.has(point)
    const registers = parts.points()
    const series = asItComes(profiles, registers, { end, length, wrongAt: parts.wrongAt, isNew })
    if (series.length === 0) continue
    const from = (known.size === 0 ? profiles.first : null) ?? end - fileRhythm.intervals * length
    for (const { point } of series) known.add(point)
    series.push(...connectionSeries(profiles, registers, { point: parts.connection, from, end, length }))
    const name = `orchard-${new Date(end * 1000).toISOString().replaceAll(/[-:]|\.000/g, '')}.xml`
    await saveDurably(join(folder, name), writeEspi({ createdAt: Math.floor(Date.now() / 1000), series }))
    const one = bringAll().finally(() => bringing.delete(one))
    bringing.add(one)
  }
  await Promise.all([...bringing, reading.stop()])
}

/** Has the agent's program read each home's meter at every boundary; `note` is told what it showed. */
function readMeters(
  { homes, places, supervisor, log, signal }: MeteringOperatorParts,
  everySeconds: number,
  note: (home: string, line: z.output<typeof lineSchema>) => void,
) {
  const homeAt = new Map<string, string>(
    homes.map(({ id }) => {
      const { port } = places.get(id)!.find(({ device }) => device.role === 'grid')!
      return [`tcp://127.0.0.1:${port}`, id]
    }),
  )
  const urls = [...homeAt.keys()].flatMap((url) => ['--url', url])
  const name = 'meter-reading'
  const args = ['read', ...urls, '--role', 'grid', '--every', `${everySeconds}`]
  const said = (line: string) => {
    const parsed = lineSchema.parse(JSON.parse(line))
    note(homeAt.get(parsed.url)!, parsed)
  }
  return keepRunning(name, () => supervisor.run({ name, script: agentProgram, args }, said), { log, signal })
}

/** One for each identifier. */
export function registersOfHomes(
  homes: readonly Pick<VacantFlat, 'id' | 'drawsThrough' | 'feedsInThrough'>[],
): PointRegister[] {
  return homes.flatMap(({ id: home, drawsThrough, feedsInThrough }): PointRegister[] => [
    { home, point: drawsThrough, direction: 'import' },
    ...(feedsInThrough === null ? [] : [{ home, point: feedsInThrough, direction: 'export' as const }]),
  ])
}

/** The stairs' lamps and the lift, which have no seat, and what the house's own lines lose. */
const stairsW = 216
const lostPercent = 2

/** What the meter of the house's connection counts: all homes, and what no home's meter does. */
export function connectionSeries(
  profiles: LoadProfiles,
  registers: readonly PointRegister[],
  { point, from, end, length }: { point: string; from: UtcSeconds; end: UtcSeconds; length: number },
): OfficialSeries[] {
  const homes = registers.map((register) => ({ register, values: profiles.series(register, from, end).values }))
  const nets = homes[0]!.values.map(({ start }, i): IntervalValue => {
    let [net, through] = [0, 0]
    for (const { register, values } of homes) {
      const { energyMicroWh } = values[i]!
      if (energyMicroWh === null) return { start, energyMicroWh: null, quality: 'missing' }
      net += register.direction === 'import' ? energyMicroWh : -energyMicroWh
      through += energyMicroWh
    }
    const besides = Math.round((stairsW * 1_000_000 * length) / 3_600 + (through * lostPercent) / 100)
    return { start, energyMicroWh: net + besides, quality: 'measured' }
  })
  return (['import', 'export'] as const).map((direction) => ({
    ...{ point, direction, channel: 'total', code: null, community: null, intervalSeconds: length },
    values: nets.map(({ energyMicroWh, ...rest }) => {
      const own = energyMicroWh === null ? null : Math.max(0, direction === 'import' ? energyMicroWh : -energyMicroWh)
      return { ...rest, energyMicroWh: own }
    }),
  }))
}

/**
 * The series of the file up to `end`. Of the last home every fourth file has its last value estimated only, and the next file what was
 * measured; of the one before it every eighth file has nothing, and the next file all of it. Once, at `wrongAt`, what the first home fed in
 * is replaced by something else than its meter counted, which nobody corrects. Of what is new it has all that is remembered.
 */
export function asItComes(
  profiles: LoadProfiles,
  registers: readonly PointRegister[],
  {
    end,
    length,
    wrongAt,
    isNew = () => false,
  }: { end: UtcSeconds; length: number; wrongAt: UtcSeconds; isNew?: (register: PointRegister) => boolean },
): OfficialSeries[] {
  const span = fileRhythm.intervals * length
  const number = end / span
  const [last, beforeLast] = [registers.at(-1), registers.at(-2)]
  return registers.flatMap((register) => {
    const [isLast, isBefore] = [register === last, register === beforeLast]
    const earliest = isNew(register) ? profiles.first : null
    if (isBefore && number % 8 === 3 && earliest === null) return []
    let from = end - span
    if (isBefore && number % 8 === 4) from -= span
    if (isLast && number % 4 === 2) from -= length
    from = Math.min(from, earliest ?? from)
    const own = profiles.series(register, from, end)
    const values = own.values.map((value): IntervalValue => {
      if (value.energyMicroWh === null) return value
      if (isLast && number % 4 === 1 && value.start === end - length) {
        return { ...value, energyMicroWh: own.values[0]!.energyMicroWh ?? 0, quality: 'estimated' }
      }
      if (register.direction === 'export' && value.start === wrongAt) {
        return { ...value, energyMicroWh: value.energyMicroWh + wrongMicroWh, quality: 'substituted' }
      }
      return value
    })
    return values.every(({ quality }) => quality === 'missing') ? [] : [{ ...own, values }]
  })
}
