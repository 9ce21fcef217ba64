-- Official values: what the metering operator says of metering points. None of it is in the journal but what the area was told of it.

-- Which community of a roster with several of them the area is.
alter table area_places add column community text;

alter table roster_entries
  -- Empty where the list is of one community without a name.
  add column community text not null default '',
  -- How much of the point's energy takes part in the community.
  add column factor_percent smallint not null default 100,
  -- Of what is produced, under static keys.
  add column share_millionths int;
alter table roster_entries
  drop constraint roster_entries_pkey,
  add primary key (area_id, meter, direction, from_day, community);
create index roster_entries_point on roster_entries (area_id, point);

-- Files as they were taken. The same content is taken once.
create table official_files (
  area_id int not null,
  -- Counts the files of the area.
  file int not null,
  -- SHA-256 of its content.
  hash bytea not null,
  name text not null,
  format text not null,
  -- When it was made, as it says; null where it does not.
  created_at timestamptz,
  taken_at timestamptz not null,
  -- The account that sent it; null where the command took it.
  taken_by text,
  -- How many values were kept, and what was refused: [{place, reason}], as far as it is kept.
  kept int not null,
  refused int not null,
  refusals jsonb not null,
  primary key (area_id, file),
  unique (area_id, hash)
);

-- Every value of every file, in partitions of months as readings are.
create table official_values (
  area_id int not null,
  start bigint not null,
  point text not null,
  direction text not null check (direction in ('import', 'export')),
  channel text not null,
  -- The format's own name of the register; empty where it has none.
  code text not null,
  file int not null,
  -- 10⁻⁶ Wh; null exactly where the quality is 3.
  energy_micro_wh bigint,
  -- 0 measured, 1 substituted, 2 estimated, 3 missing
  quality smallint not null,
  -- The newest valid value of its point, direction, channel and interval. At most one is.
  counts boolean not null,
  -- Counts, and the area has not been told.
  untold boolean not null,
  primary key (area_id, start, point, direction, channel, code, file)
) partition by range (start);
create unique index official_values_counting on official_values (area_id, start, point, direction, channel) where counts;
create index official_values_untold on official_values (area_id, start) where untold;

-- Where two files say different things of one interval.
create table official_differences (
  area_id int not null,
  start bigint not null,
  point text not null,
  direction text not null,
  channel text not null,
  -- Of the value that counted before, and of the one that came.
  file_before int not null,
  file int not null,
  -- `replaced`: the newer one counts. `conflict`: neither is newer, and the first one counts on.
  kind text not null check (kind in ('replaced', 'conflict')),
  primary key (area_id, start, point, direction, channel, file)
);

-- Makes partitions of months of some tables, as `make_months` does for those of the journal.
create function make_months_of(parents text[], times bigint[]) returns void language plpgsql as $$
declare
  month timestamp;
  parent text;
  partition text;
begin
  for month in select distinct date_trunc('month', to_timestamp(each) at time zone 'UTC') from unnest(times) each loop
    foreach parent in array parents loop
      partition := parent || to_char(month, '_YYYY_MM');
      perform pg_advisory_xact_lock(1836019316);
      continue when to_regclass(format('%I.%I', current_schema(), partition)) is not null;
      execute format('create table %1$I.%2$I (like %1$I.%3$I including all)', current_schema(), partition, parent);
      execute format('alter table %1$I.%2$I attach partition %1$I.%3$I for values from (%4$s) to (%5$s)', current_schema(),
        parent, partition, extract(epoch from month)::bigint, extract(epoch from month + interval '1 month')::bigint);
    end loop;
  end loop;
end $$;
create or replace function make_months(times bigint[]) returns void language sql as $$
  select make_months_of(array['readings', 'seat_intervals'], times)
$$;

-- How far the metering operator's key has signed each of its meters: the exact registers at that boundary. A boundary is signed once.
create table metering_registers (
  area_id int not null,
  meter text not null,
  epoch int not null,
  time bigint not null,
  -- 10⁻⁶ Wh
  import_micro_wh numeric(30) not null,
  export_micro_wh numeric(30) not null,
  primary key (area_id, meter)
);

-- Signed, and not acknowledged by the area yet; refused for good where there is a code.
create table metering_readings (
  area_id int not null,
  meter text not null,
  epoch int not null,
  time bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  quality smallint not null,
  signature bytea not null,
  code text,
  primary key (area_id, meter, epoch, time)
);
create index metering_readings_waiting on metering_readings (area_id, time) where code is null;

-- Two witnesses: what the metering operator and the home's own agent say of a point, by days of UTC, where both say something.
create table witness_days (
  area_id int not null,
  point text not null,
  direction text not null check (direction in ('import', 'export')),
  -- Counted from 1970-01-01.
  day int not null,
  -- The point's by the roster.
  meter text not null,
  -- Whose readings were compared.
  agent_seat int not null,
  -- Intervals of which both are good, and in how many of them they differ beyond the tolerance.
  compared int not null,
  beyond int not null,
  official_wh bigint not null,
  agent_wh bigint not null,
  -- The largest difference of one interval, official less agent.
  largest_wh bigint not null,
  primary key (area_id, point, direction, day)
);
create index witness_days_day on witness_days (area_id, day);
create index witness_days_meter on witness_days (area_id, meter);
