/**
 * Devices as people met them, each with the right answer: what a reading must say or why it is refused, and how much may be sold.
 * The cases are in `fixtures/field`; further folders of such files can be named in FIELD_CASES.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readCommand } from '../../../meter-agent/commands/read.ts'
import { type ReadArguments, readGiven } from '../../../meter-agent/commands/read-once.ts'
import type { DeviceReport } from '../../../meter-agent/devices/device.ts'
import { profileNamed } from '../../../meter-agent/profiles/families.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { DeviceError } from '../../../meter-agent/registers/device-error.ts'
import type { DeviceReading } from '../../../meter-agent/registers/device-sample.ts'
import { observeGrid } from '../../../meter-agent/registers/meter.ts'
import { startEpoch } from '../../../meter-agent/registers/state.ts'
import { SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { patience } from '../modbus/register-table.ts'
import { type FieldCase, FieldDevice, mismatch, serveField, sourceOf } from './field-device.ts'

const own = fileURLToPath(new URL('../fixtures/field/', import.meta.url))
const folders = [own, ...(process.env.FIELD_CASES?.split(':') ?? [])]
const cases: FieldCase[] = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file): FieldCase | FieldCase[] => JSON.parse(readFileSync(join(folder, file), 'utf8'))),
)

/** What `commonwatt-agent read` says of the device on a real port, or why it refuses. */
async function read(fieldCase: FieldCase): Promise<DeviceReport | DeviceError> {
  const served = await serveField(fieldCase)
  const { profile, unit, arguments: more = [] } = fieldCase
  const url = more.includes('--url') ? [] : ['--url', `tcp://127.0.0.1:${served.port}?timeout=400&retries=0`]
  const named = profile === 'sunspec' ? [] : ['--profile', profile]
  const at = unit === undefined ? [] : ['--unit', `${unit}`]
  const own = more.map((word) => word.replace('PORT', `${served.port}`))
  let outcome: DeviceReport | DeviceError | null = null
  const command = readCommand().action(async (given: ReadArguments) => {
    outcome = await readGiven(given).catch((error) => {
      if (error instanceof DeviceError) return error
      throw error
    })
  })
  try {
    await command.parseAsync([...url, ...named, ...at, ...own], { from: 'user' })
    return outcome!
  } finally {
    await served.close()
  }
}

/** What an agent sells that polls every two seconds, in an area of ten; its seconds pass at once. */
async function sold({ run, ...fieldCase }: FieldCase): Promise<{ importWh: number; exportWh: number }> {
  const rules = { intervalMs: 10_000, gapLimitMs: 6_000, nameplateW: run!.nameplateW ?? 43_470, mainFuseW: 43_470 }
  let second = 0
  const source = sourceOf(new FieldDevice(fieldCase as FieldCase), () => second)
  const unit = fieldCase.unit ?? fieldCase.units[0]!.unit
  const gridUnit = Number(fieldCase.arguments?.[fieldCase.arguments.indexOf('--grid-unit') + 1] ?? Number.NaN)
  const poller =
    fieldCase.profile === 'sunspec'
      ? new SunSpecPoller({ source, unit, patience })
      : new ProfileReader({
          source,
          profile: profileNamed(fieldCase.profile),
          unit,
          gridUnit: Number.isNaN(gridUnit) ? null : gridUnit,
          patience,
        })
  const epochTime = 1_800_000_000
  let state = startEpoch({ epoch: 1, epochTime, sequence: 0 })
  const readings: { importWh: number; exportWh: number; quality: number; time: number }[] = []
  for (; second <= run!.seconds; second += 2) {
    const device = await poller.poll().catch(() => null)
    if (!device) continue
    const atMs = (epochTime + second) * 1000
    const observed = observeGrid(state, { atMs, clockOffsetMs: 0, device }, rules)
    state = observed.state
    readings.push(...observed.readings)
  }
  const sum = { importWh: 0, exportWh: 0 }
  for (const [index, reading] of readings.entries()) {
    const before = readings[index - 1]
    if (before?.quality !== 0 || reading.quality !== 0 || reading.time - before.time !== 10) continue
    sum.importWh += reading.importWh - before.importWh
    sum.exportWh += reading.exportWh - before.exportWh
  }
  return sum
}

const reads = cases.filter((one) => one.read)
const runs = cases.filter((one) => one.run)

describe.concurrent('a device as people met it is read right', () => {
  it.each(reads.map((one) => [one.id, one] as const))('%s', { timeout: 300_000 }, async (_, fieldCase) => {
    const { reading = {}, refused = false, mayRefuse = false, says } = fieldCase.read!
    const outcome = await read(fieldCase)
    if (outcome instanceof DeviceError) {
      expect(refused || mayRefuse, outcome.message).toBe(true)
      if (says) expect(outcome.message).toMatch(new RegExp(says))
      return
    }
    expect(refused, 'it must be refused').toBe(false)
    const problems = Object.entries(reading).flatMap(
      ([field, expected]) => mismatch(field, outcome.reading[field as keyof DeviceReading], expected) ?? [],
    )
    expect(problems, outcome.warnings.join('\n')).toEqual([])
    if (says) expect(outcome.warnings.join('\n')).toMatch(new RegExp(says))
  })
})

describe('a device as people met it sells what it may', () => {
  it.each(runs.map((one) => [one.id, one] as const))('%s', async (_, fieldCase) => {
    const energies = await sold(fieldCase)
    for (const [side, [least, most]] of Object.entries(fieldCase.run!.sold)) {
      expect(energies[side as 'importWh']).toBeGreaterThanOrEqual(least)
      expect(energies[side as 'importWh']).toBeLessThanOrEqual(most)
    }
  })
})
