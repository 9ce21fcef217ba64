/** The escrow and its token as this server speaks to them: one provider, decoded events, and errors that say what to do. */
import {
  type CallExceptionError,
  type ErrorDescription,
  type EventFragment,
  FetchRequest,
  type Interface,
  isError,
  type JsonRpcPayload,
  JsonRpcProvider,
  type JsonRpcResult,
  type Log,
  Network,
  type ParamType,
  type Result,
} from 'ethers'
import {
  accountInterface,
  escrowInterface,
  revocationsInterface,
  tokenInterface,
} from '../../contracts/build/deploy.ts'
import { type Address, type Hex, parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { EscrowFacts } from '../areas/settings.ts'
import { askNode } from './ask-node.ts'
import { ChainError } from './error.ts'
import { type PermitDomain, readPermitDomain } from './permit-domain.ts'
import type { EscrowEvent } from './seat-view.ts'

const requestTimeoutMs = 10_000
/** For whoever waits for a transaction with ethers; the server's own loops have their own pace. */
const blockPollMs = 500

/**
 * A provider that asks the node every time, waits no longer than 10 s for it, and says when it cannot be reached. The node's
 * address may hold a key that is paid for: it never leaves this class, nor does anything that ethers or the node says of a
 * request in which it stood.
 */
class EscrowProvider extends JsonRpcProvider {
  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    let results: unknown[]
    try {
      results = await super._send(payload)
    } catch (error) {
      throw unanswered(error)
    }
    if (!results.every(isResult)) throw new ChainError('CHAIN_NODE', 'the chain’s node answered with what is no answer')
    return results
  }
}

/** Why there was no answer, in words of our own. */
function unanswered(error: unknown): ChainError {
  if (error instanceof ChainError) return error
  const status = isError(error, 'SERVER_ERROR') ? error.response?.statusCode : undefined
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new ChainError(
      'CHAIN_NODE',
      `the chain’s node refuses to answer (HTTP ${status}): look at its address and key`,
    )
  }
  if (isError(error, 'UNSUPPORTED_OPERATION') && error.operation === 'bodyJson') {
    return new ChainError('CHAIN_NODE', 'the chain’s node answered with what is no JSON')
  }
  const { code } = error as { code?: unknown }
  const reason = status !== undefined ? `HTTP ${status}` : typeof code === 'string' ? code : 'no connection'
  return new ChainError('CHAIN_UNREACHABLE', `the chain’s node cannot be reached: ${reason}`)
}

function isResult(answer: unknown): answer is JsonRpcResult {
  return typeof answer === 'object' && answer !== null && 'id' in answer && ('result' in answer || 'error' in answer)
}

/** Throws `CHAIN_UNREACHABLE` or `CHAIN_NODE` from each request that the node does not answer. */
export function openProvider(rpcUrl: string, chainId: number): JsonRpcProvider {
  const request = new FetchRequest(rpcUrl)
  request.timeout = requestTimeoutMs
  request.getUrlFunc = askNode
  request.setThrottleParams({ maxAttempts: 1 })
  return new EscrowProvider(request, chainId, {
    staticNetwork: Network.from(chainId),
    cacheTimeout: -1,
    batchStallTime: 0,
    pollingInterval: blockPollMs,
  })
}

/** Which chain a node is on. Throws `CHAIN_UNREACHABLE`. */
export async function readChainId(rpcUrl: string): Promise<number> {
  // Any chain id will do to ask for the right one.
  const provider = openProvider(rpcUrl, 1)
  try {
    return Number(await provider.send('eth_chainId', []))
  } catch (error) {
    throw asChainError(error)
  } finally {
    provider.destroy()
  }
}

/** Reads what an area's settings need of the chain. Throws `CHAIN_UNREACHABLE`, `CHAIN_OTHER`, `CHAIN_NO_ESCROW`. */
export async function readEscrowFacts(
  rpcUrl: string,
  escrow: Address,
  deployedOn: number | null = null,
): Promise<EscrowFacts> {
  // Any chain id will do to ask for the right one.
  const provider = openProvider(rpcUrl, 1)
  try {
    const chainId = Number(await provider.send('eth_chainId', []))
    if (deployedOn !== null && chainId !== deployedOn) {
      const message = `the node is on chain ${chainId}, the escrow was deployed on chain ${deployedOn}: correct rpc-url`
      throw new ChainError('CHAIN_OTHER', message)
    }
    if ((await provider.getCode(escrow)) === '0x') {
      throw new ChainError('CHAIN_NO_ESCROW', `no contract is deployed at ${escrow} on chain ${chainId}`)
    }
    const token = await callView<string>(provider, escrow, escrowInterface, 'token')
      .then(parseAddress)
      .catch((error) => {
        if (!isError(error, 'BAD_DATA') && !isError(error, 'CALL_EXCEPTION')) throw error
        const message = `the contract at ${escrow} on chain ${chainId} is no escrow`
        throw new ChainError('CHAIN_NO_ESCROW', message, { cause: error })
      })
    return {
      chainId,
      escrow: parseAddress(escrow),
      token,
      tokenName: await callView(provider, token, tokenInterface, 'name'),
      tokenDecimals: Number(await callView<bigint>(provider, token, tokenInterface, 'decimals')),
      withdrawalDelaySeconds: Number(
        await callView<bigint>(provider, escrow, escrowInterface, 'withdrawalDelaySeconds'),
      ),
    }
  } catch (error) {
    throw asChainError(error)
  } finally {
    provider.destroy()
  }
}

