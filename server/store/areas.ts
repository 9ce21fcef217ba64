/** Which areas a database holds: each is one of an escrow on a chain and has a number of its own here. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Queries } from './database.ts'
import { StoreError } from './error.ts'

export interface AreaIdentity {
  chainId: number
  escrow: Address
  /** The area's number in its escrow. */
  area: number
}

export interface StoredArea extends AreaIdentity {
  areaId: number
}

/** The area's number in this database, given now where it has none. */
export async function registerArea(sql: Queries, identity: AreaIdentity): Promise<number> {
  const known = await findAreas(sql, identity)
  if (known.length > 0) return known[0]!.areaId
  const { chainId, escrow, area } = identity
  await sql`
    insert into areas (chain_id, escrow, area) values (${chainId}, ${escrow}, ${area}) on conflict do nothing`
  return (await findAreas(sql, identity))[0]!.areaId
}

/** Every area of the database. */
export function allAreas(sql: Queries): Promise<StoredArea[]> {
  return sql<StoredArea[]>`
    select area_id as "areaId", chain_id as "chainId", escrow, area from areas order by area_id`
}

/** The areas of this number; of one chain or escrow where they are given. */
export async function findAreas(
  sql: Queries,
  { chainId, escrow, area }: Partial<AreaIdentity> & { area: number },
): Promise<StoredArea[]> {
  return sql<StoredArea[]>`
    select area_id as "areaId", chain_id as "chainId", escrow, area from areas
    where area = ${area}
      ${chainId === undefined ? sql`` : sql`and chain_id = ${chainId}`}
      ${escrow === undefined ? sql`` : sql`and escrow = ${escrow}`}
    order by area_id`
}

/** Of more areas not all are named. */
const mostNamed = 20

/**
 * The only area of this number. Throws `STORE_AREA` where there is none, or where several escrows have one and none of them is
 * named.
 */
export async function requireArea(sql: Queries, wanted: Partial<AreaIdentity> & { area: number }): Promise<StoredArea> {
  const found = await findAreas(sql, wanted)
  if (found.length === 1) return found[0]!
  if (found.length === 0) {
    const known = [...new Set((await allAreas(sql)).map(({ area }) => area))]
    const others = known.length === 0 ? 'none at all' : `only ${known.slice(0, mostNamed).join(', ')}`
    throw new StoreError('STORE_AREA', `this database knows no area ${wanted.area}, ${others}`)
  }
  const escrows = found.map(({ escrow, chainId }) => `${escrow} on chain ${chainId}`).join(', ')
  throw new StoreError('STORE_AREA', `several escrows have an area ${wanted.area}: name one of ${escrows}`)
}
