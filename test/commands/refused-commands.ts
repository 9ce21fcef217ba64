/** Commands run until they refuse or have done their simplest work, in a community that is founded but not deployed: what starting takes. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What each command is given, in the community's folder. Nothing listens at the addresses that its configuration has. */
export const refusedCommands: readonly (readonly string[])[] = [
  ['key', 'address', 'keys/grid.key'],
  ['clear', 'commonwatt.toml'],
  ['replay', 'commonwatt.toml'],
  ['read-values', 'commonwatt.toml'],
  ['keys', 'commonwatt.toml'],
  ['found', '.', '--yes'],
  ['embedded', '--config', 'commonwatt.toml'],
  ['deploy', '--config', 'commonwatt.toml', '--key-file', 'keys/deployer.key', '--development-token'],
  ['deploy', '--config', 'commonwatt.toml', '--check', 'deployment.json'],
  ['area', 'show', '--config', 'commonwatt.toml'],
  ['invite', '--config', 'commonwatt.toml', '--key-file', 'keys/grid.key', '--links', '2'],
  ['doctor', '--config', 'commonwatt.toml'],
  ['serve', '--config', 'commonwatt.toml'],
  ['migrate', '--config', 'commonwatt.toml'],
  ['backup', '--config', 'commonwatt.toml'],
  ['restore', 'commonwatt.toml', '--database-url', 'postgres://127.0.0.1:1/nothing'],
  ['archive', '--config', 'commonwatt.toml'],
  ['rebuild', '--config', 'commonwatt.toml'],
  ['report', '--config', 'commonwatt.toml', '--from', '2026-01-01T00:00:00Z', '--to', '2026-01-02T00:00:00Z'],
  ['roster', 'commonwatt.toml', '--config', 'commonwatt.toml', '--country', 'AT', '--timezone', 'Europe/Vienna'],
  ['bill', '--config', 'commonwatt.toml', '--month', '2026-01', '--key-file', 'keys/grid.key'],
  ['export', '--config', 'commonwatt.toml', '--end', '2026-01-02T00:00:00Z'],
  ['verify', 'commonwatt.toml', '--config', 'commonwatt.toml'],
  ['watch', '--config', 'commonwatt.toml'],
  ['exit', '--config', 'commonwatt.toml', '--key-file', 'keys/grid.key'],
  ['import', 'commonwatt.toml', '--config', 'commonwatt.toml'],
]

/** Founds the community. Throws what the program said where it did not. */
export function foundFolder(program: string, folder: string): void {
  const { status, stderr } = spawnSync(process.execPath, [program, 'found', folder, '--yes'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

export interface Started {
  status: number | null
  said: string
  /** Of the whole process. */
  cpuMs: number
  /** Of every module that is no part of Node, its address. */
  modules: string[]
}

/** At the end, writes the processor time that the process took, and the modules that it loaded where that is asked for, to a file. */
const meter = `
import { appendFileSync } from 'node:fs'
import { register } from 'node:module'
const { METER_FILE, METER_MODULES } = process.env
if (METER_MODULES === 'yes') register('data:text/javascript,' + encodeURIComponent(\`
  import { appendFileSync } from 'node:fs'
  export async function load(url, context, next) {
    if (!url.startsWith('node:')) appendFileSync(\${JSON.stringify(METER_FILE)}, url + '\\\\n')
    return next(url, context)
  }\`))
process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  appendFileSync(METER_FILE, (user + system) / 1000 + '\\n')
})`

/** Runs a command in the community's folder. Noting the modules takes time itself: the time says something only where they are not asked for. */
export function start(
  { program, folder, notesModules = false }: { program: string; folder: string; notesModules?: boolean },
  command: readonly string[],
): Started {
  const file = join(folder, '.meter')
  writeFileSync(file, '')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(meter)}`, program, ...command],
    {
      ...{ cwd: folder, encoding: 'utf8' },
      env: { PATH: process.env.PATH, METER_FILE: file, METER_MODULES: notesModules ? 'yes' : 'no' },
    },
  )
  const noted = readFileSync(file, 'utf8').trim().split('\n')
  return { status, said: `${stdout}${stderr}`, cpuMs: Number(noted.at(-1)), modules: noted.slice(0, -1) }
}
