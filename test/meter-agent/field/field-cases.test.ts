/**
 * Devices as people met them, each with the right answer: what a reading must say or why it is refused, and how much may be sold.
 * The cases are in `fixtures/field`; further folders of such files can be named in FIELD_CASES.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { profileNamed } from '../../../meter-agent/profiles/families.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { observeGrid } from '../../../meter-agent/registers/meter.ts'
import { startEpoch } from '../../../meter-agent/registers/state.ts'
import { SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { bundleProgram } from '../bundle.ts'
import { patience } from '../modbus/register-table.ts'
import { type FieldCase, FieldDevice, mismatch, serveField, sourceOf } from './field-device.ts'

const own = fileURLToPath(new URL('../fixtures/field/', import.meta.url))
const folders = [own, ...(process.env.FIELD_CASES?.split(':') ?? [])]
const cases: FieldCase[] = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file): FieldCase | FieldCase[] => JSON.parse(readFileSync(join(folder, file), 'utf8'))),
)

let program: string
beforeAll(async () => {
  program = await bundleProgram('meter-agent/cli.ts')
})

/** `commonwatt-agent read` against the device on a real port. */
async function read(fieldCase: FieldCase): Promise<{ status: number; out: string; err: string }> {
  const served = await serveField(fieldCase)
  const { profile, unit, arguments: more = [], quirks } = fieldCase
  const scheme = more.includes('--url') ? [] : ['--url', `tcp://127.0.0.1:${served.port}?timeout=400&retries=0`]
  const url = more.map((word) => word.replace('PORT', `${served.port}`))
  const named = profile === 'sunspec' ? [] : ['--profile', profile]
  const at = unit === undefined ? [] : ['--unit', `${unit}`]
  const child = spawn(process.execPath, [program, 'read', ...scheme, ...named, ...at, ...url, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [status] = await once(child, 'close')
  await served.close()
  expect(quirks ?? {}).toBeDefined()
  return { status, out, err }
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

describe('a device as people met it is read right', () => {
  it.each(reads.map((one) => [one.id, one] as const))('%s', { timeout: 30_000 }, async (_, fieldCase) => {
    const { reading = {}, refused = false, mayRefuse = false, says } = fieldCase.read!
    const { status, out, err } = await read(fieldCase)
    if (status !== 0) {
      expect([status, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1])
      expect(refused || mayRefuse, err).toBe(true)
      if (says) expect(err).toMatch(new RegExp(says))
      return
    }
    expect(refused, 'it must be refused').toBe(false)
    const report = JSON.parse(out)
    const problems = Object.entries(reading).flatMap(
      ([field, expected]) => mismatch(field, report.reading[field], expected) ?? [],
    )
    expect(problems, report.warnings.join('\n')).toEqual([])
    if (says) expect(report.warnings.join('\n')).toMatch(new RegExp(says))
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
