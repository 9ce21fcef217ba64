-- The journal is the truth: a row may only follow the row before it. Everything else that is keyed by an area is a projection
-- of the journal, made anew by `commonwatt rebuild`, but for leases, snapshots and how far batches are on their way (0002).
-- Times: interval and boundary times are UTC seconds (bigint), wall-clock times are timestamptz. Energy: Wh. Money: ledger units.

-- Which area of which escrow on which chain a number stands for in this database.
create table areas (
  area_id int generated always as identity primary key,
  chain_id bigint not null,
  escrow text not null,
  area bigint not null,
  unique (chain_id, escrow, area)
);

-- Who may write an area's journal now. It only saves work: safety comes from the journal's chained rows.
create table area_leases (
  area_id int primary key,
  -- Counts the owners.
  epoch bigint not null,
  owner text not null,
  expires_at timestamptz not null
);

create table journal (
  area_id int not null,
  rules_version smallint not null,
  sequence bigint not null,
  -- The command's canonical bytes (server/market/area/area.ts).
  command bytea not null,
  -- Rolling: SHA-256 over the hash before, the command and its events.
  hash bytea not null,
  primary key (area_id, sequence)
);

-- Rows of the journal that no snapshot needs, pressed together: each segment holds many without a gap, and only the hash of its
-- last one, from which the others follow. A long one lies in several parts, which follow each other from 0.
create table journal_segments (
  area_id int not null,
  last bigint not null,
  part int not null,
  first bigint not null,
  rules_version smallint not null,
  hash bytea not null,
  -- Newest time of its commands, UTC milliseconds.
  until_ms bigint not null,
  bytes bytea not null,
  primary key (area_id, last, part)
);
alter table journal_segments alter column bytes set storage external;

-- What the salts of a batch's statement follow from, by the row that cut it first; its SHA-256 is in the command. It is gone once
-- somebody's leaves were erased.
create table journal_secrets (
  area_id int not null,
  sequence bigint not null,
  secret bytea not null,
  primary key (area_id, sequence)
);

create table snapshots (
  area_id int not null,
  sequence bigint not null,
  rules_version smallint not null,
  hash bytea not null,
  -- [[name, hash]] of its pieces in their order
  pieces jsonb not null,
  primary key (area_id, sequence)
);

-- A piece never changes; a long one lies in several parts, which follow each other from 0.
create table snapshot_pieces (
  area_id int not null,
  hash bytea not null,
  part int not null,
  bytes bytea not null,
  primary key (area_id, hash, part)
);
alter table snapshot_pieces alter column bytes set storage external;

-- What an area clears by and what people read of it, from an interval on.
create table area_settings (
  area_id int not null,
  from_start bigint not null,
  -- {config, face} as they were journaled (server/market/engine/area.ts).
  settings jsonb not null,
  primary key (area_id, from_start)
);

create table seats (
  area_id int not null,
  seat int not null,
  account text not null,
  meter text not null,
  -- The engine's ChainSeat, bigints as decimal strings.
  chain jsonb not null,
  -- Its meter signed two values for one boundary and was not confirmed anew since.
  suspended boolean not null,
  primary key (area_id, seat)
);
create index seats_account on seats (account, area_id, seat);
-- A released meter may sit in a later seat.
create index seats_meter on seats (area_id, meter);

-- Free funds as of the newest command, of the seats that the engine holds. They change with every interval: so they stand
-- apart from the wide rows of seats, with room beside each for its next version.
create table seat_funds (
  area_id int not null,
  seat int not null,
  -- Ledger units.
  available numeric(40) not null,
  primary key (area_id, seat)
) with (fillfactor = 50);

create table orders (
  area_id int not null,
  -- Its place in the order of arrival in the area, which names it.
  arrival bigint not null,
  order_id bytea not null,
  seat int not null,
  side text not null check (side in ('buy', 'sell')),
  limit_ticks int not null,
  max_wh int not null,
  active_from bigint not null,
  active_until bigint not null,
  nonce bigint not null,
  status text not null check (status in ('active', 'replaced', 'cancelled', 'expired', 'revoked')),
  accepted_at timestamptz not null,
  -- Canonical bytes of the command: the signed structure, its signature and, where a session key signed, that key's grant.
  signed bytea not null,
  primary key (area_id, arrival),
  unique (area_id, order_id)
);
create index orders_seat on orders (area_id, seat, arrival desc);
create index orders_active on orders (area_id, seat) where status = 'active';
create index orders_until on orders (area_id, active_until);