/** An account's tokens outside the escrow, in the token's base units, and what its next permit must carry. */
export async function readWallet(
  provider: JsonRpcProvider,
  { token, chainId }: Pick<EscrowFacts, 'token' | 'chainId'>,
  account: Address,
): Promise<{ baseUnits: bigint; permitNonce: number; permitDomain: PermitDomain | null }> {
  try {
    const [baseUnits, nonce, permitDomain] = await Promise.all([
      callView<bigint>(provider, token, tokenInterface, 'balanceOf', [account]),
      callView<bigint>(provider, token, tokenInterface, 'nonces', [account]),
      readPermitDomain(provider, token, chainId),
    ])
    return { baseUnits, permitNonce: Number(nonce), permitDomain }
  } catch (error) {
    throw asChainError(error)
  }
}

/** Calls a view that has one result. */
async function callView<Value>(
  provider: JsonRpcProvider,
  to: Address,
  abi: Interface,
  name: string,
  args: unknown[] = [],
): Promise<Value> {
  const data = await provider.call({ to, data: abi.encodeFunctionData(name, args) })
  return abi.decodeFunctionResult(name, data)[0] as Value
}

/** A log of the escrow as an event, or null where this program does not know it. */
export function decodeEvent(log: {
  topics: readonly string[]
  data: string
  blockNumber: number
  index: number
  transactionHash: string
}): EscrowEvent | null {
  const fragment = eventsByTopic.get(log.topics[0] ?? '')
  if (fragment === undefined) return null
  return {
    block: log.blockNumber,
    logIndex: log.index,
    transaction: log.transactionHash,
    name: fragment.name,
    args: plainStruct(fragment.inputs, escrowInterface.decodeEventLog(fragment, log.data, log.topics)),
  }
}

/** The library's own look-up hashes every event of the interface for every log. */
const eventsByTopic = new Map<string, EventFragment>()
escrowInterface.forEachEvent((fragment) => eventsByTopic.set(fragment.topicHash, fragment))

/**
 * A contract's logs of `[fromBlock, toBlock]`, in the order of the chain. A node that refuses so long a range, or so many
 * logs, is asked for each half. Throws `CHAIN_BEHIND` where it answers with what was not asked for.
 */
export async function readLogs(
  provider: JsonRpcProvider,
  filter: { address: Address; fromBlock: number; toBlock: number; topics?: (string | string[] | null)[] },
): Promise<Log[]> {
  const { address, fromBlock, toBlock } = filter
  let logs: Log[]
  try {
    logs = await provider.getLogs(filter)
  } catch (error) {
    if (fromBlock >= toBlock || (error instanceof ChainError && error.code === 'CHAIN_UNREACHABLE')) throw error
    const middle = Math.floor((fromBlock + toBlock) / 2)
    const first = await readLogs(provider, { ...filter, toBlock: middle })
    return [...first, ...(await readLogs(provider, { ...filter, fromBlock: middle + 1 }))]
  }
  return checked(logs, ({ blockNumber, address: own }) => {
    return own.toLowerCase() === address && blockNumber >= fromBlock && blockNumber <= toBlock
  })
}

/** A contract's logs of one block, which a node that does not have that very block refuses. */
export async function readLogsOfBlock(
  provider: JsonRpcProvider,
  { address, blockHash }: { address: Address; blockHash: Hex },
): Promise<Log[]> {
  return checked(await provider.getLogs({ address, blockHash }), (log) => {
    return log.address.toLowerCase() === address && log.blockHash === blockHash
  })
}

function checked(logs: Log[], wasAskedFor: (log: Log) => boolean): Log[] {
  if (logs.some((log) => log.removed || !wasAskedFor(log))) {
    throw new ChainError('CHAIN_BEHIND', 'the node answered with events that it was not asked for')
  }
  return logs.sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index)
}

const blocksPerRequest = 5_000

/** The escrow's events of `[fromBlock, toBlock]` that this program knows, in the order of the chain. */
export async function* eventsOfEscrow(
  provider: JsonRpcProvider,
  { escrow: address, fromBlock, toBlock }: { escrow: Address; fromBlock: number; toBlock: number },
): AsyncGenerator<EscrowEvent> {
  for (let from = fromBlock; from <= toBlock; from += blocksPerRequest) {
    const to = Math.min(toBlock, from + blocksPerRequest - 1)
    for (const log of await readLogs(provider, { address, fromBlock: from, toBlock: to })) {
      const event = decodeEvent(log)
      if (event !== null) yield event
    }
  }
}

function plainStruct(types: readonly ParamType[], values: Result): Record<string, unknown> {
  return Object.fromEntries(types.map((type, index) => [type.name, plainValue(type, values[index])]))
}

