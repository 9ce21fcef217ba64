/** The built agent as a process, with kills and full disks. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Enrolment, KeyRotation, SignedReading } from '../../../contracts/protocol/wire.ts'
import { patiently } from '../../patience.ts'
import { bundleProgram, seededRandom } from '../bundle.ts'
import { command, serveHome, startRun, writeConfig } from './agent-process.ts'
import { FakeServer } from './fake-server.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const kills = Number(process.env.KILLS ?? 5)
const keyKills = Math.max(3, Math.floor(kills / 2))
const escrow = '0x00000000000000000000000000000000000000e5'
const rules = `0x${'11'.repeat(32)}`
const intervalSeconds = 1

let program: string
let home: Awaited<ReturnType<typeof serveHome>>
let server: FakeServer
let folder: string
let config: string
const children: ReturnType<typeof startRun>[] = []

beforeAll(async () => {
  program = await bundleProgram('meter-agent/cli.ts')
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-run-'))
  home = await serveHome(18_000)
  server = await new FakeServer({ chainId: 31337, escrow, area: 1, intervalSeconds }).start()
  config = await writeConfig(folder, { serverUrl: server.url, escrow, intervalSeconds, devicePort: home.port })
})
afterEach(async () => {
  for (const { child, ended } of children.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await server.stop()
  await home.close()
  await rm(folder, { recursive: true, force: true })
})
afterAll(() => rm(join(program, '..'), { recursive: true, force: true }))

function start(options?: Parameters<typeof startRun>[2]) {
  const started = startRun(program, config, options)
  children.push(started)
  return started
}

function byTime(): SignedReading[] {
  return [...server.stored.values()].sort((a, b) => a.time - b.time)
}

function newest(): number {
  return byTime().at(-1)?.time ?? 0
}

/** Whether the server has every boundary from the first to the newest. */
function contiguous(): boolean {
  const times = byTime().map(({ time }) => time)
  return times.every((time, index) => time === times[0]! + index)
}

async function enrolled(): Promise<Enrolment> {
  const { status, out, err } = await command(program, ['enrol', '--config', config, '--rules', rules])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  return JSON.parse(out) as Enrolment
}

test('from real registers over TCP to signed readings at the server, with status and an orderly end', async () => {
  const enrolment = await enrolled()
  expect(await enrolled()).toEqual(enrolment)
  expect((await stat(join(folder, 'home-1.key'))).mode & 0o777).toBe(0o600)
  const { child, log, ended } = start()
  await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(2), patiently)
  const readings = [...server.stored.values()]
  expect(readings[0]).toMatchObject({ meter: enrolment.meter, epoch: 1, importWh: 0 })
  expect(readings[1]!.exportWh - readings[0]!.exportWh).toBeGreaterThanOrEqual(4)
  expect(readings[1]!.exportWh - readings[0]!.exportWh).toBeLessThanOrEqual(6)
  expect(readings[1]!.productionWh).toBeGreaterThanOrEqual(90_000)

  await vi.waitFor(async () => {
    const shown = await command(program, ['status', '--config', config])
    expect(shown).toMatchObject({ status: 0, err: '' })
    expect(shown.out).toContain('grid -18000 W + production 18000 W + battery unknown = home 0 W')
    expect(shown.out).toContain('online (Example E5 123)')
    expect(shown.out).toMatch(/sells {4}This home sells what it feeds in\./)
    expect(shown.out).toMatch(/meter: at the grid connection/)
    expect(shown.out).toMatch(/link {5}127\.0\.0\.1:\d+: \d+ requests, 0 reconnects; no failures/)
  }, patiently)
  const json = JSON.parse((await command(program, ['status', '--config', config, '--json'])).out)
  expect(json).toMatchObject({
    connected: true,
    meters: [{ address: enrolment.meter, welcome: true }],
    links: [{ connects: 1, failures: {} }],
  })

  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  const lines = log.map((line) => JSON.parse(line).msg as string)
  expect(lines).toEqual(
    expect.arrayContaining(['meter ready', 'device online', 'connected', 'welcome at the server', 'stopped']),
  )
  const secret = (await readFile(join(folder, 'home-1.key'), 'utf8')).trim().slice(2)
  expect(log.join('\n')).not.toContain(secret)
  const stopped = await command(program, ['status', '--config', config])
  expect(stopped.status).toBe(1)
  expect(stopped.err).toMatch(/^no agent runs with .*\n$/)
  for (const rubbish of ['{"pid":', '[]', '{"version":1,"pid":1,"writtenAtMs":0}']) {
    await writeFile(join(folder, 'data/status.json'), rubbish)
    const shown = await command(program, ['status', '--config', config])
    expect(shown).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(/^\S+ is not what this version.*\n$/),
    })
  }
})

