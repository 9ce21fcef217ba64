/**
 * A whole neighbourhood on one machine: database, chain, contracts, server, devices, agents and the people's consent, each
 * a real process or a real signature. Every step is done once and found done on the next start.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Wallet } from 'ethers'
import { slugOf } from '../../contracts/protocol/slug.ts'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { DemoFacts, DemoPerson } from '../api/demo-resources.ts'
import type { AreaResource } from '../api/resources.ts'
import { publicClient } from '../api-client.ts'
import { configurationVariables, placeOfEscrow, readServerConfig } from '../configuration/config.ts'
import { agentProgram, serverProgram } from '../project-files.ts'
import { placeCars, startCars } from './cars.ts'
import { configOf, configureStreet, foundStreet, homesOf, openStreet, type People } from './community.ts'
import { startChain } from './embedded-chain.ts'
import { startPostgres } from './embedded-postgres.ts'
import { DemoError } from './error.ts'
import type { Flats } from './flats.ts'
import { type GuestPlace, openGuestDoor } from './guest-door.ts'
import { type Guests, startGuests } from './guests.ts'
import {
  enrolHomes,
  epochOf,
  placeDevices,
  simulationOf,
  wishesOf,
  writeAgentConfig,
  writeSimulation,
} from './homes.ts'
import { joinHouse, letFlats, startMetering } from './house.ts'
import { flatOfficeOf, giveInTurn, guestOfficeOf, officesOf } from './offices.ts'
import { onboard } from './onboarding.ts'
import { assertPortFree } from './ports.ts'
import type { Street, StreetHome } from './street.ts'
import { type Supervisor, startSupervisor } from './supervisor.ts'
import { turnstile } from './turnstile.ts'
import { quorumOf, startWatcher } from './watchers.ts'

export interface DemoPorts {
  web: number
  metrics: number
  database: number
  chain: number
  /** The first of the devices' ports; each device takes the next one. */
  devices: number
}

export interface DemoOptions {
  street: Street
  dataFolder: string
  ports: DemoPorts
  /** A PostgreSQL to use instead of the embedded one. */
  databaseUrl?: string | undefined
  /** A line for the person at the terminal. */
  print: (line: string) => void
  /** Aborted before everything is up, it ends the start. */
  signal?: AbortSignal
}

export interface RunningDemo {
  url: string
  /** The configuration that other commands take by `--config`. */
  config: string
  escrow: string
  token: string
  databaseUrl: string
  /** Process ids by name, for those who want to see what a kill does. */
  pids(): Record<string, number>
  stop(): Promise<void>
}

const chainId = 31337
const blockSeconds = 1
const chainPollMs = 500
/** Starting a process takes a core for a moment. */
const agentsStartedAtOnce = 2

/**
 * Starts everything, the first time within a minute. Throws `DemoError` that says what to do, `DEMO_STOPPED` once it is to stop; then
 * nothing is left running.
 */
export async function startDemo(options: DemoOptions): Promise<RunningDemo> {
  const { signal = new AbortController().signal } = options
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (let one = stops.pop(); one !== undefined; one = stops.pop()) await one()
  }
  const starting = startParts({ ...options, signal }, stops)
  try {
    return { ...(await unlessAborted(starting, signal)), stop }
  } catch (error) {
    await stop()
    // Without its parts, whatever was under way ends by itself.
    await starting.catch(() => {})
    await stop()
    throw error
  }
}

