/** How a meter's next key takes over. */
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { keyAt } from '../../../contracts/protocol/meter-keys.ts'
import { recoverSigner } from '../../../contracts/protocol/typed-data.ts'
import type { SignedReading } from '../../../contracts/protocol/wire.ts'
import { type Agent, startAgent } from '../../../meter-agent/home/agent.ts'
import { enrol } from '../../../meter-agent/keys/enrolment.ts'
import { readKeyFile } from '../../../meter-agent/keys/keys.ts'
import { rotateKeys } from '../../../meter-agent/keys/rotation.ts'
import { type AgentConfig, parseConfig } from '../../../meter-agent/setup/config.ts'
import { FakeServer } from '../home/fake-server.ts'
import { homeDevice } from '../home/home-device.ts'

const escrow = '0x00000000000000000000000000000000000000e5'
const account = '0x00000000000000000000000000000000000000ac'
const rules = `0x${'11'.repeat(32)}`
const intervalSeconds = 1
const waits = { timeout: 30_000, interval: 20 }

let folder: string
let server: FakeServer
let config: AgentConfig
let meter: string
const agents: Agent[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-rotate-'))
  server = await new FakeServer({ chainId: 31337, escrow, area: 1, intervalSeconds }).start()
  config = parseConfig(
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
    url = "tcp://127.0.0.1:1"`,
    join(folder, 'agent.toml'),
  )
  const [enrolment] = await enrol(config, { rules, nowMs: Date.now() })
  meter = enrolment!.meter
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
  expect(server.violations).toEqual([])
})

const startMs = Date.now()
/** A home that exports 1.8 kW: half a Wh each second. */
const open = () =>
  homeDevice((nowMs) => {
    const wh = ((nowMs - startMs) / 3_600_000) * 1800
    return { importWh: 7000, exportWh: 40_000 + wh, powerW: -1800 }
  })

async function run(): Promise<Agent> {
  const agent = await startAgent(config, { log: pino({ level: 'silent' }), open })
  agents.push(agent)
  return agent
}

async function stop(agent: Agent): Promise<void> {
  await agent.stop()
  agents.splice(agents.indexOf(agent), 1)
}

const byTime = (): SignedReading[] => [...server.stored.values()].sort((a, b) => a.time - b.time)
const newest = (): number => byTime().at(-1)?.time ?? 0
const until = (time: number) => vi.waitFor(() => expect(newest()).toBeGreaterThanOrEqual(time), waits)
const filesOf = () => ({ present: config.meters[0]!.keyFile, next: `${config.meters[0]!.keyFile}.next` })

/** Each boundary once, in a row, registers never falling, each reading signed by the key of its time. */
function expectWhole(): void {
  const readings = byTime()
  const keys = server.keys.get(meter) ?? []
  for (const [index, { signature, sequence, productionWh: _, reasons: __, ...signed }] of readings.entries()) {
    expect(signed.time).toBe(readings[0]!.time + index * intervalSeconds)
    expect(sequence).toBe(index + 1)
    expect(signed.exportWh).toBeGreaterThanOrEqual(readings[index - 1]?.exportWh ?? 0)
    expect(recoverSigner(server.pinned, 'Reading', signed, signature)).toBe(keyAt(meter, keys, signed.time))
  }
}

describe('a next key', () => {
  test('is made beside the present one, and both sign the instruction that the account approves', async () => {
    const [ticket] = await rotateKeys(config, { nowMs: Date.now() })
    const { rotation, keySignature, nextSignature } = ticket!
    expect(rotation).toMatchObject({ account, meter, key: meter })
    expect(recoverSigner(server.pinned, 'RotateKey', rotation, keySignature)).toBe(meter)
    expect(recoverSigner(server.pinned, 'RotateKey', rotation, nextSignature)).toBe(rotation.next)
    expect(rotation.next).not.toBe(meter)
    expect((await stat(filesOf().next)).mode & 0o777).toBe(0o600)
    const [again] = await rotateKeys(config, { nowMs: Date.now(), from: 1_900_000_000 })
    expect(again!.rotation).toMatchObject({ next: rotation.next, from: 1_900_000_000 })
    await expect(rotateKeys(config, { names: ['home-2'], nowMs: 0 })).rejects.toThrow('the configuration has home-1')
  })

  test('signs after the boundary that the chain says; the former one goes when it has delivered all', async () => {
    const agent = await run()
    await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(2), waits)
    const [ticket] = await rotateKeys(config, { nowMs: Date.now() })
    const { next } = ticket!.rotation
    const from = newest() + 3
    server.keys.set(meter, [{ key: next, from }])
    await until(from + 2)
    await vi.waitFor(
      () => expect(agent.status().meters[0]!.keys).toEqual({ present: next, next: null, from: null }),
      waits,
    )
    await expect(stat(filesOf().next)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readKeyFile(filesOf().present, server.pinned)).toMatchObject({ address: meter, key: next })
    await stop(agent)
    const before = newest()
    await run()
    await until(before + 3)
    expectWhole()
  })

  test('signs again what an agent without a connection signed before it heard of it', async () => {
    const agent = await run()
    await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(2), waits)
    await server.stop()
    const [ticket] = await rotateKeys(config, { nowMs: Date.now() })
    const from = newest() + 2
    await vi.waitFor(() => expect(agent.status().meters[0]!.newest!.time).toBeGreaterThanOrEqual(from + 2), waits)
    server.keys.set(meter, [{ key: ticket!.rotation.next, from }])
    await server.start()
    await until(agent.status().meters[0]!.newest!.time)
    await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBe(0), waits)
    expectWhole()
    expect(byTime().some(({ time }) => time === from + 1)).toBe(true)
  })

  test('signs again what a server took that did not know better, and delivers it once more', async () => {
    await run()
    const [ticket] = await rotateKeys(config, { nowMs: Date.now() })
    await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(4), waits)
    server.keys.set(meter, [{ key: ticket!.rotation.next, from: byTime()[1]!.time }])
    server.dropConnections()
    await vi.waitFor(() => expectWhole(), waits)
    await until(newest() + 2)
    expectWhole()
  })

  test('that is not here yet is waited for, and nothing is lost', async () => {
    const agent = await run()
    await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(1), waits)
    const { next } = filesOf()
    const [ticket] = await rotateKeys(config, { nowMs: Date.now() })
    await rename(next, `${next}.elsewhere`)
    const from = newest() + 1
    server.keys.set(meter, [{ key: ticket!.rotation.next, from }])
    await vi.waitFor(() => expect(agent.status().meters[0]!.server).toMatch(/refuses this meter: HELLO_SIGN/), waits)
    await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBeGreaterThanOrEqual(2), waits)
    expect(newest()).toBeLessThanOrEqual(from)
    await rename(`${next}.elsewhere`, next)
    server.dropConnections()
    await until(from + 4)
    await vi.waitFor(() => expectWhole(), waits)
  })
})

describe('a server that knows more than the store', () => {
  /** Stores a reading that this agent never signed. */
  function elsewhere(epoch: number, time: number): void {
    const reading = { meter, epoch, time, importWh: 0, exportWh: 0, quality: 0, sequence: 9, productionWh: null }
    server.stored.set('elsewhere', { ...reading, signature: '', reasons: [] })
  }
  const soon = () => Math.floor(Date.now() / 1000) + 60

  test.each<[string, () => [number, number], RegExp]>([
    ['a later reading', () => [1, soon()], /has a reading of .* not signed: stop any other .* enrol --epoch 2/],
    ['a later epoch', () => [2, soon() - 100], /goes on elsewhere, in epoch 2: .* enrol --epoch 3/],
    ['an earlier beginning of the epoch', () => [1, 1_700_000_000], /epoch 1 began before, by 2023.* --epoch 2/],
  ])('by %s: nothing is signed or sent, and one line says what to do', async (_name, what, reason) => {
    const [epoch, time] = what()
    elsewhere(epoch, time)
    // It signs before it has heard, and that stays with it.
    await server.stop()
    const agent = await run()
    await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBeGreaterThanOrEqual(1), waits)
    await server.start()
    await vi.waitFor(() => expect(agent.status().meters[0]!.held).toMatch(reason), waits)
    await vi.waitFor(() => expect(agent.status().meters[0]).toMatchObject({ queued: 0 }), waits)
    const { newest: signed } = agent.status().meters[0]!
    await vi.waitFor(() => expect(agent.status().meters[0]!.live).not.toBeNull(), waits)
    expect(agent.status().meters[0]!.newest).toEqual(signed)
    expect(server.messages).toEqual([])
    await stop(agent)
    const next = Math.max(epoch, 1) + 1
    for (let begun = 2; begun <= next; begun += 1) {
      await enrol(config, { rules, epoch: begun, nowMs: Date.now() + 1000 * begun })
    }
    const again = await run()
    await vi.waitFor(() => expect(again.status().meters[0]).toMatchObject({ held: null, welcome: true }), waits)
    await vi.waitFor(() => expect(server.messages.length).toBeGreaterThanOrEqual(1), waits)
    expect(server.messages.flat().every((reading) => reading.epoch === next)).toBe(true)
  })
})
