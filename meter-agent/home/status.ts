/** What can be seen of a running agent: the file that `commonwatt-agent status` reads, and the source of its metrics. */
import { join } from 'node:path'
import type { MeterMarket, ReadingReason, Telemetry } from '../../contracts/protocol/wire.ts'
import { identityOf } from '../devices/polled-device.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { LinkStatus } from '../link/link.ts'
import { type LinkCounts, linkCounts } from '../modbus/connection.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Counting, MeterPlace } from '../registers/device-sample.ts'
import { type BoundaryReading, type ObservationOutcome, wholeWh } from '../registers/meter.ts'
import type { MeterState } from '../registers/state.ts'
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
  /** As the configuration names it; `null` where the meter was paired. */
  account: string | null
  epoch: number
  epochTime: number
  /** The newest boundary signed by this process. */
  newest: BoundaryReading | null
  signed: { measured: number; estimated: number; doubtful: number }
  samples: Record<ObservationOutcome, number>
  /** What is wrong with the open interval. */
  reasons: ReadingReason[]
  /** Whether counters and power have told the same story, by side; nothing is sold on a side before. */
  proven: { import: boolean; export: boolean }
  /** They tell different stories now. */
  contradicted: boolean
  /** Its owner vouches for the grid device. */
  confirmed: boolean
  /** How the grid device counts over the phases; `null` before it was read. */
  counting: Counting | null
  /**
   * What has been counted, in Wh, as the agent follows it: it never falls within an epoch, whatever a device's counter does. Grid
   * energies count from the epoch's start, production from where its device began. `null` where nothing counts.
   */
  registers: { importWh: number | null; exportWh: number | null; productionWh: number | null }
  queued: number
  refused: number
  welcome: boolean
  server: string
  /** What the market makes of it, as the server last told; `null` where it never has. */
  market: MeterMarket | null
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
export const statusVersion = 5

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
    reasons: Object.keys(state.marks) as ReadingReason[],
    proven: state.trust.proven,
    contradicted: state.trust.contradicted || state.trust.mistrusted,
    confirmed: home.config.grid.confirmed === true,
    counting: home.grid.latest?.device.counting ?? null,
    registers: {
      importWh: state.import && wholeWh(state.import.virtualMilliWh),
      exportWh: state.export && wholeWh(state.export.virtualMilliWh),
      productionWh: producedWh(state),
    },
    queued: outbox.queued(address),
    refused: outbox.refused(address),
    welcome: link.meters[address]?.welcome ?? false,
    server: link.meters[address]?.reason ?? '',
    market: link.meters[address]?.market ?? null,
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

function producedWh({ production }: MeterState): number | null {
  const tracks = Object.values(production)
  if (tracks.length === 0) return null
  return wholeWh(tracks.reduce((sum, { counter }) => sum + counter.virtualMilliWh, 0n))
}

function consumption({ powerW, productionW, batteryPowerW }: Telemetry, home: Home): number | null {
  const unseen = home.devices.some(({ online }) => !online)
  return powerW === null || unseen ? null : powerW + (productionW ?? 0) + (batteryPowerW ?? 0)
}
