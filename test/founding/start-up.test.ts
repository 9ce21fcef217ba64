/** What a server says that cannot start, or does not do its work: a sentence with what to do, and never a stack or a secret. */
import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../server/demo/ports.ts'
import { openDatabase } from '../../server/store/database.ts'
import {
  type Community,
  commonwatt,
  eventually,
  foundCommunity,
  type Ground,
  giveGas,
  openArea,
  startGround,
  startServer,
} from './community.ts'

let ground: Ground
let community: Community
beforeAll(async () => {
  ground = await startGround()
  community = await foundCommunity(ground, 'Sunfield')
})
afterAll(() => ground.stop())

const inFolder = (name: string) => join(community.folder, name)
const serve = (args: string[] = [], env: Record<string, string> = {}) => {
  return commonwatt(community.folder, ['serve', '--config', 'commonwatt.toml', ...args], env)
}

/** Ends with status 1, one line, no stack. */
async function refused(args: string[] = [], env: Record<string, string> = {}): Promise<string> {
  const { status, stderr, stdout } = await serve(args, env)
  expect(stdout).not.toMatch(/ {4}at /)
  expect(stderr).not.toMatch(/ {4}at |0x[0-9a-f]{64}/)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(status).toBe(1)
  return stderr.trim()
}

/** A copy of the folder's file with something else in it. */
function changed(name: string, of: string, change: (text: string) => string): string {
  writeFileSync(inFolder(name), change(readFileSync(inFolder(of), 'utf8')), { mode: 0o600 })
  return name
}

