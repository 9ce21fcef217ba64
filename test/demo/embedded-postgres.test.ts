/** The embedded database over restarts and kills. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type EmbeddedPostgres, startPostgres } from '../../server/demo/embedded-postgres.ts'
import { freePort } from '../../server/demo/ports.ts'
import { scratchFolder, until } from './scratch-folder.ts'

const isRoot = process.getuid?.() === 0
const started: EmbeddedPostgres[] = []
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
})

async function start(dataFolder: string, port?: number) {
  const lines: string[] = []
  const server = await startPostgres({ dataFolder, port: port ?? (await freePort()), log: (line) => lines.push(line) })
  started.push(server)
  return { server, lines }
}

/** A folder that every user may enter, as /var or a shared disk is. */
function openFolder(): string {
  const folder = scratchFolder()
  chmodSync(folder, 0o755)
  return folder
}

async function query<Row>(url: string, text: string): Promise<Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return (await sql.unsafe(text)) as unknown as Row[]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

test('what was committed is there after a stop and after kill -9 of the server', async () => {
  const folder = openFolder()
  const { server: first } = await start(folder)
  await query(first.url, 'create table kept (n int)')
  await query(first.url, 'insert into kept values (1)')
  await first.stop()

  const { server, lines } = await start(folder)
  await query(server.url, 'insert into kept values (2)')
  const killed = server.pid
  process.kill(killed, 'SIGKILL')
  await until(() => lines.find((line) => line.includes('runs again')))
  expect(server.pid).not.toBe(killed)
  expect(await query(server.url, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }])
})

test('an old lock file whose process id belongs to another program by now does not keep the server from starting', async () => {
  const folder = openFolder()
  const { server } = await start(folder)
  const lock = join(folder, 'postgres', 'data', 'postmaster.pid')
  const held = readFileSync(lock, 'utf8')
  await server.stop()
  writeFileSync(lock, held.replace(/^\d+/, String(process.ppid)))
  const { server: second } = await start(folder)
  expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a cluster left half-made by a killed first start is made again', async () => {
  const folder = openFolder()
  const { server } = await start(folder)
  await server.stop()
  const made = join(folder, 'postgres')
  rmSync(join(made, 'data'), { recursive: true })
  mkdirSync(join(made, 'data-unfinished', 'base'), { recursive: true })
  const { server: second } = await start(folder)
  expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(existsSync(join(made, 'data-unfinished'))).toBe(false)
})

describe('one running server', () => {
  let folder: string
  let server: EmbeddedPostgres
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'commonwatt-test-'))
    chmodSync(folder, 0o755)
    server = await startPostgres({ dataFolder: folder, port: await freePort(), log: () => {} })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  test('it asks every local user for the password, which only the owner can read, and writes durably', async () => {
    const wrong = new URL(server.url)
    wrong.password = 'guess'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
    expect(statSync(join(folder, 'postgres', 'password')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'postgres')).mode & 0o777).toBe(0o700)
    const settings = await query<{ name: string; setting: string }>(
      server.url,
      `select name, setting from pg_settings
     where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories')`,
    )
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
    })
  })

  test('databases are made once', async () => {
    const url = await createDatabase(server.url, 'a-second')
    await query(url, 'create table kept (n int)')
    expect(await createDatabase(server.url, 'a-second')).toBe(url)
    expect(await query(url, 'select count(*)::int as n from kept')).toEqual([{ n: 0 }])
  })

  test('a taken port is refused by name', async () => {
    const port = Number(new URL(server.url).port)
    await expect(start(openFolder(), port)).rejects.toMatchObject({ code: 'PORT_TAKEN' })
  })
})

test.runIf(isRoot)(
  'for root, a data folder closed to others keeps its database where the server can reach it',
  async () => {
    const folder = scratchFolder()
    const { server } = await start(folder)
    const { folder: elsewhere } = JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8'))
    try {
      expect(elsewhere).toMatch(/^\/var\/lib\/commonwatt-/)
      expect(statSync(elsewhere).uid).not.toBe(0)
      await query(server.url, 'create table kept (n int)')
      await server.stop()
      const { server: second } = await start(folder)
      expect(await query(second.url, 'select count(*)::int as n from kept')).toEqual([{ n: 0 }])
      await second.stop()
      rmSync(elsewhere, { recursive: true })
      await expect(start(folder)).rejects.toMatchObject({ code: 'POSTGRES_DATA' })
    } finally {
      rmSync(elsewhere, { recursive: true, force: true })
    }
  },
)
