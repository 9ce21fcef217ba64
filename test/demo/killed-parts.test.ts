/** What the demo's parts do when the demo is killed. */
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { identify, isRunning, type ProcessIdentity } from '../../server/demo/processes.ts'
import { rpc, sendTransaction } from './chain-rpc.ts'
import { type Parts, partsOf } from './parts-process.ts'
import { scratchFolder, until } from './scratch-folder.ts'

function openFolder(): string {
  const folder = scratchFolder()
  chmodSync(folder, 0o755)
  return folder
}

function identities(parts: Parts): ProcessIdentity[] {
  return [parts.database, parts.chain, parts.child].map(({ pid }) => identify(pid)!)
}

async function rows(url: string, text: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return (await sql.unsafe(text)).map((row) => ({ ...row }))
  } finally {
    await sql.end({ timeout: 1 })
  }
}

test('a parent killed with -9 leaves nothing that the next start does not find, stop and carry on from', async () => {
  const folder = openFolder()
  const parts = await partsOf(folder)
  const first = await parts.start()
  await rows(first.database.url, 'create table kept as select 42 as n')
  const transaction = await sendTransaction(first.chain.url)
  const before = identities(first)
  await first.end('SIGKILL')
  // Programs end with their parent by themselves; database and chain wait for the next start.
  await until(() => !isRunning(before[2]!))
  const unseen = await sendTransaction(first.chain.url)

  const second = await parts.start()
  expect(before.filter(isRunning)).toEqual([])
  expect(await rows(second.database.url, 'select n from kept')).toEqual([{ n: 42 }])
  for (const hash of [transaction, unseen]) {
    expect(await rpc(second.chain.url, 'eth_getTransactionReceipt', [hash])).toMatchObject({ status: '0x1' })
  }

  const after = identities(second)
  await second.end('SIGTERM')
  expect(after.filter(isRunning)).toEqual([])
})

test("the terminal's Ctrl-C reaches the parent alone, which stops all in order", async () => {
  const folder = openFolder()
  const parts = await partsOf(folder)
  const running = await parts.start()
  const all = identities(running)
  const log = join(folder, 'logs', 'child.log')
  await until(() => readFileSync(log, 'utf8').includes('started with an argument'))
  // As a terminal does: to the whole group of its foreground process.
  process.kill(-running.process.pid!, 'SIGINT')
  await until(() => all.every((one) => !isRunning(one)))
  expect(readFileSync(log, 'utf8').match(/SIGTERM/g)).toHaveLength(1)
  expect(readFileSync(log, 'utf8')).not.toContain('SIGINT')
  expect(running.log()).not.toContain('starting it again')
})

test('a data folder serves one at a time', async () => {
  const folder = openFolder()
  const parts = await partsOf(folder)
  const running = await parts.start()
  await expect(parts.start()).rejects.toThrow(/is in use by process \d+/)
  expect(identities(running).every(isRunning)).toBe(true)
})
