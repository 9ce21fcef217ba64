/** The story of docs/operate.md, by the commands that it shows: founding, checking, inviting, backing up, restoring, upgrading. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readInvitation } from '../../contracts/protocol/invitation-link.ts'
import { signInWithKey } from '../../server/demo/api-client.ts'
import {
  type Community,
  commonwatt,
  foundCommunity,
  type Ground,
  openArea,
  startGround,
  startServer,
} from './community.ts'

let ground: Ground
let community: Community
beforeAll(async () => {
  ground = await startGround()
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

test('from an empty folder to a server that outlives its database', { timeout: 240_000 }, async () => {
  community = await foundCommunity(ground, 'Sunfield')
  for (const secret of [
    'commonwatt.toml',
    ...['deployer', 'operator', 'relay', 'grid'].map((name) => `keys/${name}.key`),
  ]) {
    expect(statSync(join(community.folder, secret)).mode & 0o777).toBe(0o600)
  }
  expect(await run(`deploy ${config} --check deployment.json`)).toMatch(
    /is the one of release .* its token is for trials/,
  )
  await openArea(ground, community)

  let server = await startServer(community)
  const links = (await run(`invite ${config} --key-file keys/grid.key --links 2`)).trim().split('\n')
  const { area, ...signed } = readInvitation(new URL(links[0]!).hash)!
  const member = new Wallet(Wallet.createRandom().privateKey)
  const client = await signInWithKey(server.url, member, 424_242)
  await client.post(`/areas/${area}/invitations`, signed, 'invited')
  const said = await (await fetch(`${server.url}/api/v1/areas/${area}`)).json()

  expect(await run(`backup ${config} --keep 30`)).toMatch(/\.commonwatt-backup\.gz \([\d.]+ MB\)$/m)
  expect(await run(`doctor ${config}`)).not.toMatch(/^(watch|ILL)/m)
  await server.stop()

  const url = await ground.newDatabase()
  const [backup] = readdirSync(join(community.folder, 'backups'))
  expect(await run(`restore backups/${backup}`, { DATABASE_URL: url })).toMatch(/^\d+ rows of .*, made by release /)
  expect(await run('migrate --trial', { DATABASE_URL: url })).toBe('on a copy: nothing to do\n')
  const file = join(community.folder, 'commonwatt.toml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(community.databaseUrl, url), { mode: 0o600 })
  server = await startServer(community)
  expect(await (await fetch(`${server.url}/api/v1/areas/${area}`)).json()).toEqual(said)
  await server.stop()
})
