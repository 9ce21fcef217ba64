/**
 * The story of docs/operate.md, by the packed programs and the commands that the page shows, on a PostgreSQL and a chain that were there before:
 * a community is founded from an empty folder, two homes join, trade, are settled and paid out; fees are taken out, the operator's key changes, a
 * meter is revoked, and the database is backed up, restored and upgraded.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getAddress, NonceManager, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tokenAt } from '../../contracts/build/deploy.ts'
import { readInvitation } from '../../contracts/protocol/invitation-link.ts'
import type { AreaResource, BatchResource, SeatResource } from '../../server/api/resources.ts'
import { signInWithKey } from '../../server/api-client.ts'
import { freePort } from '../../server/demo/ports.ts'
import { turnstile } from '../../server/demo/turnstile.ts'
import { applyMigrations, migrationsOf, openDatabase, transact } from '../../server/store/database.ts'
import {
  type Community,
  commonwatt,
  eventually,
  foundCommunity,
  type Ground,
  giveGas,
  linesRun,
  openArea,
  type RunningServer,
  runPackedServer,
  startGround,
  startServer,
} from './community.ts'
import {
  type Home,
  isPaidOut,
  joins,
  type Neighbours,
  packedAgent,
  RunningPrograms,
  startDevices,
  writeAgentConfig,
} from './homes.ts'
import { asOfBefore } from './older-backup.ts'
import { neverRun, unfounded } from './shown-commands.ts'

const [intervalSeconds, batchSeconds] = [5, 15]
const times = ['--interval', '5s', '--batch', '15s', '--grace', '2s', '--withdrawal-delay', '20s']

let ground: Ground
let community: Community
let agentProgram: string
let programs: RunningPrograms
beforeAll(async () => {
  ground = await startGround()
  programs = new RunningPrograms(ground.folder)
  runPackedServer(ground.folder)
  agentProgram = packedAgent(ground.folder)
})
afterAll(async () => {
  await programs.stop()
  await ground.stop()
})

/** Ends well; gives what it printed. */
async function run(line: string): Promise<string> {
  const { status, stdout, stderr } = await commonwatt(community.folder, line.split(' '))
  expect(stderr, line).toBe('')
  expect(status, line).toBe(0)
  return stdout
}

/** Ends with status 1; gives the one line that it said. */
async function refused(line: string): Promise<string> {
  const { status, stdout, stderr } = await commonwatt(community.folder, line.split(' '))
  expect([status, stdout, stderr.trimEnd().split('\n').length], line).toEqual([1, '', 1])
  return stderr
}

const config = '--config commonwatt.toml'
const ofGrid = `${config} --key-file keys/grid.key`
const files = () => readdirSync(join(community.folder, 'backups')).map((name) => `backups/${name}`)

/** Says something else in the community's configuration. */
function configure(before: string, after: string): void {
  const file = join(community.folder, 'commonwatt.toml')
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(before)
  writeFileSync(file, text.replace(before, after), { mode: 0o600 })
}

