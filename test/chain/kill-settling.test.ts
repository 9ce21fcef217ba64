/** The settlement service killed again and again. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { escrowAt, escrowInterface } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { bundleProgram } from '../demo/bundle.ts'
import { makeStatements } from '../settlement/exported.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { settingsOf, startMarket } from './market.ts'
import type { SettlingOrder } from './settling-program.ts'
import { area, type Home, mine, openStreet, startTestChain, type TestChain } from './street.ts'

const seed = Number(process.env.SEED ?? 20_261_122)
const batches = 6
const entriesPerPart = 2
/** Fewer would mean that nothing was killed in the middle. */
const leastKills = 12

let chain: TestChain
let server: ScratchServer
beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
})
afterAll(async () => {
  await server?.stop()
  await chain?.stop()
})

function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Resolves with the signal that ended it, or null where it ended by itself. */
function run(program: string, order: SettlingOrder): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text
    })
    child.once('exit', (status, signal) => {
      if (signal === null && status !== 0) reject(new Error(`the settling process failed: ${errors}`))
      else resolve(signal)
    })
  })
}

test(`killed between any two steps and the chain reorganised in between, every batch settles exactly once (SEED=${seed})`, async () => {
  const random = randomOf(seed)
  const { provider } = chain
  const { database, url } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const street = await openStreet(provider, {
    ...{ operator, deposits: [0n, 50_000_000n, 50_000_000n] },
    // No batch becomes too old, however long the killing takes.
    withdrawalDelaySeconds: 86_400,
  })
  const market = await startMarket({ chain, database, url, street, operator })
  await market.indexer.advance()
  const [seller, ...buyers] = street.homes as [Home, ...Home[]]
  // After a whole interval: a batch before these brings every seat's base to their beginning.
  const start = Math.floor(street.from / 60) * 60 + 60
  const end = start + 60 * batches
  await market.order(seller, 'sell', 500, end)
  for (const buyer of buyers) await market.order(buyer, 'buy', 1_500, end)
  for (let time = start; time <= end; time += 10) {
    await market.passTo(time)
    const count = 1 + (time - start) / 10
    await market.read(seller, time, 1_000, 2_000 + 60 * count)
    for (const buyer of buyers) await market.read(buyer, time, 1_000 + 60 * count, 2_000)
  }
  await market.passTo(end + 20)
  await market.hear()
  await makeStatements(database, market.stored)
  await market.stop()

  const program = await bundleProgram(join(import.meta.dirname, 'settling-program.ts'))
  const order = {
    ...{ databaseUrl: url, rpcUrl: chain.chain.url, operatorKey: operator.privateKey },
    ...{ firstBlock: street.firstBlock, settings: settingsOf(street), entriesPerPart },
  }
  const floor = await provider.getBlockNumber()
  let kills = 0
  let reorganised = 0
  for (let isDone = false; !isDone; ) {
    // Sometimes a transaction is mined at once, sometimes it still waits when its sender dies.
    await provider.send('evm_setAutomine', [random(2) === 0])
    const kill =
      random(4) === 0 ? { atStatement: 1 + random(40) } : { atRequest: 1 + random(18), answered: random(2) === 0 }
    if ((await run(program, { ...order, kill })) === 'SIGKILL') kills += 1
    else isDone = true
    expect(kills).toBeLessThan(400)
    await mine(provider)
    // Some of what the dead process saw settled is taken back.
    const depth = Math.min(1 + random(4), (await provider.getBlockNumber()) - floor)
    if (!isDone && random(6) === 0 && depth > 0) {
      await provider.send('anvil_reorg', [depth, []])
      reorganised += 1
    }
  }
  expect(kills).toBeGreaterThanOrEqual(leastKills)
  expect(reorganised).toBeGreaterThan(0)

  const rows = await database`select end_at, status from batch_progress order by end_at`
  expect(rows.length).toBeGreaterThanOrEqual(batches)
  expect(rows.every(({ status }) => status === 'settled')).toBe(true)
  const logs = await provider.getLogs({ address: street.escrow, fromBlock: street.firstBlock })
  const events = logs.map((log) => escrowInterface.parseLog(log)!)
  const ends = events.filter(({ name }) => name === 'BatchSettled').map(({ args }) => Number(args.end))
  expect(ends).toEqual(rows.map(({ end_at }) => end_at))
  const parts = events.filter(({ name }) => name === 'PartSettled').length
  const sizes = await database`select count(*)::int as entries from batch_entries group by end_at`
  expect(parts).toBe(sizes.reduce((sum, { entries }) => sum + Math.ceil(entries / entriesPerPart), 0))
  expect(await provider.getTransactionCount(operator.address)).toBe(parts)
  const escrow = escrowAt(street.escrow, provider)
  const nets =
    await database`select seat, sum(received - paid)::text as net from batch_entries group by seat order by seat`
  for (const [index, { seat, net }] of nets.entries()) {
    const deposit = index === 0 ? 0n : 50_000_000n
    expect(await escrow.getFunction('balanceOf')(seatIdOf(area, seat))).toBe(deposit + BigInt(net))
  }
  expect(nets.some(({ net }) => net !== '0')).toBe(true)
}, 300_000)
