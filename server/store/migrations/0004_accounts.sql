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
