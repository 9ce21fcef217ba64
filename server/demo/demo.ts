/**
 * A whole neighbourhood on one machine: database, chain, contracts, server, devices, agents and the people's consent, each
 * a real process or a real signature. Every step is done once and found done on the next start.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JsonRpcProvider, NonceManager, type Wallet } from 'ethers'
import {
  deployAccounts,
  deployEscrow,
  deployRevocations,
  deployToken,
  escrowAt,
  tokenAt,
} from '../../contracts/build/deploy.ts'
import type { Enrolment } from '../../contracts/protocol/wire.ts'
import type { AreaResource, DemoPerson } from '../api/resources.ts'
import { publicClient } from '../api-client.ts'
import { type AreaSettings, areaSettings } from '../areas/settings.ts'
import { walletOfFile } from '../chain/key-file.ts'
import { agentProgram, serverProgram } from '../project-files.ts'
import { placeCars, startCars } from './cars.ts'
import { type EmbeddedChain, startChain } from './embedded-chain.ts'
import { type EmbeddedPostgres, startPostgres } from './embedded-postgres.ts'
import { DemoError } from './error.ts'
import { eventually, onboard } from './onboarding.ts'
import { assertPortFree } from './ports.ts'
import type { Street, StreetHome } from './street.ts'
import { type Supervisor, startSupervisor } from './supervisor.ts'
import { type DemoWatcher, demoWatchers, quorumOf, startWatcher } from './watchers.ts'

export interface DemoPorts {
  web: number
  database: number
  chain: number
  /** The first of the devices' ports; each device takes the next one. */
  devices: number
}

export interface DemoOptions {
  street: Street
  dataFolder: string
  ports: DemoPorts
  /** A line for the person at the terminal. */
  print: (line: string) => void
}

export interface RunningDemo {
  url: string
  escrow: string
  token: string
  databaseUrl: string
  /** Process ids by name, for those who want to see what a kill does. */
  pids(): Record<string, number>
  stop(): Promise<void>
}

/** Enough gas for years on a development chain. */
const operatorWei = 10n ** 24n
const chainId = 31337
const confirmations = 2
const blockSeconds = 1
const chainPollMs = 500
/** Starting a process takes a core for a moment. */
const agentsStartedAtOnce = 2
/** A northern June, so that whoever looks in rarely finds the street asleep. */
const longDays = { latitudeDeg: 58, declinationDeg: 22 }
/** At the first start the sky is shortly after dawn. */
const dayFractionAtStart = 0.27

