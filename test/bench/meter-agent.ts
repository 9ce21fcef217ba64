/**
 * What metering costs: one agent process with 1 and with 200 homes at the default pace of quarter hours (a poll every 5 s
 * and device), each home a SunSpec device on real TCP served by another process. Prints one line of JSON.
 *
 * Run in the project's folder, built: `npm run bench -- agent`.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sparingFlags } from '../../meter-agent/commands/service-unit.ts'
import { serveDevice } from '../../meter-agent/simulator/device-server.ts'
import { builtProgram } from '../built.ts'
import { guardOf } from '../orphans.ts'

const agentProgram = builtProgram('commonwatt-agent')
const seconds = 30
const escrow = '0x00000000000000000000000000000000000000e5'

export interface AgentRow {
  homes: number
  /** Of one core. */
  cpuPercent: number
  residentMb: number
  polls: number
}

if (process.argv[2] === 'serve') await serveDevices(Number(process.argv[3]))
else process.stdout.write(`${JSON.stringify([await measure(1), await measure(200)])}\n`)

/** In a process of its own, so that the devices' work is not counted: prints the ports as one line of JSON. */
async function serveDevices(count: number): Promise<void> {
  const startMs = Date.now()
  const ports: number[] = []
  for (let n = 0; n < count; n += 1) {
    const counted = () => BigInt(Math.floor((Date.now() - startMs) * 1.5))
    const { port } = await serveDevice({ kind: 'sunspec', unit: 1, models: [1, 103, 1, 203] }, () => ({
      powerW: -5400,
      productionW: 5400,
      importMilliWh: 0n,
      exportMilliWh: counted(),
      productionMilliWh: counted(),
      batteryPowerW: null,
      stateOfChargePercent: null,
      manufacturer: 'Example',
      model: 'E5',
      version: '1',
      serialNumber: `${n}`,
    }))
    ports.push(port)
  }
  process.stdout.write(`${JSON.stringify(ports)}\n`)
}

async function measure(homes: number): Promise<AgentRow> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-bench-'))
  mkdirSync(join(folder, 'keys'))
  const devices = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve', `${homes}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  guardOf(devices.pid!, 'TERM')
  const ports = JSON.parse(await firstLine(devices.stdout)) as number[]
  const config = join(folder, 'agent.toml')
  writeFileSync(
    config,
    `dataFolder = "data"
server.url = "http://127.0.0.1:9"
chain = { id = 31337, escrow = "${escrow}" }
area = { id = 1, intervalSeconds = 900 }
clock.trust = true
${ports
  .map(
    (port, n) => `[[meter]]
name = "home-${n}"
account = "0x00000000000000000000000000000000000000ac"
keyFile = "keys/${n}.key"
[[meter.device]]
url = "tcp://127.0.0.1:${port}"
`,
  )
  .join('')}`,
  )
  await ended(spawn(process.execPath, [agentProgram, 'enrol', '--config', config, '--rules', `0x${'11'.repeat(32)}`]))
  // As the service that `install-service` writes runs it.
  const agent = spawn(process.execPath, [...sparingFlags, agentProgram, 'run', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  guardOf(agent.pid!, 'TERM')
  await pause(10_000)
  const before = usage(agent.pid!)
  await pause(seconds * 1000)
  const after = usage(agent.pid!)
  const cpuPercent = ((after.cpuMs - before.cpuMs) / (seconds * 1000)) * 100
  const polls = (
    JSON.parse(readFileSync(join(folder, 'data/status.json'), 'utf8')).meters as { samples: { accepted: number } }[]
  ).reduce((sum, { samples }) => sum + samples.accepted, 0)
  agent.kill('SIGTERM')
  await ended(agent)
  devices.kill()
  rmSync(folder, { recursive: true })
  return { homes, cpuPercent, residentMb: after.residentMb, polls }
}

/** CPU time and resident memory of a process, from /proc (Linux). */
function usage(pid: number): { cpuMs: number; residentMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { cpuMs: ticks * 10, residentMb: Number(resident![1]) / 1024 }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += chunk
    if (text.includes('\n')) return text.split('\n')[0]!
  }
  throw new Error('the device process ended early')
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