test('from an empty folder to the release after', { timeout: 900_000 }, async () => {
  community = await foundCommunity(ground, 'Sunfield', times)
  for (const secret of [
    'commonwatt.toml',
    ...['deployer', 'operator', 'relay', 'grid'].map((name) => `keys/${name}.key`),
  ]) {
    expect(statSync(join(community.folder, secret)).mode & 0o777).toBe(0o600)
  }
  expect(await run('key address keys/operator.key')).toBe(`${getAddress(community.operator)}\n`)
  expect(await run(`deploy ${config} --check deployment.json`)).toMatch(
    /are those of release .* its token is for trials/,
  )
  await openArea(community)
  expect(await refused(`area open ${ofGrid} --operator ${community.operator}`)).toMatch(/opened before/)
  expect(await run(`area show ${config}`)).toMatch(new RegExp(`^operator ${community.operator}$`, 'm'))
  expect(await run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)

  let server = await startServer(community, ['--origin', 'https://sunfield.example', '--trust-proxy', 'loopback'])
  const [area, lasting] = [await areaOf(server), await lastingOf(server)]
  expect(area.chain.chainId).toBe(424_242)
  const neighbours = { agentProgram, programs, area, serverUrl: server.url, folder: ground.folder }
  const [roof, flat] = await homesOf(neighbours)
  const joinedAt = Date.now() / 1000 + intervalSeconds
  await declaresInVain(server)
  // A batch in whose midst a home joined has fewer rows than the report of a whole one.
  const batch = await eventually(async () => {
    return (await batchesOf(roof.home, area)).find(
      ({ status, energyWh, start }) => status === 'settled' && energyWh > 0 && Date.parse(start) / 1000 > joinedAt,
    )
  })
  const next = await changesItsOperator()
  await isPaid(roof.home, area)
  await isProven(batch)
  // The wait for the money was that for the office.
  await eventually(
    async () =>
      (await commonwatt(community.folder, `area accept ${config} --key-file keys/next.key`.split(' '))).status === 0,
  )
  expect(await run(`area show ${config}`)).toMatch(new RegExp(`^operator ${next.toLowerCase()}$`, 'm'))
  await eventually(async () => {
    const { notReady } = await (await fetch(`${server.url}/readyz`)).json()
    return notReady.some((why: string) => /has another operator than this key/.test(why))
  })
  const unwell = await commonwatt(community.folder, `doctor ${config}`.split(' '))
  expect(unwell.stdout).toMatch(/^ILL {3}area .*has another operator than this key/m)
  expect(await run(`area revoke ${ofGrid} --seat ${flat.seat}`)).toMatch(/^done in transaction 0x/)
  await seatOf(flat.home, ({ confirmed }) => !confirmed)

  expect(await run(`backup ${config} --keep 30`)).toMatch(/\.commonwatt-backup\.gz \([\d.]+ [kM]B\)$/m)
  await server.stop()
  const url = await beginsInNoOtherDatabase()
  expect(await run(`restore ${files()[0]} --database-url ${url}`)).toMatch(/^\d+ rows of .*, made by release /)
  configure(community.databaseUrl, url)
  configure('keys/operator.key', 'keys/next.key')
  expect(await run(`migrate ${config} --trial`)).toBe('on a copy: nothing to do\n')
  expect(await run(`migrate ${config}`)).toBe('the schema is up to date\n')
  const startedAt = Date.now() / 1000
  server = await startServer(community)
  expect(await lastingOf(server)).toEqual(lasting)
  expect(await run(`doctor ${config}`)).not.toMatch(/^(watch|ILL)/m)
  // The restored server goes on, and the new key settles.
  await eventually(async () => {
    const batches = await batchesOf(roof.home, area)
    return batches.find(({ status, end }) => status === 'settled' && Date.parse(end) / 1000 > startedAt)
  })
  configure('backup-folder', 'retain = "1 month"\nbackup-folder')
  expect(await run(`archive ${config}`)).toBe('nothing more is old enough\n')
  await server.stop()
  await upgrades(url, lasting)

  expect(neverRun(readFileSync('docs/operate.md', 'utf8'), linesRun)).toEqual([])
  expect(unfounded()).toEqual([])
})

async function areaOf(server: RunningServer): Promise<AreaResource> {
  const { items } = await (await fetch(`${server.url}/api/v1/areas`)).json()
  return items[0]
}

/** What no trade and no office changes. */
async function lastingOf(server: RunningServer) {
  const { area, name, slug, chain, rules, zones } = await areaOf(server)
  return { area, name, slug, chain, rules, zones }
}

async function batchesOf({ client }: Home, { area }: AreaResource): Promise<BatchResource[]> {
  return (await client.get<{ items: BatchResource[] }>(`/areas/${area}/batches`)).items
}

