/**
 * For whom the server pays gas, and how much of it. Strangers cost nobody anything: what is relayed belongs to the account that
 * asks, which holds an invitation, was confirmed or has money in the escrow; within a budget; and about one thing (a meter, a
 * purse, a permit) only once at a time, since of two that succeed when simulated the second fails when mined, and is paid.
 */
import { createHash } from 'node:crypto'
import { parseMoney } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { seatsOfAccount } from '../store/queries-seats.ts'
import { isInvited, isRelayUnderWay, noteRelay, relaysOfDay, wasRelayed } from '../store/relay-store.ts'
import type { SeatRow } from '../store/rows.ts'
import { createAllowance } from './allowance.ts'
import type { AreaTables } from './area-tables.ts'
import type { ApiParts } from './parts.ts'
import { ApiError } from './problem.ts'

/** Transactions in twenty-four hours: of an account, of an area's grid operator, who confirms meters, and of all. */
const mostOfDay = { account: 24, grid: 1_000, all: 2_000 }
/** Requests of an account in a minute: each is simulated by the chain's node. */
const mostPerMinute = 60
/** Seats of an account that are looked at. */
const mostSeats = 1_000

export interface RelayRequest {
  area: AreaHandle
  /** Whose signature the request carries. */
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
   * Carries a request to the chain for the account that asks, by its session or by a signature. Throws `ApiError`: `ACCOUNT_FOREIGN`, `RELAY_UNINVITED`,
   * `RELAY_BUDGET`, `RELAY_UNDER_WAY`, `RELAY_PURSE_EMPTY`, `TOO_MANY_REQUESTS`; and what `send` throws.
   */
  carry(
    asking: { account: string },
    request: RelayRequest,
    send: () => Promise<{ hash: string }>,
  ): Promise<{ hash: string }>
}

export function createRelayAdmission({
  database,
  tables,
}: Pick<ApiParts, 'database'> & { tables: AreaTables }): RelayAdmission {
  const allowance = createAllowance({ mostPerMinute, done: 'something is relayed for one account' })
  /** What is being prepared, by area and subject. */
  const underWay = new Map<string, string>()
  const preparing = new Map<string, number>()
  let preparingAll = 0

  async function requireMember({ area, account, purse }: RelayRequest, areaId: number): Promise<void> {
    const seats = await seatsOfAccount(database, { account, areas: [areaId], limit: mostSeats })
    const own = seats.find(({ seat }) => seat === purse)
    if (purse !== undefined && (own === undefined || own.chain.balance === '0')) {
      throw new ApiError('RELAY_PURSE_EMPTY', 'there is nothing in the purse')
    }
    if (account === area.settings.rules.grid || seats.some((row) => isMember(area, row))) return
    if (await isInvited(database, { area: areaId, account })) return
    throw new ApiError(
      'RELAY_UNINVITED',
      'this account is not invited: open the link by which the grid operator invites, or ask it for one',
    )
  }

  async function requireBudget({ area, account, chargedTo = account }: RelayRequest): Promise<void> {
    const most = chargedTo === area.settings.rules.grid ? mostOfDay.grid : mostOfDay.account
    const { own, all } = await relaysOfDay(database, chargedTo)
    // Those under way, this one among them, are in no table yet.
    if (own + preparing.get(chargedTo)! > most) {
      throw new ApiError('RELAY_BUDGET', `at most ${most} transactions a day are paid for one account`, inAnHour)
    }
    if (all + preparingAll > mostOfDay.all) {
      throw new ApiError('RELAY_BUDGET', `at most ${mostOfDay.all} transactions a day are paid for all`, inAnHour)
    }
  }

  async function admit(
    request: RelayRequest,
    requestHash: Buffer,
    send: () => Promise<{ hash: string }>,
  ): Promise<{ hash: string }> {
    const { area, account, chargedTo = account, subject } = request
    const areaId = await tables.idOf(area)
    // What was carried before costs nothing: whoever sends it gives the same transaction again.
    const isRepeated = await wasRelayed(database, { area: areaId, requestHash })
    if (!isRepeated) {
      await requireMember(request, areaId)
      if (await isRelayUnderWay(database, { area: areaId, subject })) throw busy()
      await requireBudget(request)
    }
    const { hash } = await send()
    await noteRelay(database, { area: areaId, account: chargedTo, subject, requestHash, transaction: hash })
    return { hash }
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
      preparing.set(chargedTo, (preparing.get(chargedTo) ?? 0) + 1)
      preparingAll += 1
      try {
        return await admit(request, requestHash, send)
      } finally {
        underWay.delete(place)
        preparingAll -= 1
        const left = preparing.get(chargedTo)! - 1
        if (left === 0) preparing.delete(chargedTo)
        else preparing.set(chargedTo, left)
      }
    },
  }
}

const inAnHour = { retryAfterSeconds: 3_600 }

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
