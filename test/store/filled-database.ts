/** A database that holds two areas, one of them large: what queries are planned against. */
import { encodeCommand } from '../../server/market/engine/journal.ts'
import type { Database } from '../../server/store/database.ts'
import { monthOf } from '../../server/store/months.ts'
import { encodeOutcomes } from '../../server/store/outcomes.ts'
import { stretchLength } from '../../server/store/project-readings.ts'
import { sumSeconds } from '../../server/store/seat-sums.ts'
import { addressOf, config, face, intervalSeconds, order, placing, t0 } from '../market/engine/street.ts'

/** In the large area, whose number in the database is 1. */
const seats = 800
const intervals = 400
export const chainId = face.chainId
export const escrow = face.escrow
export const sender = addressOf('a', 1)

/** The start of an interval by its place. */
export function startOf(place: number): number {
  return t0 + place * intervalSeconds
}

/** The end of a batch by its place. */
export function endOf(place: number): number {
  return t0 + (place + 1) * 4 * intervalSeconds
}

export async function fill(sql: Database): Promise<void> {
  const signed = encodeCommand(placing(0, order(1, 'buy')))
  const outcomes = encodeOutcomes([
    {
      ...{ stage: 'spot', arrival: 7, side: 'buy', limitTicks: 2_500, offeredWh: 100, filledWh: 50, priceTicks: 1_200 },
      ...{ amount: 60_000n, code: 'partly-filled-at-margin', details: [] },
    },
  ])
  const agreement = encodeCommand({
    ...{ type: 'agreements', atMs: 0 },
    items: [
      {
        id: `0x${'1'.repeat(64)}`,
        agreement: {
          ...{ seller: addressOf('a', 1), sellerMeter: addressOf('b', 1) },
          ...{ buyer: addressOf('a', 2), buyerMeter: addressOf('b', 2) },
          ...{ rules: config.rulesHash, kind: 0, amount: 5, price: 1_000 },
          ...{ start: t0, end: t0 + 900, noticeSeconds: 0, nonce: 1 },
        },
        ...{ sellerSignature: '0x', buyerSignature: '0x' },
      },
    ],
  })
  const revocation = encodeCommand({
    ...{
      type: 'revoke-session',
      atMs: 0,
      account: addressOf('a', 1),
      key: addressOf('a', 2),
      from: 0,
      signature: '0x',
    },
  })
  await sql`set statement_timeout = 0`
  await sql`insert into areas (chain_id, escrow, area) values (${chainId}, ${escrow}, 1), (${chainId}, ${escrow}, 2)`
  await sql`
    insert into area_settings
    select area_id, ${t0}::bigint + n * 86400, ${sql.json({ config, face } as never)} from areas, generate_series(0, 3) n`
  await sql`
    insert into seats
    select area_id, n, '0xa' || lpad(to_hex(n), 39, '0'), '0xb' || lpad(to_hex(n), 39, '0'),
      jsonb_build_object('seat', n, 'terms', '[]'::jsonb, 'keys', '[]'::jsonb,
        'epochStart', jsonb_build_object('epoch', 1, 'time', ${t0}::bigint, 'importWh', 0, 'exportWh', 0),
        'base', jsonb_build_object('epoch', 1, 'time', ${t0}::bigint, 'importWh', 0, 'exportWh', 0)), false
    from areas, generate_series(1, ${seats}) n where area_id = 1 or n <= 20`
  const months = Array.from({ length: 15 }, (_, before) => monthOf(t0, -before))
  await sql`select make_months(${months})`
  await sql`insert into seat_funds select area_id, seat, 5 from seats`
  await sql`
    insert into intervals
    select area_id, ${t0}::bigint + n * ${intervalSeconds}, run, 'final', 'computed', 0, 0, 0, 0, 0, 0, 0, 0, now()
    from areas, generate_series(0, ${intervals - 1}) n, generate_series(1, 2) run`
  await sql`
    insert into interval_zones
    select area_id, start, run, place, 'zone' || place, 7, 7, 7, 0, 0, 0, 0, 5, nullif(place, 0), nullif(place, 0)
    from intervals, generate_series(0, 9) place where run = 1`
  await sql`
    insert into interval_grounds select distinct on (area_id, start) area_id, start, 1, '{}', '{}', '[[1,2]]'::jsonb from intervals`
  await sql`
    insert into seat_intervals
    select area_id, seat, start, 5, 0, 1, 100, 0, 50, 0, 0, 1, 0, true, ${outcomes}
    from seats join intervals using (area_id) where run = 1 order by area_id, start, seat`
  await sql`
    insert into seat_sums
    select area_id, seat, start / ${sumSeconds(intervalSeconds)}::bigint, sum(import_wh), 0, 0, sum(bought_wh), 0, sum(paid), 0
    from seat_intervals group by 1, 2, 3`
  await sql`
    insert into readings
    select area_id, seat, start + ${intervalSeconds}, 100 * n, 0, n, 1, 0, n % 50 = 0, decode(repeat('ab', 64), 'hex')
    from seats join (select area_id, start, row_number() over (partition by area_id order by start) n from intervals where run = 1) i using (area_id)
    order by area_id, start, seat`
  await sql`
    insert into reading_stretches
    select distinct area_id, seat, epoch, time / ${intervalSeconds * stretchLength}::bigint from readings`
  await sql`
    insert into orders
    select area_id, 20 * seat + n, sha256(('order ' || area_id || ' ' || seat || ' ' || n)::bytea), seat,
      case n % 2 when 0 then 'buy' else 'sell' end, 5, 5, ${t0}::bigint + n * 3600, ${t0}::bigint + (n + 1) * 3600, n,
      case when n = 19 then 'active' else 'expired' end, now(), ${signed}
    from seats, generate_series(0, 19) n`
  await sql`
    insert into forward_orders
    select area_id, 100000 + 20 * seat + n, sha256(('forward ' || area_id || ' ' || seat || ' ' || n)::bytea), seat, 'zone1',
      case seat % 2 when 0 then 'buy' else 'sell' end, ${t0}::bigint + n * ${intervalSeconds}, 5 + n, 9, 4, 'GTC', n, null, now(), ${signed}
    from seats, generate_series(0, 19) n`
  await sql`
    insert into forward_trades
    select area_id, start, row_number() over (partition by area_id, start), 'zone1', arrival, arrival - 20, seat, seat - 1, 5, 5, 3, now()
    from forward_orders where side = 'buy'`
  await sql`
    insert into agreements
    select area_id, 200000 + 10 * seat + n, sha256(('agreement ' || area_id || ' ' || seat || ' ' || n)::bytea), 1, seat, seat + 1, 0, 5, 5,
      ${t0}::bigint + n * 3600, ${t0}::bigint + (n + 1) * 3600, null, now(), ${agreement}
    from seats, generate_series(0, 9) n`
  await sql`insert into session_revocations select area_id, account, meter, n, ${revocation} from seats, generate_series(1, 10) n`
  await sql`
    insert into suspensions
    select area_id, meter, seat, seat, 1, ${startOf(1)}, 1, 1, 0, decode(repeat('cd', 64), 'hex'), now(), now() from seats where seat % 5 = 0`
  await sql`
    insert into batches (
      area_id, end_at, start, number, left_out, band_low, band_high, energy_wh, paid, received, seats, cut_sequence, cut_at)
    select area_id, ${t0}::bigint + (n + 1) * 3600, ${t0}::bigint + n * 3600, 1, '{}', 0, 0, 0, 0, 0, 5, n + 1, now()
    from areas, generate_series(0, ${intervals / 4 - 1}) n`
  await sql`
    insert into batch_entries
    select area_id, end_at, seat, 'settle', end_at, 1, 400, 0, 0, 5, 6, 0 from batches join seats using (area_id)`
  await sql`insert into batch_progress select area_id, end_at, 1, 'settled', '0xab', 5, 5 from batches where end_at < ${endOf(90)}`
  await sql`insert into statements (area_id, end_at, number, leaves, root, stated) select area_id, end_at, 1, 5, '0xcd', '\\x' from batches`
  await sql`insert into missed_batches select area_id, n, n + 1, now() from areas, generate_series(1, 3000) n`
  await sql`
    insert into journal (area_id, sequence, rules_version, command, hash)
    select area_id, n, 3, decode(repeat('ab', 100), 'hex'), sha256(n::text::bytea) from areas, generate_series(1, 30000) n`
  await sql`
    insert into journal_secrets select area_id, n, decode(repeat('ef', 32), 'hex') from areas, generate_series(1, 3000) n`
  await sql`
    insert into chain_blocks select ${chainId}, ${escrow}, n, '0x' || n, n from generate_series(1, 20000) n`
  await sql`
    insert into chain_events select ${chainId}, ${escrow}, n, 0, '0x' || n, 'Event', '{}' from generate_series(1, 20000) n`
  await sql`
    insert into transactions (chain_id, sender, nonce, purpose, attempts, status)
    select ${chainId}, ${sender}, n, 'batch ' || n, '[]', case when n < 19990 then 'mined' else 'pending' end
    from generate_series(1, 20000) n`
  await sql`insert into sign_in_nonces select n::text, now() + n * interval '1 s' from generate_series(1, 20000) n`
  await sql`insert into sessions select sha256(n::text::bytea), '0x', now(), now() + n * interval '1 s', 'a browser' from generate_series(1, 20000) n`
  await sql`insert into idempotency_keys select n::text, '0x', '\\x', 200, '', now() from generate_series(1, 20000) n`
  await sql`analyze`
}
