/**
 * For whom the server pays gas, and how much of it. Strangers cost nobody anything: what is relayed belongs to the account that
 * asks, which holds an invitation, was confirmed or has money in the escrow; within a budget; and about one thing (a meter, a
 * purse, a permit) only once at a time, since of two that succeed when simulated the second fails when mined, and is paid.
 */
import { createHash } from 'node:crypto'
import { parseMoney } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { AllowGas } from '../chain/sender.ts'
import { seatsOfAccount } from '../store/queries-seats.ts'
import { isInvited, isRelayUnderWay, noteRelay, relaysOfDay, wasRelayed } from '../store/relay-store.ts'
import type { SeatRow } from '../store/rows.ts'
import { createAllowance } from './allowance.ts'
import type { AreaTables } from './area-tables.ts'
import { type ApiParts, gridOperatorOf } from './parts.ts'
import { ApiError } from './problem.ts'

interface Budget {
  transactions: number
  /** The most that the transactions may use, as they were signed. */
  gas: number
}

/** In twenty-four hours: of an account, of an area's grid operator, who confirms meters, and of all. */
export const mostOfDay = {
  account: { transactions: 24, gas: 6_000_000 },
  grid: { transactions: 1_000, gas: 200_000_000 },
  all: { transactions: 2_000, gas: 500_000_000 },
} satisfies Record<string, Budget>
/** Requests of an account in a minute: each is simulated by the chain's node. */
const mostPerMinute = 60
/** Seats of an account that are looked at. */
const mostSeats = 1_000

export interface RelayRequest {
  area: AreaHandle
  /** The account whose signature the request carries. */
  account: string
  /** What only one request at a time may be about. */
  subject: string
  /** The purse that the request takes money from: it must not be empty. */
  purse?: number
  /** Against whose day it counts, where that is not the account's. */
  chargedTo?: string
  /** What was sent, by which a repetition is known. */
  body: unknown
}

export interface RelayAdmission {
  /**
   * Carries a request to the chain for the account that asks, by its session or by a signature. Throws `ApiError`: `ACCOUNT_FOREIGN`,
   * `RELAY_UNINVITED`, `RELAY_BUDGET`, `RELAY_UNDER_WAY`, `RELAY_PURSE_EMPTY`, `TOO_MANY_REQUESTS`; and what `send` throws, which asks for
   * its gas.
   */
  carry(asking: { account: string }, request: RelayRequest, send: Send): Promise<{ hash: string }>
}

type Send = (allow: AllowGas) => Promise<{ hash: string }>

export function createRelayAdmission(
  parts: Pick<ApiParts, 'database' | 'servicesOf'> & { tables: AreaTables },
): RelayAdmission {
  const { database, tables } = parts
  const allowance = createAllowance({ mostPerMinute, done: 'something is relayed for one account' })
  /** What is being prepared, by area and subject. */
  const underWay = new Map<string, string>()
  /** What is under way and in no table yet, a transaction each. */
  const preparing = new Set<{ account: string; gas: number }>()

  async function requireMember({ area, account, purse }: RelayRequest, areaId: number): Promise<void> {
    const seats = await seatsOfAccount(database, { account, areas: [areaId], limit: mostSeats })
    const own = seats.find(({ seat }) => seat === purse)
    if (purse !== undefined && (own === undefined || own.chain.balance === '0')) {
      throw new ApiError('RELAY_PURSE_EMPTY', 'there is nothing in the purse')
    }
    if (account === gridOperatorOf(parts, area) || seats.some((row) => isMember(area, row))) return
    if (await isInvited(database, { area: areaId, account })) return
    throw new ApiError(
      'RELAY_UNINVITED',
      'this account is not invited: open the link of an invitation, or ask the grid operator or a member for one',
    )
  }

  /** The end of what was counted or noted last: whoever counts must not read the table while something moves into it. */
  let turn: Promise<unknown> = Promise.resolve()
  function inTurn(work: () => Promise<void>): Promise<void> {
    const own = turn.then(work)
    turn = own.catch(() => {})
    return own
  }

  /** With what is under way, this request and its gas among them. */
  function requireBudget({ area, account, chargedTo = account }: RelayRequest): Promise<void> {
    return inTurn(async () => {
      const most = chargedTo === gridOperatorOf(parts, area) ? mostOfDay.grid : mostOfDay.account
      const used = await relaysOfDay(database, chargedTo)
      const own = [...preparing].filter(({ account: by }) => by === chargedTo)
      requireWithin(own.reduce(withOne, used.own), most, 'one account')
      requireWithin([...preparing].reduce(withOne, used.all), mostOfDay.all, 'all')
    })
  }

  async function admit(request: RelayRequest, requestHash: Buffer, send: Send): Promise<{ hash: string }> {
    const { area, account, chargedTo = account, subject } = request
    const areaId = await tables.idOf(area)
    const own = { account: chargedTo, gas: 0 }
    preparing.add(own)
    try {
      // What was carried before costs nothing: whoever sends it gives the same transaction again.
      if (!(await wasRelayed(database, { area: areaId, requestHash }))) {
        await requireMember(request, areaId)
        if (await isRelayUnderWay(database, { area: areaId, subject })) throw busy()
        await requireBudget(request)
      }
      const { hash } = await send(async (wanted) => {
        own.gas = Number(wanted)
        await requireBudget(request)
      })
      await inTurn(async () => {
        const { gas } = own
        await noteRelay(database, { area: areaId, account: chargedTo, subject, requestHash, transaction: hash, gas })
        preparing.delete(own)
      })
      return { hash }
    } finally {
      preparing.delete(own)
    }
  }

  return {
    async carry(asking, request, send) {
      const { area, account, chargedTo = account, subject, body } = request
      if (asking.account !== account) {
        throw new ApiError('ACCOUNT_FOREIGN', `this session is ${asking.account}’s; the request is ${account}’s`)
      }
      allowance.use(chargedTo, Date.now())
      const place = `${area.settings.rulesHash} ${subject}`
      if (underWay.has(place)) throw busy()
      const requestHash = createHash('sha256')
        .update(`${subject}\n${JSON.stringify(body)}`)
        .digest()
      underWay.set(place, account)
      try {
        return await admit(request, requestHash, send)
      } finally {
        underWay.delete(place)
      }
    },
  }
}

function withOne(sum: Budget, { gas }: { gas: number }): Budget {
  return { transactions: sum.transactions + 1, gas: sum.gas + gas }
}

function requireWithin(used: Budget, most: Budget, whom: string): void {
  const inAnHour = { retryAfterSeconds: 3_600 }
  if (used.transactions > most.transactions) {
    throw new ApiError('RELAY_BUDGET', `at most ${most.transactions} transactions a day are paid for ${whom}`, inAnHour)
  }
  if (used.gas > most.gas) {
    throw new ApiError('RELAY_BUDGET', `at most ${most.gas} gas a day is paid for ${whom}`, inAnHour)
  }
}

/** Confirmed by the grid operator, or with so much money in the escrow that what is paid for it in a day is worth less. */
function isMember({ settings }: AreaHandle, { chain }: SeatRow): boolean {
  const oneToken = parseMoney('1', settings.priceDecimals)
  return BigInt(chain.balance) >= oneToken || chain.terms.some(({ nameplateWh }) => nameplateWh !== null)
}

function busy(): ApiError {
  return new ApiError('RELAY_UNDER_WAY', 'something about the same meter, purse or permit is on its way; ask again', {
    retryAfterSeconds: 5,
  })
}
