/**
 * A month of a street of 30 homes as the tables hold it, made without a chain: every second home sells each hour to the next one, at
 * prices and energies that differ by home and hour. The month is October 2026 in Vienna, whose clocks go back in it, so its first and
 * last batch (days of UTC) lie partly in other months.
 */
import { createHash } from 'node:crypto'
import { type Parties, readParties } from '../../server/billing/parties.ts'
import type { Outcome } from '../../server/market/area/area.ts'
import { bytes, numbers, parts, texts } from '../../server/store/arrays.ts'
import type { Database } from '../../server/store/database.ts'
import { encodeOutcomes } from '../../server/store/outcomes.ts'
import { lower, people } from '../api/people.ts'
import { config, face } from '../market/engine/street.ts'

/** Its number in the escrow. */
export const area = 7
export const month = '2026-10'
const [hour, day] = [3_600, 86_400]
const [from, to] = [Date.UTC(2026, 8, 30) / 1000, Date.UTC(2026, 10, 1) / 1000]
const homes = 30

const accountOf = (home: number) => `0x${'ac'.repeat(18)}${String(home).padStart(4, '0')}`
const meterOf = (home: number) => `0x${'e1'.repeat(18)}${String(home).padStart(4, '0')}`
export const pointOf = (home: number) => `AT0010000000000000000010000000${String(home).padStart(5, '0')}`
const place = { street: 'Sonnenweg 3', postcode: '4020', city: 'Linz', country: 'AT' }
const from2026 = '2026-01-01'

/** Members of two languages, every third of whom is a private person, taxed from a day on, or owes the tax. */
export function partiesOf(accounts: readonly string[], taxedFrom: string): Parties {
  const treatments = [
    [{ from: from2026, kind: 'private' }],
    [
      { from: from2026, kind: 'small' },
      { from: taxedFrom, kind: 'taxed', ratePercent: '13' },
    ],
    [{ from: from2026, kind: 'reverse' }],
  ]
  return readParties({
    site: 'https://sonnenweg.example',
    issuer: {
      ...{ ...place, name: 'Energiegemeinschaft Sonnenweg', registration: 'ZVR 123', vatId: 'ATU12345678' },
      vat: [{ from: from2026, kind: 'taxed', ratePercent: '20' }],
    },
    approvers: [lower(people.grid), lower(people.stranger)],
    members: accounts.map((account, i) => ({
      ...{ ...place, account, name: `Home ${i + 1}`, vatId: `ATU${10_000_001 + i}` },
      ...{ language: i % 2 === 0 ? 'de' : 'en', vat: treatments[i % treatments.length] },
    })),
  })
}

export const parties = partiesOf(
  Array.from({ length: homes }, (_, i) => accountOf(i + 1)),
  '2026-10-16',
)

