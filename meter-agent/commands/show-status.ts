/** What `commonwatt-agent status` does: reads what a running agent writes, and says it. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { placeInWords } from '../devices/place.ts'
import { sellingOf } from '../home/selling.ts'
import { type AgentStatus, type MeterStatus, statusFile, statusVersion } from '../home/status.ts'
import type { LinkCounts } from '../modbus/connection.ts'
import { ConfigError, readConfig } from '../setup/config.ts'

/** A running agent writes its status at least this often. */
const freshMs = 15_000
const exitNotRunning = 1

/** Prints the status of the agent that runs with a configuration file; where none runs, a line on standard error and exit status 1. */
export async function showStatus(file: string, json: boolean): Promise<void> {
  const { dataFolder } = await readConfig(file)
  const status = await readStatus(statusFile(dataFolder))
  const ageMs = status && Date.now() - status.writtenAtMs
  if (!status || !isRunning(status.pid) || ageMs! > freshMs) {
    const last = status ? `; it was last seen ${new Date(status.writtenAtMs).toISOString()}` : ''
    process.stderr.write(`no agent runs with ${file}${last}: start it with "commonwatt-agent run"\n`)
    process.exitCode = exitNotRunning
    return
  }
  process.stdout.write(json ? `${JSON.stringify(status)}\n` : forPeople(status))
}

/** What any version's status says of itself. */
const statusSchema = z.looseObject({ version: z.int(), pid: z.int(), writtenAtMs: z.int() })

/** `null` where no agent has ever run. Throws a `ConfigError` for a file that this program cannot read. */
async function readStatus(file: string): Promise<AgentStatus | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new ConfigError('CONFIG_UNREADABLE', [`${file} cannot be read: ${fileTrouble(error)}`], error)
  }
  const status = statusSchema.safeParse(parsed(text))
  if (!status.success || status.data.version !== statusVersion) {
    throw new ConfigError('CONFIG_UNREADABLE', [
      `${file} is not what this version of the agent writes: start it again with "commonwatt-agent run"`,
    ])
  }
  return status.data as unknown as AgentStatus
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function forPeople(status: AgentStatus): string {
  const { server, connected, clock, meters, links } = status
  const lines = [
    `server   ${server}: ${connected ? 'connected' : 'not connected'}`,
    `clock    ${clock.trusted ? 'trusted' : 'not trusted: nothing is signed until the server or the system vouches for it'}`,
    ...meters.flatMap((meter) => meterLines(meter, status)),
    '',
    ...links.map(linkLine),
  ]
  return `${lines.join('\n')}\n`
}

function linkLine({ endpoint, connects, requests, failures }: LinkCounts): string {
  const failed = Object.entries(failures).map(([kind, count]) => `${kind} ${count}`)
  return `link     ${endpoint}: ${requests} requests, ${Math.max(0, connects - 1)} reconnects; ${failed.length === 0 ? 'no failures' : `failures: ${failed.join(', ')}`}`
}

function meterLines(meter: MeterStatus, status: AgentStatus): string[] {
  const { live, newest, signed, devices, consumptionW, reasons, keys, held } = meter
  const watts = (value: number | null | undefined) =>
    value === null || value === undefined ? 'unknown' : `${Math.round(value)} W`
  return [
    '',
    `${meter.name}   ${meter.address}, epoch ${meter.epoch}`,
    ...devices.flatMap(({ name, online, error, identity, place, warnings }) => {
      const state = online === null ? 'not read yet' : online ? `online (${identity})` : `offline: ${error}`
      const meterLine = place === null ? [] : [`           meter: ${placeInWords(place)}`]
      return [`  device   ${name}: ${state}`, ...meterLine, ...warnings.map((warning) => `           note: ${warning}`)]
    }),
    `  balance  grid ${watts(live?.powerW)} + production ${watts(live?.productionW)} + battery ${watts(live?.batteryPowerW)} = home ${watts(consumptionW)}`,
    newest
      ? `  newest   ${new Date(newest.time * 1000).toISOString()}: import ${newest.importWh} Wh, export ${newest.exportWh} Wh`
      : '  newest   none signed since the agent started',
    `  signed   ${signed.measured} measured, ${signed.estimated} estimated, ${signed.doubtful} doubtful`,
    `  sells    ${sellingOf(meter, status).sentence}`,
    `  interval ${reasons.length === 0 ? 'plainly measured' : reasons.join(', ')}`,
    ...(keys.next === null ? [] : [`  keys     ${keys.present}, then ${keys.next} ${whenOf(keys.from)}`]),
    ...(held === null ? [] : [`  held     nothing is signed: ${held}`]),
    `  server   ${meter.server}; ${meter.queued} readings to send, ${meter.refused} refused`,
  ]
}

function whenOf(from: number | null): string {
  return from === null ? 'once the account has approved it' : `after ${new Date(from * 1000).toISOString()}`
}
