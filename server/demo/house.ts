/**
 * Brings the house beside the street to life: a seat for each metering point with the metering operator's key, an agent beside it where a
 * home has one, the roster, and the metering operator itself. Each step is done once and found done on the next start.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Wallet } from 'ethers'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { Enrolment } from '../../contracts/protocol/wire.ts'
import type { AreaResource } from '../api/resources.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { keyOfPoint } from '../official/metering-keys.ts'
import { consentOfPoint, offerPoint } from '../official/offer-point.ts'
import { agentProgram, serverProgram } from '../project-files.ts'
import { DemoError } from './error.ts'
import { type FlatOffice, type Flats, seatedBefore, startFlats } from './flats.ts'
import { type DevicePlace, enrolHomes, wishesOf, writeAgentConfig } from './homes.ts'
import { registersOfHomes, runMeteringOperator } from './metering-operator.ts'
import { type GridOffice, onboard } from './onboarding.ts'
import type { House, MeteredHome, Street, VacantFlat } from './street.ts'
import type { Kept, Log, Supervisor } from './supervisor.ts'

export interface HouseParts {
  street: Street
  house: House
  dataFolder: string
  /** The configuration that commands take. */
  config: string
  settings: AreaSettings
  area: AreaResource
  office: GridOffice
  /** The metering operator's key. */
  wallet: Wallet
  accounts: ReadonlyMap<string, Wallet>
  places: ReadonlyMap<string, DevicePlace[]>
  serverUrl: string
  supervisor: Supervisor
  /** Lets agents be started one after the other. */
  startInTurn<T>(task: () => Promise<T>): Promise<T>
  /** Midnight of the sun of the first start, ISO 8601. */
  epoch: string
  signal: AbortSignal
}

/** The epoch of a meter that had no seat before. */
const firstEpoch = 1
const daySeconds = 86_400
/** After that midnight: some two minutes after the start. */
const wrongAfterSeconds = 220

/** Everybody takes their seats; gives the agents' programs by name. Throws `DemoError`. */
export async function joinHouse(parts: HouseParts): Promise<Map<string, Kept>> {
  const { house, serverUrl, area, office, accounts, signal } = parts
  const agents = new Map<string, Kept>()
  await Promise.all(
    house.homes.map(async (home) => {
      const account = accounts.get(home.id)!
      const own = { serverUrl, area, account, office, now: Date.now, signal }
      const wishes = wishesOf(home, house.area)
      await onboard({ ...own, wishes, enrolment: await enrolPoint(parts, home, account) })
      if (!home.hasAgent) return
      const { enrolment, agent } = await parts.startInTurn(() => startCompanion(parts, home, account))
      agents.set(`agent-${home.id}`, agent)
      const nothing = { sellAtPerKwh: null, buyAtPerKwh: null, deposit: null }
      await onboard({ ...own, wishes: { ...wishes, ...nothing }, enrolment })
    }),
  )
  await takeRoster(parts, seatedBefore({ flats: house.vacant, dataFolder: parts.dataFolder }))
  return agents
}

/** Gives the house's vacant flats to visitors. */
export function letFlats(
  parts: HouseParts & { guestOffice: Pick<FlatOffice, 'give' | 'confirm' | 'hasLeft' | 'nextEpoch'>; log: Log },
): Flats {
  const { house, dataFolder, wallet, settings, serverUrl, log } = parts
  return startFlats({
    ...{ flats: house.vacant, dataFolder, wallet, log },
    office: {
      ...parts.guestOffice,
      offer: (own) => offerPoint({ ...own, serverUrl, settings, feedsIn: false, nowMs: Date.now }),
      takeRoster: (flats) => takeRoster(parts, flats),
    },
  })
}

