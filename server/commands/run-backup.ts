/** What `commonwatt backup` and `commonwatt restore` do with files; the form of a backup is the store's. */
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Command } from 'commander'
import { version } from '../../package.json' with { type: 'json' }
import { requireDatabase } from '../start-up.ts'
import { backUp, restore } from '../store/backup.ts'
import { endless, openDatabase } from '../store/database.ts'
import { writeWhole } from '../store/whole-file.ts'
import { neededOption, readConfigOf } from './configured.ts'
import { InputError, writeOutput } from './streams.ts'

export interface DatabaseUse {
  config?: string
  out?: string
  keep?: string
  file?: string
}

const dayMs = 86_400_000
const suffix = '.commonwatt-backup.gz'

/** Writes a backup under another name until it is whole. Throws `InputError`, `ServeError` and `StoreError`. */
export async function makeBackup(flags: DatabaseUse, command: Command): Promise<void> {
  const config = await readConfigOf(flags)
  const keepDays = flags.keep === undefined ? null : Number(flags.keep)
  if (keepDays !== null && !(keepDays > 0)) throw new InputError('--keep takes a number of days')
  const url = neededOption<string>(command, 'databaseUrl', config.databaseUrl)
  await requireReachable(url)
  if (flags.out === '-') return toStandardOutput(url)
  const file = flags.out ?? newFile(config.backupFolder)
  if (existsSync(file)) throw new InputError(`${file} is there already: nothing is overwritten`)
  await writeWhole(file, (partial) =>
    pipeline(backUp(url, version), createGzip(), createWriteStream(partial, { mode: 0o600 })),
  )
  await writeOutput(`${file} (${sizeOf(file)})\n`)
  if (keepDays !== null && flags.out === undefined) removeOld(dirname(file), keepDays)
}

async function toStandardOutput(url: string): Promise<void> {
  let refused: NodeJS.ErrnoException | null = null
  process.stdout.once('error', (error) => {
    refused ??= error
  })
  try {
    await pipeline(backUp(url, version), createGzip(), process.stdout)
  } catch (error) {
    // The database's own connection breaks by the same code.
    if (refused === null || (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
    throw new InputError('whoever reads the backup went away before it was whole', { cause: error })
  }
}

function sizeOf(file: string): string {
  const kilobytes = Math.ceil(statSync(file).size / 1e3)
  return kilobytes < 1_000 ? `${kilobytes} kB` : `${(kilobytes / 1e3).toFixed(1)} MB`
}

/** An older or newer schema is no reason against a backup, and none at all is none against restoring one. */
async function requireReachable(url: string): Promise<void> {
  const database = openDatabase(url, 1)
  try {
    await database`select 1`.catch(() => requireDatabase(database, { databaseUrl: url, migrates: false }))
  } finally {
    await database.end({ timeout: 1 })
  }
}

function newFile(folder: string | undefined): string {
  if (folder === undefined) throw new InputError('give --out, or backup-folder in the configuration')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return join(folder, `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}Z${suffix}`)
}

/** Never the newest one. */
function removeOld(folder: string, days: number): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .slice(0, -1)
  for (const name of files) {
    const path = join(folder, name)
    if (Date.now() - statSync(path).mtimeMs > days * dayMs) rmSync(path)
  }
}

/** Fills an empty database. Throws `InputError`, `ServeError` and `StoreError`. */
export async function restoreBackup(flags: DatabaseUse, command: Command): Promise<void> {
  const url = neededOption<string>(command, 'databaseUrl', (await readConfigOf(flags)).databaseUrl)
  const file = flags.file!
  if (file !== '-' && !existsSync(file)) throw new InputError(`there is no file ${file}`)
  await requireReachable(url)
  const source = file === '-' ? process.stdin : createReadStream(file)
  const unpacked = createGunzip()
  const reading = pipeline(source, unpacked).catch((error) => unpacked.destroy(error as Error))
  const database = openDatabase(url, 1, endless)
  try {
    const { head, rows } = await restore(database, unpacked)
    await writeOutput(`${rows} rows of ${head.takenAt}, made by release ${head.release}\n`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_')) throw new InputError(`${file} is no whole backup: it was cut or changed`)
    throw error
  } finally {
    unpacked.destroy()
    await reading
    await database.end()
  }
}
