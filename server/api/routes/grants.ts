/** Grants of data: an account gives them and takes them back by its signature, and sees who read what. */
import { z } from 'zod'
import {
  digestOfRevocation,
  granularities,
  isDaily,
  longestRevocationStep,
  signerOfRevocation,
} from '../../../contracts/protocol/data-grants.ts'
import { partsOfSeatId } from '../../../contracts/protocol/entry.ts'
import type { Address, DataGrant } from '../../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { ChainError } from '../../chain/error.ts'
import { requireKept } from '../../store/archives.ts'
import {
  grantsOf,
  grantWith,
  keepGrant,
  type ReadRow,
  readsOf,
  revokeBelow,
  revokedBelowOf,
  type StoredGrant,
} from '../../store/grant-store.ts'
import { readingsBetween, seatsOfAccount } from '../../store/queries-seats.ts'
import { createAllowance } from '../allowance.ts'
import {
  dataReadSchema,
  type GrantsRevokedResource,
  grantSchema,
  grantsRevokedSchema,
  nextGrantSchema,
  ownReadingSchema,
} from '../grant-resources.ts'
import { areaInput, pageOfRows, pageQuery, readCursor, timeInput } from '../paging.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { presentGrant, presentRead, presentReading } from '../present-grants.ts'
import { ApiError } from '../problem.ts'
import type { RelayedRevocation } from '../relay.ts'
import type { RelayAdmission } from '../relay-admission.ts'
import { addressSchema, pageOf, seatId } from '../resources.ts'
import { type Route, type RouteInput, route } from '../route.ts'
import { signedGrantRevocationSchema, signedGrantSchema } from '../signed-requests.ts'
import { checkSigner } from '../signers.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const tag = 'Grants'
const params = z.object({ account: addressSchema })
const daySeconds = 86_400
const yearSeconds = 365 * daySeconds
/** Readings are listed of at most so long a time. */
const longestReadingsSeconds = 31 * daySeconds
/** Grants and revocations that one account may sign in a minute. */
const mostPerMinute = 240
const rowNumber = z.int().min(0)

