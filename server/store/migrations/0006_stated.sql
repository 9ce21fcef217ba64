-- What a batch rests on that nobody signs is fixed by a salted hash in its statement's root; null of batches from before.
alter table batches
  add column stated bytea,
  add column stated_salt bytea;

-- A late one at a batch's beginning that was in before that batch was cut.
alter table readings add column in_next boolean not null default false;
update readings set in_next = true where late;

-- What an area cleared by, beside its rules, from when on.
create table area_grids (
  area_id bigint not null,
  at timestamptz not null,
  lowest_ticks int not null,
  -- [{id, parent, feeTicksPerKwh, capacityWh}], the parent absent of the root
  zones jsonb not null,
  primary key (area_id, at)
);
insert into area_grids (area_id, at, lowest_ticks, zones)
select area_id, '-infinity', (settings ->> 'lowestTicks')::int, (
  select jsonb_agg(
    jsonb_build_object('id', zone -> 'zone', 'feeTicksPerKwh', zone -> 'feeTicksPerKwh', 'capacityWh', zone -> 'capacityWh')
      || case when zone ->> 'parent' is null then '{}' else jsonb_build_object('parent', zone -> 'parent') end
    order by place)
  from jsonb_array_elements(settings -> 'zones') with ordinality as listed (zone, place))
from areas;

-- Meters that signed a second value for a boundary; the first one stands in the readings.
create table suspensions (
  area_id bigint not null,
  seat bigint not null,
  meter text not null,
  epoch int not null,
  time bigint not null,
  import_wh bigint not null,
  export_wh bigint not null,
  quality smallint not null,
  signature bytea not null,
  suspended_at timestamptz not null,
  primary key (area_id, seat)
);
