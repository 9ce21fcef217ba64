-- What a year of a seat came to is read from this index alone: without it each of 35,040 intervals is looked up by itself.
create index seat_sums on seat_intervals (area_id, seat, start)
  include (import_wh, export_wh, bought_wh, sold_wh, paid, received) where current;
