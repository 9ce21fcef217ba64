/** How a meter's next key takes over. */
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { test as base, describe, expect, vi } from 'vitest'
import { keyAt } from '../../../contracts/protocol/meter-keys.ts'
import { recoverSigner } from '../../../contracts/protocol/typed-data.ts'
import type { SignedReading } from '../../../contracts/protocol/wire.ts'
import { type Agent, startAgent } from '../../../meter-agent/home/agent.ts'
import { enrol } from '../../../meter-agent/keys/enrolment.ts'
import { readKeyFile } from '../../../meter-agent/keys/keys.ts'
import { rotateKeys } from '../../../meter-agent/keys/rotation.ts'
import { type AgentConfig, parseConfig } from '../../../meter-agent/setup/config.ts'
import { patiently } from '../../patience.ts'
import { FakeServer } from '../home/fake-server.ts'
import { homeDevice } from '../home/home-device.ts'

const escrow = '0x00000000000000000000000000000000000000e5'
const account = '0x00000000000000000000000000000000000000ac'
const rules = `0x${'11'.repeat(32)}`
const intervalSeconds = 1

const startMs = Date.now()
/** A home that exports 1.8 kW: half a Wh each second. */
const open = () =>
  homeDevice((nowMs) => {
    const wh = ((nowMs - startMs) / 3_600_000) * 1800
    return { importWh: 7000, exportWh: 40_000 + wh, powerW: -1800 }
  })

/** An enrolled meter with its agents and the server that they deliver to. */
class Metered {
  readonly folder: string
  readonly server: FakeServer
  readonly config: AgentConfig
  readonly meter: string
  readonly #agents: Agent[] = []

  private constructor(folder: string, server: FakeServer, config: AgentConfig, meter: string) {
    this.folder = folder
    this.server = server
    this.config = config
    this.meter = meter
  }

  static async begin(): Promise<Metered> {
    const folder = await mkdtemp(join(tmpdir(), 'commonwatt-rotate-'))
    const server = await new FakeServer({ chainId: 31337, escrow, area: 1, intervalSeconds }).start()
    const config = parseConfig(
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
    return new Metered(folder, server, config, enrolment!.meter)
  }

  async end(): Promise<void> {
    for (const agent of this.#agents.splice(0)) await agent.stop()
    await this.server.stop()
    await rm(this.folder, { recursive: true, force: true })
    expect(this.server.violations).toEqual([])
  }

  async run(): Promise<Agent> {
    const agent = await startAgent(this.config, { log: pino({ level: 'silent' }), open })
    this.#agents.push(agent)
    return agent
  }

  async stop(agent: Agent): Promise<void> {
    await agent.stop()
    this.#agents.splice(this.#agents.indexOf(agent), 1)
  }

  byTime(): SignedReading[] {
    return [...this.server.stored.values()].sort((a, b) => a.time - b.time)
  }

  newest(): number {
    return this.byTime().at(-1)?.time ?? 0
  }

  until(time: number) {
    return vi.waitFor(() => expect(this.newest()).toBeGreaterThanOrEqual(time), patiently)
  }

  /** Until the server has so many readings. */
  has(count: number) {
    return vi.waitFor(() => expect(this.server.stored.size).toBeGreaterThanOrEqual(count), patiently)
  }

  get files() {
    const { keyFile } = this.config.meters[0]!
    return { present: keyFile, next: `${keyFile}.next` }
  }

  /** Each boundary once, in a row, registers never falling, each reading signed by the key of its time. */
  expectWhole(): void {
    const { server, meter } = this
    const readings = this.byTime()
    const keys = server.keys.get(meter) ?? []
    for (const [index, { signature, sequence, productionWh: _, reasons: __, ...signed }] of readings.entries()) {
      expect(signed.time).toBe(readings[0]!.time + index * intervalSeconds)
      expect(sequence).toBe(index + 1)
      expect(signed.exportWh).toBeGreaterThanOrEqual(readings[index - 1]?.exportWh ?? 0)
      expect(recoverSigner(server.pinned, 'Reading', signed, signature)).toBe(keyAt(meter, keys, signed.time))
    }
  }
}

/** Each test waits for boundaries to pass, so all run at once, each with a meter of its own. */
const test = base.extend<{ home: Metered }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern that it needs no other fixture
  home: async ({}, use) => {
    const home = await Metered.begin()
    await use(home)
    await home.end()
  },
})

