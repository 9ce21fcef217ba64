/** Flats that visitors move into: who gets one, what is done for whoever moves in, and that the next one goes on with the same meter. */
import { Wallet } from 'ethers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { demoHouse } from '../../server/demo/demo-house.ts'
import { demoStreet } from '../../server/demo/demo-street.ts'
import { type FlatOffice, seatedBefore, startFlats } from '../../server/demo/flats.ts'
import { keyOfPoint } from '../../server/official/metering-keys.ts'
import { patiently } from '../patience.ts'
import { scratchFolder } from './scratch-folder.ts'

const account = (digit: string) => `0x${digit.repeat(40)}`
const flats = demoStreet.house!.vacant
const wallet = new Wallet(`0x${'12'.repeat(32)}`)

/** The offices write down what they are asked; a point's offer waits for its owner as long as the test says. */
function flatsIn(dataFolder: string, given = flats.slice(0, 1)) {
  const did: string[] = []
  const left = new Set<string>()
  const offers: { epoch: number; opened(account: string): void; fails(error: Error): void }[] = []
  const seats = new Map<string, number>()
  const office: FlatOffice = {
    offer: ({ epoch, key, sleep, show }) =>
      new Promise((resolve, reject) => {
        const opened = (by: string) => {
          seats.set(key.address, epoch)
          resolve(by)
        }
        offers.push({ epoch, opened, fails: reject })
        sleep(3_600_000).catch(reject)
        show({ code: `ABCD234${offers.length + 1}` } as never)
      }),
    nextEpoch: async (meter) => (seats.get(meter) ?? 0) + 1,
    give: async (to, deposit) => void did.push(`${to.slice(0, 3)} gets ${deposit}`),
    takeRoster: async (all) => void did.push(`roster of ${all.map(({ id }) => id)}`),
    confirm: async (of, { id }) => did.push(`${id} of ${of.slice(0, 3)} is confirmed`) > 0,
    hasLeft: async (of) => left.has(of),
  }
  const said: string[] = []
  const parts = { flats: given, dataFolder, wallet, office, log: (line: string) => void said.push(line) }
  const running = startFlats(parts)
  onTestFinished(() => running.stop())
  return { running, did, left, offers, said, parts }
}

test('whoever moves in has the code, tokens, a line in the roster and the grid operator’s word, and lives there after a restart', async () => {
  const folder = scratchFolder()
  const { running, did, offers, parts } = flatsIn(folder)
  expect(await running.open(account('a'))).toEqual({ code: 'ABCD2342' })
  expect(await running.open(account('a'))).toEqual({ code: 'ABCD2342' })
  expect([running.free(), running.seated(), offers.length]).toEqual([0, [], 1])
  await expect(running.open(account('b'))).rejects.toThrow(/all 1 flats of the demo have found somebody/)
  offers[0]!.opened(account('c'))
  await vi.waitFor(() => expect(did).toHaveLength(3), patiently)
  expect(did.sort()).toEqual(['0xc gets 20', 'orchard-3 of 0xc is confirmed', 'roster of orchard-3'])
  await expect(running.open(account('a'))).rejects.toMatchObject({ code: 'GUEST_REFUSED' })
  running.stop()
  expect(seatedBefore(parts).map(({ id }) => id)).toEqual(['orchard-3'])
  const next = flatsIn(folder)
  expect([next.running.free(), next.running.seated().length, next.offers.length]).toEqual([0, 1, 0])
})

test('who has left makes room at once for the next, with the meter’s next epoch', async () => {
  const { running, left, offers, did } = flatsIn(scratchFolder())
  await running.open(account('a'))
  offers[0]!.opened(account('a'))
  await vi.waitFor(() => expect(did).toHaveLength(3), patiently)
  await expect(running.open(account('b'))).rejects.toThrow(/all 1 flats/)
  left.add(account('a'))
  expect(await running.open(account('b'))).toEqual({ code: 'ABCD2343' })
  expect(offers.map(({ epoch }) => epoch)).toEqual([1, 2])
  // Its values still count: they end the time of whoever has left.
  expect(running.seated()).toHaveLength(1)
})

test('a flat at which nobody looks for an hour is free again; one that nobody pairs as well', async () => {
  const { running, offers, did, said } = flatsIn(scratchFolder(), flats)
  await running.open(account('a'))
  offers[0]!.opened(account('a'))
  await vi.waitFor(() => expect(did).toHaveLength(3), patiently)
  await running.open(account('b'))
  offers[1]!.fails(new Error('the server refuses'))
  await vi.waitFor(() => expect(running.free()).toBe(1), patiently)
  expect(said).toEqual(['orchard-4 is offered: the server refuses'])
  await running.makeRoom(Date.now() + 3_500_000)
  expect(running.free()).toBe(1)
  await running.makeRoom(Date.now() + 3_700_000)
  expect(running.free()).toBe(2)
})

test('every flat of the house has a point of its own, whose key is another than its neighbours’', () => {
  const all = [...demoHouse.homes, ...demoHouse.vacant!]
  expect(new Set(all.map(({ drawsThrough }) => keyOfPoint(wallet, drawsThrough).address)).size).toBe(5)
})
