/** Homes for visitors: who gets one, how many there are, and what a restart of the demo finds again. Programs are only written down. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { tellWhoWatches } from '../../server/api/routes/demo.ts'
import { demoStreet } from '../../server/demo/demo-street.ts'
import { openGuestDoor } from '../../server/demo/guest-door.ts'
import { type GuestParts, type Guests, startGuests } from '../../server/demo/guests.ts'
import type { Street } from '../../server/demo/street.ts'
import type { Supervisor } from '../../server/demo/supervisor.ts'
import { settings } from '../api/people.ts'
import { patiently } from '../patience.ts'
import { scratchFolder } from './scratch-folder.ts'

const account = (digit: string) => `0x${digit.repeat(40)}`
const street: Street = { ...demoStreet, guests: { ...demoStreet.guests!, most: 2 } }

/** A program that was started: agents that pair are let speak and end by the test. */
interface Started {
  name: string
  stopped: boolean
  say(step: object): void
  end(): void
}

function recorder() {
  const programs: Started[] = []
  const note = (name: string, said: (line: string) => void = () => {}) => {
    let end = () => {}
    const ended = new Promise<string>((resolve) => {
      end = () => resolve('exit status 0')
    })
    const program = { name, stopped: false, say: (step: object) => said(JSON.stringify(step)), end }
    programs.push(program)
    const stop = async () => {
      program.stopped = true
    }
    return { pid: 1, ended, stop }
  }
  const supervisor: Supervisor = {
    start: async ({ name }) => note(name),
    run: async ({ name }, said) => note(name, said),
    stop: async () => {},
  }
  const named = (name: string) =>
    vi.waitFor(() => {
      const program = programs.find((each) => each.name === name && !each.stopped)
      if (program === undefined) throw new Error(`${name} has not been started`)
      return program
    }, patiently)
  return { programs, supervisor, named }
}

async function guestsIn(dataFolder: string, street_ = street) {
  const { programs, supervisor, named } = recorder()
  const given: string[] = []
  const confirmed: string[] = []
  const left = new Set<string>()
  const look = { fails: '' }
  const said: string[] = []
  const office: GuestParts['office'] = {
    give: async (to) => void given.push(to),
    confirm: async (of, { id }) => confirmed.push(`${of} ${id}`) > 0,
    hasLeft: async (of) => {
      if (of === look.fails) throw new Error('the node does not answer')
      return left.has(of)
    },
  }
  const guests = await startGuests({
    ...{ street: street_, dataFolder, epoch: '2026-07-01T00:00:00.000Z', serverUrl: 'http://localhost:1', settings },
    ...{ supervisor, office, log: (line) => void said.push(line) },
  })
  onTestFinished(() => guests.stop())
  return { guests, programs, named, given, confirmed, left, look, said }
}

/** Accounts a and b take the two homes and pair them. */
async function takeBoth(...[guests, named]: [Guests, ReturnType<typeof recorder>['named']]) {
  for (const [place, name] of [
    [1, 'a'],
    [2, 'b'],
  ] as const) {
    const opened = guests.open(account(name))
    const agent = await named(`pair-guest-${place}`)
    agent.say({ step: 'offered', code: 'ABCD2345' })
    await opened
    agent.say({ step: 'opened', account: account(name) })
    agent.end()
    await named(`agent-guest-${place}`)
  }
}

test('a visitor gets devices and an agent of its own, whose code is the answer, and the same one when it asks again', async () => {
  const { guests, programs, named } = await guestsIn(scratchFolder())
  const first = guests.open(account('a'))
  const agent = await named('pair-guest-1')
  agent.say({ step: 'offered', code: 'ABCD2345' })
  expect(await first).toEqual({ code: 'ABCD2345' })
  expect(await guests.open(account('a'))).toEqual({ code: 'ABCD2345' })
  expect(programs.map(({ name }) => name)).toEqual(['devices-guest-1', 'pair-guest-1'])
  expect(guests.free()).toBe(1)
})

test('once paired, the agent runs, the account has tokens and the grid operator confirms; a restart goes on with it', async () => {
  const folder = scratchFolder()
  const { guests, named, given, confirmed } = await guestsIn(folder)
  const opened = guests.open(account('a'))
  const agent = await named('pair-guest-1')
  agent.say({ step: 'offered', code: 'ABCD2345' })
  await opened
  for (const step of ['claimed', 'consented', 'opened']) agent.say({ step, account: account('b') })
  agent.end()
  await named('agent-guest-1')
  await vi.waitFor(() => expect(confirmed).toEqual([`${account('b')} guest-1`]), patiently)
  expect(given).toEqual([account('b')])
  await expect(guests.open(account('a'))).rejects.toMatchObject({ code: 'GUEST_REFUSED' })
  guests.stop()

  const next = await guestsIn(folder)
  expect(next.programs.map(({ name }) => name)).toEqual(['devices-guest-1', 'agent-guest-1'])
  expect(next.guests.free()).toBe(1)
})

