-- Watchers compute each batch themselves before it settles.

-- A batch as it was shown to them, and how it was divided, so that its header stays the same.
create table shown_batches (
  area_id int not null,
  end_at bigint not null,
  -- Of the batch.
  number int not null,
  -- How often it was given up on chain before.
  attempt int not null,
  header text not null,
  part_sizes int[] not null,
  shown_at timestamptz not null,
  primary key (area_id, end_at, number, attempt)
);

-- What a watcher says of a header: its newest word.
create table watcher_words (
  area_id int not null,
  header text not null,
  watcher text not null,
  -- Null where it approves.
  reason text,
  sentence text,
  -- Null where it only keeps its signature back.
  signature bytea,
  said_at timestamptz not null,
  primary key (area_id, header, watcher)
);

-- How many of an area's watchers had signed the batch when it settled, by the chain's word; null where nobody watches it.
alter table batch_progress add column approvals int;