describe.concurrent('a next key', () => {
  test('is made beside the present one, and both sign the instruction that the account approves', async ({ home }) => {
    const [ticket] = await rotateKeys(home.config, { nowMs: Date.now() })
    const { rotation, keySignature, nextSignature } = ticket!
    expect(rotation).toMatchObject({ account, meter: home.meter, key: home.meter })
    expect(recoverSigner(home.server.pinned, 'RotateKey', rotation, keySignature)).toBe(home.meter)
    expect(recoverSigner(home.server.pinned, 'RotateKey', rotation, nextSignature)).toBe(rotation.next)
    expect(rotation.next).not.toBe(home.meter)
    expect((await stat(home.files.next)).mode & 0o777).toBe(0o600)
    expect(ticket!.rotation.from % home.config.intervalSeconds).toBe(0)
    const [again] = await rotateKeys(home.config, { nowMs: Date.now(), from: 1_900_000_000 })
    expect(again!.rotation).toMatchObject({ next: rotation.next, from: 1_900_000_000 })
    await expect(rotateKeys(home.config, { names: ['home-2'], nowMs: 0 })).rejects.toThrow(
      'the configuration has home-1',
    )
  })

  test('signs after the boundary that the chain says; the former one goes when it has delivered all', async ({
    home,
  }) => {
    const agent = await home.run()
    await home.has(2)
    const [ticket] = await rotateKeys(home.config, { nowMs: Date.now() })
    const { next } = ticket!.rotation
    const from = home.newest() + 3
    home.server.keys.set(home.meter, [{ key: next, from }])
    await home.until(from + 2)
    await vi.waitFor(
      () => expect(agent.status().meters[0]!.keys).toEqual({ present: next, next: null, from: null }),
      patiently,
    )
    await expect(stat(home.files.next)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readKeyFile(home.files.present, home.server.pinned)).toMatchObject({ address: home.meter, key: next })
    await home.stop(agent)
    const before = home.newest()
    await home.run()
    await home.until(before + 3)
    home.expectWhole()
  })

  test('signs again what an agent without a connection signed before it heard of it', async ({ home }) => {
    const agent = await home.run()
    await home.has(2)
    await home.server.stop()
    const [ticket] = await rotateKeys(home.config, { nowMs: Date.now() })
    const from = home.newest() + 2
    await vi.waitFor(() => expect(agent.status().meters[0]!.newest!.time).toBeGreaterThanOrEqual(from + 2), patiently)
    home.server.keys.set(home.meter, [{ key: ticket!.rotation.next, from }])
    await home.server.start()
    await home.until(agent.status().meters[0]!.newest!.time)
    await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBe(0), patiently)
    home.expectWhole()
    expect(home.byTime().some(({ time }) => time === from + 1)).toBe(true)
  })

  test('signs again what a server took that did not know better, and delivers it once more', async ({ home }) => {
    await home.run()
    const [ticket] = await rotateKeys(home.config, { nowMs: Date.now() })
    await home.has(4)
    home.server.keys.set(home.meter, [{ key: ticket!.rotation.next, from: home.byTime()[1]!.time }])
    home.server.dropConnections()
    await vi.waitFor(() => home.expectWhole(), patiently)
    await home.until(home.newest() + 2)
    home.expectWhole()
  })

  test('that is not here yet is waited for, and nothing is lost', async ({ home }) => {
    const agent = await home.run()
    await home.has(1)
    const { next } = home.files
    const [ticket] = await rotateKeys(home.config, { nowMs: Date.now() })
    await rename(next, `${next}.elsewhere`)
    const from = home.newest() + 1
    home.server.keys.set(home.meter, [{ key: ticket!.rotation.next, from }])
    await vi.waitFor(
      () => expect(agent.status().meters[0]!.server).toMatch(/refuses this meter: HELLO_SIGN/),
      patiently,
    )
    await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBeGreaterThanOrEqual(2), patiently)
    expect(home.newest()).toBeLessThanOrEqual(from)
    await rename(`${next}.elsewhere`, next)
    home.server.dropConnections()
    await home.until(from + 4)
    await vi.waitFor(() => home.expectWhole(), patiently)
  })
})

describe.concurrent('a server that knows more than the store', () => {
  /** Stores a reading that this agent never signed. */
  function elsewhere({ meter, server }: Metered, epoch: number, time: number): void {
    const reading = { meter, epoch, time, importWh: 0, exportWh: 0, quality: 0, sequence: 9, productionWh: null }
    server.stored.set('elsewhere', { ...reading, signature: '', reasons: [] })
  }
  const soon = () => Math.floor(Date.now() / 1000) + 60

  test.for<[string, () => [number, number], RegExp]>([
    ['a later reading', () => [1, soon()], /has a reading of .* not signed: stop any other .* enrol --epoch 2/],
    ['a later epoch', () => [2, soon() - 100], /goes on elsewhere, in epoch 2: .* enrol --epoch 3/],
    ['an earlier beginning of the epoch', () => [1, 1_700_000_000], /epoch 1 began before, by 2023.* --epoch 2/],
  ])('by %s: nothing is signed or sent, and one line says what to do', async ([, what, reason], { home }) => {
    const [epoch, time] = what()
    elsewhere(home, epoch, time)
    // It signs before it has heard, and that stays with it.
    await home.server.stop()
    const agent = await home.run()
    await vi.waitFor(() => expect(agent.status().meters[0]!.queued).toBeGreaterThanOrEqual(1), patiently)
    await home.server.start()
    await vi.waitFor(() => expect(agent.status().meters[0]!.held).toMatch(reason), patiently)
    await vi.waitFor(() => expect(agent.status().meters[0]).toMatchObject({ queued: 0 }), patiently)
    const { newest: signed } = agent.status().meters[0]!
    await vi.waitFor(() => expect(agent.status().meters[0]!.live).not.toBeNull(), patiently)
    expect(agent.status().meters[0]!.newest).toEqual(signed)
    expect(home.server.messages).toEqual([])
    await home.stop(agent)
    const next = Math.max(epoch, 1) + 1
    for (let begun = 2; begun <= next; begun += 1) {
      await enrol(home.config, { rules, epoch: begun, nowMs: Date.now() + 1000 * begun })
    }
    const again = await home.run()
    await vi.waitFor(() => expect(again.status().meters[0]).toMatchObject({ held: null, welcome: true }), patiently)
    await vi.waitFor(() => expect(home.server.messages.length).toBeGreaterThanOrEqual(1), patiently)
    expect(home.server.messages.flat().every((reading) => reading.epoch === next)).toBe(true)
  })
})
