-- A batch is cut anew, under the next number, without the seats that turned out unable to pay it.
alter table batches
  add column number int not null default 1,
  -- Seats, of all numbers.
  add column left_out bigint[] not null default '{}';
-- It came after the batch that it belongs to was cut, so it was no part of any trade.
alter table readings add column late boolean not null default false;
