/** The story of docs/operate.md, by the packed program and the commands that the page shows: founding, checking, inviting, joining, confirming, backing up, restoring, upgrading. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getAddress, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readInvitation } from '../../contracts/protocol/invitation-link.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { type ApiClient, signInWithKey } from '../../server/api-client.ts'
import { applyMigrations, migrationsOf, openDatabase, transact } from '../../server/store/database.ts'
import { PairingAgent } from '../browser/pairing-agent.ts'
import {
  type Community,
  commonwatt,
  eventually,
  foundCommunity,
  type Ground,
  giveGas,
  linesRun,
  openArea,
  runPackedServer,
  startGround,
  startServer,
} from './community.ts'
import { claimHome, openSeat } from './member.ts'

let ground: Ground
let community: Community
beforeAll(async () => {
  ground = await startGround()
  runPackedServer(ground.folder)
}, 120_000)
afterAll(() => ground.stop())

/** Ends well; gives what it printed. */
async function run(line: string, env: Record<string, string> = {}): Promise<string> {
  const { status, stdout, stderr } = await commonwatt(community.folder, line.split(' '), env)
  expect(stderr, line).toBe('')
  expect(status, line).toBe(0)
  return stdout
}

const config = '--config commonwatt.toml'

test('from an empty folder to a server that outlives its database', { timeout: 480_000 }, async () => {
  community = await foundCommunity(ground, 'Sunfield')
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
  const again = await commonwatt(community.folder, [
    ...`area open ${config} --key-file keys/grid.key --operator ${community.operator}`.split(' '),
  ])
  expect([again.status, again.stderr.trimEnd().split('\n').length]).toEqual([1, 1])
  expect(await run(`area show ${config}`)).toMatch(new RegExp(`^operator ${community.operator}$`, 'm'))

  let server = await startServer(community, ['--origin', 'https://sunfield.example', '--trust-proxy', 'loopback'])
  const links = (await run(`invite ${config} --key-file keys/grid.key --links 2`)).trim().split('\n')
  const { area, ...signed } = readInvitation(new URL(links[0]!).hash)!
  const member = new Wallet(Wallet.createRandom().privateKey)
  const client = await signInWithKey(server.url, member, 424_242)
  await client.post(`/areas/${area}/invitations`, signed, 'invited')
  await joins(server.url, member, client)
  // The grid operator's word reaches the area; where the market decides it is not wanted.
  const prices = { type: 'prices', from: '2027-01-01T00:00:00Z', stepSeconds: 3_600, pricesPerKwh: ['0.08'] }
  writeFileSync(join(community.folder, 'prices.json'), JSON.stringify(prices))
  const allocate = `allocate ${config} --key-file keys/grid.key --server ${server.url} prices.json`
  const declared = await commonwatt(community.folder, allocate.split(' '))
  expect([declared.status, declared.stdout]).toEqual([1, ''])
  expect(declared.stderr).toMatch(/^kind 2 is not what this area goes by/)
  const said = await (await fetch(`${server.url}/api/v1/areas/${area}`)).json()

  expect(await run(`backup ${config} --keep 30`)).toMatch(/\.commonwatt-backup\.gz \([\d.]+ MB\)$/m)
  expect(await run(`doctor ${config}`)).not.toMatch(/^(watch|ILL)/m)
  await server.stop()

  const url = await ground.newDatabase()
  const [backup] = readdirSync(join(community.folder, 'backups'))
  expect(await run(`restore backups/${backup} --database-url ${url}`)).toMatch(/^\d+ rows of .*, made by release /)
  expect(await run('migrate --trial', { DATABASE_URL: url })).toBe('on a copy: nothing to do\n')
  const file = join(community.folder, 'commonwatt.toml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(community.databaseUrl, url), { mode: 0o600 })
  server = await startServer(community)
  expect(await (await fetch(`${server.url}/api/v1/areas/${area}`)).json()).toEqual(said)
  await server.stop()

  await upgrades(url)
  await changesItsOperator()
  expect(await run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(commandsOf(readFileSync('docs/operate.md', 'utf8')).filter((shown) => !wasRun(shown))).toEqual([])
})

/** The commands that a document shows, without `npx` and remarks. */
function commandsOf(document: string): string[] {
  const blocks = [...document.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'))
  const commands = blocks.map((line) => line.replace(/^npx /, '').replace(/\s+#.*$/, ''))
  return commands.filter((line) => line.startsWith('commonwatt ')).map((line) => line.slice('commonwatt '.length))
}

/** Which command it is, and the names of its options. */
function formOf(line: string): { name: string; options: string[] } {
  const words = line.split(' ')
  const name = words.slice(0, /^(area|key) /.test(line) ? 2 : 1).join(' ')
  return { name, options: words.filter((word) => word.startsWith('--') && word !== name) }
}

/**
 * What needs trading, watchers or months is run where those are: `two-homes.test.ts`, `chain/verify-area.test.ts` and
 * `store/archive.test.ts`.
 */
const ranElsewhere = [
  'found --embedded',
  'embedded --config',
  'rebuild --config',
  'watch --server-url --rpc-url',
  'archive --config',
  'verify area-1.commonwatt-archive.gz --rpc-url',
]

/** Whether the story ran it, or another test does, with at least the options that are shown. */
function wasRun(shown: string): boolean {
  const { name, options } = formOf(shown)
  return [...linesRun, ...ranElsewhere]
    .map(formOf)
    .some((run) => run.name === name && options.every((each) => run.options.includes(each)))
}

/** Everything but the last migration, as the release before has it, becomes this release's: tried on a copy, then done. */
async function upgrades(current: string): Promise<void> {
  const url = await ground.newDatabase()
  const [newest, older] = [openDatabase(current, 1), openDatabase(url, 1)]
  const applied = await migrationsOf(newest)
  const last = applied.at(-1)!.name
  await transact(older, (sql) => applyMigrations(sql, applied.slice(0, -1)))
  await Promise.all([newest.end(), older.end()])
  const env = { DATABASE_URL: url }
  const { status, stderr } = await commonwatt(community.folder, `serve ${config}`.split(' '), env)
  expect([status, stderr]).toEqual([1, expect.stringMatching(new RegExp(`lacks ${last}.*make a backup, then run`))])
  expect(await run(`migrate ${config} --trial`, env)).toMatch(new RegExp(`^on a copy: ${last} in [\\d.]+ s$`, 'm'))
  expect(await run(`migrate ${config}`, env)).toBe(`${last}\n`)
  expect(await run(`doctor ${config}`, env)).toMatch(/^ok {4}database .*schema of this release$/m)
}

/** The office passes in two steps; where nothing was settled, the second need not wait. */
async function changesItsOperator(): Promise<void> {
  const next = (await run('key new keys/next.key')).trim()
  await giveGas(ground, next, 10n ** 20n)
  await run(`area appoint ${config} --key-file keys/grid.key --to ${next}`)
  await run(`area accept ${config} --key-file keys/next.key`)
  expect(await run(`area show ${config}`)).toMatch(new RegExp(`^operator ${next.toLowerCase()}$`, 'm'))
  const { stdout } = await commonwatt(community.folder, `doctor ${config}`.split(' '))
  expect(stdout).toMatch(/^ILL {3}area .*has another operator than this key/m)
}

/** A home pairs, opens its seat by the relay, and is confirmed and revoked by the grid operator. */
async function joins(url: string, member: Wallet, client: ApiClient): Promise<void> {
  const { items } = await client.get<{ items: AreaResource[] }>('/areas')
  const area = items[0]!
  const agent = new PairingAgent(url, area)
  const { code, link } = await agent.offer()
  expect(link).toBe(`https://sunfield.example/join/${code}`)
  await claimHome(client, code)
  expect(await agent.go()).toBe('consented')
  await openSeat({ client, member, area, code, mostSellWh: 30, mostBuyWh: 60 })
  const account = member.address.toLowerCase()
  const seatThat = (is: (seat: SeatResource) => boolean) =>
    eventually(async () => {
      const seats = await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)
      return seats.items.find(is)
    })
  const { seat } = (await seatThat(() => true)) as SeatResource
  expect(await agent.go()).toBe('opened')
  const acts = `${config} --key-file keys/grid.key --seat`
  expect(await run(`area confirm ${acts} ${seat} --zone north --most-export-wh 25`)).toMatch(/^done in transaction 0x/)
  await seatThat(({ confirmed, zone }) => confirmed && zone === 'north')
  const refused = async (line: string) => (await commonwatt(community.folder, line.split(' '))).stderr
  expect(await refused(`area confirm ${acts} ${seat} --zone moon --most-export-wh 25`)).toMatch(/has no zone moon/)
  expect(await refused(`area confirm ${acts} 7 --zone north --most-export-wh 25`)).toMatch(/^7 is no seat of area/)
  expect(await refused(`area withdraw-fees ${config} --key-file keys/grid.key --to ${account}`)).toMatch(/no grid fees/)
  expect(await run(`area revoke ${acts} ${seat}`)).toMatch(/^done in transaction 0x/)
  await seatThat(({ confirmed }) => !confirmed)
}
