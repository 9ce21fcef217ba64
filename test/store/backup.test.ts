/** A backup, restored, is the same database; a damaged one is refused and leaves nothing behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { whyDiskRefuses } from '../../contracts/protocol/disk-fault.ts'
import { backupCommand } from '../../server/commands/backup.ts'
import { makeBackup } from '../../server/commands/run-backup.ts'
import { createDatabase } from '../../server/demo/embedded-postgres.ts'
import { backUp, restore } from '../../server/store/backup.ts'
import { type Database, isConnectionLoss, migrate, openDatabase } from '../../server/store/database.ts'
import { rebuildArea } from '../../server/store/rebuild.ts'
import { tryMigrations } from '../../server/store/trial.ts'
import { builtProgram } from '../built.ts'
import { scratchFolder } from '../demo/scratch-folder.ts'
import { patiently } from '../patience.ts'
import { startProxy } from './proxy.ts'
import { randomArea } from './random-journal.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
let bytes: Buffer
let original: Record<string, string>
let places: { url: string; areaId: number }
const databases: Database[] = []
const steps = 400

beforeAll(async () => {
  server = await startScratchServer()
  const area = await randomArea(server, 7, steps)
  const { url, areaId } = area
  await area.close()
  places = { url, areaId }
  const database = open(url)
  await database`insert into sessions values ('\\x00', 'a', now(), now(), 'a browser')`
  // What COPY has to escape.
  const odd = 'a\\b\tc\nd\r\\.\u2028ö'
  await database`insert into areas (chain_id, escrow, area) values (1, ${odd}, 1)`
  bytes = await bytesOf(url)
  original = await contentsOf(database)
})
afterAll(async () => {
  for (const database of databases) await database.end({ timeout: 1 })
  await server.stop()
})

function open(url: string): Database {
  const database = openDatabase(url, 2)
  databases.push(database)
  return database
}

let names = 0
const emptyDatabase = async () => createDatabase(server.url, `restored_${++names}`)

async function bytesOf(url: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of backUp(url, '1.2.3')) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** In pieces of any size, as files and sockets give them. */
async function* inPieces(whole: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

async function contentsOf(database: Database): Promise<Record<string, string>> {
  const tables =
    await database`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`
  const sums: Record<string, string> = {}
  for (const { relname } of tables) {
    if (relname === 'migrations' || relname === 'sessions') continue
    const [row] =
      await database`select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from ${database(relname)} t`
    sums[relname] = row!.sum as string
  }
  return sums
}

describe('a backup', { timeout: 300_000 }, () => {
  test('gives every table again, and its areas can be rebuilt from their journals', async () => {
    const url = await emptyDatabase()
    const database = open(url)
    const { head, rows } = await restore(database, inPieces(bytes, 1_000))
    expect(head.release).toBe('1.2.3')
    expect(rows).toBeGreaterThan(steps)
    expect(await contentsOf(database)).toEqual(original)
    expect((await rebuildArea({ databaseUrl: url, areaId: places.areaId, progress() {} })).difference).toBeNull()
    expect(await migrate(database)).toEqual([])
  })

  test('holds no session, and new rows get numbers of their own', async () => {
    const database = open(await emptyDatabase())
    await restore(database, inPieces(bytes, 64 * 1024))
    expect(await database`select from sessions`).toHaveLength(0)
    const [added] = await database`insert into areas (chain_id, escrow, area) values (1, 'x', 2) returning area_id`
    const [{ count } = { count: 0 }] = await database<{ count: number }[]>`
      select count(*)::int as count from areas where area_id = ${added!.area_id as number}`
    expect(count).toBe(1)
  })

  test('that was cut or changed is refused, and nothing of it is kept', async () => {
    const url = await emptyDatabase()
    const database = open(url)
    const changed = Buffer.from(bytes)
    const digit = changed.lastIndexOf('\t1\t')
    changed[digit + 1] = '2'.charCodeAt(0)
    for (const damaged of [bytes.subarray(0, -100), bytes.subarray(0, bytes.length / 2), changed, Buffer.from('x\n')]) {
      await expect(restore(database, inPieces(damaged, 100_000))).rejects.toMatchObject({ code: 'STORE_BACKUP' })
    }
    expect(await database`select from pg_class where relnamespace = 'public'::regnamespace`).toHaveLength(0)
  })

  test('whose connection is lost at any answer fails, and is never a shorter one', async () => {
    const unhandled: unknown[] = []
    const keep = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', keep)
    const way = await startProxy(places.url)
    let lost = 0
    for (let answer = 1; answer < 60; answer += 1 + Math.floor(answer / 8)) {
      way.cutOnce(answer)
      const made = await bytesOf(way.url).catch((error: unknown) => error)
      if (made instanceof Buffer) {
        expect(made.length).toBe(bytes.length)
        continue
      }
      expect(isConnectionLoss(made)).toBe(true)
      lost += 1
    }
    await way.stop()
    process.off('unhandledRejection', keep)
    expect(unhandled).toEqual([])
    expect(lost).toBeGreaterThan(5)
  })

  test('that a full disk takes no more of lets its connection go, so that the command ends', async () => {
    const url = await emptyDatabase()
    const database = open(url)
    await migrate(database)
    await database`insert into areas (chain_id, escrow, area)
      select 1, repeat('x', 1000), area from generate_series(1, 3000) area`
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const before = sockets()
    for (let place = 0; place < 8; place += 1) {
      let leftBytes = place * 65_536
      const disk = new Writable({
        write(chunk: Buffer, _, done) {
          leftBytes -= chunk.length
          if (leftBytes > 0) done()
          else setTimeout(done, 20, Object.assign(new Error('no space'), { code: 'ENOSPC' }))
        },
      })
      await expect(pipeline(backUp(url, '1.2.3'), disk)).rejects.toMatchObject({ code: 'ENOSPC' })
    }
    await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), { ...patiently, timeout: 10_000 })
  })

  test.each([10, 2_000, 3_000])('whose row %i no disk takes ends with that, and nothing of it is kept', async (row) => {
    const from = await emptyDatabase()
    const full = open(from)
    await migrate(full)
    await full`insert into areas (chain_id, escrow, area) select 1, repeat('x', 1000), n from generate_series(1, 3000) n`
    const url = await emptyDatabase()
    const database = open(url)
    // PostgreSQL names its disk so; a trigger on the table, made with it, is as near as a test comes.
    await database.unsafe(`
      create schema disk;
      create function disk.full() returns trigger language plpgsql as $$ begin
        if new.area < ${row} then return new; end if;
        raise exception 'could not extend file: No space left on device' using errcode = '53100';
      end $$;
      create function disk.fills() returns event_trigger language plpgsql as $$ begin
        if to_regclass('public.areas') is not null
          and not exists (select from pg_trigger where tgname = 'full' and tgrelid = to_regclass('public.areas')) then
          create trigger "full" before insert on areas for each row execute function disk.full();
        end if;
      end $$;
      create event trigger fills on ddl_command_end when tag in ('CREATE TABLE') execute function disk.fills()`)
    const made = await bytesOf(from)
    await expect(restore(database, inPieces(made, 100_000))).rejects.toMatchObject({ code: '53100' })
    expect(await database`select from pg_class where relnamespace = 'public'::regnamespace`).toHaveLength(0)
  })

  test('is restored into an empty database only', async () => {
    const database = open(places.url)
    await expect(restore(database, inPieces(bytes, 100_000))).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' })
    expect(await contentsOf(database)).toEqual(original)
  })

  test('of a newer release is refused', async () => {
    const database = open(await emptyDatabase())
    const newer = Buffer.from(bytes.toString('latin1').replace('"0001_market"', '"9001_market"'), 'latin1')
    await expect(restore(database, inPieces(newer, 100_000))).rejects.toMatchObject({ code: 'STORE_TOO_NEW' })
  })
})

