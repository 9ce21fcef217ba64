/** Runs the built agent against a simulated home. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ServedDevice, serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import type { DeviceValues } from '../../../meter-agent/simulator/device-values.ts'

/** A SunSpec home on a real TCP port whose export counter follows the wall clock at a constant power. */
export async function serveHome(powerW: number): Promise<ServedDevice & { exportWh(): number }> {
  const startMs = Date.now()
  const exportMilliWh = () => BigInt(Math.floor(((Date.now() - startMs) * powerW) / 3600))
  const read = (): DeviceValues => ({
    powerW: -powerW,
    productionW: powerW,
    importMilliWh: 5_000_000n,
    exportMilliWh: 40_000_000n + exportMilliWh(),
    productionMilliWh: 90_000_000n + exportMilliWh(),
    batteryPowerW: null,
    stateOfChargePercent: null,
    manufacturer: 'Example',
    model: 'E5',
    version: '1',
    serialNumber: '123',
  })
  const served = await serveDevice({ kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] }, read)
  return { ...served, exportWh: () => Number(exportMilliWh()) / 1000 }
}

/** Writes a configuration with one meter into a folder; returns its path. */
export async function writeConfig(
  folder: string,
  values: { serverUrl: string; escrow: string; intervalSeconds: number; devicePort: number; extra?: string },
): Promise<string> {
  const file = join(folder, 'agent.toml')
  await writeFile(
    file,
    `dataFolder = "data"
server.url = "${values.serverUrl}"
chain = { id = 31337, escrow = "${values.escrow}" }
area = { id = 1, intervalSeconds = ${values.intervalSeconds} }
clock.trust = true
${values.extra ?? ''}
[[meter]]
name = "home-1"
account = "0x00000000000000000000000000000000000000ac"
keyFile = "home-1.key"
limits = { nameplateW = 30000 }
[[meter.device]]
url = "tcp://127.0.0.1:${values.devicePort}"
`,
  )
  return file
}

/** Runs a command of the agent to its end. */
export async function command(program: string, args: string[]): Promise<{ status: number; out: string; err: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [status] = await once(child, 'close')
  return { status, out, err }
}

/** Starts `run` and keeps what it logs; `fileLimitKb` makes every file fail that grows beyond it, as on a full disk. */
export function startRun(
  program: string,
  config: string,
  options: { ipc?: boolean; fileLimitKb?: number } = {},
): { child: ChildProcess; log: string[]; ended: Promise<number | null> } {
  const { ipc = false, fileLimitKb } = options
  const args = [process.execPath, program, 'run', '--config', config]
  const limited = ['bash', '-c', `trap "" XFSZ; ulimit -f ${fileLimitKb}; exec "$@"`, 'bash', ...args]
  const [file, ...rest] = (fileLimitKb === undefined ? args : limited) as [string, ...string[]]
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])] })
  const log: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) {
    let tail = ''
    stream.on('data', (chunk: Buffer) => {
      const lines = (tail + chunk).split('\n')
      tail = lines.pop()!
      log.push(...lines)
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', (status) => resolve(status)))
  return { child, log, ended }
}
