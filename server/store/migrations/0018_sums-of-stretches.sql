-- What a seat came to in each stretch of 96 intervals, or of a day where that is shorter (server/store/seat-sums.ts): a year is read
-- from 365 rows. The index that it replaces took a fifth of the disk, and a page of its own for each seat and commit.
drop index seat_sums;

create table seat_sums (
  area_id int not null,
  seat int not null,
  -- Its place among the stretches of its length, from 1970 on.
  stretch int not null,
  -- Sums over the newest rows of the seat's intervals that start in it.
  import_wh bigint not null,
  export_wh bigint not null,
  own_use_wh bigint not null,
  bought_wh bigint not null,
  sold_wh bigint not null,
  paid bigint not null,
  received bigint not null,
  primary key (area_id, seat, stretch)
) with (fillfactor = 50);

insert into seat_sums
select area_id, seat, start / seconds, sum(import_wh), sum(export_wh), sum(least(import_wh, export_wh)), sum(bought_wh), sum(sold_wh),
  sum(paid), sum(received)
from seat_intervals join (
  select distinct area_id, least(86400, 96 * (settings #>> '{config,rules,intervalSeconds}')::bigint) as seconds from area_settings
) length using (area_id)
where current group by area_id, seat, start / seconds;