/** Starts everything, the first time within a minute. Throws `DemoError` that says what to do; then nothing is left running. */
export async function startDemo(options: DemoOptions): Promise<RunningDemo> {
  const { dataFolder, ports, print } = options
  // Others may pass through, to the database's own folder, but not list it.
  mkdirSync(dataFolder, { recursive: true, mode: 0o711 })
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (let one = stops.pop(); one !== undefined; one = stops.pop()) await one()
  }
  try {
    const supervisor = await startSupervisor({ dataFolder, log: print })
    stops.push(() => supervisor.stop())
    // Only now, when what a killed start left behind is gone.
    await assertPortFree({ port: ports.web, purpose: 'the page and the API', option: '--port' })
    const chainStart = startChain({ dataFolder, port: ports.chain, log: print, chainId, blockSeconds })
    const started = await Promise.allSettled([
      startPostgres({ dataFolder, port: ports.database, log: print }),
      chainStart,
    ])
    for (const part of started) if (part.status === 'fulfilled') stops.unshift(() => part.value.stop())
    for (const part of started) if (part.status === 'rejected') throw part.reason
    const [postgres, chain] = started.map((part) => (part as PromiseFulfilledResult<unknown>).value) as [
      EmbeddedPostgres,
      EmbeddedChain,
    ]
    print(`database   PostgreSQL on port ${ports.database}`)
    print(`chain      anvil, chain id ${chainId}, on port ${ports.chain}`)
    const running = await startMarket(options, { supervisor, postgres, chain })
    return { ...running, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startMarket(
  { street, dataFolder, ports, print }: DemoOptions,
  parts: { supervisor: Supervisor; postgres: EmbeddedPostgres; chain: EmbeddedChain },
): Promise<Omit<RunningDemo, 'stop'>> {
  const { supervisor, postgres, chain } = parts
  const people = demoPeople(street, dataFolder)
  const deployment = await deploy(street, dataFolder, chain.url, people)
  print(`escrow     ${deployment.settings.chain.escrow}`)

  const areaFile = join(dataFolder, 'area.json')
  writeFileSync(areaFile, JSON.stringify(areaFileOf(street, people), null, 2))
  const peopleFile = join(dataFolder, 'people.json')
  writeFileSync(peopleFile, JSON.stringify(publicPeople(street, people), null, 2), { mode: 0o600 })
  const pids: Record<string, () => number> = { database: () => postgres.pid, chain: () => chain.pid }
  const server = await supervisor.start({
    name: 'server',
    script: serverProgram,
    args: [
      'serve',
      ...[
        '--rpc-url',
        chain.url,
        '--escrow',
        deployment.settings.chain.escrow,
        '--first-block',
        String(deployment.firstBlock),
        '--accounts',
        deployment.accounts,
        '--revocations',
        deployment.revocations,
      ],
      ...['--area-file', areaFile, '--key-file', people.operatorKeyFile, '--relay-key-file', people.relayKeyFile],
      ...['--demo-people', peopleFile, '--migrate'],
      ...[
        '--port',
        String(ports.web),
        '--confirmations',
        String(confirmations),
        '--chain-poll-ms',
        String(chainPollMs),
      ],
    ],
    env: { DATABASE_URL: postgres.url },
  })
  pids.server = () => server.pid
  const url = `http://localhost:${ports.web}`
  const { area } = deployment.settings
  const resource = await eventually(
    () =>
      publicClient(url)
        .get<AreaResource>(`/areas/${area}`)
        .catch(() => undefined),
    `the server; see ${join(dataFolder, 'logs')}`,
  )
  print(`server     ${url}, API at ${url}/docs, metrics at ${url}/metrics`)

  const { settings, firstBlock } = deployment
  const watching = { supervisor, dataFolder, serverUrl: url, rpcUrl: chain.url, settings, firstBlock }
  for (const watcher of people.watchers) {
    const kept = await startWatcher(watcher, watching)
    pids[watcher.name] = () => kept.pid
  }
  const { keys, quorum } = quorumOf(people.watchers)
  if (keys.length > 0) print(`watchers   ${keys.length} processes, ${quorum} of which must sign each batch`)

  const places = placeDevices(street, ports.devices)
  await Promise.all(
    [...places.values()]
      .flat()
      .map(({ port }) => assertPortFree({ port, purpose: 'a simulated device', option: '--device-port' })),
  )
  const cars = placeCars(street, ports.devices + [...places.values()].flat().length)
  await Promise.all(
    [...cars.values()].map((port) => assertPortFree({ port, purpose: 'a simulated wallbox', option: '--device-port' })),
  )
  const devices = await supervisor.start({
    name: 'devices',
    script: agentProgram,
    args: ['simulate', '--config', writeSimulation(street, dataFolder, { places, cars })],
  })
  pids.devices = () => devices.pid
  print(`devices    ${[...places.values()].flat().length} on Modbus TCP ports from ${ports.devices}`)

  const agents = new Map<string, StreetHome[]>()
  for (const home of street.homes) {
    const agent = home.gateway ?? home.id
    agents.set(agent, [...(agents.get(agent) ?? []), home])
  }
  const configs = new Map(
    [...agents].map(([agent, homes]) => [
      agent,
      writeAgentConfig({
        agent,
        homes,
        street,
        dataFolder,
        places,
        people,
        serverUrl: url,
        settings: deployment.settings,
      }),
    ]),
  )
  const inTurn = turnstile(agentsStartedAtOnce)
  await Promise.all(
    [...configs].map(async ([agent, config]) => {
      const enrolments = await inTurn(async () => {
        const made = await enrol(config, deployment.settings.rulesHash)
        const name = `agent-${agent}`
        const kept = await supervisor.start({ name, script: agentProgram, args: ['run', '--config', config] })
        pids[name] = () => kept.pid
        return made
      })
      const joining = agents.get(agent)!.map((home) => {
        const account = people.accounts.get(home.id)!
        const enrolment = enrolments.find((one) => one.account === account.address.toLowerCase())!
        const wishes = wishesOf(home, street)
        return onboard({ serverUrl: url, area: resource, account, grid: people.grid, enrolment, wishes, now: Date.now })
      })
      await Promise.all(joining)
    }),
  )
  print(`agents     ${configs.size} processes for ${street.homes.length} meters`)
  print('people     every seat is open, confirmed and funded')
  for (const [name, car] of await startCars({
    street,
    cars,
    supervisor,
    tariffUrl: `${url}/api/v1/areas/${area}/tariff`,
  })) {
    pids[name] = () => car.pid
    print(`${name.padEnd(10)} charges while neighbours have sun to spare; see ${join(dataFolder, 'logs')}`)
  }
  return {
    url,
    escrow: deployment.settings.chain.escrow,
    token: deployment.settings.chain.token,
    databaseUrl: postgres.url,
    pids: () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, pid()])),
  }
}