function seatOf({ client, member }: Home, is: (seat: SeatResource) => boolean): Promise<SeatResource> {
  return eventually(async () => {
    const own = `/accounts/${member.address.toLowerCase()}/seats`
    return (await client.get<{ items: SeatResource[] }>(own)).items.find(is)
  })
}

function tokenOf({ chain }: AreaResource) {
  const key = readFileSync(join(community.folder, 'keys/deployer.key'), 'utf8').trim()
  return tokenAt(chain.token, new NonceManager(new Wallet(key, ground.provider)))
}

/** Two homes are invited, pair, and are confirmed by the grid operator, who does one thing at a time. */
async function homesOf(
  neighbours: Neighbours,
): Promise<[roof: { home: Home; seat: string }, flat: { home: Home; seat: string }]> {
  const { area, serverUrl } = neighbours
  const links = (await run(`invite ${ofGrid} --links 2`)).trim().split('\n')
  const ports = await startDevices(neighbours)
  const token = tokenOf(area)
  const oneTransaction = turnstile(1)
  const confirm = async ({ seat, zone, mostExportWh }: { seat: string; zone: string; mostExportWh: number }) => {
    const act = `area confirm ${ofGrid} --seat ${seat} --zone ${zone} --most-export-wh ${mostExportWh}`
    expect(await oneTransaction(() => run(act))).toMatch(/^done in transaction 0x/)
  }
  const homes: Home[] = []
  for (const [index, name] of (['roof', 'flat'] as const).entries()) {
    const member = new Wallet(Wallet.createRandom().privateKey)
    await (await token.mint!(member.address, 20_000_000n)).wait()
    const client = await signInWithKey(serverUrl, member, area.chain.chainId)
    const { area: number, ...signed } = readInvitation(new URL(links[index]!).hash)!
    await client.post(`/areas/${number}/invitations`, signed, 'invited')
    homes.push({ name, member, client, config: writeAgentConfig(neighbours, name, ports[name]) })
  }
  const joined = await Promise.all(homes.map((home) => joins(neighbours, home, confirm)))
  for (const { link } of joined) expect(link).toMatch(/^https:\/\/sunfield\.example\/join\//)
  const [roof, flat] = joined.map(({ seat: { seat } }, index) => ({ home: homes[index]!, seat }))
  const wrong = `--zone moon --most-export-wh 25`
  expect(await refused(`area confirm ${ofGrid} --seat ${roof!.seat} ${wrong}`)).toMatch(/has no zone moon/)
  expect(await refused(`area revoke ${ofGrid} --seat 7`)).toMatch(/^7 is no seat of area/)
  return [roof!, flat!]
}

/** The grid operator's word reaches the area; where the market decides it is not wanted. */
async function declaresInVain(server: RunningServer): Promise<void> {
  const prices = { type: 'prices', from: '2027-01-01T00:00:00Z', stepSeconds: 3_600, pricesPerKwh: ['0.08'] }
  writeFileSync(join(community.folder, 'prices.json'), JSON.stringify(prices))
  const said = await refused(`allocate ${ofGrid} --server ${server.url} prices.json`)
  expect(said).toMatch(/^kind 2 is not what this area goes by/)
}

/** The roof has earned more than the euro that was put in, and the grid operator its fees. */
async function isPaid(roof: Home, area: AreaResource): Promise<void> {
  const token = tokenOf(area)
  const [to, fees] = [Wallet.createRandom().address.toLowerCase(), Wallet.createRandom().address]
  await isPaidOut(roof, area, to)
  expect(await token.balanceOf!(to)).toBeGreaterThan(1_000_000n)
  await run(`area withdraw-fees ${ofGrid} --to ${fees}`)
  expect(await token.balanceOf!(fees)).toBeGreaterThan(0n)
}

/** What was settled is computed again from what was signed, and stands in the report; every table follows from the journal. */
async function isProven({ start, end }: BatchResource): Promise<void> {
  writeFileSync(join(community.folder, 'batch.jsonl'), await run(`export ${config} --end ${end}`))
  expect(await run(`verify batch.jsonl ${config}`)).toBe('right\n')
  const report = await run(`report ${config} --from ${start} --to ${end}`)
  expect(report.trim().split('\r\n')).toHaveLength(1 + 2 * (batchSeconds / intervalSeconds) + 1)
  expect(await run(`rebuild ${config}`)).toMatch(/^same: /)
}

/** The first of the two steps by which an office passes; gives the next key's address. */
async function changesItsOperator(): Promise<string> {
  const next = (await run('key new keys/next.key')).trim()
  await run(`area appoint ${ofGrid} --to ${next}`)
  await giveGas(ground, next, 10n ** 20n)
  return next
}

/**
 * A server is not led into a database that knows nothing of what was settled, unless it is told so; the database stays as it was, and its
 * address is given.
 */
async function beginsInNoOtherDatabase(): Promise<string> {
  const [empty, lost] = [await ground.newDatabase(), await ground.newDatabase()]
  const begins = /^area \d+ is settled until 20\d\d-.* has no journal of it: correct database-url, or restore/
  expect(await refused(`serve ${config} --key-file keys/next.key --database-url ${empty}`)).toMatch(begins)
  const file = join(community.folder, 'commonwatt.toml')
  const before = readFileSync(file, 'utf8')
  configure(community.databaseUrl, empty)
  const unwell = await commonwatt(community.folder, `doctor ${config}`.split(' '))
  expect(unwell.stdout).toMatch(/^ILL {3}journal +area \d+ is settled until/m)
  writeFileSync(file, before, { mode: 0o600 })
  const [port, metricsPort] = [await freePort(), await freePort()]
  const place = ['--database-url', lost, '--port', String(port), '--metrics-port', String(metricsPort)]
  // This key has lost its office: it names what the chain knows, and settles nothing here.
  const isUp = async (url: string) => {
    const { notReady } = await (await fetch(`${url}/readyz`)).json()
    return notReady.length === 1 && /has another operator/.test(notReady[0])
  }
  for (const told of [['--begin-anew'], []]) {
    const server = await startServer({ ...community, port, metricsPort }, [...told, ...place], isUp)
    expect((await areaOf(server)).missed.length).toBeGreaterThan(0)
    await server.stop()
  }
  return empty
}

/** The community's database as the release before has it becomes this release's: tried on a copy, then done; and everything is there. */
async function upgrades(current: string, lasting: unknown): Promise<void> {
  const [newest, older] = [openDatabase(current, 1), openDatabase(await ground.newDatabase(), 1)]
  const applied = await migrationsOf(newest)
  await transact(older, (sql) => applyMigrations(sql, applied.slice(0, -1)))
  const columns = await older<{ table: string; columns: string[] }[]>`
    select table_name as "table", array_agg(column_name::text) as columns from information_schema.columns
    where table_schema = 'public' group by table_name`
  await Promise.all([newest.end(), older.end()])
  await run(`backup ${config} --out whole.gz`)
  const whole = readFileSync(join(community.folder, 'whole.gz'))
  const { bytes, lacks } = asOfBefore(whole, new Map(columns.map(({ table, columns }) => [table, columns])))
  writeFileSync(join(community.folder, 'before.gz'), bytes)
  const url = await ground.newDatabase()
  expect(await run(`restore before.gz --database-url ${url}`)).toMatch(/^\d{3,} rows/)
  configure(current, url)
  expect(await refused(`serve ${config}`)).toMatch(new RegExp(`lacks ${lacks}.*make a backup, then run`))
  expect(await run(`migrate ${config} --trial`)).toMatch(new RegExp(`^on a copy: ${lacks} in [\\d.]+ s$`, 'm'))
  expect(await run(`migrate ${config}`)).toBe(`${lacks}\n`)
  expect(await run(`rebuild ${config}`)).toMatch(/^same: /)
  const server = await startServer(community)
  expect(await lastingOf(server)).toEqual(lasting)
  await server.stop()
}
