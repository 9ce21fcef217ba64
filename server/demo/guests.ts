/**
 * Homes that visitors take for themselves: for each its own simulated devices, and an agent that is paired by its code and runs from
 * then on, like anybody's. They are bounded in number, live a day, go on after a restart of the demo, and make room as soon as their seat
 * has closed or nobody has looked at them for an hour.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { AreaSettings } from '../areas/settings.ts'
import { agentProgram } from '../project-files.ts'
import { saveDurably } from './durable-file.ts'
import { DemoError } from './error.ts'
import { agentFolder, meterKeyFile, writeAgentConfig, writeSimulation } from './homes.ts'
import { freePort } from './ports.ts'
import type { Street, StreetHome } from './street.ts'
import type { Log, Running, Supervisor } from './supervisor.ts'
import { turnstile } from './turnstile.ts'

/** What the rest of the demo does for a visitor, each as for everybody else in the street. */
export interface GuestOffice {
  /** Tokens for the account, to buy with. */
  give(account: string, deposit: string): Promise<void>
  /** The grid operator confirms the home's meter, which the account has brought; false while it does not wait for that. */
  confirm(account: string, home: StreetHome): Promise<boolean>
  /** Whether the account's seat with the meter, whose key lies in this file, has closed. */
  hasLeft(account: string, meterKeyFile: string): Promise<boolean>
}

export interface GuestParts {
  street: Street
  dataFolder: string
  epoch: string
  serverUrl: string
  settings: AreaSettings
  supervisor: Supervisor
  office: GuestOffice
  log: Log
}

export interface Guests {
  /** How many more homes there could be. */
  free(): number
  /** The code that the agent of the account's new home shows. Throws `DemoError` `GUEST_REFUSED` with a sentence for the visitor. */
  open(account: string): Promise<{ code: string }>
  /** These accounts have the page open now. */
  watched(accounts: readonly string[]): void
  /** Takes down what nobody uses any more; also done every minute. */
  makeRoom(nowMs: number): Promise<void>
  /** Nothing is started or taken down any more; the programs are the supervisor's to stop. */
  stop(): void
}

/** A visitor's home lives so long; one that nobody pairs as long as its agent waits. */
export const lifeMs = 86_400_000
/** One whose page nobody has open so long. */
export const unusedMs = 3_600_000
export const pairMinutes = 15
export const codeWithinMs = 30_000
export const look = { everyMs: 1_000, times: 120 }
export const lookedAfterEveryMs = 60_000

const keptSchema = z.array(
  z.strictObject({
    /** The home's place among those for visitors, from 1 on. */
    place: z.int().min(1),
    /** Who asked for it, and who has paired it; null while nobody has. */
    askedBy: z.string(),
    account: z.string().nullable(),
    openedMs: z.number(),
  }),
)
type Kept = z.output<typeof keptSchema>[number]

interface Guest extends Kept {
  /** When somebody last had its page open, as far as this run of the demo knows. */
  watchedMs: number
  running: Pick<Running, 'stop'>[]
  code: Promise<string>
}

function notRunning(): Pick<Guest, 'running' | 'code' | 'watchedMs'> {
  return { running: [], code: Promise.resolve(''), watchedMs: Date.now() }
}

/** The line that `commonwatt-agent pair --json` prints of each step, as far as it matters here. */
const stepSchema = z.discriminatedUnion('step', [
  z.object({ step: z.literal('offered'), code: z.string() }),
  z.object({ step: z.enum(['claimed', 'consented', 'opened']), account: z.string() }),
  z.object({ step: z.literal('trouble'), reason: z.string() }),
])

function stepOf(line: string): z.output<typeof stepSchema> {
  try {
    return stepSchema.parse(JSON.parse(line))
  } catch (error) {
    return { step: 'trouble', reason: `${(error as Error).message}: ${line.slice(0, 200)}` }
  }
}

