-- The name under which an account lets its neighbours see it; whoever has none is seen by nobody. Others name it by its number.
create table partner_names (
  id bigint generated always as identity primary key,
  account text not null unique,
  name text not null
);

-- Whom an account prefers as a partner, of those that let themselves be seen.
create table preferred_partners (
  account text not null,
  partner bigint not null references partner_names on delete cascade,
  -- UTC seconds: it counts in intervals that start from then on.
  since bigint not null,
  primary key (account, partner)
);
create index preferred_partners_partner on preferred_partners (partner);
