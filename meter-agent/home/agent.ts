/** The running agent: all meters of a configuration, their store, their link to the server, and what can be seen of them. */
import { createHash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { whyDiskRefuses } from '../../contracts/protocol/disk-fault.ts'
import { openDevice } from '../devices/device.ts'
import type { OpenDevice } from '../devices/polled-device.ts'
import { Keyring } from '../keys/keyring.ts'
import { KeyError } from '../keys/keys.ts'
import { backOffMs, type Heard, type Link, openLink } from '../link/link.ts'
import { configuredTrust } from '../link/trust-file.ts'
import { Outbox, type OutboxError, outboxFolder } from '../outbox/outbox.ts'
import { DeviceError } from '../registers/device-error.ts'
import { timingOf } from '../registers/timing.ts'
import { type AgentConfig, ConfigError } from '../setup/config.ts'
import { ClockTrust, systemTime, type TimeSource } from './clock.ts'
import { Home } from './home.ts'
import { serveMetrics } from './metrics.ts'
import { type AgentStatus, statusFile, statusOf } from './status.ts'

export interface Agent {
  status(): AgentStatus
  /** Ends polls and sends in order; what is signed stays in the outbox. */
  stop(): Promise<void>
}

export interface AgentParts {
  log: Logger
  time?: TimeSource
  open?: OpenDevice
  random?: () => number
}

/**
 * Starts an agent. Throws a `ConfigError` for devices that cannot be meant and for meters that are not enrolled, a
 * `KeyError` for keys that cannot be used, an `OutboxError` for a store that cannot.
 */
export async function startAgent(config: AgentConfig, parts: AgentParts): Promise<Agent> {
  const { log, time = systemTime, open = openDevice, random = Math.random } = parts
  const domain = { chainId: config.chainId, escrow: config.escrow }
  const trust = await configuredTrust(config)
  const outbox = await Outbox.open(outboxFolder(config.dataFolder), domain)
  const keys = await Promise.all(config.meters.map(({ keyFile }) => Keyring.open(keyFile, domain, outbox))).catch(
    async (error) => {
      await outbox.close()
      throw error
    },
  )
  const clock = new ClockTrust({
    time,
    always: config.trustClock,
    changed(trusted, reason) {
      if (trusted) log.info({ reason }, 'clock trusted')
      else log.warn({ reason }, 'clock not trusted: nothing is signed until the server or the system vouches for it')
    },
  })
  const stopping = new AbortController()
  // Each meter waits for it.
  setMaxListeners(0, stopping.signal)
  let repair: Promise<void> | null = null
  let link: Link | null = null

  async function repairStore(error: OutboxError): Promise<void> {
    repair ??= reopen(error).finally(() => {
      repair = null
    })
    return repair
  }

  async function reopen(error: OutboxError): Promise<void> {
    log.error({ code: error.code, reason: error.message }, 'store failed: metering waits until it can be written')
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      await pause(backOffMs(failures, random()), stopping.signal)
      try {
        await outbox.reopen()
        log.info('store works again')
        return
      } catch (again) {
        if ((again as OutboxError).name !== 'OutboxError') throw again
      }
    }
  }

  const homes: Home[] = []
  let metrics: Awaited<ReturnType<typeof serveMetrics>> | null = null
  try {
    for (const [index, meter] of config.meters.entries()) {
      homes.push(await openHome(keys[index]!, index))
      log.info({ meter: meter.name, address: keys[index]!.address, epoch: homes[index]!.state.epoch }, 'meter ready')
    }
    if (config.metricsPort !== null) metrics = await serveMetrics(config.metricsPort, status)
  } catch (error) {
    await Promise.all(homes.map((home) => home.close()))
    await outbox.close()
    throw error
  }

  async function openHome(key: Keyring, index: number): Promise<Home> {
    const meter = config.meters[index]!
    const state = await outbox.state(key.address)
    if (!state) {
      throw new ConfigError('CONFIG_INVALID', [
        `meter ${meter.name} (${key.address}) is not enrolled: run "commonwatt-agent pair" first`,
      ])
    }
    try {
      return new Home({
        config: meter,
        key,
        state,
        timing: timingOf(config.intervalSeconds, meter.pollSeconds),
        outbox,
        clock,
        time,
        open,
        log: log.child({ meter: meter.name }),
        signed: () => link?.wake(),
        telemetry: (values) => link?.telemetry(values),
        repairStore,
      })
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      throw new ConfigError('CONFIG_INVALID', [`meter ${meter.name}: ${error.message}`], error)
    }
  }

  function status(): AgentStatus {
    return statusOf({ config, homes, keys, outbox, link: link!.status(), clock, nowMs: time.wallMs() })
  }

  const homeOf = new Map(homes.map((home) => [home.key.address, home]))
  const keyringOf = new Map(keys.map((key) => [key.address, key]))

  /** Takes up keys that changed on chain, and holds a meter that somebody else signs for. */
  async function heard(meter: string, { newest, gaps, settledTo, keys: later }: Heard): Promise<string | null> {
    const [home, keyring] = [homeOf.get(meter)!, keyringOf.get(meter)!]
    try {
      if (await keyring.hear(later)) {
        const fields = { meter: home.config.name, ...keyring.keys, missing: keyring.missing }
        if (keyring.missing === null) log.info(fields, 'the meter has another key on chain')
        else
          log.warn(fields, 'the meter has another key on chain, and it is not here: put its file beside the key file')
      }
      home.held = await aheadReason(meter, newest, outbox)
      if (home.held !== null) await keyring.inTurn(() => setAside(outbox, { meter, reason: home.held! }))
      else {
        const queuedAgain = await outbox.compare(meter, { newest, gaps, settledTo })
        const fields = { meter: home.config.name, readings: queuedAgain, newest: newest.time }
        if (queuedAgain > 0)
          log.warn(fields, 'the server has lost readings that it had acknowledged: they are sent again')
      }
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      home.held = error.message
    }
    return home.held
  }

  async function settleKeys(readings: readonly { meter: string; time: number }[]): Promise<void> {
    for (const { meter, time: acknowledged } of readings) {
      const [home, keyring] = [homeOf.get(meter)!, keyringOf.get(meter)!]
      try {
        if (!(await keyring.settle(home.state.boundary, acknowledged))) continue
        log.info({ meter: home.config.name, key: keyring.keys.present }, 'the next key took the former one’s place')
      } catch (error) {
        // Both files stay, and the next acknowledgement tries again.
        if (!(error instanceof KeyError)) throw error
        log.warn({ meter: home.config.name, reason: error.message }, 'the former key cannot be removed yet')
      }
    }
  }

  const nameOf = new Map(homes.map(({ key, config: { name } }) => [key.address, name]))
  link = openLink({
    serverUrl: config.serverUrl,
    trust,
    pinned: { ...domain, area: config.area, intervalSeconds: config.intervalSeconds },
    keys,
    heard,
    unknownKey: (meter) => keyringOf.get(meter)!.helloRefused(),
    outbox,
    nowMs: () => time.wallMs(),
    random,
    events: {
      connection(connected, reason) {
        if (connected) log.info({ server: config.serverUrl }, 'connected')
        else log.warn({ server: config.serverUrl, reason }, 'not connected')
      },
      meter(address, welcome, reason) {
        const meter = nameOf.get(address)
        if (welcome && reason === 'welcome') log.info({ meter }, 'welcome at the server')
        else log.warn({ meter, reason }, 'the server does not take this meter’s readings')
      },
      acknowledged: settleKeys,
      refused(readings) {
        for (const { meter, epoch, time: at, code, message } of readings) {
          log.error({ meter: nameOf.get(meter), epoch, time: at, code, reason: message }, 'reading refused for good')
        }
      },
      clock: (aheadMs, uncertainMs) => clock.hearServer(aheadMs, uncertainMs),
    },
  })

  const loops = [...homes.map((home, index) => poll(home, index)), watchClock(), writeStatus()]

  async function poll(home: Home, index: number): Promise<void> {
    const { pollMs } = timingOf(config.intervalSeconds, config.meters[index]!.pollSeconds)
    // Polls follow the clock, a little after each multiple of the poll interval and so of the area's: a boundary is
    // completed soon after it has passed, and the homes of one process take turns.
    const phaseMs = pollMs * (0.02 + 0.23 * fractionOf(home.key.address))
    while (!stopping.signal.aborted) {
      const startedMs = time.wallMs()
      await home.round()
      const earliestMs = Math.max(
        time.wallMs(),
        Math.min(startedMs + 2 * home.grid.roundTripMs, time.wallMs() + 60_000),
      )
      const nextMs = (Math.floor((earliestMs - phaseMs) / pollMs) + 1) * pollMs + phaseMs
      await pause(nextMs - time.wallMs(), stopping.signal)
    }
  }

  async function watchClock(): Promise<void> {
    while (!stopping.signal.aborted) {
      clock.look()
      if (!clock.trusted) {
        await clock.askSystem()
        link!.checkClock()
      }
      await pause(clock.trusted ? 1000 : 5000, stopping.signal)
    }
  }

  async function writeStatus(): Promise<void> {
    const file = statusFile(config.dataFolder)
    const everyMs = Math.min(5000, Math.max(1000, config.intervalSeconds * 100))
    while (!stopping.signal.aborted) {
      await writeFile(`${file}.new`, JSON.stringify(status()), { mode: 0o600 })
        .then(() => rename(`${file}.new`, file))
        .catch((error) => {
          // A disk that is full, or can only be read since it began to fail: the store reports it, and an old status says its age.
          if (whyDiskRefuses(error) === null) throw error
        })
      await pause(everyMs, stopping.signal)
    }
  }

  let stopped: Promise<void> | null = null
  async function stop(): Promise<void> {
    stopping.abort()
    await metrics?.close()
    await Promise.all(loops)
    await link!.close()
    await Promise.all(homes.map((home) => home.close()))
    await outbox.close()
    log.info('stopped')
  }

  return {
    status,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Why this agent must not sign where the server has more of the meter than the store; `null` where it has not. */
async function aheadReason(meter: string, newest: Heard['newest'], outbox: Outbox): Promise<string | null> {
  const state = (await outbox.state(meter))!
  const next = Math.max(newest.epoch, state.epoch) + 1
  const remedy = `stop any other agent that uses this key, then run "commonwatt-agent enrol --epoch ${next}"`
  const at = new Date(newest.time * 1000).toISOString()
  if (newest.epoch > state.epoch) return `this meter goes on elsewhere, in epoch ${newest.epoch}: ${remedy}`
  if (newest.epoch < state.epoch) return null
  if (newest.time > state.boundary) return `the server has a reading of ${at} that this agent has not signed: ${remedy}`
  if (newest.time < state.epochTime) return `epoch ${state.epoch} began before, by ${at}: ${remedy}`
  return null
}

/** What this agent signed where somebody else signs must never reach anybody: it would speak against the meter. */
async function setAside(outbox: Outbox, { meter, reason }: { meter: string; reason: string }): Promise<void> {
  const some = { limit: 1000, currentFrom: 0, accepts: (candidate: string) => candidate === meter }
  for (let readings = await outbox.waiting(some); readings.length > 0; readings = await outbox.waiting(some)) {
    const verdict = { status: 'refused', code: 'READING_SET_ASIDE', message: reason } as const
    await outbox.settle(readings.map(({ epoch, time }) => ({ meter, epoch, time, ...verdict })))
  }
}

/** A fixed fraction in [0, 1) for a text. */
function fractionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32
}

/** Waits, or returns at once when the signal comes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(ms, 0))
    signal.addEventListener('abort', done)
  })
}
