/** Enrolment and running of an agent, as its owner sees them. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { recoverSigner } from '../../../contracts/protocol/typed-data.ts'
import { enrolCommand } from '../../../meter-agent/commands/enrol.ts'
import { pairCommand } from '../../../meter-agent/commands/pair.ts'
import { type Agent, startAgent } from '../../../meter-agent/home/agent.ts'
import { enrol } from '../../../meter-agent/keys/enrolment.ts'
import { type AgentConfig, parseConfig } from '../../../meter-agent/setup/config.ts'
import { patiently } from '../../patience.ts'
import { FakeServer } from './fake-server.ts'
import { homeDevice } from './home-device.ts'

const escrow = '0x00000000000000000000000000000000000000e5'
const account = '0x00000000000000000000000000000000000000ac'
const rules = `0x${'11'.repeat(32)}`
const intervalSeconds = 1
const log = pino({ level: 'silent' })

let folder: string
let server: FakeServer
const agents: Agent[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-agent-'))
  server = await new FakeServer({ chainId: 31337, escrow, area: 1, intervalSeconds }).start()
})

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

function configOf(extra = ''): AgentConfig {
  return parseConfig(
    `dataFolder = "data"
    server.url = "${server.url}"
    chain = { id = 31337, escrow = "${escrow}" }
    area = { id = 1, intervalSeconds = ${intervalSeconds} }
    clock.trust = true
    [[meter]]
    name = "home-1"
    account = "${account}"
    keyFile = "home-1.key"
    [[meter.device]]
    url = "tcp://127.0.0.1:1"
    confirmed = true
    [[meter.device]]
    url = "tcp://127.0.0.1:2"
    role = "production"
    ${extra}`,
    join(folder, 'agent.toml'),
  )
}

/** A home that exports 1.8 kW: half a Wh each second. */
const devices = (startMs: number) => (options: { role?: string }) =>
  homeDevice((nowMs) => {
    const wh = ((nowMs - startMs) / 3_600_000) * 1800
    return options.role === 'production'
      ? { productionWh: 500_000 + wh, productionW: 1800 }
      : { importWh: 7000, exportWh: 40_000 + wh, powerW: -1800 }
  })

async function run(config: AgentConfig, open = devices(Date.now())): Promise<Agent> {
  const agent = await startAgent(config, { log, open })
  agents.push(agent)
  return agent
}

/** Enrols and runs; where a busy machine has read the devices only after the epoch began, once more in the next epoch, with more time. */
async function runInTime(config: AgentConfig) {
  for (let number = 1; ; number += 1) {
    const time = Math.floor(Date.now() / 1000) + 2 * number
    const [enrolment] = await enrol(config, { rules, time, epoch: number, nowMs: Date.now() })
    const agent = await run(config)
    await vi.waitFor(() => expect(agent.status().meters[0]!.live).not.toBeNull(), patiently)
    if (Date.now() < time * 1000) return { time, number, enrolment: enrolment!, agent }
    await agent.stop()
    server.stored.clear()
  }
}

test('a disk that refuses the status keeps no reading back, and the status is there again once it takes it', async () => {
  const inTheWay = join(folder, 'data/status.json.new')
  await mkdir(inTheWay, { recursive: true })
  const { agent } = await runInTime(configOf())
  await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(3), patiently)
  expect(existsSync(join(folder, 'data/status.json'))).toBe(false)
  await rmdir(inTheWay)
  await vi.waitFor(() => expect(existsSync(join(folder, 'data/status.json'))).toBe(true), patiently)
  await agent.stop()
})

test('an enrolled meter reads its devices and the server gets each boundary once, signed and measured', async () => {
  const { time, number, enrolment, agent } = await runInTime(configOf())
  expect(enrolment).toMatchObject({
    account,
    rules,
    consentValidFrom: time,
    epoch: { account, rules, epoch: number, time, importWh: 0, exportWh: 0 },
  })
  const { meter, consentDeadline, consentSignature, epochSignature, epoch } = enrolment
  expect(consentDeadline).toBe(time + 60 * 86_400)
  const consent = { meter, account, rules, validFrom: time, deadline: consentDeadline }
  expect(recoverSigner(server.pinned, 'MeterConsent', consent, consentSignature)).toBe(meter)
  expect(recoverSigner(server.pinned, 'EpochStart', epoch, epochSignature)).toBe(meter)

  await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(3), patiently)
  const readings = [...server.stored.values()].filter((reading) => reading.epoch === number)
  const before = readings[0]!.sequence - 1
  expect(readings.slice(0, 3).map((reading) => reading.time)).toEqual([time + 1, time + 2, time + 3])
  expect(readings.map(({ sequence }) => sequence)).toEqual(readings.map((_, index) => before + index + 1))
  // A busy machine may poll late; everything else is plainly measured.
  expect(readings.flatMap(({ reasons }) => reasons).filter((reason) => reason !== 'gap')).toEqual([])
  expect(readings.every(({ importWh }) => importWh === 0)).toBe(true)
  // Half a Wh a second, rounded down to the Wh; times are rounded to the millisecond.
  for (const [index, { exportWh }] of readings.entries()) {
    expect(exportWh).toBeLessThanOrEqual((index + 1) / 2 + 0.01)
    expect(exportWh).toBeGreaterThanOrEqual((index + 1) / 2 - 1.01)
  }
  await vi.waitFor(() => expect(server.telemetry.length).toBeGreaterThan(0), patiently)
  expect(server.telemetry.at(-1)).toMatchObject({ meter, powerW: -1800, productionW: 1800 })
  expect(agent.status().meters[0]).toMatchObject({
    name: 'home-1',
    address: meter,
    epoch: number,
    consumptionW: 0,
    welcome: true,
  })
})