/** What JSON can hold: integers of at most 48 bits as numbers, wider ones as decimal strings, hexadecimal in lower case. */
function plainValue(type: ParamType, value: unknown): unknown {
  const { arrayChildren } = type
  if (arrayChildren !== null) return [...(value as Result)].map((item) => plainValue(arrayChildren, item))
  if (type.components !== null) return plainStruct(type.components, value as Result)
  if (typeof value === 'bigint') {
    const bits = Number(/\d+$/.exec(type.type)?.[0] ?? 256)
    return bits <= 48 ? Number(value) : value.toString()
  }
  return typeof value === 'string' && value.startsWith('0x') ? value.toLowerCase() : value
}

/** What a person can do about a refusal of the contract, by the name of its error. */
const refusals: Record<string, string> = {
  BadSignature:
    'the account that must sign this did not, or signed other values; a permit names amount, nonce and deadline',
  DeadlinePassed: 'the deadline of the signature has passed: sign again',
  WrongRules: 'this was signed for other rules than the area has',
  OldVersion: 'something of this or a higher version was said since: sign again with a higher version',
  StepTooLarge: 'versions and epochs go up by a bounded step: sign one nearer to the last',
  TooFarAhead: 'no date may lie more than a year ahead: sign again with an earlier one',
  OtherBars:
    'the meter was revoked or suspended since this was signed: sign again if it shall be confirmed all the same',
  MeterGone: 'the meter has left this seat',
  OldConsent: "a newer consent of this meter is known: ask the meter's agent for a new one",
  BadEpoch: 'the meter has begun a later epoch already',
  WrongKey: "the meter's key has changed since this was signed: sign again",
  KeyUsed: 'the next key is or was a meter’s already: make a fresh one',
  WrongParty: 'this is not the account whose seat has the meter',
  SeatExists: 'the account already has an open seat with this meter: change its mandate instead',
  SeatIsClosed: 'the seat is closed',
  SeatUnknown: 'there is no such seat',
  BadValidity: 'a mandate ends on a whole UTC day, after the boundary at which it begins',
  TooManyChanges: 'too many changes wait for the next settlement: try again after it',
  PermitUsed: 'this permit has paid for a deposit already: sign the next one',
  WrongNonce: 'a request carries the next nonce: sign again with that one',
  NotHigher: 'grants up to this number were taken back before',
  NothingRequested: 'no withdrawal and no recovery is requested',
  TooEarly: 'the wait has not passed',
  NotGrid: 'only the grid operator of the area may do this',
  NotOperator: 'only the operator of the area may do this',
  NotOffered: 'the office was offered to somebody else, or to nobody',
  NotSuccessor: "only the successor that the area's rules name may do this",
  WrongArea: 'these rules belong to the area with another number',
  AreaExists: 'the area has been opened before',
  GridPurseTooSmall: 'the grid purse holds less',
  NothingToMove: 'the amount is less than one unit',
  Insolvent: 'the seat cannot pay',
  BadKey: 'a key is a passkey’s point on the curve P-256, or the address of another account',
  CallFailed: 'a call that the account was to make failed',
  ERC20InsufficientBalance: 'the account has fewer tokens',
  ERC20InsufficientAllowance: 'the permit was used already: sign the next one',
}

/** Gives an error of ethers a code and a sentence; what is not one of ethers stays as it is. `sender` is whose key pays. */
export function asChainError(error: unknown, sender = 'the sending key'): unknown {
  if (error instanceof ChainError) return error
  if (isError(error, 'CALL_EXCEPTION')) return refusalOf(error)
  if (isError(error, 'INSUFFICIENT_FUNDS')) {
    return new ChainError('CHAIN_FUNDS', `${sender} cannot pay the gas: send it some of the chain's own coin`)
  }
  if (isError(error, 'NONCE_EXPIRED') || isError(error, 'REPLACEMENT_UNDERPRICED')) {
    return new ChainError(
      'CHAIN_NONCE_TAKEN',
      'another transaction of this key came first: try again once it has arrived',
    )
  }
  if (error instanceof Error && 'shortMessage' in error) {
    // ethers repeats what the node said, which strangers need not hear.
    return new ChainError('CHAIN_NODE', 'the chain’s node refuses a request or answers with what is no answer')
  }
  return error
}

function parseRefusal(data: string): ErrorDescription | null {
  const known = [escrowInterface, tokenInterface, accountInterface, revocationsInterface]
  return known.reduce<ErrorDescription | null>((found, each) => found ?? each.parseError(data), null)
}

function refusalOf(error: CallExceptionError): ChainError {
  const data = error.data ?? '0x'
  // Four bytes name an error; a call that ran out of gas has none.
  const parsed = data.length < 10 ? null : parseRefusal(data)
  if (parsed === null) return new ChainError('CHAIN_REFUSED', 'refused by the contract, without a reason')
  const args = parsed.fragment.inputs.map(({ name }, index) => `${name} ${parsed.args[index]}`).join(', ')
  const sentence = refusals[parsed.name] ?? 'refused by the contract'
  return new ChainError('CHAIN_REFUSED', `${sentence} (${parsed.name}${args === '' ? '' : `: ${args}`})`, {
    contractError: parsed.name,
  })
}