interface People {
  watchers: DemoWatcher[]
  deployer: Wallet
  grid: Wallet
  operator: Wallet
  operatorKeyFile: string
  relay: Wallet
  relayKeyFile: string
  /** The account of each home, by the home's name. */
  accounts: Map<string, Wallet>
}

function demoPeople(street: Street, dataFolder: string): People {
  const keys = join(dataFolder, 'keys')
  const operatorKeyFile = join(keys, 'operator.key')
  const relayKeyFile = join(keys, 'relay.key')
  return {
    watchers: demoWatchers(street, dataFolder),
    deployer: walletOfFile(join(keys, 'deployer.key')),
    grid: walletOfFile(join(keys, 'grid.key')),
    operator: walletOfFile(operatorKeyFile),
    operatorKeyFile,
    relay: walletOfFile(relayKeyFile),
    relayKeyFile,
    accounts: new Map(
      street.homes.map(({ id }) => [id, walletOfFile(join(dataFolder, 'homes', id, 'account.key'))] as const),
    ),
  }
}

function publicPeople(street: Street, people: People): DemoPerson[] {
  const person = (wallet: Wallet) => ({ account: wallet.address.toLowerCase(), privateKey: wallet.privateKey })
  return [
    ...street.homes.map(({ id, name, role, description }) => ({
      name,
      role,
      description,
      ...person(people.accounts.get(id)!),
    })),
    { ...street.utility, role: 'utility' as const, ...person(people.grid) },
  ]
}

function areaFileOf(street: Street, people: People): Record<string, unknown> {
  const watchers = quorumOf(people.watchers)
  const rules = { ...street.area.rules, grid: people.grid.address.toLowerCase() }
  return { ...street.area, rules: watchers.keys.length === 0 ? rules : { ...rules, watchers } }
}

interface Deployed {
  settings: AreaSettings
  firstBlock: number
  /** Opens accounts of passkeys. */
  accounts: string
  /** The contract by which grants of data are taken back. */
  revocations: string
}

interface DemoDeployment {
  escrow: string
  token: string
  accounts: string
  revocations: string
  firstBlock: number
}