test('a stopped agent goes on where it stopped, and what it could not send arrives later, once and in order', async () => {
  const config = configOf()
  const open = devices(Date.now())
  await enrol(config, { rules, nowMs: Date.now() })
  const first = await run(config, open)
  await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(1), patiently)
  await server.stop()
  await vi.waitFor(() => expect(first.status().meters[0]!.queued).toBeGreaterThanOrEqual(2), patiently)
  await first.stop()
  await server.start()
  const second = await run(config, open)
  const before = server.stored.size
  await vi.waitFor(() => {
    expect(server.stored.size).toBeGreaterThanOrEqual(before + 4)
    expect(second.status().meters[0]!.queued).toBe(0)
  }, patiently)
  const times = [...server.stored.values()].map(({ time }) => time).sort((a, b) => a - b)
  expect(times).toEqual(times.map((_, index) => times[0]! + index))
})

test('enrolling again gives the same, and another time for the same epoch is refused', async () => {
  const config = configOf()
  const [first] = await enrol(config, { rules, time: 1_800_000_000, nowMs: 0 })
  expect(await enrol(config, { rules, time: 1_800_000_000, nowMs: 0 })).toEqual([first])
  expect(await enrol(config, { rules, nowMs: 0 })).toEqual([first])
  await expect(enrol(config, { rules, time: 1_800_000_001, nowMs: 0 })).rejects.toThrow('epoch 1 began at 1800000000')
  const [second] = await enrol(config, { rules, time: 1_800_000_010, epoch: 2, nowMs: 0 })
  const began = { account, rules, meter: first!.meter, epoch: 2, time: 1_800_000_010 }
  expect(second!.epoch).toEqual({ ...began, importWh: 0, exportWh: 0 })
  const laterMs = (1_800_000_010 + 40 * 86_400) * 1000
  const [later] = await enrol(config, { rules, epoch: 2, nowMs: laterMs })
  expect(later!.consentDeadline).toBe(1_800_000_010 + 90 * 86_400)
  await expect(enrol(config, { names: ['home-2'], rules, nowMs: 0 })).rejects.toThrow('the configuration has home-1')
})

test('a key without its metering state is not enrolled again by accident', async () => {
  const config = configOf()
  await enrol(config, { rules, nowMs: 0 })
  await rm(config.dataFolder, { recursive: true })
  await expect(startAgent(config, { log })).rejects.toThrow('run "commonwatt-agent pair" first')
  await expect(enrol(config, { rules, nowMs: 0 })).rejects.toThrow('give --epoch')
  for (const command of [enrolCommand(), pairCommand()]) expect(command.helpInformation()).toContain('--epoch')
  const [again] = await enrol(config, { rules, epoch: 2, nowMs: 0 })
  expect(again!.epoch.epoch).toBe(2)
})

test('an agent that nobody else tells the time meters before its seat is open: the refusal carries it', async () => {
  const config = { ...configOf(), trustClock: false }
  const refusal = { ok: false as const, code: 'METER_UNKNOWN', message: 'no seat', retryAfterMs: 100 }
  server.answerHello = () => ({ ...refusal, serverTimeMs: Date.now() })
  await enrol(config, { rules, nowMs: Date.now() })
  const agent = await run(config)
  await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBeGreaterThanOrEqual(2), patiently)
  expect(agent.status()).toMatchObject({ clock: { trusted: true, serverAheadMs: expect.any(Number) } })
  expect(agent.status().meters[0]).toMatchObject({ welcome: false, held: null })
  expect(server.stored.size).toBe(0)
  server.answerHello = null
  await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(2), patiently)
})

test('a meter that is not enrolled and a taken store are named', async () => {
  const config = configOf()
  await expect(startAgent(config, { log })).rejects.toThrow('there is no key file')
  await enrol(config, { rules, nowMs: Date.now() })
  await run(config)
  await expect(enrol(config, { rules, nowMs: 0 })).rejects.toThrow('another agent uses')
})