test('there are no more than the street says, and a home that nobody pairs is free again', async () => {
  const folder = scratchFolder()
  const { guests, named, programs } = await guestsIn(folder)
  const opening = ['a', 'b'].map((each) => guests.open(account(each)))
  for (const [place, code] of [
    [1, 'ABCD2345'],
    [2, 'BCDE2345'],
  ] as const) {
    ;(await named(`pair-guest-${place}`)).say({ step: 'offered', code })
  }
  await Promise.all(opening)
  expect(guests.free()).toBe(0)
  await expect(guests.open(account('c'))).rejects.toThrow(/all 2 homes of the demo have found somebody/)
  ;(await named('pair-guest-1')).end()
  await vi.waitFor(() => expect(guests.free()).toBe(1), patiently)
  await vi.waitFor(() => expect(existsSync(join(folder, 'homes/guest-1'))).toBe(false), patiently)
  const ended = programs.filter(({ stopped }) => stopped).map(({ name }) => name)
  expect(ended).toEqual(['devices-guest-1', 'pair-guest-1'])
})

test('a home is free again once its seat has closed, or nobody has had its page open for an hour', async () => {
  const { guests, named, left } = await guestsIn(scratchFolder())
  await takeBoth(guests, named)
  const now = Date.now()
  await guests.makeRoom(now)
  expect(guests.free()).toBe(0)
  left.add(account('a'))
  await guests.makeRoom(now)
  expect(guests.free()).toBe(1)
  await guests.makeRoom(now + 3_500_000)
  expect(guests.free()).toBe(1)
  vi.useFakeTimers({ toFake: ['Date'], now: now + 3_500_000 })
  onTestFinished(() => void vi.useRealTimers())
  guests.watched([account('b')])
  await guests.makeRoom(now + 3_700_000)
  expect(guests.free()).toBe(1)
  await guests.makeRoom(now + 7_200_000)
  expect(guests.free()).toBe(2)
})

test('a home that cannot be looked at stays, and keeps no other one in its place', async () => {
  const { guests, named, left, look, said } = await guestsIn(scratchFolder())
  await takeBoth(guests, named)
  look.fails = account('a')
  left.add(account('b'))
  await guests.makeRoom(Date.now())
  expect(guests.free()).toBe(1)
  expect(said).toEqual(['guest-1 is looked after: the node does not answer'])
})

test('an agent that ends without a code is no home', async () => {
  const folder = scratchFolder()
  const { guests, named } = await guestsIn(folder)
  const opened = guests.open(account('a'))
  ;(await named('pair-guest-1')).end()
  await expect(opened).rejects.toThrow(/shows no code; try again/)
  await vi.waitFor(() => expect(existsSync(join(folder, 'homes/guest-1'))).toBe(false), patiently)
})

test('the door answers whoever knows its name, and says why nobody gets a home', async () => {
  const { guests } = await guestsIn(scratchFolder(), { ...street, guests: undefined })
  let there = false
  const door = await openGuestDoor([{ area: 1, most: 0, guests: () => (there ? guests : null) }])
  onTestFinished(() => door.close())
  const ask = async (url: string, body?: object) => {
    const answer = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
    return [answer.status, await answer.json()]
  }
  expect(await ask(new URL('/', door.url).href)).toEqual([404, null])
  const refused = (detail: RegExp) => [409, { detail: expect.stringMatching(detail) }]
  expect(await ask(door.url, { account: account('a'), area: 1 })).toEqual(refused(/still being set up/))
  there = true
  expect(await ask(door.url)).toEqual([200, [{ area: 1, most: 0, free: 0 }]])
  expect(await ask(door.url, { account: account('a'), area: 1 })).toEqual(refused(/all 0 homes/))
  expect(await ask(door.url, { account: account('a'), area: 2 })).toEqual(refused(/no homes for visitors in this/))
  expect((await ask(door.url, { account: 'Mara', area: 1 }))[0]).toBe(500)
  const heard = vi.spyOn(guests, 'watched')
  onTestFinished(tellWhoWatches(door.url, () => [account('a')], 5))
  await vi.waitFor(() => expect(heard).toHaveBeenCalledWith([account('a')]), patiently)
})