-- Orders for one interval that had not started; what rests of them is `open_wh`.
create table forward_orders (
  area_id int not null,
  arrival bigint not null,
  order_id bytea not null,
  seat int not null,
  zone text not null,
  side text not null check (side in ('buy', 'sell')),
  start bigint not null,
  limit_ticks int not null,
  max_wh int not null,
  open_wh int not null,
  time_in_force text not null check (time_in_force in ('GTC', 'IOC', 'FOK')),
  nonce bigint not null,
  -- Null while it rests or was filled wholly; else why the rest was cancelled.
  cancelled text,
  accepted_at timestamptz not null,
  -- As of `orders`.
  signed bytea not null,
  primary key (area_id, arrival),
  unique (area_id, order_id)
);
create index forward_orders_seat on forward_orders (area_id, seat, arrival desc);
create index forward_orders_book on forward_orders (area_id, start, zone) where open_wh > 0;

create table forward_trades (
  area_id int not null,
  start bigint not null,
  number int not null,
  zone text not null,
  -- Arrivals of the orders.
  buy_order bigint not null,
  sell_order bigint not null,
  buyer int not null,
  seller int not null,
  price_ticks int not null,
  energy_wh int not null,
  -- By the newest run; null until the interval was computed.
  delivered_wh int,
  made_at timestamptz not null,
  primary key (area_id, start, number)
);
create index forward_trades_buyer on forward_trades (area_id, buyer, start desc, number desc);
create index forward_trades_seller on forward_trades (area_id, seller, start desc, number desc);

create table agreements (
  area_id int not null,
  arrival bigint not null,
  agreement_id bytea not null,
  -- Arrival of the first of those that were signed as one group.
  group_arrival bigint not null,
  seller int not null,
  buyer int not null,
  -- 0 a fixed energy, 1 a share in hundredths of a percent, 2 all of the surplus
  kind smallint not null,
  amount int not null,
  price_ticks int not null,
  start bigint not null,
  -- Earlier than signed where notice was given.
  end_at bigint not null,
  -- The account that gave notice, where one did.
  notice_by text,
  accepted_at timestamptz not null,
  -- Canonical bytes of a command with this agreement alone: the signed structure and both signatures.
  signed bytea not null,
  primary key (area_id, arrival),
  unique (area_id, agreement_id)
);
create index agreements_seller on agreements (area_id, seller, arrival desc);
create index agreements_buyer on agreements (area_id, buyer, arrival desc);
create index agreements_until on agreements (area_id, end_at);

create table session_revocations (
  area_id int not null,
  account text not null,
  key text not null,
  from_start bigint not null,
  -- Canonical bytes of the command: from when on the account wished it, and its signature.
  signed bytea not null,
  primary key (area_id, account, key, from_start)
);

-- The two tables that grow with every meter and interval lie in partitions, one for each month, so that a month that is archived goes
-- at once. Readings and rows of intervals are keyed by time first: all of one boundary come together, so a commit writes to a few pages
-- at the end of the index, whatever the number of seats and however long the history. What else came with a reading (its number,
-- its reasons, when it arrived) is in the journal.
create table readings (
  area_id int not null,
  seat int not null,
  time bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  production_wh bigint,
  epoch int not null,
  quality smallint not null,
  -- True where it came after the batch that it belongs to was cut, so it was no part of any trade. Null where it came after the
  -- batch that it ends was cut, and before the one that it begins was: only rare rows have nulls, which cost the others nothing.
  late boolean,
  signature bytea not null,
  primary key (area_id, time, seat, epoch)
) partition by range (time);

-- Stretches of 128 boundaries at which a seat's meter was read at least once: what finds a seat's reading that is nearest to a
-- time, or the newest one.
create table reading_stretches (
  area_id int not null,
  seat int not null,
  epoch int not null,
  stretch int not null,
  primary key (area_id, seat, epoch, stretch)
);

-- Meters that signed a second value for a boundary; the first one stands in the readings.
create table suspensions (
  area_id int not null,
  meter text not null,
  -- Of the command that brought the second value.
  journal_sequence bigint not null,
  seat int not null,
  epoch int not null,
  time bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  quality smallint not null,
  signature bytea not null,
  suspended_at timestamptz not null,
  lifted_at timestamptz,
  primary key (area_id, meter, journal_sequence)
);

create table intervals (
  area_id int not null,
  start bigint not null,
  run int not null,
  -- missed: the chain has settled this time by a batch that the journal does not know.
  status text not null check (status in ('provisional', 'final', 'missed')),
  -- computed, corrected (energy that became known late) or reduced (somebody was left out)
  kind text not null check (kind in ('computed', 'corrected', 'reduced')),
  matched_wh bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  missing_readings int not null,
  -- What of the energy traded ahead this run did not honour.
  deviation_wh bigint not null,
  grid_fees numeric(40) not null,
  congestion_rent numeric(40) not null,
  grid_take numeric(40) not null,
  computed_at timestamptz not null,
  primary key (area_id, start, run)
);

