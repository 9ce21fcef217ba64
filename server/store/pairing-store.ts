/** Pairings: meters that are offered by their agents, and what became of them. */
import type { FoundMeter, PairingConsent } from '../../contracts/protocol/pairing.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import { type Database, vouchedFor } from './database.ts'

export interface PairingRow {
  area_id: number
  meter: Address
  code: string
  found: FoundMeter
  offered_at: Date
  expires_at: Date
  account: Address | null
  rules: Hex | null
  consent: PairingConsent['consent'] | null
  epoch_start: PairingConsent['epochStart'] | null
}

export interface PairingKey {
  area: number
  meter: Address
}

/**
 * Notes what an agent offers. An offer that lives keeps its code and whoever claimed it; one that has ended begins anew with
 * the given code, and so does one that led to a seat which was closed since: the meter's next owner need not wait. Throws where another
 * pairing has that code.
 */
export async function offerPairing(
  sql: Database,
  {
    area,
    meter,
    code,
    found,
    now,
    expiresAt,
  }: PairingKey & { code: string; found: FoundMeter; now: Date; expiresAt: Date },
): Promise<PairingRow> {
  const lives = sql`
    (pairings.expires_at > ${now} and not exists (
      select from seats where seats.area_id = pairings.area_id and seats.meter = pairings.meter
        and seats.account = pairings.account and (chain->'terms'->-1->>'closed')::boolean
        and (chain->'epochStart'->>'epoch')::int >= (pairings.epoch_start->>'epoch')::int))`
  const [row] = await sql<PairingRow[]>`
    insert into pairings (area_id, meter, code, found, offered_at, expires_at)
    values (${area}, ${meter}, ${code}, ${sql.json(found)}, ${now}, ${expiresAt})
    on conflict (area_id, meter) do update set
      found = excluded.found, offered_at = excluded.offered_at, expires_at = excluded.expires_at,
      code = case when ${lives} then pairings.code else excluded.code end,
      account = case when ${lives} then pairings.account end,
      rules = case when ${lives} then pairings.rules end,
      consent = case when ${lives} then pairings.consent end,
      epoch_start = case when ${lives} then pairings.epoch_start end
    returning *`
  return row!
}

/** The pairing that has this code, unless the code has ended. */
export async function pairingByCode(sql: Database, code: string, now: Date): Promise<PairingRow | null> {
  const [row] = await sql<PairingRow[]>`select * from pairings where code = ${code} and expires_at > ${now}`
  return row ?? null
}

/** What was offered of a meter last, its code ended or not. */
export async function pairingOfMeter(sql: Database, { area, meter }: PairingKey): Promise<PairingRow | null> {
  const [row] = await sql<PairingRow[]>`select * from pairings where area_id = ${area} and meter = ${meter}`
  return row ?? null
}

/** What agents said of these meters when they were offered last. */
export function pairingsOfMeters(
  sql: Database,
  { area, meters }: { area: number; meters: readonly Address[] },
): Promise<PairingRow[]> {
  return sql<PairingRow[]>`select * from pairings where area_id = ${area} and meter in ${sql([...meters])}`
}

/** Claims a code for an account, unless another account has; says whether the account has it now. */
export async function claimPairing(
  sql: Database,
  { code, account, rules, now }: { code: string; account: Address; rules: Hex; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update pairings set account = ${account}, rules = ${rules}
    where code = ${code} and expires_at > ${now} and (account is null or account = ${account}) returning code`
  return rows.length === 1
}

/** Keeps what the meter signed for the account that has claimed it; false where that is not so any more. */
export async function consentToPairing(
  sql: Database,
  {
    area,
    meter,
    account,
    rules,
    consent,
    epochStart,
    now,
  }: PairingKey & Pick<PairingConsent, 'account' | 'rules' | 'consent' | 'epochStart'> & { now: Date },
): Promise<boolean> {
  const rows = await sql`
    update pairings set consent = ${sql.json(consent)}, epoch_start = ${sql.json(epochStart)}
    where area_id = ${area} and meter = ${meter} and account = ${account} and rules = ${rules} and expires_at > ${now}
    returning code`
  return rows.length === 1
}

/** Forgets offers that ended: at once where nobody claimed them, and after a day where a claim has led to no seat. */
export async function forgetOffers(sql: Database, today: Date): Promise<void> {
  const now = vouchedFor(sql, today)
  await sql`
    delete from pairings where expires_at < ${now} and (account is null or (
      expires_at < ${now} - interval '1 day'
      and not exists (select from seats where seats.area_id = pairings.area_id and seats.meter = pairings.meter)))`
}
