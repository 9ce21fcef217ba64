/** The embedded chain over restarts and kills. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { type EmbeddedChain, startChain } from '../../server/demo/embedded-chain.ts'
import { freePort } from '../../server/demo/ports.ts'
import { loggingContract, rpc, sendTransaction } from './chain-rpc.ts'
import { scratchFolder, until } from './scratch-folder.ts'

const started: EmbeddedChain[] = []
afterEach(async () => {
  for (const chain of started.splice(0)) await chain.stop()
})

async function start(dataFolder: string, blockSeconds = 1) {
  const lines: string[] = []
  const port = await freePort()
  const chain = await startChain({ dataFolder, port, blockSeconds, log: (line) => lines.push(line) })
  started.push(chain)
  return { chain, lines }
}

interface Block {
  number: string
  hash: string
  timestamp: string
}

/** The part of anvil's state file that is read here. */
interface SavedState {
  accounts: Record<string, { nonce: number | string }>
  blocks: { transactions: unknown[] }[]
}

const latest = ({ url }: EmbeddedChain) => rpc<Block>(url, 'eth_getBlockByNumber', ['latest', false])
const transactionCount = async ({ url }: EmbeddedChain, sender: string) =>
  Number(await rpc(url, 'eth_getTransactionCount', [sender, 'latest']))
const nowSeconds = () => Math.floor(Date.now() / 1000)

/** How many transactions of the sender the accounts and the blocks on file count. */
function saved(folder: string, sender: string) {
  const file = join(folder, 'chain', 'state.json.gz')
  if (!existsSync(file)) return { byAccount: 0, byBlocks: 0 }
  const state: SavedState = JSON.parse(gunzipSync(readFileSync(file)).toString())
  return {
    byAccount: Number(state.accounts[sender]?.nonce ?? 0),
    byBlocks: state.blocks.reduce((sum, block) => sum + block.transactions.length, 0),
  }
}

test('after a restart the chain goes on: old logs, receipts and blocks are there, block times follow the clock', async () => {
  const folder = scratchFolder()
  const { chain } = await start(folder)
  const creation = await sendTransaction(chain.url, { data: loggingContract, gas: '0x30000' })
  const { contractAddress } = await rpc<{ contractAddress: string }>(chain.url, 'eth_getTransactionReceipt', [creation])
  const call = await sendTransaction(chain.url, { to: contractAddress })
  const head = await latest(chain)
  await chain.stop()

  const { chain: second } = await start(folder)
  expect(await rpc(second.url, 'eth_getBlockByNumber', [head.number, false])).toEqual(head)
  expect(await rpc(second.url, 'eth_getTransactionReceipt', [call])).toMatchObject({ status: '0x1' })
  expect(await rpc(second.url, 'eth_getTransactionByHash', [creation])).toMatchObject({ input: loggingContract })
  expect(await rpc(second.url, 'eth_getBlockByNumber', ['0x1', false])).toMatchObject({ number: '0x1' })
  const before = nowSeconds()
  await sendTransaction(second.url, { to: contractAddress })
  const logs = await rpc<unknown[]>(second.url, 'eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest' }])
  expect(logs).toHaveLength(2)
  const { timestamp } = await latest(second)
  expect(Number(timestamp)).toBeGreaterThanOrEqual(before)
  expect(Number(timestamp)).toBeLessThanOrEqual(nowSeconds())
})

test('blocks that confirm it follow a transaction', async () => {
  const { chain } = await start(scratchFolder(), 0.1)
  await sendTransaction(chain.url)
  await until(async () => Number((await latest(chain)).number) >= 1 + 2)
})

test('what was saved survives kill -9 in the midst of transactions, and is whole', async () => {
  const folder = scratchFolder()
  const { chain, lines } = await start(folder)
  const [sender] = (await rpc<string[]>(chain.url, 'eth_accounts')) as [string]
  let kept = 0
  for (let life = 1; life <= 3; life++) {
    for (let sent = 0; sent < 10; sent++) await sendTransaction(chain.url)
    const settled = await until(() => {
      const now = saved(folder, sender)
      return now.byAccount >= kept + 10 ? now : null
    })
    let killed = false
    const sending = (async () => {
      while (!killed) await sendTransaction(chain.url).catch(() => {})
    })()
    await until(async () => (await transactionCount(chain, sender)) >= settled.byAccount + 5)
    process.kill(chain.pid, 'SIGKILL')
    killed = true
    await sending
    const { byAccount, byBlocks } = saved(folder, sender)
    expect(byAccount).toBeGreaterThanOrEqual(settled.byAccount)
    expect(byBlocks).toBe(byAccount)
    await until(() => lines.filter((line) => line.includes('runs again')).length === life)
    kept = await transactionCount(chain, sender)
    expect(kept).toBeGreaterThanOrEqual(byAccount)
  }
})

test('a damaged state is refused, never replaced by a new chain', async () => {
  const folder = scratchFolder()
  const { chain } = await start(folder)
  await sendTransaction(chain.url)
  await chain.stop()
  const file = join(folder, 'chain', 'state.json.gz')
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, whole.length / 2))
  await expect(start(folder)).rejects.toMatchObject({ code: 'CHAIN_STATE' })
})

test('a taken port is refused by name, and web pages and transactions above the gas cap are refused', async () => {
  const { chain } = await start(scratchFolder())
  const port = Number(new URL(chain.url).port)
  await expect(startChain({ dataFolder: scratchFolder(), port, log: () => {} })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining('--chain-port'),
  })
  await expect(
    sendTransaction(chain.url, { to: `0x${'11'.repeat(20)}`, gas: `0x${(16_777_217).toString(16)}` }),
  ).rejects.toThrow(/gas/)
  const preflight = await fetch(chain.url, {
    method: 'OPTIONS',
    headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' },
  })
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
})
