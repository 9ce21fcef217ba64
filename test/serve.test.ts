/** A server with two escrows, servers that do not start beside it, and a member whose account is a passkey. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NonceManager, Wallet } from 'ethers'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployAccounts, escrowAt } from '../contracts/build/deploy.ts'
import type { AreaResource } from '../server/api/resources.ts'
import { readOffers } from '../server/chain/contract-facts.ts'
import { readWalletFile } from '../server/chain/key-file.ts'
import { eventually } from '../server/demo/onboarding.ts'
import { freePort } from '../server/demo/ports.ts'
import { type ServedEscrow, type ServeOptions, serve } from '../server/serve.ts'
import { assertBuilt } from './built.ts'
import { fundedKey, openStreet, type Street, startTestChain, type TestChain } from './chain/street.ts'
import { passkeyJourney } from './passkey-journey.ts'
import { type ScratchServer, startScratchServer } from './store/scratch-database.ts'

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-serve-'))
let chain: TestChain
let server: ScratchServer
let streets: Street[]
let accounts: string
let options: ServeOptions
beforeAll(async () => {
  assertBuilt(['area-thread', 'statement-thread', 'signature-worker'])
  chain = await startTestChain()
  server = await startScratchServer()
  const operator = Wallet.createRandom()
  const wallet = new Wallet(operator.privateKey)
  await chain.provider.send('anvil_setBalance', [wallet.address, `0x${(10n ** 20n).toString(16)}`])
  streets = []
  for (const deposits of [[1_000_000n], [2_000_000n]]) {
    streets.push(await openStreet(chain.provider, { operator: wallet, deposits }))
  }
  accounts = (await deployAccounts(new NonceManager(new Wallet(fundedKey(7), chain.provider)), 3_600)).address
  const [operatorKeyFile, relayKeyFile] = ['operator.key', 'relay.key'].map((name) => join(folder, name)) as [
    string,
    string,
  ]
  writeFileSync(relayKeyFile, fundedKey(6), { mode: 0o600 })
  writeFileSync(operatorKeyFile, wallet.privateKey, { mode: 0o600 })
  options = {
    ...{ databaseUrl: (await server.fresh()).url, escrows: streets.map(served) },
    ...{ operatorKeyFile, relayKeyFile, host: '127.0.0.1', port: await freePort(), origins: [] },
    ...{
      trustProxy: null,
      meteringKeyFile: null,
      witnessTolerance: { wh: 20, percent: 5 },
      confirmations: 1,
      chainPollMs: 50,
      demoFile: null,
      pageFolder: null,
    },
    ...{
      metricsHost: '127.0.0.1',
      metricsPort: await freePort(),
      backupFolder: null,
      migrates: true,
      beginsAnew: false,
    },
    log: pino({ level: 'silent' }),
  }
})
afterAll(async () => {
  await server?.stop()
  await chain?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The escrow of a street with the file of its area, as its rules say. */
function served({ escrow, firstBlock, rules }: Street): ServedEscrow {
  const { area } = rules
  const file = join(folder, `area-${area}.json`)
  const prices = { feedInPerKwh: '0.08', retailPerKwh: '0.3', lowestPricePerKwh: '-0.1' }
  const settings = {
    ...{ area, name: `Street ${area}`, currency: 'EUR', graceSeconds: 5, ...prices },
    zones: [{ zone: 'street', name: 'Street' }],
    rules: {
      ...{ grid: rules.grid, intervalSeconds: 10, batchSeconds: 60, settlingGrade: 'device' },
      ...{ maxGridPerKwh: '0.1', maxBandPerKwh: '2' },
    },
  }
  writeFileSync(file, JSON.stringify(settings))
  return { rpcUrl: chain.chain.url, chainId: null, escrow, firstBlock, accounts, revocations: null, areaFiles: [file] }
}

test('to whom an office is offered is read from the escrow', async () => {
  const { escrow, rules } = streets[1]!
  const place = { escrow, area: rules.area }
  const operatorNow = readWalletFile(options.operatorKeyFile).address.toLowerCase()
  const nobody = { operatorNow, operator: null, grid: null, successionFrom: null }
  expect(await readOffers(chain.provider, place)).toEqual(nobody)
  const to = Wallet.createRandom().address
  const grid = new Wallet(fundedKey(8), chain.provider)
  await (await escrowAt(escrow, grid).offerOperator!(rules.area, to)).wait()
  const operator = { to: to.toLowerCase(), from: expect.any(Number) }
  expect(await readOffers(chain.provider, place)).toEqual({ ...nobody, operator })
})

test('two escrows with a token each are served side by side, and nothing else writes their areas meanwhile', async () => {
  const running = await serve(options)
  const ask = async (path: string, origin = running.url) => {
    const answer = await fetch(`${origin}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  const elsewhere = async () => ({ ...options, port: await freePort(), metricsPort: await freePort() })
  await eventually(async () => ((await ask('/readyz')).status === 200 ? true : undefined), 'both areas to be ready')
  for (const { escrow, token, domain, rules } of streets) {
    const { area: number } = rules
    const area = JSON.parse((await ask(`/api/v1/areas/${number}`)).text) as AreaResource
    expect(area).toMatchObject({ area: number, chain: { escrow, token, chainId: domain.chainId } })
    const { text } = await ask('/metrics', `http://127.0.0.1:${options.metricsPort}`)
    expect(text).toContain(`commonwatt_area_ready{area="${number}"} 1`)
    expect(text).toContain(`commonwatt_batches_settled_total{area="${number}"}`)
  }
  // A second server finds the areas held and ends itself; the first one goes on.
  await expect(serve(await elsewhere())).rejects.toMatchObject({ code: 'SERVE_AREA_HELD' })
  expect((await ask('/readyz')).status).toBe(200)
  const twice = { ...(await elsewhere()), escrows: [options.escrows[0]!, options.escrows[0]!] }
  await expect(serve(twice)).rejects.toMatchObject({ code: 'SERVE_AREA_TWICE' })
  const foreign = { ...options.escrows[0]!, accounts: streets[0]!.token }
  const elsewhereForeign = { ...(await elsewhere()), escrows: [foreign] }
  await expect(serve(elsewhereForeign)).rejects.toMatchObject({ code: 'CHAIN_NO_ACCOUNTS' })
  await running.stop()
  const next = await serve(await elsewhere())
  try {
    await passkeyJourney(next.url, chain.provider, streets[0]!)
  } finally {
    await next.stop()
  }
})
