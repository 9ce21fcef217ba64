/** What is told of a node that is silent, or says what cannot be; and nothing of it where the database is to blame. */
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createIndexer } from '../../server/chain/indexer.ts'

const log = pino({ level: 'silent' })

test('a database that does not answer is not called a node that shows no block', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const isGone = { node: false, database: true }
  const database = async () => {
    if (isGone.database) throw new Error('the database is silent')
    return []
  }
  const provider = {
    async send() {
      if (isGone.node) throw new Error('the node is silent')
      return '0x1'
    },
    getBlock: async () => ({ number: 0, timestamp: 60, hash: '0x01' }),
  }
  const indexer = createIndexer({
    ...{ database: database as never, provider: provider as never, escrow: '0x' as never, chainId: 1, log },
    ...{ confirmations: 1, firstBlock: 1, deliver: async () => {} },
  })
  const silentAfter = async (gone: Partial<typeof isGone>) => {
    Object.assign(isGone, gone)
    for (const _ of [1, 2]) {
      await indexer.advance().catch(() => {})
      vi.advanceTimersByTime(30_000)
    }
    return indexer.silentMs
  }
  expect(await silentAfter({})).toBe(0)
  expect(await silentAfter({ database: false })).toBe(0)
  expect(await silentAfter({ node: true })).toBe(60_000)
  expect(await silentAfter({ node: false })).toBe(0)
})

test('what a node says that cannot be is told for as long as it says it: another chain, or blocks that it does not show', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const node = { chain: '0x7', newest: 0 }
  const provider = {
    send: async () => node.chain,
    getBlock: async (which: number | 'latest') =>
      which === 'latest' ? { number: node.newest, timestamp: 60, hash: '0x01' } : null,
  }
  const indexer = createIndexer({
    ...{ database: (async () => []) as never, provider: provider as never, escrow: '0x' as never, chainId: 1, log },
    ...{ confirmations: 1, firstBlock: 1, deliver: async () => {} },
  })
  const troubleAfter = async (change: Partial<typeof node>) => {
    Object.assign(node, change)
    await indexer.advance().catch(() => {})
    vi.advanceTimersByTime(5_000)
    await indexer.advance().catch(() => {})
    return indexer.trouble
  }
  const sentence = 'the node is on chain 7, and the escrow is on chain 1: name a node of that chain with --rpc-url'
  expect(await troubleAfter({})).toEqual({ sentence, ms: 5_000 })
  expect(await troubleAfter({ chain: '0x1' })).toBeNull()
  const ahead = { sentence: 'the node names newest blocks that it does not show', ms: 5_000 }
  expect(await troubleAfter({ newest: 1e9 })).toEqual(ahead)
  expect(await troubleAfter({ newest: 0 })).toBeNull()
})