/** Fills the tables; gives the number of the area in the database. */
export async function fillStreet(sql: Database): Promise<number> {
  const { chainId, escrow } = face
  const [{ areaId }] = await sql<[{ areaId: number }]>`
    insert into areas (chain_id, escrow, area) values (${chainId}, ${escrow}, ${area})
    on conflict (chain_id, escrow, area) do update set area = excluded.area returning area_id as "areaId"`
  const rules = { ...config.rules, area, intervalSeconds: hour, batchSeconds: day }
  const settings = { config: { ...config, rules }, face: { ...face, name: 'Sonnenweg' } }
  await sql`insert into area_settings values (${areaId}, 0, ${sql.json(settings as never)})`
  await sql`insert into area_places values (${areaId}, 'AT', 'Europe/Vienna', null, null, null)`
  const all = Array.from({ length: homes }, (_, i) => i + 1)
  const epochStart = { epoch: 1, time: from, importWh: 0, exportWh: 0 }
  await sql`
    insert into seats select ${areaId}, own.seat, own.account, own.meter, ${sql.json({ openedAt: from, epochStart, terms: [] })}, false
    from unnest(${numbers(all, (home) => home)}::int[], ${texts(all, accountOf)}::text[], ${texts(all, meterOf)}::text[])
      own (seat, account, meter)`
  await sql`
    insert into roster_entries (area_id, meter, direction, from_day, member, point)
    select ${areaId}, own.meter, direction, 20000, own.meter, own.point
    from unnest(${texts(all, meterOf)}::text[], ${texts(all, pointOf)}::text[]) own (meter, point),
      unnest(array['import', 'export']) direction`
  await sql`select make_months(array[${from}, ${from + 20 * day}, ${to}]::bigint[])`
  const starts = sql`generate_series(${from}::bigint, ${to - hour}::bigint, ${hour}) start`
  await sql`
    insert into intervals
    select ${areaId}, start, 1, 'final', 'computed', 0, 0, 0, 0, 0, 0, 0, 0, to_timestamp(start + 4000) from ${starts}`
  await fillRows(sql, areaId)
  // Each pair has a price of its own, so the zones have none.
  await sql`
    insert into interval_zones
    select ${areaId}, start, 1, own.place - 1, own.zone, null, null, null, case when own.place = 1 then sold else 0 end,
      case when own.place = 1 then bought else 0 end, case when own.place = 1 then drawn else 0 end,
      case when own.place = 1 then fed else 0 end, case when own.place = 1 then ${homes} else 0 end,
      case when own.place > 1 then 0 end, case when own.place > 1 then 0 end
    from unnest(${texts(config.zones, ({ id }) => id)}::text[]) with ordinality own (zone, place), (
      select start, sum(sold_wh) as sold, sum(bought_wh) as bought, sum(import_wh) as drawn, sum(export_wh) as fed
      from seat_intervals where area_id = ${areaId} group by start
    ) sums`
  await sql`
    insert into batches (
      area_id, end_at, start, number, left_out, band_low, band_high, energy_wh, paid, received, seats, cut_sequence, cut_at)
    select ${areaId}, end_at, end_at - ${day}, 1, '{}', 0, 0, sum(bought_wh), sum(paid), sum(received), ${homes}, 1, now()
    from seat_intervals, lateral (select (start / ${day} + 1) * ${day} as end_at) own
    where area_id = ${areaId} group by end_at`
  await sql`
    insert into batch_entries
    select ${areaId}, end_at, seat, 'settle', end_at, 1, 0, 0, sum(sold_wh), sum(bought_wh), sum(paid), sum(received)
    from seat_intervals, lateral (select (start / ${day} + 1) * ${day} as end_at) own
    where area_id = ${areaId} group by end_at, seat`
  await sql`
    insert into batch_progress (area_id, end_at, number, status, transaction, block)
    select area_id, end_at, number, 'settled', '0xaa', 9 from batches where area_id = ${areaId}`
  const ends = await sql<{ end: number }[]>`select end_at as "end" from batches where area_id = ${areaId}`
  const rootOf = ({ end }: { end: number }) => `0x${createHash('sha256').update(String(end)).digest('hex')}`
  await sql`
    insert into statements (area_id, end_at, number, leaves, root, stated)
    select ${areaId}, end_at, 1, 1, root, ''
    from unnest(${numbers(ends, ({ end }) => end)}::bigint[], ${texts(ends, rootOf)}::text[]) own (end_at, root)`
  await sql`analyze`
  return areaId
}

async function fillRows(sql: Database, areaId: number): Promise<void> {
  const rows: { home: number; start: number; isSale: boolean; energyWh: number; amount: number; outcomes: Buffer }[] =
    []
  for (let start = from; start < to; start += hour) {
    for (let home = 1; home <= homes; home++) {
      const isSale = home % 2 === 1
      // Home 30 buys nothing, and so home 29 sells nothing: one of them gets a sheet.
      const pair = Math.ceil(home / 2)
      const energyWh = pair === homes / 2 ? 0 : 100 + 7 * pair + ((start / hour) % 5)
      const price = 1_000 + 13 * pair + ((start / hour) % 24)
      const amount = energyWh * price
      const fill = {
        ...{
          stage: 'spot' as const,
          arrival: home,
          side: isSale ? ('sell' as const) : ('buy' as const),
          limitTicks: price,
          offeredWh: energyWh,
        },
        ...{ filledWh: energyWh, priceTicks: price, amount: BigInt(amount), code: 'filled' as const, details: [] },
      } satisfies Outcome
      rows.push({ home, start, isSale, energyWh, amount, outcomes: encodeOutcomes(energyWh === 0 ? [] : [fill]) })
    }
  }
  for (const some of parts(rows)) {
    const of = (isSale: boolean, name: 'amount' | 'energyWh') =>
      numbers(some, (row) => (row.isSale === isSale ? row[name] : 0))
    await sql`
      insert into seat_intervals (
        area_id, seat, start, run, current, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received,
        deviation_wh, outcomes)
      select ${areaId}, seat, start, 1, true, 0, 0, case when seat % 2 = 0 then bought + 50 else 0 end,
        case when seat % 2 = 1 then sold + 20 else 0 end, bought, sold, paid, received, 0, outcomes
      from unnest(
        ${numbers(some, ({ home }) => home)}::int[], ${numbers(some, ({ start }) => start)}::bigint[],
        ${of(false, 'energyWh')}::int[], ${of(true, 'energyWh')}::int[], ${of(false, 'amount')}::bigint[],
        ${of(true, 'amount')}::bigint[], ${bytes(some, ({ outcomes }) => outcomes)}::bytea[]
      ) own (seat, start, bought, sold, paid, received, outcomes)`
  }
}
