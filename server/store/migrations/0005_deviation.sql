-- What of the energy traded ahead a run did not honour. Of earlier runs only what the newest one honoured was kept.
alter table intervals add column deviation_wh bigint not null default 0;
update intervals set deviation_wh = traded.deviation_wh
from (
  select area_id, start, sum(energy_wh - delivered_wh) as deviation_wh from forward_trades
  where delivered_wh is not null group by area_id, start
) traded
where traded.area_id = intervals.area_id and traded.start = intervals.start;
