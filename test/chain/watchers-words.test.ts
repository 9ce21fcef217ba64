/** Watchers' words: of a batch only while it waits, only of whom they name, and nothing that was said of another one. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type RefusalReason, refusalReasons } from '../../contracts/protocol/batch.ts'
import { type EscrowDomain, type Hex, signCompact } from '../../contracts/protocol/typed-data.ts'
import type { BatchToWatch } from '../../server/chain/batch-approvals.ts'
import { createWatchingDesk, type WatchingDesk } from '../../server/chain/watching-desk.ts'
import { lower, settings } from '../api/people.ts'
import { type ScratchArea, scratchArea } from '../store/area.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'

const [watcher, other, nobody] = [1, 2, 3].map((n) => new Wallet(`0x${String(n).repeat(64)}`)) as [
  Wallet,
  Wallet,
  Wallet,
]
const keys = [watcher, other].map(lower).toSorted()
const { rulesHash } = settings
const domain: EscrowDomain = { chainId: settings.chain.chainId, escrow: settings.chain.escrow }
const [first, second] = ['a', 'b'].map((letter): Hex => `0x${letter.repeat(64)}`) as [Hex, Hex]
const number = settings.area

let server: ScratchServer
let area: ScratchArea
let desk: WatchingDesk
let watching: string[] = keys
beforeAll(async () => {
  server = await startScratchServer()
  area = await scratchArea(server)
})
afterAll(async () => {
  await area.close()
  await server.stop()
})
beforeEach(async () => {
  await area.database`delete from watcher_words`
  watching = keys
  const view = { get: () => ({ rulesHash, watchers: { keys: watching, quorum: 2 } }) }
  desk = createWatchingDesk({
    ...{ database: area.database, facts: domain, settings: [settings] },
    indexer: { head: { view } } as never,
  })
})

const show = (header: Hex) =>
  desk.show({ area: number, start: 0, end: 60, number: 1, attempt: 0, header, since: new Date() } as BatchToWatch)
const said = () => desk.waiting(number)!.words.map((word) => [word.watcher, word.reason])

async function approval(header: Hex, { signer = watcher, rules = rulesHash, of = domain } = {}) {
  const signature = await signCompact(signer, of, 'BatchApproval', { rules, header })
  return { says: 'approved', header, signature } as const
}

async function refusal(header: Hex, reason: RefusalReason, signer = watcher) {
  const value = { rules: rulesHash, header, reason: refusalReasons.indexOf(reason) }
  const signature = await signCompact(signer, domain, 'BatchRefusal', value)
  return { says: 'refused', header, reason, sentence: 'It differs.', signature } as const
}

test('a word counts for the header that waits, and for none before or after it', async () => {
  const word = await approval(first)
  await expect(desk.take(number, lower(watcher), word)).rejects.toMatchObject({ code: 'CHAIN_NOT_WATCHED' })
  await show(first)
  await desk.take(number, lower(watcher), word)
  expect(said()).toEqual([[lower(watcher), null]])
  // Cut anew, the batch has another header: what was signed is not of it, also under its name.
  await show(second)
  expect(said()).toEqual([])
  await expect(desk.take(number, lower(watcher), word)).rejects.toMatchObject({ code: 'CHAIN_NOT_WATCHED' })
  const renamed = { ...word, header: second }
  await expect(desk.take(number, lower(watcher), renamed)).rejects.toMatchObject({ code: 'CHAIN_WATCHER' })
  desk.done(number)
  await expect(desk.take(number, lower(watcher), await approval(second))).rejects.toMatchObject({
    code: 'CHAIN_NOT_WATCHED',
  })
})

test('a word is of the watcher who signed it for this area and escrow, while its key is one of the rules', async () => {
  await show(first)
  const refused = [
    await approval(first, { signer: nobody }),
    await approval(first, { rules: `0x${'1'.repeat(64)}` }),
    await approval(first, { of: { ...domain, chainId: domain.chainId + 1 } }),
    { ...(await approval(first)), signature: `0x${'0'.repeat(128)}` as Hex },
    { ...(await refusal(first, 'times')), reason: 'incomplete' as const },
  ]
  for (const word of refused)
    await expect(desk.take(number, lower(watcher), word)).rejects.toMatchObject({ code: 'CHAIN_WATCHER' })
  // Shown by another watcher, or by somebody who is none.
  const word = await approval(first)
  for (const account of [lower(other), lower(nobody)])
    await expect(desk.take(number, account, word)).rejects.toMatchObject({ code: 'CHAIN_WATCHER' })
  watching = [lower(other)]
  await expect(desk.take(number, lower(watcher), word)).rejects.toMatchObject({ code: 'CHAIN_WATCHER' })
  expect(said()).toEqual([])
})

test('what is signed is replaced by what is signed alone: a session without the key takes nothing back', async () => {
  await show(first)
  const withheld = { says: 'withheld', header: first, reason: 'incomplete', sentence: 'Kept back.' } as const
  await desk.take(number, lower(watcher), withheld)
  expect(said()).toEqual([[lower(watcher), 'incomplete']])
  await desk.take(number, lower(watcher), await approval(first))
  await expect(desk.take(number, lower(watcher), withheld)).rejects.toMatchObject({ code: 'CHAIN_WATCHER' })
  expect(said()).toEqual([[lower(watcher), null]])
  // The same again changes nothing, and a refusal is the newer word.
  await desk.take(number, lower(watcher), await approval(first))
  await desk.take(number, lower(watcher), await refusal(first, 'times'))
  await expect(desk.take(number, lower(watcher), withheld)).rejects.toMatchObject({ code: 'CHAIN_WATCHER' })
  expect(said()).toEqual([[lower(watcher), 'times']])
  const kept = await area.database`select watcher, reason, signature is null as unsigned from watcher_words`
  expect([...kept]).toEqual([{ watcher: lower(watcher), reason: 'times', unsigned: false }])
})
