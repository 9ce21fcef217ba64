/**
 * A community of two homes from an empty folder, by the packed programs and their commands alone: founded with a database and a chain of
 * its own, opened, joined by two agents that pair, traded, settled on chain, paid out, exported and verified. `--config` says everything.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tokenAt } from '../../contracts/build/deploy.ts'
import { readInvitation } from '../../contracts/protocol/invitation-link.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { AreaResource, BatchResource, SeatResource } from '../../server/api/resources.ts'
import { type ApiClient, signInWithKey } from '../../server/api-client.ts'
import { type SettlingIn, settleIn } from '../../server/demo/onboarding.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { turnstile } from '../../server/demo/turnstile.ts'
import { assertBuilt } from '../built.ts'
import { commonwatt, eventually, runPackedServer, startServer, unpacked } from './community.ts'
import { claimHome, openSeat } from './member.ts'

const [intervalSeconds, batchSeconds] = [5, 15]
const config = '--config commonwatt.toml'

let root: string
let folder: string
let program: string
let agentProgram: string
const running: ChildProcess[] = []

beforeAll(() => {
  assertBuilt(['commonwatt', 'commonwatt-agent', 'web'])
  root = mkdtempSync(join(tmpdir(), 'commonwatt-two-homes-'))
  folder = join(root, 'sunfield')
  program = runPackedServer(root)
  const packed = execFileSync(process.execPath, ['package-agent.js', root], { encoding: 'utf8', stdio: 'pipe' })
  agentProgram = join(unpacked(JSON.parse(packed).file, join(root, 'agent-package')), 'bin/commonwatt-agent.js')
}, 120_000)

afterAll(async () => {
  for (const child of running.reverse()) await stopped(child)
  removeDataFolder(join(folder, 'embedded'))
  rmSync(root, { recursive: true, force: true })
}, 60_000)

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** A command that ends well; gives what it printed. */
async function run(line: string): Promise<string> {
  const { status, stdout, stderr } = await commonwatt(folder, line.split(' '))
  expect([stderr, status], line).toEqual(['', 0])
  return stdout
}

/** A program that goes on; `until` is told each line that it prints. */
function start(program: string, args: readonly string[], until: (line: string) => void = () => {}): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], {
    ...{ cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH } },
  })
  createInterface({ input: child.stdout! }).on('line', until)
  running.push(child)
  return child
}

