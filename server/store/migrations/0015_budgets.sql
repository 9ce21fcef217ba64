-- Daily budgets: the most that a home's energy from neighbours may cost in a local day, as its account signed it.

create table budgets (
  area_id int not null,
  -- Its place in the order of arrival in the area, counted with orders, agreements and declarations.
  arrival bigint not null,
  budget_id bytea not null,
  seat int not null,
  -- Ledger units; 0 lifts the budget before.
  amount bigint not null,
  -- The first interval for which it counts, until the seat's next one does.
  active_from bigint not null,
  accepted_at timestamptz not null,
  -- The command that brought it.
  signed bytea not null,
  primary key (area_id, arrival)
);
create unique index budgets_by_id on budgets (area_id, budget_id);
create index budgets_by_seat on budgets (area_id, seat, arrival);

-- [[seat, ledger units]]: seats that got less in the newest computation because of their budgets, and what those left to the interval.
alter table interval_grounds add column budgets jsonb;
