/** What `commonwatt area` does: one transaction of an office holder, first simulated, so that a refusal costs nothing. */
import { readFileSync } from 'node:fs'
import { type ContractRunner, encodeBytes32String, type JsonRpcProvider } from 'ethers'
import { type EscrowContract, escrowAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { readAreaOnChain } from '../chain/contract-facts.ts'
import { refuseDevelopmentKey } from '../chain/development-keys.ts'
import { asChainError, openProvider } from '../chain/escrow-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { readConfigOf } from './configured.ts'
import { type ConfiguredArea, configuredArea } from './configured-area.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options of all acts as they are read; each act takes some of them. */
export interface AreaFlags {
  config: string
  area?: number
  keyFile?: string
  operator?: string
  seat?: string
  zone?: string
  mostExportWh?: number
  to?: string
  json?: boolean
}

interface Call {
  name: Parameters<EscrowContract['getFunction']>[0]
  args: unknown[]
}

/** How long what is sent may wait for a block. */
const lifeSeconds = 3_600

/** Throws `InputError` and `ChainError`. */
export async function carryOutAct(act: string, flags: AreaFlags): Promise<void> {
  const place = await configuredArea(await readConfigOf(flags), flags.area)
  const { settings, rpcUrl } = place
  const provider = openProvider(rpcUrl, settings.chain.chainId)
  try {
    if (act === 'show') return await show(provider, settings, flags.json === true)
    const wallet = readWalletFile(flags.keyFile!)
    refuseDevelopmentKey(parseAddress(wallet.address), settings.chain.chainId)
    const escrow = escrowAt(settings.chain.escrow, wallet.connect(provider) as ContractRunner)
    const { name, args } = await callOf(act, flags, place, escrow)
    const method = escrow.getFunction(name)
    await method.staticCall(...args)
    const sent = await method(...args)
    await sent.wait()
    const said = flags.json === true ? JSON.stringify({ transaction: sent.hash }) : `done in transaction ${sent.hash}`
    await writeOutput(`${said}\n`)
  } catch (error) {
    throw error instanceof InputError ? error : asChainError(error)
  } finally {
    provider.destroy()
  }
}

async function callOf(act: string, flags: AreaFlags, place: ConfiguredArea, escrow: EscrowContract): Promise<Call> {
  const { settings, file } = place
  const { area, rules } = settings
  const to = flags.to === undefined ? null : parseAddress(flags.to)
  const now = Math.floor(Date.now() / 1000)
  const next = (Math.floor(now / rules.intervalSeconds) + 1) * rules.intervalSeconds
  const deadline = now + lifeSeconds
  switch (act) {
    case 'open':
      return { name: 'openArea', args: [rules, watchersOf(file), parseAddress(flags.operator!)] }
    case 'confirm': {
      const seat = seatOf(settings, flags.seat!)
      if (!settings.zones.some(({ zone }) => zone === flags.zone)) {
        throw new InputError(
          `area ${area} has no zone ${flags.zone}: ${settings.zones.map(({ zone }) => zone).join(', ')}`,
        )
      }
      const { meter } = await escrow.seatView(seat)
      const { bars } = await escrow.meterView(meter)
      const nameplateWh = flags.mostExportWh!
      const { settlingGrade: grade } = rules
      const confirmation = {
        seat,
        zone: encodeBytes32String(flags.zone!),
        nameplateWh,
        grade,
        from: next,
        bars,
        deadline,
      }
      return { name: 'confirmMeter', args: [confirmation, '0x'] }
    }
    case 'revoke':
      return { name: 'revokeMeter', args: [seatOf(settings, flags.seat!), next, deadline, '0x'] }
    case 'appoint':
      return { name: 'offerOperator', args: [area, to] }
    case 'accept':
      return { name: 'acceptOperator', args: [area] }
    case 'dismiss':
      return { name: 'dismissOperator', args: [area] }
    case 'hand-over':
      return { name: 'offerGrid', args: [area, to] }
    case 'take-over':
      return { name: 'acceptGrid', args: [area] }
    case 'claim-succession':
      return { name: 'claimSuccession', args: [area] }
    case 'present':
      return { name: 'showPresence', args: [area] }
    default: {
      const earned = (await escrow.gridBalance(area)) as bigint
      if (earned === 0n) throw new InputError(`area ${area} has earned no grid fees since they were paid out last`)
      return { name: 'withdrawGrid', args: [area, earned, to] }
    }
  }
}

/** A seat of this area. */
function seatOf({ area }: AreaSettings, text: string): bigint {
  const seat = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n
  const number = Number(seat & 0xffff_ffffn)
  if (seat < 0n || number === 0 || seatIdOf(area, number) !== seat) {
    throw new InputError(`${text} is no seat of area ${area}`)
  }
  return seat
}

/** The watchers whose hash the rules carry: the area's settings keep that alone. */
function watchersOf(file: string): { quorum: number; keys: Address[] } {
  const { rules } = JSON.parse(readFileSync(file, 'utf8')) as {
    rules: { watchers?: { quorum: number; keys: Address[] } }
  }
  const { quorum, keys } = rules.watchers ?? { quorum: 0, keys: [] }
  // The escrow takes them in the order in which their hash has them.
  return { quorum, keys: keys.map((key) => key.toLowerCase()).sort() }
}

async function show(provider: JsonRpcProvider, settings: AreaSettings, json: boolean): Promise<void> {
  const { area, chain, priceDecimals, currency } = settings
  const { rulesHash, grid, operator } = await readAreaOnChain(provider, { escrow: chain.escrow, area })
  if (rulesHash === null) throw new InputError(`area ${area} is not open: run "commonwatt area open"`)
  const escrow = escrowAt(chain.escrow, provider)
  const [earned, settledUntil] = (await Promise.all([escrow.gridBalance(area), escrow.settledUntil(area)])) as bigint[]
  const facts = {
    ...{ area, rules: rulesHash, gridOperator: grid, operator },
    gridFees: formatMoney(earned!, priceDecimals),
    settledUntil: settledUntil === 0n ? null : new Date(Number(settledUntil) * 1000).toISOString(),
  }
  const lines = [
    `area ${area}, rules ${rulesHash}${rulesHash === settings.rulesHash ? '' : ', which are not those of its file'}`,
    `grid operator ${grid}`,
    `operator ${operator}`,
    `grid fees earned ${facts.gridFees} ${currency}`,
    facts.settledUntil === null ? 'nothing is settled yet' : `settled until ${facts.settledUntil}`,
  ]
  await writeOutput(json ? `${JSON.stringify(facts)}\n` : `${lines.join('\n')}\n`)
}