/** Starts the homes that visitors have paired before. */
export async function startGuests(parts: GuestParts): Promise<Guests> {
  const { street, dataFolder, supervisor, office, log } = parts
  const stopping = new AbortController()
  const { signal } = stopping
  const { most, home: like } = street.guests ?? { most: 0, home: null }
  const file = join(dataFolder, 'guests.json')
  const inTurn = turnstile(1)
  const guests = new Map<number, Guest>()

  const save = () => {
    const kept = [...guests.values()].map(({ place, askedBy, account, openedMs }) => ({
      ...{ place, askedBy, account, openedMs },
    }))
    return saveDurably(file, JSON.stringify(kept, null, 2))
  }
  const idOf = (place: number) => `guest-${place}`
  /** Each roof is a little different. */
  const homeOf = (place: number): StreetHome => ({
    ...like!,
    id: idOf(place),
    physics: { ...like!.physics, ...('seed' in like!.physics ? { seed: Number(like!.physics.seed) + place } : {}) },
  })

  async function start(guest: Guest): Promise<void> {
    const home = homeOf(guest.place)
    const folder = agentFolder(dataFolder, home.id)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const devices = await Promise.all(home.devices.map(async (device) => ({ device, port: await freePort() })))
    const places = new Map([[home.id, devices]])
    const simulation = writeSimulation(street, {
      ...{ homes: [home], epoch: parts.epoch, places, cars: new Map() },
      ...{ file: join(folder, 'devices.json'), stateFile: join(folder, 'devices-state.json') },
    })
    const config = writeAgentConfig({
      ...{ agent: home.id, homes: [home], street, dataFolder, places },
      ...{ settings: parts.settings, serverUrl: parts.serverUrl, accountOf: () => guest.account },
    })
    const args = ['simulate', '--config', simulation]
    guest.running.push(await supervisor.start({ name: `devices-${home.id}`, script: agentProgram, args }))
    if (guest.account !== null) return run(guest, home, config)
    guest.code = pair(guest, home, config)
    // Whoever asks for it hears of it.
    guest.code.catch(() => {})
  }

  async function run(guest: Guest, home: StreetHome, config: string): Promise<void> {
    const args = ['run', '--config', config]
    guest.running.push(await supervisor.start({ name: `agent-${home.id}`, script: agentProgram, args }))
  }

  /** Lets the home's agent wait for its owner; gives the first code that it shows. */
  function pair(guest: Guest, home: StreetHome, config: string): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      const args = ['pair', '--config', config, '--json', '--minutes', String(pairMinutes)]
      const heard = (line: string) => {
        const step = stepOf(line)
        if (step.step === 'offered') {
          resolve(step.code)
          guest.code = Promise.resolve(step.code)
        }
        if (step.step === 'claimed') tryOut(`${home.id} gets tokens`, () => office.give(step.account, home.deposit))
        if (step.step === 'opened') guest.account = step.account
        if (step.step === 'trouble') log(`${home.id}: ${step.reason}`)
      }
      supervisor.run({ name: `pair-${home.id}`, script: agentProgram, args }, heard).then(async (agent) => {
        guest.running.push(agent)
        const how = await agent.ended
        reject(new DemoError('GUEST_REFUSED', 'the home’s agent shows no code; try again'))
        tryOut(`${home.id} (its agent ended: ${how})`, () => paired(guest, home, config))
      }, reject)
    })
  }

  async function paired(guest: Guest, home: StreetHome, config: string): Promise<void> {
    if (signal.aborted) return
    if (guest.account === null) return inTurn(() => takeDown(guest))
    await inTurn(save)
    await run(guest, home, config)
    await confirm(guest.account, home)
  }

  /** Its seat takes a moment to open; a visitor may also have confirmed it as the operator, on that one's page. */
  async function confirm(account: string, home: StreetHome): Promise<void> {
    for (let time = 0; time < look.times && !signal.aborted; time++) {
      if (await office.confirm(account, home)) return
      await delay(look.everyMs, undefined, { signal }).catch(() => {})
    }
  }

  /** What goes on beside a visitor's request says at the terminal what went wrong. */
  async function tryOut(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!signal.aborted) log(`${what}: ${(error as Error).message}`)
    }
  }

  async function takeDown(guest: Guest): Promise<void> {
    if (guests.get(guest.place) !== guest) return
    guests.delete(guest.place)
    await save()
    for (const one of guest.running.reverse()) await one.stop()
    rmSync(agentFolder(dataFolder, idOf(guest.place)), { recursive: true, force: true })
  }

  const kept = existsSync(file) ? keptSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : []
  for (const each of kept) {
    if (like === null || each.account === null || Date.now() - each.openedMs > lifeMs) {
      rmSync(agentFolder(dataFolder, idOf(each.place)), { recursive: true, force: true })
      continue
    }
    const guest: Guest = { ...each, ...notRunning() }
    guests.set(each.place, guest)
    await start(guest)
    tryOut(`${idOf(each.place)} is confirmed`, () => office.confirm(each.account!, homeOf(each.place)))
  }
  async function isOver({ account, openedMs, watchedMs, place }: Guest, nowMs: number): Promise<boolean> {
    if (nowMs - openedMs > lifeMs) return true
    if (account === null) return false
    if (nowMs - watchedMs > unusedMs) return true
    return office.hasLeft(account, meterKeyFile(agentFolder(dataFolder, idOf(place)), idOf(place)))
  }

  async function makeRoom(nowMs: number): Promise<void> {
    for (const guest of [...guests.values()]) {
      await tryOut(`${idOf(guest.place)} is looked after`, async () => {
        if (await isOver(guest, nowMs)) await inTurn(() => takeDown(guest))
      })
    }
  }

  const timer = setInterval(() => makeRoom(Date.now()), lookedAfterEveryMs)

  async function take(account: string): Promise<Guest> {
    const known = [...guests.values()].find(({ askedBy }) => askedBy === account)
    if (known !== undefined && known.account !== null) {
      throw new DemoError('GUEST_REFUSED', 'this account has taken a home already: it is on its page')
    }
    if (known !== undefined) return known
    const place = Array.from({ length: most }, (_, index) => index + 1).find((each) => !guests.has(each))
    if (place === undefined) {
      throw new DemoError(
        'GUEST_REFUSED',
        `all ${most} homes of the demo have found somebody; one becomes free as soon as nobody looks at it for an hour`,
      )
    }
    const opened = { place, askedBy: account, account: null, openedMs: Date.now() }
    const guest: Guest = { ...opened, ...notRunning() }
    guests.set(place, guest)
    await save()
    try {
      await start(guest)
    } catch (error) {
      await takeDown(guest)
      throw error
    }
    return guest
  }

  return {
    free: () => most - guests.size,
    watched(accounts) {
      for (const guest of guests.values()) if (accounts.includes(guest.account ?? '')) guest.watchedMs = Date.now()
    },
    makeRoom,
    stop() {
      stopping.abort()
      clearInterval(timer)
    },
    async open(account) {
      const guest = await inTurn(() => take(account))
      const late = delay(codeWithinMs, null, { ref: false })
      const code = await Promise.race([guest.code, late])
      if (code === null) throw new DemoError('GUEST_REFUSED', 'the home’s agent is slow to show its code; try again')
      return { code }
    },
  }
}
