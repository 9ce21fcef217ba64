/** The demo's homes: where their simulated devices listen, and what their agents are told. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import type { Enrolment } from '../../contracts/protocol/wire.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { agentProgram } from '../project-files.ts'
import { DemoError } from './error.ts'
import type { Street, StreetHome } from './street.ts'

/** A northern June, so that whoever looks in rarely finds the street asleep. */
const longDays = { latitudeDeg: 58, declinationDeg: 22 }
/** At the first start the sky is shortly after dawn. */
const dayFractionAtStart = 0.27

export interface DevicePlace {
  port: number
  device: StreetHome['devices'][number]
}

/** Each device on the next port, by the home's name. */
export function placeDevices(homes: readonly StreetHome[], firstPort: number): Map<string, DevicePlace[]> {
  let port = firstPort
  return new Map(homes.map(({ id, devices }) => [id, devices.map((device) => ({ device, port: port++ }))] as const))
}

const simulationFile = (dataFolder: string) => join(dataFolder, 'devices.json')

/** When it was midnight for the sun of the street; the one of the first start stays. */
export function epochOf(street: Street, dataFolder: string): string {
  const file = simulationFile(dataFolder)
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { epoch: string }).epoch
    : new Date(Date.now() - dayFractionAtStart * street.dayLengthSeconds * 1000).toISOString()
}

/** The files of the street's own simulation: what it is told, and where it keeps its counters. */
export function simulationOf(dataFolder: string): { file: string; stateFile: string } {
  return { file: simulationFile(dataFolder), stateFile: join(dataFolder, 'devices-state.json') }
}

/** Writes what `commonwatt-agent simulate` is told of some homes; the sun goes on from the first start. Returns the file. */
export function writeSimulation(
  street: Street,
  parts: {
    homes: readonly StreetHome[]
    file: string
    stateFile: string
    epoch: string
    places: ReadonlyMap<string, DevicePlace[]>
    cars: ReadonlyMap<string, number>
  },
): string {
  const { file, stateFile, epoch, places, cars } = parts
  const homes = parts.homes.map((home) => ({
    name: home.id,
    serialNumber: createHash('sha256').update(home.id).digest('hex').slice(0, 10).toUpperCase(),
    ...home.physics,
    ...(home.carKw === undefined ? {} : { wallbox: { port: cars.get(home.id)!, powerKw: home.carKw } }),
    devices: places.get(home.id)!.map(({ port, device: { profile, models, unit } }) => ({
      port,
      ...(unit === undefined ? {} : { unit }),
      ...(profile === 'sunspec'
        ? { kind: 'sunspec', ...(models === undefined ? {} : { models }) }
        : { kind: 'profile', profile }),
    })),
  }))
  const config = { dayLengthSeconds: street.dayLengthSeconds, ...longDays, epoch, stateFile, homes }
  writeFileSync(file, JSON.stringify(config, null, 2))
  return file
}

/** The folder of one agent, with everything that it keeps. */
export const agentFolder = (dataFolder: string, agent: string): string => join(dataFolder, 'homes', agent)

/** What an agent is told of its area. */
interface AgentArea extends Pick<AreaSettings, 'area'> {
  chain: Pick<AreaSettings['chain'], 'chainId' | 'escrow'>
  rules: Pick<AreaSettings['rules'], 'intervalSeconds'>
}

/** Writes one agent's configuration, for all of its homes. */
export function writeAgentConfig(parts: {
  agent: string
  homes: StreetHome[]
  street: Street
  dataFolder: string
  places: ReadonlyMap<string, DevicePlace[]>
  /** The account of each home; a home without one is to be paired. */
  accountOf: (home: string) => string | null
  serverUrl: string
  settings: AgentArea
}): string {
  const { agent, homes, street, settings } = parts
  const folder = agentFolder(parts.dataFolder, agent)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const text = (value: string) => JSON.stringify(value)
  const lines = [
    `dataFolder = ${text(join(folder, 'agent'))}`,
    '[server]',
    `url = ${text(parts.serverUrl)}`,
    '[chain]',
    `id = ${settings.chain.chainId}`,
    `escrow = ${text(settings.chain.escrow)}`,
    '[area]',
    `id = ${settings.area}`,
    `intervalSeconds = ${settings.rules.intervalSeconds}`,
    '[clock]',
    'trust = true',
  ]
  for (const home of homes) {
    const account = parts.accountOf(home.id)
    lines.push(
      '[[meter]]',
      `name = ${text(home.id)}`,
      ...(account === null ? [] : [`account = ${text(account)}`]),
      `keyFile = ${text(meterKeyFile(folder, home.id))}`,
      `pollSeconds = ${street.pollSeconds}`,
      // Some of its meters count each phase by itself, and so does its grid.
      'utilityCounts = "per-phase"',
      '[meter.limits]',
      `nameplateW = ${home.nameplateW}`,
      `mainFuseW = ${home.mainFuseW}`,
    )
    for (const { port, device } of parts.places.get(home.id)!) {
      lines.push(
        '[[meter.device]]',
        `url = ${text(`tcp://127.0.0.1:${port}`)}`,
        `profile = ${text(device.profile)}`,
        `role = ${text(device.role)}`,
      )
      // The demo knows what its devices count; a street is for sale from its first interval.
      if (device.role === 'grid') lines.push('confirmed = true')
      if (device.unit !== undefined) lines.push(`unit = ${device.unit}`)
    }
  }
  const file = join(folder, 'agent.toml')
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

/** Where an agent keeps the key of a home's meter. */
export function meterKeyFile(folder: string, home: string): string {
  return join(folder, `${home}-meter.key`)
}

/** The meter whose key lies in the file: the address of its first key, which the file of every later key names. */
export function meterOf(keyFile: string): string {
  const [secret, named] = readFileSync(keyFile, 'utf8').trim().split('\nmeter ')
  return named ?? new Wallet(secret!).address
}

/** Runs the agent's own `enrol`, which makes the meter keys where they live. */
export async function enrolHomes(config: string, rulesHash: string, signal: AbortSignal): Promise<Enrolment[]> {
  const child = spawn(process.execPath, [agentProgram, 'enrol', '--config', config, '--rules', rulesHash], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  child.on('error', () => {})
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    output.out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output.err += chunk
  })
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (status !== 0) throw new DemoError('PROGRAM_START', `a meter cannot be enrolled: ${output.err.trim()}`)
  return output.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Enrolment)
}

/** What the home wants of the market, with the most that its connection can feed in. */
export function wishesOf<Home extends Pick<StreetHome, 'nameplateW'>>(
  home: Home,
  { rules: { intervalSeconds } }: Street['area'],
) {
  return { ...home, nameplateWh: Math.max(1, Math.ceil((home.nameplateW * intervalSeconds) / 3600)) }
}