test(
  `killed ${kills} times (SEED=${seed}): every boundary reaches the server once, and never more than was counted`,
  async () => {
    console.log(`agent crash test: SEED=${seed}`)
    const random = seededRandom(seed)
    const enrolment = await enrolled()
    server.answerReadings = () => (random() < 0.3 ? 'store-and-silence' : null)
    for (let kill = 0; kill < kills; kill += 1) {
      const { child, log, ended } = start()
      // Death comes some time after it has begun to meter, so that each life can do something.
      await vi.waitFor(() => expect(log.some((line) => line.includes('meter ready'))).toBe(true), patiently)
      await new Promise((resolve) => setTimeout(resolve, random() * 1500))
      child.kill('SIGKILL')
      await ended
    }
    server.answerReadings = null
    const { log } = start()
    const target = Math.floor(Date.now() / 1000)
    await vi.waitFor(() => {
      expect(newest()).toBeGreaterThan(target)
      expect(contiguous()).toBe(true)
    }, patiently)
    expect(log.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
    const readings = byTime()
    const most = home.exportWh()
    for (const [index, reading] of readings.entries()) {
      expect(reading.sequence).toBe(index + 1)
      expect(reading.exportWh).toBeGreaterThanOrEqual(readings[index - 1]?.exportWh ?? 0)
      expect(reading.exportWh).toBeLessThanOrEqual(most + 1)
    }
    expect(server.violations).toEqual([])
    // 5 Wh a second since the first sample: nothing is lost over all deaths.
    const span = readings.at(-1)!.time - readings[0]!.time
    expect(Math.abs(readings.at(-1)!.exportWh - readings[0]!.exportWh - 5 * span)).toBeLessThanOrEqual(3)
    expect(enrolment.epoch.epoch).toBe(1)
  },
  60_000 + kills * 15_000,
)

test('a disk that fills up stops metering until it can be written, and nothing is lost or signed twice', async () => {
  await enrolled()
  const { log } = start({ fileLimitKb: 24 })
  const failures = () => log.filter((line) => line.includes('"store failed')).length
  await vi.waitFor(() => expect(failures()).toBeGreaterThanOrEqual(3), patiently)
  const target = Math.floor(Date.now() / 1000)
  await vi.waitFor(() => {
    expect(newest()).toBeGreaterThan(target)
    expect(contiguous()).toBe(true)
  }, patiently)
  expect(server.violations).toEqual([])
})

test(
  `killed ${keyKills} times while the key changes (SEED=${seed}): every boundary reaches the server once, signed by its key`,
  async () => {
    console.log(`key change crash test: SEED=${seed}`)
    const random = seededRandom(seed)
    const { meter } = await enrolled()
    const keyFile = join(folder, 'home-1.key')
    let from = 0
    for (let kill = 0; kill < keyKills; kill += 1) {
      const { child, log, ended } = start()
      await vi.waitFor(() => expect(log.some((line) => line.includes('meter ready'))).toBe(true), patiently)
      if (kill === 1) {
        const made = await command(program, ['rotate-key', '--config', config])
        expect(made).toMatchObject({ status: 0, err: '' })
        const { rotation } = JSON.parse(made.out) as KeyRotation
        from = Math.floor(Date.now() / 1000) + 1
        server.keys.set(meter, [{ key: rotation.next, from }])
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 1500))
      child.kill('SIGKILL')
      await ended
      expect((await readdir(folder)).filter((name) => name.startsWith('home-1.key'))).toContain('home-1.key')
    }
    start()
    await vi.waitFor(() => expect(newest()).toBeGreaterThanOrEqual(from + 3), patiently)
    await vi.waitFor(async () => expect(await readdir(folder)).not.toContain('home-1.key.next'), patiently)
    await vi.waitFor(() => expect(contiguous()).toBe(true), patiently)
    expect(await readFile(keyFile, 'utf8')).toContain(`meter ${meter}`)
    expect(byTime().map(({ sequence }) => sequence)).toEqual(byTime().map((_, index) => index + 1))
    expect(server.violations).toEqual([])
  },
  60_000 + keyKills * 10_000,
)

