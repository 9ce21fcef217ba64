-- What the grid operator keeps beside the market. None of it is in the journal, and none of it changes what was settled: it says
-- who stands behind a meter, and what was given out.

create table area_places (
  area_id int primary key,
  -- ISO 3166, two letters: by whose rule identifiers of metering points are checked.
  country text not null,
  -- IANA name or fixed offset: whose clocks local times, days and months go by.
  time_zone text not null,
  -- Codes of the energy market (EIC or GLN): who sends reports to whom, of which balance area. Null where there are none.
  sender text,
  receiver text,
  domain text
);

-- The newest roster. Days are counted from 1970-01-01; `end_day` is the day after the last one.
create table roster_entries (
  area_id int not null,
  meter text not null,
  direction text not null check (direction in ('import', 'export')),
  from_day int not null,
  end_day int,
  member text not null,
  point text not null,
  supplier text,
  balance_group text,
  primary key (area_id, meter, direction, from_day)
);

-- What reports were written of: the same range, selection and sources give the same version again.
create table report_versions (
  area_id int not null,
  -- Format, range, period, selection and time zone, as JSON.
  name text not null,
  version int not null,
  -- SHA-256 over what the rows rest on.
  sources bytea not null,
  created_at timestamptz not null,
  -- Null until it was written to its end for the first time.
  manifest jsonb,
  -- The log of rows that could not be written, as far as it is kept.
  refusals jsonb,
  primary key (area_id, name, version)
);
