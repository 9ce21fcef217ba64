/** Grants of data, reads of it and signed registers, as an account's owner and those whom it lets read them get them. */
import { z } from 'zod'
import { type GrantScope, grantScopes, granularities } from '../../contracts/protocol/data-grants.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'
import { seatId } from './resources.ts'

const address = z.string()
const time = z.iso.datetime()
const wh = z.int().min(0)

/** What an account lets somebody read of a seat: the data of `[from, until)`, as long as the grant is not taken back. */
export const grantSchema = z
  .object({
    /** The grant's EIP-712 digest, by which reads name it. */
    grant: hex32Form,
    area: uint32,
    seat: seatId,
    account: address,
    grantee: address,
    scopes: z.array(z.enum(Object.keys(grantScopes) as GrantScope[])),
    /** The finest that the reader sees: each interval, or only sums over whole days (UTC). */
    granularity: z.enum(granularities),
    from: time,
    until: time,
    nonce: z.int(),
    /** Where the account takes it back, with all that it gave there under a lower nonce. */
    chainId: z.int(),
    revocations: address,
    givenAt: time,
    /** The account has taken back what it granted under this nonce. */
    revoked: z.boolean(),
  })
  .meta({ id: 'Grant' })
export type GrantResource = z.infer<typeof grantSchema>

/** What a grant of the account must carry at least where the area's grants are taken back. */
export const nextGrantSchema = z
  .object({
    account: address,
    area: uint32,
    lowestNonce: z.int().meta({ description: 'All grants with a lower nonce were taken back: none of them is taken' }),
  })
  .meta({ id: 'NextGrant' })

/** Everything that the account granted under a lower nonce than `below` is void. */
export const grantsRevokedSchema = z
  .object({
    account: address,
    below: z.int(),
    /** That carries it to the chain, where every other server finds it; null with the reason where that has to wait. */
    transaction: z.string().nullable(),
    notCarried: z.string().nullable(),
  })
  .meta({ id: 'GrantsRevoked' })
export type GrantsRevokedResource = z.infer<typeof grantsRevokedSchema>

/** The kinds of data that can be read of an account. */
export const readKinds = [
  'seats',
  'orders',
  'wallet',
  'agreements',
  'forward orders',
  'budgets',
  'forward trades',
  'intervals',
  'summary',
  'batches',
  'readings',
  'statement',
  'report',
  'batch export',
  'documents',
  'who joins',
] as const
export type ReadKind = (typeof readKinds)[number]

/** Somebody who is not the owner has read data of `[from, until)`, once or several times within an hour. */
export const dataReadSchema = z
  .object({
    reader: address,
    /** With a grant of the owner, or as the grid operator of the area. */
    as: z.enum(['grantee', 'grid operator']),
    grant: hex32Form.nullable(),
    what: z.enum(readKinds),
    area: uint32,
    /** Null: of all of the account's seats in the area. */
    seat: seatId.nullable(),
    /** The range of the data; null where it was not asked for by time. */
    from: time.nullable(),
    until: time.nullable(),
    firstAt: time,
    lastAt: time,
    times: z.int(),
  })
  .meta({ id: 'DataRead' })
export type DataReadResource = z.infer<typeof dataReadSchema>

/** A meter's registers at a boundary, as its key signed them. */
export const ownReadingSchema = z
  .object({
    seat: seatId,
    meter: address,
    epoch: z.int(),
    /** The boundary at which they were read. */
    time,
    importWh: wh,
    exportWh: wh,
    quality: z.enum(['measured', 'estimated', 'doubtful']),
    signature: z.string(),
  })
  .meta({ id: 'OwnReading' })
export type ReadingResource = z.infer<typeof ownReadingSchema>
