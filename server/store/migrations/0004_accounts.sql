create table sign_in_nonces (
  nonce text primary key,
  expires_at timestamptz not null
);

-- Only a hash of the bearer token is kept.
create table sessions (
  token_hash bytea primary key,
  account text not null,
  expires_at timestamptz not null
);

create table idempotency_keys (
  key text not null,
  caller text not null,
  request_hash bytea not null,
  status int,
  response text,
  created_at timestamptz not null default now(),
  primary key (caller, key)
);
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