export function grantRoutes(parts: OrderParts, admission: RelayAdmission): Route[] {
  const { database, areas, tables, servicesOf } = parts
  const { readable } = visibilityOf(parts)
  const allowance = createAllowance({ mostPerMinute, done: 'one account may give grants and take them back' })

  /** Only the account itself: neither grants nor who read what is for anybody else. */
  async function requireOwner(account: Address, session: RouteInput<unknown, unknown, unknown>['session']) {
    const own = await session()
    if (own.account !== account) throw new ApiError('ACCOUNT_FOREIGN', `only ${account} may see and change its grants`)
    return own
  }

  function revocationsOf(area: AreaHandle): { chainId: number; revocations: Address } {
    const { chain, area: number } = area.settings
    const { revocations } = servicesOf(number)
    if (revocations === null) throw new ApiError('GRANTS_OFF', 'grants need the contract by which they are taken back')
    return { chainId: chain.chainId, revocations }
  }

  async function requireSensible(grant: DataGrant, key: ReturnType<typeof revocationsOf>): Promise<void> {
    const { account, grantee, scope, from, until, nonce } = grant
    const now = Math.floor(Date.now() / 1000)
    const refuse = (message: string) => new ApiError('GRANT_INVALID', message)
    if (grantee === account) throw refuse('an account needs no grant of its own')
    if (from >= until) throw refuse('the time of the data ends before it begins')
    if (until > now + yearSeconds) throw refuse('the time of the data ends at most a year from now')
    if (isDaily(grant) && (scope !== 1 || from % daySeconds !== 0 || until % daySeconds !== 0)) {
      const daily = granularities[grant.granularity]
      throw refuse(`what is for every ${daily} is for intervals alone (scope 1), from one midnight to another (UTC)`)
    }
    const below = Number(await revokedBelowOf(database, { ...key, account }))
    if (nonce < below) throw refuse(`the account has taken back all grants below ${below}: sign a higher nonce`)
    if (nonce + 1 > below + longestRevocationStep) {
      throw refuse(`the nonce is so high that no revocation reaches it: at most ${below + longestRevocationStep - 1}`)
    }
  }

  /** Carries a revocation that holds here already to the chain; what keeps it from there is said, and changes nothing here. */
  async function carried(
    area: AreaHandle,
    request: RelayedRevocation,
    session: Parameters<RelayAdmission['carry']>[0],
  ): Promise<Pick<GrantsRevokedResource, 'transaction' | 'notCarried'>> {
    const { relay } = servicesOf(area.settings.area)
    if (relay === null) return { transaction: null, notCarried: 'this server has no key that pays for transactions' }
    const { account } = request
    try {
      const asked = { area, account, subject: `grants ${account}`, body: request }
      const { hash } = await admission.carry(session, asked, (allow) => relay(allow).revokeGrants(request))
      return { transaction: hash, notCarried: null }
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof ChainError)) throw error
      return { transaction: null, notCarried: error.message }
    }
  }

  const presented = (row: StoredGrant) => presentGrant(tables.areaWith(row.areaId).settings, row)
  /** The database's numbers are known once every served area has been looked up. */
  const knowAreas = () => Promise.all(areas.all().map((area) => tables.idOf(area)))
  const isServed = ({ areaId }: { areaId: number }) => tables.areaWith(areaId) !== undefined

  const grantList = (id: string, path: string, party: 'account' | 'grantee', summary: string) =>
    route({
      id,
      method: 'get',
      path,
      tag,
      summary,
      private: true,
      params,
      query: z.object(pageQuery),
      answers: { 200: pageOf(grantSchema) },
      async handle({ params: { account }, query: { limit, cursor }, session }) {
        await requireOwner(account, session)
        await knowAreas()
        const before = readCursor(id, rowNumber, cursor)
        const rows = await grantsOf(database, party, { account, before, limit: limit + 1 })
        const page = pageOfRows(id, rows, { limit, item: (row) => row, place: (row) => row.id })
        return { status: 200, body: { ...page, items: page.items.filter(isServed).map(presented) } }
      },
    })

  return [
    route({
      id: 'giveGrant',
      method: 'post',
      path: '/accounts/:account/grants',
      tag,
      summary:
        'Lets somebody read data of a seat, by a `DataGrant` that its account signed; the same again changes nothing',
      private: true,
      keyed: true,
      params,
      body: signedGrantSchema,
      answers: { 201: grantSchema },
      async handle({ params: { account }, body: { grant: signed, signature }, session }) {
        await requireOwner(account, session)
        allowance.use(account, Date.now())
        if (signed.account !== account) throw new ApiError('ACCOUNT_FOREIGN', `the grant is ${signed.account}’s`)
        const { area: number, number: seat } = partsOfSeatId(BigInt(signed.seat))
        const area = areaOf(areas, number)
        if (area.seat(seat)?.account !== account) {
          throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat ${signed.seat} here`)
        }
        const key = revocationsOf(area)
        const grant: DataGrant = { ...signed, seat: BigInt(signed.seat) }
        await requireSensible(grant, key)
        const checked = await checkSigner(parts, area, { name: 'DataGrant', value: grant, signature }, wallet(account))
        if (!checked.isByAccount) throw new ApiError('GRANT_SIGNATURE', `the grant must be signed by ${account}`)
        const areaId = await tables.idOf(area)
        const kept = await keepGrant(database, { ...grant, ...key, areaId, seat, digest: checked.digest, signature })
        if (kept === 'full') throw new ApiError('GRANTS_FULL', 'take grants back before you give more')
        return { status: 201, body: presented((await grantWith(database, checked.digest))!) }
      },
    }),
    grantList(
      'listGrants',
      '/accounts/:account/grants',
      'account',
      'What the account lets others read, the newest first',
    ),
    route({
      id: 'getNextGrant',
      method: 'get',
      path: '/accounts/:account/grants/next',
      tag,
      summary: 'The lowest nonce that a grant of the account’s seats in an area may carry',
      private: true,
      params,
      query: z.object({ area: areaInput }),
      answers: { 200: nextGrantSchema },
      async handle({ params: { account }, query: { area: number }, session }) {
        await requireOwner(account, session)
        const key = revocationsOf(areaOf(areas, number))
        const lowestNonce = Number(await revokedBelowOf(database, { ...key, account }))
        return { status: 200, body: { account, area: number, lowestNonce } }
      },
    }),
    grantList(
      'listGrantsReceived',
      '/accounts/:account/grants-received',
      'grantee',
      'What others let the account read, the newest first',
    ),
    route({
      id: 'revokeGrants',
      method: 'post',
      path: '/accounts/:account/grants/revocations',
      tag,
      summary:
        'Takes back all grants of the account with a lower nonce, at once; then carries what was signed to the contract Revocations',
      private: true,
      params,
      body: signedGrantRevocationSchema,
      answers: { 200: grantsRevokedSchema },
      async handle({ params: { account }, body: { area: number, below, deadline, signature }, session }) {
        const own = await requireOwner(account, session)
        allowance.use(account, Date.now())
        const area = areaOf(areas, number)
        const key = revocationsOf(area)
        const [seat] = await seatsOfAccount(database, { account, areas: [await tables.idOf(area)], limit: 1 })
        if (seat === undefined) throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat in area ${number}`)
        const valid = Number(await revokedBelowOf(database, { ...key, account }))
        if (below > valid + longestRevocationStep) {
          throw new ApiError('GRANT_INVALID', `a revocation reaches at most ${valid + longestRevocationStep}`)
        }
        const value = { account, below, deadline }
        const isByKey = signerOfRevocation(key, value, signature) === account
        const isWallet = () => servicesOf(number).isWalletSignature(account, digestOfRevocation(key, value), signature)
        if (!isByKey && !(await isWallet())) {
          throw new ApiError('GRANT_SIGNATURE', `the revocation must be signed by ${account}`)
        }
        await revokeBelow(database, { ...key, account, below })
        const chain = await carried(area, { ...value, signature }, own)
        return { status: 200, body: { account, below, ...chain } }
      },
    }),
    route({
      id: 'listReads',
      method: 'get',
      path: '/accounts/:account/reads',
      tag,
      summary: 'Who else read the account’s data, what, when and by which right; the newest first',
      private: true,
      params,
      query: z.object(pageQuery),
      answers: { 200: pageOf(dataReadSchema) },
      async handle({ params: { account }, query: { limit, cursor }, session }) {
        await requireOwner(account, session)
        await knowAreas()
        const before = readCursor('reads', rowNumber, cursor)
        const rows = await readsOf(database, { account, before, limit: limit + 1 })
        const page = pageOfRows('reads', rows, { limit, item: (row: ReadRow) => row, place: ({ id }) => id })
        const item = (row: ReadRow) => presentRead(tables.areaWith(row.areaId).settings, row)
        return { status: 200, body: { ...page, items: page.items.filter(isServed).map(item) } }
      },
    }),
    route({
      id: 'listReadings',
      method: 'get',
      path: '/accounts/:account/readings',
      tag,
      summary: 'The signed registers of a seat’s meter at the boundaries in [from, to), the oldest first',
      private: true,
      params,
      query: z.object({ seat: seatId, from: timeInput, to: timeInput, ...pageQuery }),
      answers: { 200: pageOf(ownReadingSchema) },
      async handle({ params: { account }, query: { seat, limit, cursor, ...asked }, session }) {
        if (asked.from >= asked.to) throw new ApiError('RANGE_EMPTY', 'from must be before to')
        if (asked.to - asked.from > longestReadingsSeconds) {
          throw new ApiError('RANGE_TOO_LONG', 'readings are listed of at most 31 days')
        }
        const read = await readable(await session(), account, { what: 'readings', seat, ...asked })
        const [row] = read.seats
        const { settings } = tables.areaWith(row!.area_id)
        const after = readCursor('readings', readingPlace, cursor)
        const from = after === undefined ? read.from! : Math.max(read.from!, after.time)
        await requireKept(database, row!.area_id, from)
        // Two epochs share a boundary at most: so many more are read as may lie before the place.
        const found = await readingsBetween(database, { ...keyOf(row!), from, to: read.to!, limit: limit + 2 })
        const rows = found.filter(({ time, epoch }) => after === undefined || time > after.time || epoch > after.epoch)
        const item = (each: (typeof rows)[number]) => presentReading(settings, row!, each)
        const place = ({ time, epoch }: (typeof rows)[number]) => ({ time, epoch })
        return { status: 200, body: pageOfRows('readings', rows, { limit, item, place }) }
      },
    }),
  ]
}

const readingPlace = z.object({
  time: z
    .int()
    .min(0)
    .max(2 ** 40),
  epoch: z.int().min(0).max(0xffff),
})

/** Accounts that have a seat are worth a question to the chain's node. */
function wallet(account: Address) {
  return { account, mayBeWallet: true }
}
