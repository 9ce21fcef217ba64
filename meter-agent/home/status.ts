/** What can be seen of a running agent: the file that `commonwatt-agent status` reads, and the source of its metrics. */
import { join } from 'node:path'
import type { Telemetry } from '../../contracts/protocol/wire.ts'
import { identityOf } from '../devices/polled-device.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { LinkStatus } from '../link/link.ts'
import { type LinkCounts, linkCounts } from '../modbus/connection.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { MeterPlace } from '../registers/device-sample.ts'
import type { BoundaryReading, ObservationOutcome } from '../registers/meter.ts'
import type { AgentConfig } from '../setup/config.ts'
import type { ClockTrust } from './clock.ts'
import type { Home } from './home.ts'

export interface DeviceStatus {
  name: string
  online: boolean | null
  error: string | null
  polls: number
  failures: number
  roundTripMs: number
  identity: string | null
  /** What its meter measures, as far as the device says; `null` before it was read. */
  place: MeterPlace | null
  warnings: string[]
}

export interface MeterStatus {
  name: string
  address: string
  account: string
  epoch: number
  epochTime: number
  /** The newest boundary signed by this process. */
  newest: BoundaryReading | null
  signed: { measured: number; estimated: number; doubtful: number }
  samples: Record<ObservationOutcome, number>
  /** What is wrong with the open interval. */
  reasons: string[]
  /** Whether counters and power have told the same story, by side; nothing is sold on a side before. */
  proven: { import: boolean; export: boolean }
  /** They tell different stories now. */
  contradicted: boolean
  queued: number
  refused: number
  welcome: boolean
  server: string
  /** The key that signs, and the one to follow; `from` (UTC seconds) is the boundary after which that one signs, once on chain. */
  keys: Keyring['keys']
  /** Why nothing is signed for this meter; `null` while all is well. */
  held: string | null
  /** The newest live values; `null` while the grid device is offline or has not been read for three polls. */
  live: Telemetry | null
  /** What the home uses: import + production + discharge; `null` where a part is unknown. */
  consumptionW: number | null
  devices: DeviceStatus[]
}

/** Grows when what the file holds changes its meaning. */
export const statusVersion = 4

export interface AgentStatus {
  version: typeof statusVersion
  pid: number
  /** UTC milliseconds. */
  writtenAtMs: number
  server: string
  connected: boolean
  clock: { trusted: boolean; serverAheadMs: number | null }
  sentMessages: number
  resentMessages: number
  meters: MeterStatus[]
  /** The connections to the devices. */
  links: LinkCounts[]
}

export function statusFile(dataFolder: string): string {
  return join(dataFolder, 'status.json')
}

export function statusOf(parts: {
  config: AgentConfig
  homes: readonly Home[]
  /** The keys of the homes, in the order of the homes. */
  keys: readonly Keyring[]
  outbox: Outbox
  link: LinkStatus
  clock: ClockTrust
  nowMs: number
}): AgentStatus {
  const { config, homes, keys, outbox, link, clock, nowMs } = parts
  return {
    version: statusVersion,
    pid: process.pid,
    writtenAtMs: Math.round(nowMs),
    server: config.serverUrl,
    connected: link.connected,
    clock: { trusted: clock.trusted, serverAheadMs: clock.serverAheadMs },
    sentMessages: link.sentMessages,
    resentMessages: link.resentMessages,
    meters: homes.map((home, index) => meterStatus(home, { keys: keys[index]!.keys, outbox, link, nowMs })),
    links: linkCounts(),
  }
}

function meterStatus(
  home: Home,
  { keys, outbox, link, nowMs }: { keys: Keyring['keys']; outbox: Outbox; link: LinkStatus; nowMs: number },
): MeterStatus {
  const { address } = home.key
  const { state } = home
  const live = home.liveAt(nowMs)
  const [measured, estimated, doubtful] = home.signedByQuality as [number, number, number]
  return {
    name: home.config.name,
    address,
    account: home.config.account,
    epoch: state.epoch,
    epochTime: state.epochTime,
    newest: home.newest,
    signed: { measured, estimated, doubtful },
    samples: home.outcomes,
    reasons: Object.keys(state.marks),
    proven: state.trust.proven,
    contradicted: state.trust.contradicted || state.trust.mistrusted,
    queued: outbox.queued(address),
    refused: outbox.refused(address),
    welcome: link.meters[address]?.welcome ?? false,
    server: link.meters[address]?.reason ?? '',
    keys,
    held: home.held,
    live,
    consumptionW: live && consumption(live, home),
    devices: home.devices.map(({ name, online, error, polls, failures, roundTripMs, latest }) => ({
      name,
      online,
      error,
      polls,
      failures,
      roundTripMs: Math.round(roundTripMs),
      identity: latest && identityOf(latest),
      place: latest?.device.place ?? null,
      warnings: latest?.device.warnings ?? [],
    })),
  }
}

function consumption({ powerW, productionW, batteryPowerW }: Telemetry, home: Home): number | null {
  const unseen = home.devices.some(({ online }) => !online)
  return powerW === null || unseen ? null : powerW + (productionW ?? 0) + (batteryPowerW ?? 0)
}