/** Puts token, escrow and area on the chain, gives everybody tokens, and remembers where. */
async function deploy(street: Street, dataFolder: string, rpcUrl: string, people: People): Promise<Deployed> {
  const file = join(dataFolder, 'deployment.json')
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 200 })
  try {
    const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoDeployment) : null
    if (known !== null) {
      if ((await provider.getCode(known.escrow)) === '0x') {
        throw new DemoError(
          'CHAIN_STATE',
          `the chain in ${dataFolder} does not have the escrow that was deployed on it: remove ${dataFolder} to begin anew`,
        )
      }
      const { firstBlock, accounts, revocations } = known
      return { settings: settingsOf(street, people, known), firstBlock, accounts, revocations }
    }
    const watching = people.watchers.map(({ wallet }) => wallet)
    for (const { address } of [people.deployer, people.grid, people.operator, people.relay, ...watching]) {
      await provider.send('anvil_setBalance', [address, `0x${operatorWei.toString(16)}`])
    }
    const deployer = new NonceManager(people.deployer.connect(provider))
    const token = await deployToken(deployer)
    const escrow = await deployEscrow(deployer, {
      token: token.address,
      withdrawalDelaySeconds: street.withdrawalDelaySeconds,
    })
    const { address: accounts } = await deployAccounts(deployer, street.recoveryDelaySeconds)
    const { address: revocations } = await deployRevocations(deployer)
    const firstBlock = escrow.blockNumber
    const made: DemoDeployment = { token: token.address, escrow: escrow.address, accounts, revocations, firstBlock }
    const settings = settingsOf(street, people, made)
    const opened = await escrowAt(escrow.address, people.grid.connect(provider)).openArea!(
      settings.rules,
      quorumOf(people.watchers),
      people.operator.address,
    )
    await opened.wait()
    for (const home of street.homes) {
      const baseUnits = BigInt(home.deposit) * 2n * 10n ** 6n
      const minted = await tokenAt(token.address, deployer).mint!(people.accounts.get(home.id)!.address, baseUnits)
      await minted.wait()
    }
    writeFileSync(file, JSON.stringify(made, null, 2))
    return { settings, firstBlock, accounts, revocations }
  } finally {
    provider.destroy()
  }
}

function settingsOf(
  street: Street,
  people: People,
  { escrow, token }: { escrow: string; token: string },
): AreaSettings {
  return areaSettings(areaFileOf(street, people), {
    chainId,
    escrow,
    token,
    tokenName: 'Local Euro',
    tokenDecimals: 6,
    withdrawalDelaySeconds: street.withdrawalDelaySeconds,
  })
}

interface Place {
  port: number
  device: StreetHome['devices'][number]
}

function placeDevices(street: Street, firstPort: number): Map<string, Place[]> {
  let port = firstPort
  return new Map(
    street.homes.map(({ id, devices }) => [id, devices.map((device) => ({ device, port: port++ }))] as const),
  )
}

function writeSimulation(
  street: Street,
  dataFolder: string,
  { places, cars }: { places: Map<string, Place[]>; cars: Map<string, number> },
): string {
  const file = join(dataFolder, 'devices.json')
  const epoch = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { epoch: string }).epoch
    : new Date(Date.now() - dayFractionAtStart * street.dayLengthSeconds * 1000).toISOString()
  const homes = street.homes.map((home) => ({
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
  const config = {
    dayLengthSeconds: street.dayLengthSeconds,
    ...longDays,
    epoch,
    stateFile: join(dataFolder, 'devices-state.json'),
    homes,
  }
  writeFileSync(file, JSON.stringify(config, null, 2))
  return file
}

function writeAgentConfig(parts: {
  agent: string
  homes: StreetHome[]
  street: Street
  dataFolder: string
  places: Map<string, Place[]>
  people: People
  serverUrl: string
  settings: AreaSettings
}): string {
  const { agent, homes, street, settings } = parts
  const folder = join(parts.dataFolder, 'homes', agent)
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
    lines.push(
      '[[meter]]',
      `name = ${text(home.id)}`,
      `account = ${text(parts.people.accounts.get(home.id)!.address.toLowerCase())}`,
      `keyFile = ${text(join(folder, `${home.id}-meter.key`))}`,
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

/** Runs the agent's own `enrol`, which makes the meter keys where they live. */
async function enrol(config: string, rulesHash: string): Promise<Enrolment[]> {
  const child = spawn(process.execPath, [agentProgram, 'enrol', '--config', config, '--rules', rulesHash], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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

function wishesOf(home: StreetHome, street: Street) {
  const { intervalSeconds } = street.area.rules
  return { ...home, nameplateWh: Math.max(1, Math.ceil((home.nameplateW * intervalSeconds) / 3600)) }
}

/** Lets so many tasks run at a time, the others wait for their turn. */
function turnstile(atOnce: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    running += 1
    try {
      return await task()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
