-- What the indexer has seen of the escrow, block by block, so that a reorganisation can be rolled back.
create table chain_blocks (
  chain_id bigint not null,
  escrow text not null,
  number bigint not null,
  hash text not null,
  time bigint not null,
  primary key (chain_id, escrow, number)
);

create table chain_events (
  chain_id bigint not null,
  escrow text not null,
  block bigint not null,
  log_index int not null,
  transaction text not null,
  name text not null,
  args jsonb not null,
  primary key (chain_id, escrow, block, log_index)
);

-- Transactions of the server's own key, written before they are sent.
create table transactions (
  id bigint generated always as identity primary key,
  chain_id bigint not null,
  sender text not null,
  nonce bigint not null,
  purpose text not null,
  -- [{raw, hash, maxFeePerGas, maxPriorityFeePerGas, atMs}], newest last: a replacement has the same nonce. Fees in wei, decimal.
  attempts jsonb not null,
  status text not null check (status in ('pending', 'mined', 'failed')),
  -- Of the attempt that was mined.
  hash text,
  block bigint,
  gas_used bigint,
  failure text,
  created_at timestamptz not null default now(),
  unique (chain_id, sender, nonce)
);
create index transactions_unmined on transactions (chain_id, sender, nonce) where status = 'pending';
create index transactions_of_purpose on transactions (chain_id, sender, purpose, id desc);
-- A purpose is served by one transaction; only a failed one frees it.
create unique index transactions_purpose on transactions (chain_id, sender, purpose) where status <> 'failed';

-- Meters that signed two values for one boundary: both, kept for as long as the area is, and what became of the report.
create table equivocations (
  area_id int not null,
  meter text not null,
  epoch int not null,
  time bigint not null,
  -- {importWh, exportWh, quality, signature} of the value that stands, and of the other.
  first jsonb not null,
  second jsonb not null,
  noticed_at timestamptz not null default now(),
  -- Of the report; null until it was sent.
  transaction text,
  -- Why the escrow takes it no more: it knows it already, or the meter has left.
  refusal text,
  primary key (area_id, meter, epoch, time)
);
create index equivocations_unreported on equivocations (area_id) where transaction is null and refusal is null;
