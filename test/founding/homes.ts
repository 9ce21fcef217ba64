/** Two homes for tests: their devices speak Modbus, an agent reads each by the packed program, and their members do what people do on the page. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Wallet } from 'ethers'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import type { ApiClient } from '../../server/api-client.ts'
import { type SettlingIn, settleIn } from '../../server/demo/onboarding.ts'
import { freePort } from '../../server/demo/ports.ts'
import { builtProgram } from '../built.ts'
import { eventually, unpacked } from './community.ts'
import { claimHome, openSeat } from './member.ts'

/** Programs that go on until they are all stopped. */
export class RunningPrograms {
  readonly #cwd: string
  readonly #running: ChildProcess[] = []

  constructor(cwd: string) {
    this.#cwd = cwd
  }

  /** `onLine` is told each line that it prints. */
  start(program: string, args: readonly string[], onLine: (line: string) => void = () => {}): ChildProcess {
    const child = spawn(process.execPath, [program, ...args], {
      ...{ cwd: this.#cwd, stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH } },
    })
    createInterface({ input: child.stdout! }).on('line', onLine)
    this.#running.push(child)
    return child
  }

  /** The first line that a program prints, as JSON. */
  firstLine<Line>(program: string, args: readonly string[]): Promise<Line> {
    return new Promise((resolve, reject) => {
      const child = this.start(program, args, (line) => resolve(JSON.parse(line) as Line))
      child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with status ${code}`)))
    })
  }

  /** The last one first. */
  async stop(): Promise<void> {
    for (const child of this.#running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
  }
}

/** The program of the packed agent. */
export function packedAgent(folder: string): string {
  builtProgram('commonwatt-agent')
  const packed = execFileSync(process.execPath, ['package-agent.js', folder], { encoding: 'utf8', stdio: 'pipe' })
  return join(unpacked(JSON.parse(packed).file, join(folder, 'agent-package')), 'bin/commonwatt-agent.js')
}

export interface Home {
  name: 'roof' | 'flat'
  member: Wallet
  client: ApiClient
  /** The configuration of its agent. */
  config: string
}

export interface Neighbours {
  agentProgram: string
  programs: RunningPrograms
  area: AreaResource
  serverUrl: string
  /** For their files. */
  folder: string
}

/** Serves the devices of a roof at noon of a long day, and of a flat that takes more than the roof brings; gives their ports. */
export async function startDevices({ agentProgram, programs, folder }: Omit<Neighbours, 'area' | 'serverUrl'>) {
  const ports = { roof: await freePort(), flat: await freePort() }
  const device = (port: number) => [{ kind: 'sunspec', port, models: [1, 103, 1, 203] }]
  const simulation = {
    epoch: new Date(Date.now() - 43_200_000).toISOString(),
    homes: [
      { name: 'roof', pvKwp: 9, load: 'none', devices: device(ports.roof) },
      { name: 'flat', load: 'flat', loadScale: 20, devices: device(ports.flat) },
    ],
  }
  writeFileSync(join(folder, 'devices.json'), JSON.stringify(simulation))
  await programs.firstLine(agentProgram, ['simulate', '--config', join(folder, 'devices.json')])
  return ports
}

/** Writes the configuration of a home's agent; gives its path. */
export function writeAgentConfig({ area, serverUrl, folder }: Neighbours, name: Home['name'], port: number): string {
  const file = join(folder, `${name}.toml`)
  const text = `dataFolder = ${JSON.stringify(join(folder, `${name}-data`))}
[server]
url = "${serverUrl}"
[chain]
id = ${area.chain.chainId}
escrow = "${area.chain.escrow}"
[area]
id = ${area.area}
intervalSeconds = ${area.intervalSeconds}
[clock]
trust = true
[[meter]]
name = "${name}"
keyFile = ${JSON.stringify(join(folder, `${name}-meter.key`))}
pollSeconds = 0.5
[meter.limits]
nameplateW = 10000
mainFuseW = 43470
[[meter.device]]
url = "tcp://127.0.0.1:${port}"
profile = "sunspec"
role = "grid"
confirmed = true
`
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

/** Pairs, opens the seat, is confirmed, puts a euro in and says its price; then the agent runs. Gives the seat, and the link that the agent showed. */
export async function joins(
  { agentProgram, programs, area }: Neighbours,
  { name, member, client, config }: Home,
  confirm: SettlingIn['office']['confirm'],
): Promise<{ seat: SeatResource; link: string }> {
  const sells = name === 'roof'
  const paired = await new Promise<{ code: string; link: string; ended: Promise<unknown> }>((resolve, reject) => {
    const agent = programs.start(agentProgram, ['pair', '--config', config, '--json'], (line) => {
      const { step, code, link } = JSON.parse(line)
      if (step === 'offered') resolve({ code, link, ended })
    })
    const ended = once(agent, 'exit').then(([code]) => (code === 0 ? null : reject(new Error(`pair: ${code}`))))
  })
  const { code, link } = paired
  await claimHome(client, code)
  const most = { mostSellWh: sells ? 30 : 0, mostBuyWh: sells ? 0 : 60 }
  const meter = await openSeat({ client, member, area, code, ...most })
  await paired.ended
  programs.start(agentProgram, ['run', '--config', config])
  const account = member.address.toLowerCase()
  const opened = await eventually(async () => {
    const { items } = await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)
    return items.find((each) => each.meter === meter)
  })
  const wishes = {
    ...{ zone: sells ? 'north' : 'south', nameplateWh: 20, deposit: '1' },
    ...{ maxSellWh: most.mostSellWh, maxBuyWh: most.mostBuyWh },
    ...{ sellAtPerKwh: sells ? '0.10' : null, buyAtPerKwh: sells ? null : '0.25' },
  }
  const signal = AbortSignal.timeout(120_000)
  const seat = await settleIn(
    { area, account: member, office: { confirm }, wishes, now: Date.now, signal },
    client,
    opened,
  )
  return { seat, link }
}

/** Asks for everything, waits for the delay and collects it. */
export async function isPaidOut({ member, client }: Home, area: AreaResource, to: string): Promise<void> {
  const account = member.address.toLowerCase()
  const seatNow = async () => (await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)).items[0]!
  const { seat, withdrawalNonce: nonce } = await eventually(async () => {
    const now = await seatNow()
    return Number(now.balance) > 1 ? now : null
  })
  const deadline = Math.floor(Date.now() / 1000) + 600
  const amount = 2n ** 100n
  const signed = { account, seat: BigInt(seat), amount, to, nonce, deadline }
  const signature = await signFull(member, area.chain, 'Withdrawal', signed)
  const body = { seat, amount: formatMoney(amount, area.priceDecimals), to, nonce, deadline, signature }
  await client.post('/relay/withdrawals', body, 'withdraw')
  const { claimableAt } = await eventually(async () => (await seatNow()).withdrawal)
  await eventually(() => Date.now() > Date.parse(claimableAt) + 1_500)
  await client.post('/relay/claims', { seat }, 'claim')
  await eventually(async () => (await seatNow()).withdrawal === null)
}
