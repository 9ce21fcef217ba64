-- The journal is the truth: (area_id, sequence) fences writers. Everything else is a projection that advances in the
-- transaction that appends to the journal, or the settlement service's own progress.
-- Times: interval and boundary times are UTC seconds (bigint), wall-clock times are timestamptz. Money: ledger units (numeric).

create table areas (
  area_id bigint primary key,
  name text not null,
  -- Configuration as served: rules, zones with names, tariffs, chain (see server/areas/area-file.ts).
  settings jsonb not null
);

create table journal (
  area_id bigint not null,
  sequence bigint not null,
  engine_version int not null,
  command text not null,
  -- Rolling: sha256 over the hash before, the command and its events.
  hash bytea not null,
  recorded_at timestamptz not null default now(),
  primary key (area_id, sequence)
);

create table snapshots (
  area_id bigint not null,
  sequence bigint not null,
  engine_version int not null,
  state text not null,
  hash bytea not null,
  primary key (area_id, sequence)
);

create table seats (
  area_id bigint not null,
  seat bigint not null,
  account text not null,
  meter text not null,
  -- The engine's ChainSeat, bigints as decimal strings.
  chain jsonb not null,
  -- Free funds as of the newest command, ledger units.
  available numeric(40) not null,
  primary key (area_id, seat)
);
create index seats_account on seats (account);
-- A released meter may sit in a later seat.
create index seats_meter on seats (area_id, meter);

create table orders (
  area_id bigint not null,
  order_id text not null,
  seat bigint not null,
  account text not null,
  meter text not null,
  side text not null check (side in ('buy', 'sell')),
  limit_ticks int not null,
  max_wh int not null,
  active_from bigint not null,
  active_until bigint not null,
  nonce bigint not null,
  arrival bigint not null,
  status text not null check (status in ('active', 'replaced', 'cancelled', 'expired')),
  accepted_at timestamptz not null,
  -- The signed structure, its signature and, where a session key signed, that key's proof.
  signed jsonb not null,
  primary key (area_id, order_id)
);
create index orders_account on orders (account, accepted_at desc);
create index orders_active on orders (area_id, seat) where status = 'active';

create table readings (
  area_id bigint not null,
  meter text not null,
  epoch int not null,
  time bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  quality smallint not null,
  signature bytea not null,
  sequence bigint not null,
  production_wh bigint,
  reasons text[] not null,
  received_at timestamptz not null default now(),
  primary key (meter, epoch, time)
);
create index readings_time on readings using brin (time);

create table intervals (
  area_id bigint not null,
  start bigint not null,
  run int not null,
  status text not null check (status in ('provisional', 'final')),
  matched_wh bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  missing_readings int not null,
  grid_fees numeric(40) not null,
  congestion_rent numeric(40) not null,
  grid_take numeric(40) not null,
  -- [{zone, priceTicks, lowestTicks, highestTicks, soldWh, boughtWh, importWh, exportWh}] and [{zone, exportWh, congestionTicks}]
  zones jsonb not null,
  flows jsonb not null,
  computed_at timestamptz not null,
  primary key (area_id, start, run)
);

create table seat_intervals (
  area_id bigint not null,
  start bigint not null,
  run int not null,
  seat bigint not null,
  meter text not null,
  zone text not null,
  quality text not null check (quality in ('measured', 'estimated', 'doubtful', 'missing')),
  import_wh bigint not null,
  export_wh bigint not null,
  bought_wh bigint not null,
  sold_wh bigint not null,
  paid numeric(40) not null,
  received numeric(40) not null,
  -- Traded forward but not delivered or not taken, both sides together.
  deviation_wh bigint not null,
  -- [{order, side, limitTicks, offeredWh, filledWh, priceTicks, amount, code, message}], amount as a decimal string
  outcomes jsonb not null,
  -- True for the newest run of its interval only.
  current boolean not null,
  primary key (area_id, seat, start, run),
  check (bought_wh <= import_wh and sold_wh <= export_wh)
);
create index seat_intervals_current on seat_intervals (area_id, start) where current;

create table batches (
  area_id bigint not null,
  start bigint not null,
  end_at bigint not null,
  band_low int not null,
  band_high int not null,
  energy_wh bigint not null,
  paid numeric(40) not null,
  received numeric(40) not null,
  statement_root text not null,
  status text not null check (status in ('cut', 'submitted', 'settled')),
  transaction text,
  block bigint,
  gas_used bigint,
  cut_at timestamptz not null,
  primary key (area_id, end_at)
);

create table batch_entries (
  area_id bigint not null,
  end_at bigint not null,
  seat bigint not null,
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

-- The statement's leaves: their hashes prove the others; deleting a salt makes its leaf unlinkable and harms no proof.
create table statement_leaves (
  area_id bigint not null,
  end_at bigint not null,
  leaf int not null,
  hash bytea not null,
  salt bytea,
  primary key (area_id, end_at, leaf)
);

-- Orders for one interval that had not started; what rests of them is `open_wh`.
create table forward_orders (
  area_id bigint not null,
  order_id text not null,
  seat bigint not null,
  account text not null,
  meter text not null,
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
  signed jsonb not null,
  primary key (area_id, order_id)
);
create index forward_orders_account on forward_orders (account, accepted_at desc);
create index forward_orders_book on forward_orders (area_id, start, zone) where open_wh > 0;

create table forward_trades (
  area_id bigint not null,
  start bigint not null,
  number int not null,
  zone text not null,
  buy_order text not null,
  sell_order text not null,
  buyer bigint not null,
  seller bigint not null,
  price_ticks int not null,
  energy_wh int not null,
  -- Null until the interval was computed.
  delivered_wh int,
  made_at timestamptz not null,
  primary key (area_id, start, number)
);
create index forward_trades_buyer on forward_trades (area_id, buyer, start desc);
create index forward_trades_seller on forward_trades (area_id, seller, start desc);