/** Starts the metering operator, which reads from now on and brings what it has read once somebody takes it; gives what stops it. */
export function startMetering(
  parts: Pick<
    HouseParts,
    'house' | 'settings' | 'wallet' | 'dataFolder' | 'serverUrl' | 'epoch' | 'places' | 'supervisor'
  > & {
    /** The homes whose values somebody takes now. */
    awaited: () => readonly (MeteredHome | VacantFlat)[]
    log: Log
  },
): () => Promise<void> {
  const { house, dataFolder, settings } = parts
  const length = settings.rules.intervalSeconds
  const stopping = new AbortController()
  const wrongAt = Math.ceil((Date.parse(parts.epoch) / 1000 + wrongAfterSeconds) / length) * length
  const folder = join(dataFolder, 'metering')
  const points = () => registersOfHomes(parts.awaited())
  const homes = [...house.homes, ...house.vacant]
  const running = runMeteringOperator({
    ...{ ...parts, homes, connection: house.connection, folder, wrongAt, points },
    signal: stopping.signal,
  })
  running.catch((error: Error) => parts.log(`metering operator: ${error.message}`))
  return async () => {
    stopping.abort()
    await running.catch(() => {})
  }
}

/** What the metering operator's key says of a point, in the form of an agent's. */
async function enrolPoint(
  { settings, wallet }: HouseParts,
  { drawsThrough }: MeteredHome,
  { address }: Wallet,
): Promise<Enrolment> {
  const { chain, rules: own, rulesHash: rules } = settings
  const key = keyOfPoint(wallet, drawsThrough)
  const [account, meter] = [parseAddress(address), parseAddress(key.address)]
  const asking = { account, rules, intervalSeconds: own.intervalSeconds, epoch: firstEpoch, nowMs: Date.now() }
  const { consent, epochStart } = await consentOfPoint(key, chain, asking)
  const { signature: epochSignature, ...begun } = epochStart
  return {
    ...{ chainId: chain.chainId, escrow: chain.escrow, meter, account, rules },
    ...{ consentValidFrom: consent.validFrom, consentDeadline: consent.deadline, consentSignature: consent.signature },
    ...{ epoch: { account, rules, meter, ...begun }, epochSignature },
  }
}

async function startCompanion(parts: HouseParts, home: MeteredHome, account: Wallet) {
  const { street, dataFolder, places, settings, serverUrl, supervisor, signal } = parts
  const file = writeAgentConfig({
    ...{ agent: home.id, homes: [home], street, dataFolder, places, settings, serverUrl },
    accountOf: () => account.address.toLowerCase(),
  })
  const [enrolment] = await enrolHomes(file, settings.rulesHash, signal)
  const args = ['run', '--config', file]
  return {
    enrolment: enrolment!,
    agent: await supervisor.start({ name: `agent-${home.id}`, script: agentProgram, args }),
  }
}

/** Says whose points these are, as `commonwatt roster` does: of the house's homes, and of flats that have been taken. */
async function takeRoster(parts: HouseParts, flats: readonly VacantFlat[]): Promise<void> {
  const { house, settings, wallet, dataFolder, config, supervisor, epoch, signal } = parts
  const file = join(dataFolder, 'house-roster.csv')
  const since = new Date(Date.parse(epoch) - daySeconds * 1000).toISOString().slice(0, 10)
  const homes = [...house.homes, ...flats]
  const lines = registersOfHomes(homes).map(({ home, point, direction }) => {
    const { drawsThrough } = homes.find(({ id }) => id === home)!
    const meter = keyOfPoint(wallet, drawsThrough).address.toLowerCase()
    return [meter, point, direction, '', 'Sunfield Grid', '', '', '', since, ''].join(',')
  })
  writeFileSync(
    file,
    ['member,point,direction,community,supplier,balanceGroup,factor,share,from,to', ...lines, ''].join('\n'),
  )
  const args = ['roster', file, '--config', config, '--area', String(settings.area)]
  const { zone } = settings.zones.find(({ parent }) => parent === null)!
  const place = [
    '--country',
    house.country,
    '--timezone',
    house.timeZone,
    '--transformer',
    `${zone}=${house.connection}`,
  ]
  const said: string[] = []
  const running = await supervisor.run({ name: 'roster', script: serverProgram, args: [...args, ...place] }, (line) =>
    said.push(line),
  )
  const how = await running.ended
  if (!how.startsWith('exit status 0') && !signal.aborted) {
    throw new DemoError('PROGRAM_START', `the roster of ${house.area.name} is not taken (${how}): ${said.join('; ')}`)
  }
}