describe('migrations', { timeout: 300_000 }, () => {
  test('are tried on a copy, which is gone afterwards', async () => {
    const url = await emptyDatabase()
    const { ran } = await tryMigrations(url)
    expect(ran.length).toBeGreaterThan(3)
    const database = open(url)
    expect(await database`select from pg_class where relnamespace = 'public'::regnamespace`).toHaveLength(0)
    expect(await database`select from pg_database where datname like 'commonwatt_trial%'`).toHaveLength(0)
    await expect(tryMigrations(url)).rejects.toMatchObject({ code: 'STORE_IN_USE' })
  })
})

test('a backup that nobody reads any more is not laid at the database’s door', async () => {
  const backup = [builtProgram('commonwatt'), 'backup', '--out', '-', '--database-url', places.url]
  const child = spawn(process.execPath, backup, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let said = ''
  child.stderr.on('data', (data) => {
    said += data
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(said).toBe('whoever reads the backup went away before it was whole\n')
})

test.skipIf(!existsSync('/dev/full'))('a backup for which there is no room says so and leaves nothing', async () => {
  const out = join(scratchFolder(), 'a.commonwatt-backup.gz')
  // Whatever is written there finds the disk full.
  symlinkSync('/dev/full', `${out}.partial`)
  const command = backupCommand()
  command.parseOptions(['--database-url', places.url])
  const error: unknown = await makeBackup({ out }, command).then(
    () => null,
    (thrown) => thrown,
  )
  expect(whyDiskRefuses(error)).toBe('the disk is full: make room, then try again')
  expect(lstatSync(`${out}.partial`, { throwIfNoEntry: false })).toBeUndefined()
})

test('what a disk refuses is told with the file, and faults of the program are not taken for it', () => {
  const thrownBy = (work: () => unknown) => {
    try {
      work()
    } catch (error) {
      return error
    }
    throw new Error('nothing was thrown')
  }
  const folder = scratchFolder()
  const missing = join(folder, 'missing')
  expect(whyDiskRefuses(thrownBy(() => readFileSync(missing)))).toBe(`${missing}: there is no such file or folder`)
  expect(whyDiskRefuses(thrownBy(() => readFileSync(folder)))).toBe('this is a folder, not a file')
  expect(whyDiskRefuses(new TypeError('a fault'))).toBeNull()
})