-- Results of an interval's zones. A run that corrects one zone has a row of that one: of the others the newest row before counts.
create table interval_zones (
  area_id int not null,
  start bigint not null,
  run int not null,
  -- Place among the zones of the area's settings at that time.
  place smallint not null,
  zone text not null,
  price_ticks int,
  lowest_ticks int,
  highest_ticks int,
  sold_wh bigint not null,
  bought_wh bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  -- That were read, of a run that computed the whole interval; 0 of one that changes a zone of it.
  meters int not null default 0,
  -- Over the zone's link to its parent, positive upwards; null of the root.
  flow_wh bigint,
  congestion_ticks int,
  primary key (area_id, start, place, run)
);

-- What an interval's result rests on and nobody signs: with these, orders, readings and the chain it can be computed again.
create table interval_grounds (
  area_id int not null,
  start bigint not null,
  -- The chain as far as it was known when the interval started.
  block bigint not null,
  -- Seats whose meters were suspended when the interval started, and when it was computed last (null before the first time).
  suspended_at_start int[] not null,
  suspended_at_computation int[],
  -- [[arrival, Wh]]: orders and agreements for which funds were too short when it started, and what they still covered.
  cut jsonb not null,
  primary key (area_id, start)
);

create table seat_intervals (
  area_id int not null,
  seat int not null,
  start bigint not null,
  paid bigint not null,
  received bigint not null,
  run int not null,
  import_wh int not null,
  export_wh int not null,
  bought_wh int not null,
  sold_wh int not null,
  -- Promised ahead but not delivered or not taken, both sides together.
  deviation_wh int not null,
  -- Place among the run's zones.
  zone smallint not null,
  -- 0 measured, 1 estimated, 2 doubtful, 3 missing
  quality smallint not null,
  -- True for the newest run that tells of the seat. Rows of a provisional run go when the interval is computed again.
  current boolean not null,
  -- Canonical bytes of the list of outcomes (server/market/engine/area.ts).
  outcomes bytea not null,
  primary key (area_id, start, seat, run),
  check (bought_wh <= import_wh and sold_wh <= export_wh)
) partition by range (start);

-- Makes the partitions of the months (UTC) in which these times lie, where they are missing. A partition is made beside its table and
-- then attached, which disturbs neither those who read nor those who write.
create function make_months(times bigint[]) returns void language plpgsql as $$
declare
  month timestamp;
  parent text;
  partition text;
begin
  for month in select distinct date_trunc('month', to_timestamp(each) at time zone 'UTC') from unnest(times) each loop
    foreach parent in array array['readings', 'seat_intervals'] loop
      partition := parent || to_char(month, '_YYYY_MM');
      perform pg_advisory_xact_lock(1836019316);
      continue when to_regclass(format('%I.%I', current_schema(), partition)) is not null;
      execute format('create table %1$I.%2$I (like %1$I.%3$I including all)', current_schema(), partition, parent);
      execute format('alter table %1$I.%2$I attach partition %1$I.%3$I for values from (%4$s) to (%5$s)', current_schema(),
        parent, partition, extract(epoch from month)::bigint, extract(epoch from month + interval '1 month')::bigint);
    end loop;
  end loop;
end $$;
-- This month and the two after it; the server goes on from there.
select make_months(array(
  select extract(epoch from now() + later * interval '1 month')::bigint from generate_series(0, 2) later));

create table batches (
  area_id int not null,
  end_at bigint not null,
  start bigint not null,
  number int not null,
  -- Seats that could not pay, of all numbers.
  left_out int[] not null,
  -- [[number, [seats]]]: which seats were left out of which number, or are just being left out of the newest one.
  leaving jsonb not null default '[]',
  band_low int not null,
  band_high int not null,
  energy_wh bigint not null,
  paid numeric(40) not null,
  received numeric(40) not null,
  -- That trade in it.
  seats int not null,
  -- Journal row whose secret the salts follow from.
  cut_sequence bigint not null,
  cut_at timestamptz not null,
  primary key (area_id, end_at)
);

create table batch_entries (
  area_id int not null,
  end_at bigint not null,
  seat int not null,
  kind text not null check (kind in ('settle', 'rebase')),
  time bigint not null,
  epoch int not null,
  import_wh bigint not null,
  export_wh bigint not null,
  sold_wh bigint not null,
  bought_wh bigint not null,
  paid numeric(40) not null,
  received numeric(40) not null,
  primary key (area_id, end_at, seat, time)
);
create index batch_entries_seat on batch_entries (area_id, seat, end_at desc);

-- Times that the chain has settled and this journal does not know: it was restored from an old copy.
create table missed_batches (
  area_id int not null,
  start bigint not null,
  end_at bigint not null,
  noticed_at timestamptz not null,
  primary key (area_id, end_at)
);