test('an agent whose parent goes away ends in order, and the next one, as after an update, loses no boundary', async () => {
  await enrolled()
  const { child, log, ended } = start({ ipc: true })
  await vi.waitFor(() => expect(log.some((line) => line.includes('connected'))).toBe(true), patiently)
  child.disconnect()
  expect(await ended).toBe(0)
  expect(log.some((line) => line.includes('the parent process has ended'))).toBe(true)
  start()
  const target = Math.floor(Date.now() / 1000)
  await vi.waitFor(() => {
    expect(newest()).toBeGreaterThan(target)
    expect(contiguous()).toBe(true)
  }, patiently)
  expect(server.violations).toEqual([])
})

test('mistakes end it with status 2 and one line each, before anything is read', async () => {
  const missing = await command(program, ['run', '--config', join(folder, 'none.toml')])
  expect(missing).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^[^\n]*there is no such file[^\n]*\n$/),
  })

  expect(await command(program, ['run', '--config', config])).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^there is no key file [^\n]*enrol[^\n]*\n$/),
  })
  await enrolled()
  await chmod(join(folder, 'home-1.key'), 0o644)
  expect(await command(program, ['run', '--config', config])).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^[^\n]*has mode 0644[^\n]*chmod 600[^\n]*\n$/),
  })
  await chmod(join(folder, 'home-1.key'), 0o600)
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace('[[meter.device]]', '[[meter.device]]\nprofile = "nobody"'))
  expect(await command(program, ['run', '--config', config])).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^meter home-1: [^\n]*nobody[^\n]*\n$/),
  })
  await writeFile(config, `colour = "red"\n${text}`)
  expect(await command(program, ['run', '--config', config])).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^[^\n]*agent\.toml: colour: has no meaning here\n$/),
  })
})

test('metrics are served on loopback where they are wanted; a taken port is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  config = await writeConfig(folder, {
    serverUrl: server.url,
    escrow,
    intervalSeconds,
    devicePort: home.port,
    extra: `metrics.port = ${port}`,
  })
  await enrolled()
  expect(await command(program, ['run', '--config', config])).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /^metrics cannot be shown: port \d+ is taken by another program: [^\n]*in \[metrics\]\n$/,
    ),
  })
  await new Promise((resolve) => taken.close(resolve))
  start()
  await vi.waitFor(async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(text).toContain('commonwatt_agent_connected 1')
    expect(text).toMatch(/commonwatt_agent_device_connects_total\{endpoint="127\.0\.0\.1:\d+"\} 1/)
    expect(text).toMatch(/commonwatt_agent_device_requests_total\{endpoint="127\.0\.0\.1:\d+"\} [1-9]/)
    expect(text).toMatch(/commonwatt_agent_readings_signed_total\{meter="home-1",quality="measured"\} [1-9]/)
    expect(text).toContain('commonwatt_agent_readings_queued{meter="home-1"} 0')
    expect(text).toMatch(/commonwatt_agent_power_watts\{meter="home-1"\} -18000/)
  }, patiently)
})
