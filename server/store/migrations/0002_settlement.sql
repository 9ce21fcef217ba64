-- Batches on their way to the chain. None of this is in the journal: it is made again from there and from the chain.

-- The statement of a batch: made from its fills once it was cut, before it is settled.
create table statements (
  area_id int not null,
  end_at bigint not null,
  -- Of the batch; a batch that is cut anew gets a new statement.
  number int not null,
  leaves int not null,
  root text not null,
  -- What nobody signs is fixed by this salted hash in the root.
  stated bytea not null,
  stated_salt bytea,
  primary key (area_id, end_at)
);

-- Hashes of the statement's tree, 256 to a row, at the levels 0 (leaves), 8, 16 … They lie here before the statement does, and
-- count from then on.
create table statement_nodes (
  area_id int not null,
  end_at bigint not null,
  number int not null,
  level smallint not null,
  chunk int not null,
  hashes bytea not null,
  primary key (area_id, end_at, number, level, chunk)
);
alter table statement_nodes alter column hashes set storage external;

-- The seats that have leaves. The salts of a seat's leaves follow from its seed; deleting that makes the leaves unlinkable and
-- harms no proof of any other seat.
create table statement_seats (
  area_id int not null,
  end_at bigint not null,
  number int not null,
  seat int not null,
  -- Place of its first leaf, and how many there are.
  first int not null,
  leaves int not null,
  seed bytea,
  primary key (area_id, end_at, number, seat)
);

create table batch_progress (
  area_id int not null,
  end_at bigint not null,
  -- Of the batch; what became of an earlier number says nothing of one that was cut anew.
  number int not null,
  status text not null check (status in ('cut', 'submitted', 'settled')),
  transaction text,
  block bigint,
  gas_used bigint,
  primary key (area_id, end_at)
);

-- Months of an area that lie in a file of their own.
create table archives (
  area_id int not null,
  -- Its first moment, and that of the month after it.
  month bigint not null,
  until bigint not null,
  -- End of its last batch: of the first one that ends no earlier than the month.
  end_at bigint not null,
  -- Its name, without its folder.
  file text not null,
  sha256 bytea not null,
  bytes bigint not null,
  -- Newest row of the journal in this file and those before it.
  last_sequence bigint not null,
  -- Whether it is gone from the tables.
  dropped boolean not null default false,
  primary key (area_id, month)
);

-- First values of meters that contradicted themselves, of months that are gone from the tables: they prove a suspension that holds.
create table kept_readings (
  area_id int not null,
  seat int not null,
  time bigint not null,
  epoch int not null,
  import_wh bigint not null,
  export_wh bigint not null,
  quality smallint not null,
  signature bytea not null,
  primary key (area_id, time, seat, epoch)
);
