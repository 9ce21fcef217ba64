-- What accounts are told of: that a payout arrived, that a meter fell silent, that a month's statement is ready. Each arises once.
create table notices (
  id bigint generated always as identity primary key,
  area_id int not null,
  seat int not null,
  account text not null,
  kind text not null check (kind in ('payout', 'silent', 'statement')),
  -- By which it arises once: the transaction and place of a payout, the last reading of a silence, the month of a statement.
  subject text not null,
  -- When it happened, UTC seconds.
  happened_at bigint not null,
  -- Of a payout: ledger units, and to whom.
  amount numeric(40),
  payee text,
  read_at timestamptz,
  unique (area_id, seat, kind, subject)
);
create index notices_account on notices (account, id desc);

-- Kinds that an account does not want to be told of.
create table notices_unwanted (
  account text not null,
  kind text not null,
  primary key (account, kind)
);

-- How far an area's payouts have been looked through.
create table notices_looked (
  area_id int primary key,
  block bigint not null
);
