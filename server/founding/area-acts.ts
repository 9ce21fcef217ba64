/** What the holders of an area's offices do on the chain: each act is one transaction, first simulated, so that a refusal costs nothing. */
import { type ContractRunner, encodeBytes32String, type JsonRpcProvider, type Wallet } from 'ethers'
import { type EscrowContract, escrowAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { type Address, type Hex, parseAddress, type Watchers } from '../../contracts/protocol/typed-data.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import { readAreaOnChain } from '../chain/contract-facts.ts'
import { refuseDevelopmentKey } from '../chain/development-keys.ts'
import { asChainError, openProvider } from '../chain/escrow-client.ts'
import { FoundingError } from './answers.ts'
import type { ConfiguredArea } from './configured-areas.ts'

/** An act with what it needs; seats are numbers of this area, in decimal digits. */
export type AreaAct =
  | { act: 'open'; operator: Address }
  /** A companion is the home's own agent beside its official meter: it is of grade `device`, whatever the rules settle on. */
  | { act: 'confirm'; seat: string; zone: string; mostExportWh: number; isCompanion: boolean }
  | { act: 'revoke'; seat: string }
  | { act: 'appoint' | 'hand-over' | 'withdraw-fees'; to: Address }
  | { act: 'accept' | 'dismiss' | 'take-over' | 'claim-succession' | 'present' }

interface Call {
  name: Parameters<EscrowContract['getFunction']>[0]
  args: unknown[]
}

/** How much gas is offered, in percent of the estimate: what others do in the same block may make an act dearer. */
const gasShare = 150n
/** How long a sent transaction may wait for a block. */
const lifeSeconds = 3_600

/** Signs and pays with the office's key; gives the transaction once it is in a block. Throws `FoundingError` `FOUND_ACT` and `ChainError`. */
export async function carryOutAct(place: ConfiguredArea, wallet: Wallet, act: AreaAct): Promise<Hex> {
  const { chain } = place.settings
  refuseDevelopmentKey(parseAddress(wallet.address), chain.chainId)
  return withProvider(place, async (provider) => {
    const escrow = escrowAt(chain.escrow, wallet.connect(provider) as ContractRunner)
    const { name, args } = await callOf(place, act, escrow)
    const method = escrow.getFunction(name)
    try {
      await method.staticCall(...args)
      const gasLimit = ((await method.estimateGas(...args)) * gasShare) / 100n
      const sent = await method(...args, { gasLimit })
      await sent.wait()
      return sent.hash
    } catch (error) {
      throw asChainError(error, wallet.address)
    }
  })
}

async function withProvider<T>(
  { settings, rpcUrl }: ConfiguredArea,
  body: (provider: JsonRpcProvider) => Promise<T>,
): Promise<T> {
  const provider = openProvider(rpcUrl, settings.chain.chainId)
  try {
    return await body(provider)
  } catch (error) {
    throw error instanceof FoundingError ? error : asChainError(error)
  } finally {
    provider.destroy()
  }
}

async function callOf({ settings, watchers }: ConfiguredArea, act: AreaAct, escrow: EscrowContract): Promise<Call> {
  const { area, rules } = settings
  const now = Math.floor(Date.now() / 1000)
  const next = (Math.floor(now / rules.intervalSeconds) + 1) * rules.intervalSeconds
  const deadline = now + lifeSeconds
  switch (act.act) {
    case 'open':
      return { name: 'openArea', args: [rules, inOrder(watchers), act.operator] }
    case 'confirm': {
      const seat = seatOf(settings, act.seat)
      const { zone, mostExportWh: nameplateWh } = act
      const zones = settings.zones.map((each) => each.zone)
      if (!zones.includes(zone)) {
        throw new FoundingError('FOUND_ACT', `area ${area} has no zone ${zone}: ${zones.join(', ')}`)
      }
      const { meter, version } = await nextInstruction(escrow, area, seat)
      const { bars } = await escrow.meterView(meter)
      const grade = act.isCompanion ? 0 : rules.settlingGrade
      const place = { seat, zone: encodeBytes32String(zone), nameplateWh, grade }
      const confirmation = { ...place, from: next, bars, version, deadline }
      return { name: 'confirmMeter', args: [confirmation, '0x'] }
    }
    case 'revoke': {
      const seat = seatOf(settings, act.seat)
      const { version } = await nextInstruction(escrow, area, seat)
      return { name: 'revokeMeter', args: [seat, next, version, deadline, '0x'] }
    }
    case 'appoint':
      return { name: 'offerOperator', args: [area, act.to] }
    case 'accept':
      return { name: 'acceptOperator', args: [area] }
    case 'dismiss':
      return { name: 'dismissOperator', args: [area] }
    case 'hand-over':
      return { name: 'offerGrid', args: [area, act.to] }
    case 'take-over':
      return { name: 'acceptGrid', args: [area] }
    case 'claim-succession':
      return { name: 'claimSuccession', args: [area] }
    case 'present':
      return { name: 'showPresence', args: [area] }
    case 'withdraw-fees': {
      const earned = (await escrow.gridBalance(area)) as bigint
      if (earned === 0n) {
        throw new FoundingError('FOUND_ACT', `area ${area} has earned no grid fees since they were paid out last`)
      }
      return { name: 'withdrawGrid', args: [area, earned, act.to] }
    }
  }
}

/** A seat's meter, and the version that the grid operator's next instruction about this meter must carry. */
async function nextInstruction(escrow: EscrowContract, area: number, seat: bigint) {
  const { meter } = await escrow.seatView(seat)
  const last = (await escrow.instructionOf(meter, area)) as bigint
  return { meter, version: Number(last) + 1 }
}

/** A seat of this area. */
function seatOf({ area }: AreaSettings, text: string): bigint {
  const seat = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n
  const number = Number(seat & 0xffff_ffffn)
  if (seat < 0n || number === 0 || seatIdOf(area, number) !== seat) {
    throw new FoundingError('FOUND_ACT', `${text} is no seat of area ${area}`)
  }
  return seat
}

/** The escrow takes the keys in the order in which they were hashed. */
function inOrder({ quorum, keys }: Watchers): Watchers {
  return { quorum, keys: keys.map((key) => key.toLowerCase()).sort() }
}

export interface AreaOffices {
  area: number
  rules: Hex
  /** Whether the rules on the chain are those of the area's file. */
  isAsFile: boolean
  gridOperator: Address
  operator: Address
  /** Grid fees that were earned and not paid out yet, in tokens. */
  gridFees: string
  /** ISO 8601, or null before the first batch. */
  settledUntil: string | null
}

/** What the chain says of an area; null where it is not open. Throws `ChainError`. */
export function readOffices(place: ConfiguredArea): Promise<AreaOffices | null> {
  const { area, chain, priceDecimals, rulesHash } = place.settings
  return withProvider(place, async (provider) => {
    const onChain = await readAreaOnChain(provider, { escrow: chain.escrow, area })
    if (onChain.rulesHash === null) return null
    const escrow = escrowAt(chain.escrow, provider)
    const [earned, settledUntil] = (await Promise.all([
      escrow.gridBalance(area),
      escrow.settledUntil(area),
    ])) as bigint[]
    return {
      ...{ area, rules: onChain.rulesHash, isAsFile: onChain.rulesHash === rulesHash },
      ...{ gridOperator: onChain.grid, operator: onChain.operator },
      gridFees: formatMoney(earned!, priceDecimals),
      settledUntil: settledUntil === 0n ? null : new Date(Number(settledUntil) * 1000).toISOString(),
    }
  })
}
