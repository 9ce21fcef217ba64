create table sign_in_nonces (
  nonce text primary key,
  expires_at timestamptz not null
);

-- Only a hash of the bearer token is kept.
create table sessions (
  token_hash bytea primary key,
  account text not null,
  opened_at timestamptz not null,
  expires_at timestamptz not null,
  -- By which its owner knows it again, such as "Firefox on Linux".
  client text not null
);
create index sessions_account on sessions (account);

create table idempotency_keys (
  key text not null,
  caller text not null,
  request_hash bytea not null,
  status int,
  response text,
  created_at timestamptz not null default now(),
  primary key (caller, key)
);

-- Accounts that came with an invitation: what they sign is carried to the chain for them.
create table invited_accounts (
  area_id int not null,
  account text not null,
  -- The invitation's EIP-712 digest.
  invitation bytea not null,
  -- Who signed it: the grid operator, the operator, or a member.
  inviter text not null,
  accepted_at timestamptz not null default now(),
  primary key (area_id, account)
);
create index invited_accounts_inviter on invited_accounts (area_id, inviter);

-- What was carried to the chain, and for whom; kept as long as budgets look back.
create table relays (
  area_id int not null,
  account text not null,
  -- What only one of them at a time may be about: a meter, a purse, a permit.
  subject text not null,
  request_hash bytea not null,
  -- Of the transaction as it was sent first.
  transaction text not null,
  -- The most that its transactions may use.
  gas bigint not null,
  relayed_at timestamptz not null default now(),
  primary key (area_id, request_hash)
);
create index relays_recent on relays (relayed_at);
create index relays_subject on relays (area_id, subject, relayed_at);
create index sign_in_nonces_expired on sign_in_nonces (expires_at);
create index sessions_expired on sessions (expires_at);
create index idempotency_keys_created on idempotency_keys (created_at);

-- How a home's agent and its owner's page find each other: a meter that is offered, and what became of it.
create table pairings (
  area_id int not null,
  meter text not null,
  code text not null unique,
  -- What the agent said last of the meter and its devices.
  found jsonb not null,
  offered_at timestamptz not null,
  -- When the code ends by itself.
  expires_at timestamptz not null,
  account text,
  rules text,
  -- As the meter signed them for the account.
  consent jsonb,
  epoch_start jsonb,
  primary key (area_id, meter)
);
create index pairings_expired on pairings (expires_at);

-- Grants by which accounts let others read a seat's data. They are the account's own: nobody else is told of them.
create table data_grants (
  id bigint generated always as identity primary key,
  -- The grant's EIP-712 digest.
  digest bytea not null unique,
  area_id int not null,
  seat int not null,
  account text not null,
  grantee text not null,
  scope smallint not null,
  granularity smallint not null,
  -- Of the data, UTC seconds.
  data_from bigint not null,
  data_until bigint not null,
  nonce bigint not null,
  signature bytea not null,
  -- Where the account takes it back.
  chain_id bigint not null,
  revocations text not null,
  given_at timestamptz not null default now()
);
create index data_grants_account on data_grants (account, id);
create index data_grants_grantee on data_grants (grantee, id);

-- What accounts granted under a lower nonce is void: as they signed it here, or as the contract has it.
create table grant_revocations (
  chain_id bigint not null,
  revocations text not null,
  account text not null,
  below numeric(20) not null,
  primary key (chain_id, revocations, account)
);

-- How far the contract's events have been read.
create table revocations_read (
  chain_id bigint not null,
  revocations text not null,
  block bigint not null,
  primary key (chain_id, revocations)
);

-- Who read what of whom, if it was not the owner: one row for what one reader read of one thing within an hour.
create table data_reads (
  id bigint generated always as identity primary key,
  -- Hours since 1970.
  hour int not null,
  reader text not null,
  what text not null,
  area_id int not null,
  -- Empty: of everybody in the area.
  account text not null,
  -- 0: of all of the account's seats in the area.
  seat int not null,
  -- Of the grant; empty where the reader is the area's grid operator.
  grant_digest bytea not null,
  -- Of the data, UTC seconds.
  data_from bigint not null,
  data_until bigint not null,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  times int not null default 1,
  unique (hour, reader, what, area_id, account, seat, grant_digest)
);
create index data_reads_account on data_reads (account, id);
create index data_reads_area on data_reads (area_id, id) where account = '';