/** The first line that a program prints, as JSON. */
function firstLine<Line>(program: string, args: readonly string[]): Promise<Line> {
  return new Promise((resolve, reject) => {
    const child = start(program, args, (line) => resolve(JSON.parse(line) as Line))
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with status ${code}`)))
  })
}

interface Home {
  name: string
  member: Wallet
  client: ApiClient
  config: string
}

test('two homes trade, and are paid', { timeout: 240_000 }, async () => {
  const ports = {
    web: await freePort(),
    metrics: await freePort(),
    database: await freePort(),
    chain: await freePort(),
  }
  const rpcUrl = `http://127.0.0.1:${ports.chain}`
  const found = await commonwatt(root, [
    ...['found', folder, '--embedded', '--yes', '--json', '--name', 'Sunfield', '--feeders', 'north,south'],
    ...['--interval', '5s', '--batch', '15s', '--grace', '2s', '--withdrawal-delay', '20s', '--rpc-url', rpcUrl],
    ...['--database-url', `postgres://commonwatt:of-this-test@127.0.0.1:${ports.database}/commonwatt`],
    ...['--port', String(ports.web), '--metrics-port', String(ports.metrics)],
  ])
  expect([found.stderr, found.status]).toEqual(['', 0])
  const { operator, next } = JSON.parse(found.stdout) as { operator: string; next: { command: string | null }[] }
  expect(next[0]!.command).toBe(`commonwatt embedded ${config}`)
  const { addresses } = await firstLine<{ addresses: string[] }>(program, ['embedded', ...config.split(' '), '--json'])
  expect(addresses).toContain(operator)
  await run(`deploy ${config} --key-file keys/deployer.key --development-token --withdrawal-delay 20s`)
  await run(`area open ${config} --key-file keys/grid.key --operator ${operator}`)
  const { url, child } = await startServer({
    ...{ folder, port: ports.web, metricsPort: ports.metrics, operator, databaseUrl: '' },
  })
  running.push(child)
  const { items } = await (await fetch(`${url}/api/v1/areas`)).json()
  const area: AreaResource = items[0]
  const provider = new JsonRpcProvider(rpcUrl, area.chain.chainId, { staticNetwork: true, cacheTimeout: -1 })
  const deployer = new NonceManager(
    new Wallet(readFileSync(join(folder, 'keys/deployer.key'), 'utf8').trim(), provider),
  )
  const token = tokenAt(area.chain.token, deployer)

  const links = (await run(`invite ${config} --key-file keys/grid.key --links 2`)).trim().split('\n')
  const devices = { roof: await freePort(), flat: await freePort() }
  writeFileSync(join(root, 'devices.json'), JSON.stringify(simulation(devices)))
  await firstLine(agentProgram, ['simulate', '--config', join(root, 'devices.json')])
  const homes: Home[] = []
  for (const [index, name] of (['roof', 'flat'] as const).entries()) {
    const member = new Wallet(Wallet.createRandom().privateKey)
    await (await token.mint!(member.address, 20_000_000n)).wait()
    const client = await signInWithKey(url, member, area.chain.chainId)
    const { area: _, ...signed } = readInvitation(new URL(links[index]!).hash)!
    await client.post(`/areas/${area.area}/invitations`, signed, 'invited')
    const file = join(root, `${name}.toml`)
    writeFileSync(file, agentConfig({ name, url, area, port: devices[name] }), { mode: 0o600 })
    homes.push({ name, member, client, config: file })
  }
  await Promise.all(homes.map((home) => joins(home, area)))

  const [roof] = homes
  const batch = await eventually(async () => {
    const batches = await roof!.client.get<{ items: BatchResource[] }>(`/areas/${area.area}/batches`)
    return batches.items.find(({ status, energyWh }) => status === 'settled' && energyWh > 0)
  })
  const to = Wallet.createRandom().address.toLowerCase()
  await isPaidOut(roof!, area, to)
  // What was earned is more than the euro that was put in.
  expect(await token.balanceOf!(to)).toBeGreaterThan(1_000_000n)
  const fees = Wallet.createRandom().address
  await run(`area withdraw-fees ${config} --key-file keys/grid.key --to ${fees}`)
  expect(await token.balanceOf!(fees)).toBeGreaterThan(0n)
  provider.destroy()

  writeFileSync(join(folder, 'batch.jsonl'), await run(`export ${config} --end ${batch.end}`))
  expect(await run(`verify batch.jsonl ${config}`)).toBe('right\n')
  const report = await run(`report ${config} --from ${batch.start} --to ${batch.end}`)
  expect(report.trim().split('\r\n')).toHaveLength(1 + 2 * (batchSeconds / intervalSeconds) + 1)
  expect(await run(`rebuild ${config}`)).toMatch(/^same: /)
})

/** A roof at noon of a long day, and a flat that takes more than it brings. */
function simulation(ports: { roof: number; flat: number }) {
  const device = (port: number) => [{ kind: 'sunspec', port, models: [1, 103, 1, 203] }]
  return {
    epoch: new Date(Date.now() - 43_200_000).toISOString(),
    homes: [
      { name: 'roof', pvKwp: 9, load: 'none', devices: device(ports.roof) },
      { name: 'flat', load: 'flat', loadScale: 20, devices: device(ports.flat) },
    ],
  }
}

function agentConfig({ name, url, area, port }: { name: string; url: string; area: AreaResource; port: number }) {
  const folder = join(root, `${name}-data`)
  return `dataFolder = ${JSON.stringify(folder)}
[server]
url = "${url}"
[chain]
id = ${area.chain.chainId}
escrow = "${area.chain.escrow}"
[area]
id = ${area.area}
intervalSeconds = ${area.intervalSeconds}
[clock]
trust = true
[[meter]]
name = "${name}"
keyFile = ${JSON.stringify(join(root, `${name}-meter.key`))}
pollSeconds = 0.5
[meter.limits]
nameplateW = 10000
mainFuseW = 43470
[[meter.device]]
url = "tcp://127.0.0.1:${port}"
profile = "sunspec"
role = "grid"
confirmed = true
`
}

/** The grid operator does one thing at a time. */
const oneTransaction = turnstile(1)

/** Pairs, opens the seat, is confirmed by the grid operator's command, puts a euro in and says its price; then the agent runs. */
async function joins({ name, member, client, config: file }: Home, area: AreaResource): Promise<void> {
  const sells = name === 'roof'
  const paired = await new Promise<{ code: string; ended: Promise<unknown> }>((resolve, reject) => {
    const agent = start(agentProgram, ['pair', '--config', file, '--json'], (line) => {
      const step = JSON.parse(line)
      if (step.step === 'offered') resolve({ code: step.code, ended })
    })
    const ended = once(agent, 'exit').then(([code]) => (code === 0 ? null : reject(new Error(`pair: ${code}`))))
  })
  await claimHome(client, paired.code)
  const most = { mostSellWh: sells ? 30 : 0, mostBuyWh: sells ? 0 : 60 }
  const meter = await openSeat({ client, member, area, code: paired.code, ...most })
  await paired.ended
  start(agentProgram, ['run', '--config', file])
  const account = member.address.toLowerCase()
  const seat = await eventually(async () => {
    const { items } = await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)
    return items.find((each) => each.meter === meter)
  })
  const confirm: SettlingIn['office']['confirm'] = async ({ seat: number, zone, mostExportWh }) => {
    const act = `area confirm ${config} --key-file keys/grid.key --seat ${number} --zone ${zone}`
    await oneTransaction(() => run(`${act} --most-export-wh ${mostExportWh}`))
  }
  const wishes = {
    ...{
      zone: sells ? 'north' : 'south',
      nameplateWh: 20,
      deposit: '1',
      maxSellWh: most.mostSellWh,
      maxBuyWh: most.mostBuyWh,
    },
    ...{ sellAtPerKwh: sells ? '0.10' : null, buyAtPerKwh: sells ? null : '0.25' },
  }
  const signal = AbortSignal.timeout(120_000)
  await settleIn({ area, account: member, office: { confirm }, wishes, now: Date.now, signal }, client, seat)
}

/** Asks for everything, waits for the delay and collects it. */
async function isPaidOut({ member, client }: Home, area: AreaResource, to: string): Promise<void> {
  const account = member.address.toLowerCase()
  const seatNow = async () => (await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)).items[0]!
  const { seat, withdrawalNonce: nonce } = await eventually(async () => {
    const now = await seatNow()
    return Number(now.balance) > 1 ? now : null
  })
  const deadline = Math.floor(Date.now() / 1000) + 600
  const amount = 2n ** 100n
  const signed = { account, seat: BigInt(seat), amount, to, nonce, deadline }
  const signature = await signFull(member, area.chain, 'Withdrawal', signed)
  const body = { seat, amount: formatMoney(amount, area.priceDecimals), to, nonce, deadline, signature }
  await client.post('/relay/withdrawals', body, 'withdraw')
  const { claimableAt } = await eventually(async () => (await seatNow()).withdrawal)
  await eventually(() => Date.now() > Date.parse(claimableAt) + 1_500)
  await client.post('/relay/claims', { seat }, 'claim')
  await eventually(async () => (await seatNow()).withdrawal === null)
}
