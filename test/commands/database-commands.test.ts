/**
 * The commands that need a database, where there is none, or one that is not theirs: a line that says which it is and what to do, and no
 * trace of the program's insides.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { writeOutput } from '../../server/commands/streams.ts'
import { freePort } from '../../server/demo/ports.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { whyUnusable } from '../../server/store/unreachable.ts'
import { builtProgram } from '../built.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'

const hours = ['--from', '2026-11-28T06:00:00Z', '--to', '2026-11-28T07:00:00Z']
/** By file; what each is given beside the database. */
const commands: [file: string, ...args: string[]][] = [
  ['migrate', 'migrate'],
  ['migrate', 'migrate', '--trial'],
  ['backup', 'backup', '--out', '-'],
  ['backup', 'restore', 'empty.file'],
  ['archive', 'archive', '--retain', '13 months', '--archive-folder', '.'],
  ['rebuild', 'rebuild', '--area', '1'],
  ['export', 'export', '--area', '1', '--end', '2026-11-28T06:30:00Z'],
  ['report', 'report', '--area', '1', ...hours],
  ['roster', 'roster', 'roster.csv', '--area', '1', '--country', 'AT', '--timezone', 'Europe/Vienna'],
  ['bill', 'bill', '--area', '1', '--month', '2026-10'],
  ['import', 'import', 'empty.file', '--area', '1'],
  ['export-values', 'export-values', '--area', '1', ...hours, '--format', 'triples', '--out', 'values'],
]
/** These start a server, or look at all that one needs: the tests of `founding` run them. */
const servers = ['demo', 'doctor', 'serve']

let folder: string
let scratch: ScratchServer
let database: Database
let url: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-test-'))
  await writeFile(join(folder, 'empty.file'), '')
  await writeFile(
    join(folder, 'roster.csv'),
    'member,point,direction,community,supplier,balanceGroup,factor,share,from,to\n',
  )
  scratch = await startScratchServer()
  ;({ database, url } = await scratch.fresh())
})
afterAll(async () => {
  await scratch.stop()
  await rm(folder, { recursive: true })
})

function run(
  args: readonly string[],
  databaseUrl: string,
): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl } }
    execFile(process.execPath, [builtProgram('commonwatt'), ...args], options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.code as number), stdout, stderr })
    })
  })
}

/** The URL with another part in it. */
const but = (parts: Partial<Pick<URL, 'username' | 'password' | 'host' | 'pathname' | 'search'>>) =>
  Object.assign(new URL(url), parts).href

test('every command that takes a database is run here', () => {
  const files = readdirSync('server/commands').filter((file) =>
    readFileSync(`server/commands/${file}`, 'utf8').includes('addOption(databaseUrl('),
  )
  const known = new Set([...commands.map(([file]) => file), ...servers])
  expect(files.map((file) => file.replace('.ts', '')).sort()).toEqual([...known].sort())
})

describe.each(commands)('%s', (_, ...args) => {
  test(`${args.join(' ')} says that nothing listens there, and that the password is refused`, async () => {
    const host = `127.0.0.1:${await freePort()}`
    const [away, refused] = await Promise.all([run(args, but({ host })), run(args, but({ password: 'another' }))])
    expect(away).toEqual({
      status: 1,
      stdout: '',
      stderr: `the database at ${host}${new URL(url).pathname} cannot be used: nothing listens there: start PostgreSQL, or correct the address\n`,
    })
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^the database at \S+ cannot be used: it refuses the password: correct it\n$/)
  })
})

/** What `report` says of a database, without its place. */
async function saysOf(databaseUrl: string): Promise<string> {
  const { status, stdout, stderr } = await run(['report', '--area', '1', ...hours], databaseUrl)
  expect([status, stdout]).toEqual([1, ''])
  const [, said] = /^the database at \S+ cannot be used: (.*)\n$/.exec(stderr) ?? []
  return said ?? stderr
}

test('what the place or its server refuses is said with what to do', async () => {
  expect(await saysOf(but({ host: 'nowhere.invalid' }))).toMatch(/^(there is no such host|the host’s name cannot be)/)
  expect(await saysOf(but({ pathname: '/nothing' }))).toMatch(/^it has no such database: make it with "createdb"/)
  expect(await saysOf(but({ search: '?nonsense=1' }))).toMatch(/stands behind the "\?" of its address/)
  expect(await saysOf(but({ search: '?sslmode=require' }))).toMatch(/^it breaks the connection off: .* TLS/)
  const other = createServer((socket) => socket.end('220 mail\r\n')).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  expect(await saysOf(but({ host: `127.0.0.1:${port}` }))).toMatch(/^it breaks the connection off/)
  other.close()
})

test('a user who may not read, or not sign in, is told so', async () => {
  const roles = { reader: 'login', barred: 'nologin' }
  const names = Object.keys(roles).map((name) => `${name}_${new URL(url).pathname.slice(1)}`)
  for (const [place, may] of Object.values(roles).entries()) {
    await database.unsafe(`create role ${names[place]} ${may} password 'secret'`)
  }
  try {
    const [reader, barred] = names.map((username) => but({ username, password: 'secret' }))
    expect(await saysOf(reader!)).toMatch(/^this user may not read or make tables there/)
    expect(await saysOf(barred!)).toMatch(/^it refuses this user/)
    expect((await run(['migrate'], reader!)).stderr).toMatch(/cannot be used: this user may not read or make tables/)
  } finally {
    for (const name of names) await database.unsafe(`drop role ${name}`)
  }
})

test('a database without our tables, or with those of others, is called that', async () => {
  const { url: other } = await scratch.fresh()
  const sql = openDatabase(other, 1)
  await sql.unsafe('drop schema public cascade; create schema public')
  expect(await saysOf(other)).toMatch(/^it is empty, of another release or of another program/)
  await sql.unsafe('create table areas (code text); create table migrations (id int, migration text)')
  expect(await saysOf(other)).toMatch(/^it is empty, of another release or of another program/)
  await sql.unsafe('drop table migrations')
  const migrated = await run(['migrate'], other)
  expect(migrated.status).toBe(1)
  expect(migrated.stderr).toMatch(/cannot be used: it holds tables of another program: name an empty database\n$/)
  await sql.end()
})

test('whatever is no address of a database is no option, and is not repeated, since a password may be in it', async () => {
  const texts = [
    'junk',
    'mysql://us:secret@localhost/market',
    'postgres://',
    "postgres://us:'secret' is invalid.100%@host/x",
  ]
  for (const text of texts) {
    const { status, stdout, stderr } = await run(['migrate'], text)
    expect(stderr).not.toContain('secret')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('a database looks like postgres://user:password@host:5432/name.')
  }
})

test('a fault of the program is none of the database', () => {
  expect(whyUnusable(new Error('a bug'))).toBeNull()
  expect(whyUnusable(new TypeError('another'), 'postgres://localhost/market')).toBeNull()
  expect(whyUnusable(Object.assign(new Error(''), { code: '57P03' }))).toBe(
    'the database cannot be used: it is starting up or shutting down: try again',
  )
})

test('an output of many parts is listened to once', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((_part, taken) => {
    ;(taken as unknown as () => void)()
    return true
  })
  try {
    await writeOutput('')
    const before = process.stdout.listenerCount('error')
    for (let part = 0; part < 20; part += 1) expect(await writeOutput('')).toBe(true)
    expect(process.stdout.listenerCount('error')).toBe(before)
  } finally {
    write.mockRestore()
  }
})
