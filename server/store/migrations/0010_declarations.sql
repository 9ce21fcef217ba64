-- What the grid operator declares in areas where the market does not decide the quantities: energy that it allocated, keys, and
-- prices of the exchange. The bytes of a declaration are the command that brought it.

create table declarations (
  area_id int not null,
  -- Its place in the order of arrival in the area, counted with orders and agreements.
  arrival bigint not null,
  declaration_id bytea not null,
  kind text not null check (kind in ('quantities', 'key', 'prices')),
  start bigint not null,
  end_at bigint not null,
  version bigint not null,
  -- The first interval that was not final when it came: in earlier ones nothing moves for it.
  counts_from bigint not null,
  accepted_at timestamptz not null,
  signed bytea not null,
  primary key (area_id, arrival)
);
create unique index declarations_by_id on declarations (area_id, declaration_id);
create index declarations_by_time on declarations (area_id, end_at);
