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

-- Hashes of the statement's tree, 256 to a row, at the levels 0 (leaves), 8, 16 …
create table statement_nodes (
  area_id int not null,
  end_at bigint not null,
  level smallint not null,
  chunk int not null,
  hashes bytea not null,
  primary key (area_id, end_at, level, chunk)
);
alter table statement_nodes alter column hashes set storage external;

-- The salts of a seat's leaves follow from this; deleting it makes the seat's leaves unlinkable and harms no proof.
create table statement_seeds (
  area_id int not null,
  end_at bigint not null,
  seat int not null,
  seed bytea not null,
  primary key (area_id, end_at, seat)
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