describe('a server that cannot start', { timeout: 300_000 }, () => {
  test('says that its area is not open', async () => {
    expect(await refused()).toMatch(/^area \d+ is not open in the escrow: .*"commonwatt area open"$/)
    await openArea(community)
  })

  test('says that an area of other rules, and so of another number, is not open', async () => {
    const file = changed('area-other.json', 'area.json', (text) => text.replace('"0.8000"', '"0.9000"'))
    expect(await refused(['--area-file', file])).toMatch(/^area \d+ is not open in the escrow/)
  })

  test('says that the contracts are not of this release', async () => {
    const { escrow, token } = JSON.parse(readFileSync(inFolder('deployment.json'), 'utf8'))
    const code = await ground.provider.getCode(escrow)
    const other = `0x${'12'.repeat(20)}`
    await ground.provider.send('anvil_setCode', [other, `${code.slice(0, -90)}aa${code.slice(-88)}`])
    expect(await refused(['--escrow', token])).toMatch(/is no escrow$/)
    const config = changed('other.toml', 'commonwatt.toml', (text) =>
      text.replace('deployment = "deployment.json"', `escrow = "${other}"`),
    )
    expect(await refused(['--config', config])).toMatch(/is not the escrow of this release|is no escrow/)
    await ground.provider.send('anvil_setCode', [other, '0x'])
  })

  test('says what is wrong with the database', async () => {
    const nowhere = new URL(community.databaseUrl)
    nowhere.port = '1'
    expect(await refused([], { DATABASE_URL: nowhere.href })).toMatch(/nothing listens there: start PostgreSQL/)
    nowhere.port = new URL(community.databaseUrl).port
    nowhere.pathname = '/no_such'
    expect(await refused([], { DATABASE_URL: nowhere.href })).toMatch(
      /it has no such database: make it with "createdb"/,
    )
    const restored = await commonwatt(community.folder, ['restore', 'area.json', '--database-url', nowhere.href])
    expect(restored).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('make it with "createdb"'),
    })
    nowhere.password = 'wrong'
    const said = await refused([], { DATABASE_URL: nowhere.href })
    expect(said).toMatch(/it refuses the password/)
    expect(said).not.toContain('wrong')
  })

  test('says that the database is ahead, or behind', async () => {
    const url = await ground.newDatabase()
    expect((await commonwatt(community.folder, ['migrate', '--database-url', url])).status).toBe(0)
    const sql = openDatabase(url, 1)
    await sql`delete from migrations where name = '0004_accounts'`
    expect(await refused([], { DATABASE_URL: url })).toMatch(
      /is of an older release \(it lacks 0004_accounts\): make a backup/,
    )
    await sql`insert into migrations (name, checksum) values ('9999_later', '')`
    expect(await refused([], { DATABASE_URL: url })).toMatch(/9999_later.*use a newer program$/)
    await sql.end()
  })

  test('says that a port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(community.metricsPort, '127.0.0.1', resolve))
    expect(await refused()).toMatch(/is taken by another program: .*--metrics-port$/)
    await new Promise((resolve) => other.close(resolve))
  })

  test('refuses keys and secrets that others can read', async () => {
    copyFileSync(inFolder('keys/operator.key'), inFolder('open.key'))
    chmodSync(inFolder('open.key'), 0o640)
    expect(await refused(['--key-file', 'open.key'])).toMatch(
      /has mode 0640, others can use it: run "chmod 600 open.key"$/,
    )
    copyFileSync(inFolder('commonwatt.toml'), inFolder('open.toml'))
    chmodSync(inFolder('open.toml'), 0o644)
    expect(await refused(['--config', 'open.toml'])).toMatch(/others can read its secrets/)
  })

  test('says that its deployment is of another chain', async () => {
    const other = changed('elsewhere.json', 'deployment.json', (text) => text.replace('424242', '424243'))
    const config = changed('elsewhere.toml', 'commonwatt.toml', (text) => text.replace('deployment.json', other))
    const says = /the node is on chain 424242, the escrow was deployed on chain 424243: correct rpc-url/
    expect(await refused(['--config', config])).toMatch(says)
    for (const command of ['doctor', 'area show']) {
      const said = await commonwatt(community.folder, [...command.split(' '), '--config', config])
      expect([said.status, `${said.stdout}${said.stderr}`]).toEqual([1, expect.stringMatching(says)])
    }
  })

  test('names the area file that is not there or is none', async () => {
    const config = changed('area.toml', 'commonwatt.toml', (text) => text.replace('"area.json"', '"no-area.json"'))
    expect(await refused(['--config', config])).toMatch(/no-area\.json: there is no such file: area-file names it$/)
    changed('no-area.json', 'area.json', (text) => text.slice(0, -9))
    expect(await refused(['--config', config])).toMatch(/no-area\.json: this is no JSON: /)
    changed('no-area.json', 'area.json', (text) => text.replace('"currency"', '"currencies"'))
    const { status, stderr } = await serve(['--config', config])
    expect([status, stderr.trimEnd().split('\n')]).toEqual([
      1,
      [
        expect.stringMatching(/no-area\.json: currency: is missing: .*ISO 4217/),
        expect.stringMatching(/no-area\.json: currencies: has no meaning here$/),
      ],
    ])
  })

  test('names each mistake of its configuration, and shows no value that may be secret', async () => {
    const wrong = changed('wrong.toml', 'commonwatt.toml', (text) =>
      text
        .replace(/port = \d+/, 'port = "many"')
        .replace(/rpc-url = ".*"/, 'rpc-url = "secret-of-the-node"\nrules = 1'),
    )
    const { status, stderr } = await serve(['--config', wrong])
    expect(status).toBe(1)
    expect(stderr).toContain('wrong.toml: escrow 1 rules: has no meaning here')
    expect(stderr).toContain('wrong.toml: port: must be a whole number from 1 to 65535, not')
    expect(stderr).toContain('wrong.toml: escrow 1 rpc-url: is no such address')
    expect(stderr).not.toContain('secret-of-the-node')
  })

  test('names the place where its configuration is no TOML, without the text, and says what is wanted where something else stands', async () => {
    const broken = changed('broken.toml', 'commonwatt.toml', (text) => `secret = of-the-node\n${text}`)
    expect((await serve(['--config', broken])).stderr).toMatch(
      /broken\.toml: this is no TOML: see line 1, column \d+\n$/,
    )
    const number = changed('number.toml', 'commonwatt.toml', (text) => text.replace(/rpc-url = ".*"/, 'rpc-url = 3'))
    expect((await serve(['--config', number])).stderr).toContain('escrow 1 rpc-url: must be a text, not 3')
    const table = changed('table.toml', 'commonwatt.toml', (text) => text.replace(/rpc-url = ".*"/, 'rpc-url = {}'))
    expect((await serve(['--config', table])).stderr).toContain('escrow 1 rpc-url: must be a text, not a table')
  })
})

