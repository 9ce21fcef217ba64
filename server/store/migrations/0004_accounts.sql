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

-- Accounts that came with an invitation of the area's grid operator: what they sign is carried to the chain for them.
create table invited_accounts (
  area_id int not null,
  account text not null,
  -- The invitation's EIP-712 digest.
  invitation bytea not null,
  accepted_at timestamptz not null default now(),
  primary key (area_id, account)
);
create index invited_accounts_invitation on invited_accounts (area_id, invitation);

-- What was carried to the chain, and for whom; kept as long as budgets look back.
create table relays (
  area_id int not null,
  account text not null,
  -- What only one of them at a time may be about: a meter, a purse, a permit.
  subject text not null,
  request_hash bytea not null,
  -- Of the transaction as it was sent first.
  transaction text not null,
  relayed_at timestamptz not null default now(),
  primary key (area_id, request_hash)
);
create index relays_account on relays (account, relayed_at);
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