/** Throws `DEMO_STOPPED` as soon as the signal is aborted. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new DemoError('DEMO_STOPPED', 'stopped before everything was up'))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

type StartOptions = DemoOptions & { signal: AbortSignal }

async function startParts(options: StartOptions, stops: (() => Promise<void>)[]): Promise<Omit<RunningDemo, 'stop'>> {
  const { street, dataFolder, ports, print, signal } = options
  // Others may pass through, to the database's own folder, but not list it.
  mkdirSync(dataFolder, { recursive: true, mode: 0o711 })
  const supervisor = await startSupervisor({ dataFolder, log: print, signal })
  stops.push(() => supervisor.stop())
  const people = foundStreet(street, dataFolder)
  // Only now, when what a killed start left behind is gone.
  await assertPortFree({ port: ports.web, purpose: 'the page and the API', option: '--port' })
  await assertPortFree({ port: ports.metrics, purpose: 'the metrics', option: '--metrics-port' })
  const pids: Record<string, () => number> = {}
  const embedded = async (name: string, start: () => Promise<{ url: string; pid: number; stop(): Promise<void> }>) => {
    const part = await start()
    stops.unshift(() => part.stop())
    pids[name] = () => part.pid
    return part.url
  }
  const parts = await Promise.allSettled([
    options.databaseUrl ??
      embedded('database', () => startPostgres({ dataFolder, port: ports.database, log: print, signal })),
    embedded('chain', () => startChain({ dataFolder, port: ports.chain, log: print, signal, chainId, blockSeconds })),
  ])
  for (const part of parts) if (part.status === 'rejected') throw part.reason
  const [databaseUrl, rpcUrl] = parts.map((part) => (part as PromiseFulfilledResult<string>).value) as [string, string]
  print(options.databaseUrl ? 'database   your own PostgreSQL' : `database   PostgreSQL on port ${ports.database}`)
  print(`chain      anvil, chain id ${chainId}, on port ${ports.chain}`)
  const place = { databaseUrl, rpcUrl, port: ports.web, metricsPort: ports.metrics }
  configureStreet(street, dataFolder, parseAddress(people.grid.address), place)
  const running = await startMarket(options, { supervisor, people, pids, stops })
  return {
    ...running,
    databaseUrl,
    pids: () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, pid()])),
  }
}

async function startMarket(
  { street, dataFolder, ports, print, signal }: StartOptions,
  {
    supervisor,
    people,
    pids,
    stops,
  }: { supervisor: Supervisor; people: People; pids: Record<string, () => number>; stops: (() => Promise<void>)[] },
): Promise<Pick<RunningDemo, 'url' | 'config' | 'escrow' | 'token'>> {
  const [place, housePlace] = await openStreet(street, dataFolder, people)
  const { area, chain, rulesHash } = place.settings
  print(`escrow     ${chain.escrow}`)

  const epoch = epochOf(street, dataFolder)
  const demoFile = join(dataFolder, 'demo.json')
  let guests: Guests | null = null
  let flats: Flats | null = null
  const vacant = street.house?.vacant ?? []
  const guestPlaces: GuestPlace[] = []
  if (street.guests !== undefined) guestPlaces.push({ area, most: street.guests.most, guests: () => guests })
  if (housePlace !== undefined && vacant.length > 0) {
    guestPlaces.push({ area: housePlace.settings.area, most: vacant.length, guests: () => flats })
  }
  const door = guestPlaces.length > 0 ? await openGuestDoor(guestPlaces) : null
  stops.push(async () => {
    door?.close()
    guests?.stop()
    flats?.stop()
  })
  const facts: DemoFacts = {
    people: publicPeople(street, people),
    day: { area, epoch, dayLengthSeconds: street.dayLengthSeconds },
    homesUrl: door?.url ?? null,
  }
  writeFileSync(demoFile, JSON.stringify(facts, null, 2), { mode: 0o600 })
  const config = configOf(dataFolder)
  const url = `http://localhost:${ports.web}`
  const readArea = () => publicClient(url).get<AreaResource>(`/areas/${area}`)
  const server = await supervisor.start({
    name: 'server',
    script: serverProgram,
    args: ['serve', '--config', config, '--demo-file', demoFile, '--migrate', '--chain-poll-ms', `${chainPollMs}`],
    // What the person's variables say was asked of the demo, and stands in the file.
    env: Object.fromEntries(configurationVariables.map((name) => [name, undefined])),
    isReady: () =>
      readArea().then(
        () => true,
        () => false,
      ),
  })
  pids.server = () => server.pid
  const resource = await readArea()
  print(`server     ${url}, API at ${url}/docs, metrics at http://127.0.0.1:${ports.metrics}/metrics`)
  print(`operator   commonwatt doctor --config ${config}`)

  const { settings, rpcUrl } = place
  const { firstBlock } = placeOfEscrow(readServerConfig(config).escrows[0]!)
  for (const watcher of people.watchers) {
    const kept = await startWatcher(watcher, { supervisor, dataFolder, serverUrl: url, rpcUrl, settings, firstBlock })
    pids[watcher.name] = () => kept.pid
  }
  const { keys, quorum } = quorumOf(people.watchers)
  if (keys.length > 0) print(`watchers   ${keys.length} processes, ${quorum} of which must sign each batch`)

  const simulated = [...homesOf(street), ...vacant]
  const places = placeDevices(simulated, ports.devices)
  await Promise.all(
    [...places.values()]
      .flat()
      .map(({ port }) => assertPortFree({ port, purpose: 'a simulated device', option: '--device-port' })),
  )
  const cars = placeCars(street, ports.devices + [...places.values()].flat().length)
  await Promise.all(
    [...cars.values()].map((port) => assertPortFree({ port, purpose: 'a simulated wallbox', option: '--device-port' })),
  )
  const simulation = writeSimulation(street, {
    ...{ homes: simulated, epoch, places, cars },
    ...simulationOf(dataFolder),
  })
  const devices = await supervisor.start({
    name: 'devices',
    script: agentProgram,
    args: ['simulate', '--config', simulation],
  })
  pids.devices = () => devices.pid
  print(`devices    ${[...places.values()].flat().length} on Modbus TCP ports from ${ports.devices}`)

  const agents = new Map<string, StreetHome[]>()
  for (const home of street.homes) {
    const agent = home.gateway ?? home.id
    agents.set(agent, [...(agents.get(agent) ?? []), home])
  }
  const officeOf = officesOf(people.grid)
  const office = officeOf(place)
  const inTurn = turnstile(agentsStartedAtOnce)
  const joinStreet = () =>
    [...agents].map(async ([agent, homes]) => {
      const file = writeAgentConfig({
        ...{ agent, homes, street, dataFolder, places, settings, serverUrl: url },
        accountOf: (home) => people.accounts.get(home)!.address.toLowerCase(),
      })
      const enrolments = await inTurn(async () => {
        const made = await enrolHomes(file, rulesHash, signal)
        const name = `agent-${agent}`
        const kept = await supervisor.start({ name, script: agentProgram, args: ['run', '--config', file] })
        pids[name] = () => kept.pid
        return made
      })
      const joining = homes.map((home) => {
        const account = people.accounts.get(home.id)!
        const enrolment = enrolments.find((one) => one.account === account.address.toLowerCase())!
        const wishes = wishesOf(home, street.area)
        return onboard({ serverUrl: url, area: resource, account, office, enrolment, wishes, now: Date.now, signal })
      })
      await Promise.all(joining)
    })
  const { house } = street
  const guestParts = { serverUrl: url, people, give: giveInTurn(dataFolder, people) }
  const joinHouseBeside = async () => {
    if (house === undefined || housePlace === undefined) return
    const { settings: own } = housePlace
    const parts = {
      ...{ street, house, dataFolder, config, settings: own, office: officeOf(housePlace), epoch, supervisor, signal },
      ...{ wallet: people.metering!, accounts: people.accounts, places, serverUrl: url, startInTurn: inTurn },
      area: await publicClient(url).get<AreaResource>(`/areas/${own.area}`),
    }
    // Nobody takes values before the house has joined.
    const awaited = () => (flats === null ? [] : [...flats.seated(), ...house.homes])
    stops.push(startMetering({ ...parts, log: print, awaited }))
    for (const [name, agent] of await joinHouse(parts)) pids[name] = () => agent.pid
    const guestOffice = flatOfficeOf({ ...guestParts, place: housePlace, office: parts.office, area: house.area })
    flats = letFlats({ ...parts, guestOffice, log: print })
  }
  await Promise.all([...joinStreet(), joinHouseBeside()])
  print(`agents     ${agents.size} processes for ${street.homes.length} meters`)
  print('people     every seat is open, confirmed and funded')
  if (house !== undefined) {
    print(
      `house      ${house.area.name}: the metering operator reads ${house.homes.length} homes and brings values late`,
    )
    const path = `${url}/areas/${slugOf(house.area.name)}/join`
    if (vacant.length > 0) print(`flats      ${vacant.length} of it are for visitors: ${path}`)
  }
  if (street.guests !== undefined) {
    guests = await startGuests({
      ...{ street, dataFolder, epoch, serverUrl: url, settings, supervisor, log: print },
      office: guestOfficeOf({ ...guestParts, place, office, area: street.area }),
    })
    print(`visitors   ${street.guests.most} can have a home of their own: ${url}/join`)
  }
  const tariffUrl = `${url}/api/v1/areas/${area}/tariff`
  for (const [name, car] of await startCars({ street, cars, supervisor, tariffUrl })) {
    pids[name] = () => car.pid
    print(`${name.padEnd(10)} charges while neighbours have sun to spare; see ${join(dataFolder, 'logs')}`)
  }
  return { url, config, escrow: chain.escrow, token: chain.token }
}

function publicPeople(street: Street, people: People): DemoPerson[] {
  const { homes, house, utility, operator } = street
  const person = (wallet: Wallet) => ({ account: wallet.address.toLowerCase(), privateKey: wallet.privateKey })
  // A street alone needs no addresses of neighbourhoods.
  const slug = (area: Street['area']) => (house === undefined ? null : slugOf(area.name))
  const living = (own: readonly StreetHome[], area: Street['area']) =>
    own.map(({ id, name, role, description }) => ({
      ...{ name, role, description, area: slug(area) },
      ...person(people.accounts.get(id)!),
    }))
  return [
    ...living(homes, street.area),
    ...(house === undefined ? [] : living(house.homes, house.area)),
    { ...utility, role: 'utility' as const, area: null, ...person(people.grid) },
    { ...operator, role: 'operator' as const, area: null, ...person(people.operator) },
  ]
}
