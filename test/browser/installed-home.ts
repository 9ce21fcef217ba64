/** A home whose owner has installed an agent: devices on Modbus, and the agent's own program, which is paired by its code and then runs. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Contract, JsonRpcProvider, parseEther, parseUnits, toBeHex, Wallet } from 'ethers'
import type { AreaResource } from '../../server/api/resources.ts'
import { agentFolder, writeAgentConfig, writeSimulation } from '../../server/demo/homes.ts'
import { freePort } from '../../server/demo/ports.ts'
import type { Street, StreetHome } from '../../server/demo/street.ts'
import { startSupervisor } from '../../server/demo/supervisor.ts'
import { agentProgram } from '../../server/project-files.ts'

/** The agent's own time for pairing, in minutes: longer than any test. */
const pairMinutes = '15'
const euroDecimals = 6

export interface InstalledHome {
  /** What the agent shows at its terminal. */
  code: string
  /** Whose it is, once somebody has said so. */
  account: Promise<string>
  /** Rejects where the agent could not be paired. */
  runs: Promise<void>
  stop(): Promise<void>
}

interface HomeParts {
  street: Street
  home: StreetHome
  area: AreaResource
  serverUrl: string
  /** Everything of the home is kept here. */
  dataFolder: string
}

/** Starts the devices, and `commonwatt-agent pair`; once its seat is open, `commonwatt-agent run`. */
export async function installHome({ street, home, area, serverUrl, dataFolder }: HomeParts): Promise<InstalledHome> {
  const folder = agentFolder(dataFolder, home.id)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const supervisor = await startSupervisor({ dataFolder, log: () => {} })
  const devices = await Promise.all(home.devices.map(async (device) => ({ device, port: await freePort() })))
  const places = new Map([[home.id, devices]])
  const simulation = writeSimulation(street, {
    ...{ homes: [home], epoch: new Date().toISOString(), places, cars: new Map() },
    ...{ file: join(folder, 'devices.json'), stateFile: join(folder, 'devices-state.json') },
  })
  const config = writeAgentConfig({
    ...{ agent: home.id, homes: [home], street, dataFolder, places, serverUrl, accountOf: () => null },
    settings: { area: area.area, chain: area.chain, rules: { intervalSeconds: area.intervalSeconds } },
  })
  await supervisor.start({ name: 'devices', script: agentProgram, args: ['simulate', '--config', simulation] })
  const [code, account] = [later<string>(), later<string>()]
  const pairing = ['pair', '--config', config, '--json', '--minutes', pairMinutes]
  const paired = await supervisor.run({ name: 'pair', script: agentProgram, args: pairing }, (line) => {
    const said = JSON.parse(line) as { step: string; code?: string; account?: string }
    if (said.code !== undefined) code.resolve(said.code)
    if (said.account !== undefined) account.resolve(said.account)
  })
  const runs = paired.ended.then(async (how) => {
    if (!how.startsWith('exit status 0')) throw new Error(`the agent was not paired: ${how}`)
    await supervisor.start({ name: 'agent', script: agentProgram, args: ['run', '--config', config] })
  })
  // Whoever waits for the code or the account hears of it.
  runs.catch((error: Error) => {
    code.reject(error)
    account.reject(error)
  })
  account.promise.catch(() => {})
  return { code: await code.promise, account: account.promise, runs, stop: () => supervisor.stop() }
}

function later<Value>() {
  let [resolve, reject] = [(_: Value) => {}, (_: Error) => {}]
  const promise = new Promise<Value>((kept, broken) => {
    resolve = kept
    reject = broken
  })
  return { promise, resolve, reject }
}

/** A neighbour sends somebody so many euro from its wallet to theirs; the relay, which pays for all else, is not asked. */
export async function lend(
  { rpcUrl, token }: { rpcUrl: string; token: string },
  { from, to, euro }: { from: string; to: string; euro: string },
): Promise<void> {
  const provider = new JsonRpcProvider(rpcUrl)
  try {
    const wallet = new Wallet(from, provider)
    await provider.send('anvil_setBalance', [wallet.address, toBeHex(parseEther('1'))])
    const contract = new Contract(token, ['function transfer(address, uint256) returns (bool)'], wallet)
    await (await contract.transfer!(to, parseUnits(euro, euroDecimals))).wait()
  } finally {
    provider.destroy()
  }
}