describe('a server that runs', { timeout: 300_000 }, () => {
  test('keeps a second one away at once', async () => {
    const server = await startServer(community)
    try {
      const ports = ['--port', `${await freePort()}`, '--metrics-port', `${await freePort()}`]
      const said = await refused(ports)
      expect(said).toMatch(/^another server writes area \d+ \(.*\): stop that server first$/)
      const metrics = await (await fetch(`${server.metricsUrl}/metrics`)).text()
      for (const name of ['chain_head_age_seconds', 'gas_balance_ether', 'database_size_bytes', 'operator_appointed']) {
        expect(metrics).toMatch(new RegExp(`^commonwatt_${name}(\\{.*\\})? [\\d.e+]+$`, 'm'))
      }
    } finally {
      await server.stop()
    }
  })

  test('says within seconds that its chain, its database or its gas is gone, and that they are back', async () => {
    const server = await startServer(community)
    const notReady = async () => {
      const response = await fetch(`${server.url}/readyz`, { signal: AbortSignal.timeout(5_000) })
      return ((await response.json()) as { notReady: string[] }).notReady.join('\n')
    }
    const says = (what: RegExp) =>
      eventually(async () => {
        const said = await notReady()
        if (!what.test(said)) throw new Error(`/readyz says: ${said}`)
        return true
      })
    try {
      ground.anvil.kill('SIGSTOP')
      await says(/chain 424242: the node has shown no block for \d+ s/)
      ground.anvil.kill('SIGCONT')
      await says(/^$/)
      process.kill(ground.postgres.pid, 'SIGSTOP')
      // Those that serve a connection go on until they need the one that starts them.
      tellBackends(ground.postgres.pid, 'SIGSTOP')
      await says(/database: no answer within 2 s/)
      const read = await fetch(`${server.url}/api/v1/areas/${await areaNumber()}/batches`)
      expect([read.status, read.headers.get('content-type'), (await read.json()).code]).toEqual([
        ...[503, 'application/problem+json; charset=utf-8', 'DATABASE_SILENT'],
      ])
      tellBackends(ground.postgres.pid, 'SIGCONT')
      process.kill(ground.postgres.pid, 'SIGCONT')
      await says(/^$/)
      tellBackends(ground.postgres.pid, 'SIGTERM')
      await says(/^$/)
      await giveGas(ground, community.operator, 0n)
      await says(/cannot pay the gas of a batch: send it some/)
      await giveGas(ground, community.operator, 10n ** 20n)
      await says(/^$/)
    } finally {
      ground.anvil.kill('SIGCONT')
      // One that has ended by itself says why.
      const { status, stderr, stdout: log } = await server.stop()
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(log.split('\n').filter((line) => line.includes('"stack"'))).toEqual([])
    }
  })
})

describe('a backup', { timeout: 300_000 }, () => {
  test('is not made for a length of time that is none', async () => {
    for (const days of ['x', '0', '-1']) {
      const said = await commonwatt(community.folder, ['backup', '--config', 'commonwatt.toml', `--keep=${days}`])
      expect([said.status, said.stderr]).toEqual([1, '--keep takes a number of days\n'])
    }
    expect(readdirSync(inFolder('backups'))).toEqual([])
  })
})

describe('the doctor', { timeout: 300_000 }, () => {
  const doctor = () => commonwatt(community.folder, ['doctor', '--config', 'commonwatt.toml'])

  test('finds everything well but the backup', async () => {
    const { status, stdout } = await doctor()
    expect(stdout.split('\n').filter((line) => !line.startsWith('ok'))).toEqual([
      expect.stringMatching(/^watch backup .*run "commonwatt backup" every night$/),
      '',
    ])
    expect(status).toBe(0)
  })

  test('says that another key is the operator', async () => {
    await commonwatt(community.folder, ['key', 'new', 'keys/other.key'])
    const { status, stdout } = await commonwatt(community.folder, [
      'doctor',
      '--config',
      changed('new-key.toml', 'commonwatt.toml', (text) => text.replace('keys/operator.key', 'keys/other.key')),
    ])
    expect(stdout).toMatch(/^ILL {3}area .*has another operator than this key .*"commonwatt area appoint"$/m)
    expect(stdout).toMatch(/^ILL {3}gas /m)
    expect(status).toBe(1)
  })
})

async function areaNumber(): Promise<number> {
  const { stdout } = await commonwatt(community.folder, ['area', 'show', '--config', 'commonwatt.toml', '--json'])
  return JSON.parse(stdout).area
}

/** Signals the processes that a postmaster has started. */
function tellBackends(postmaster: number, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').trim()
  for (const pid of children.split(' ').filter(Boolean)) {
    try {
      process.kill(Number(pid), signal)
    } catch {
      // It has ended since the list was read.
    }
  }
}
