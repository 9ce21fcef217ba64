-- The meters of transformers: what is drawn through one, less what is fed back, is what all homes of its zone and the zones below take together,
-- with losses and whatever has no seat.
create table zone_meters (
  area_id int not null,
  zone text not null,
  -- Its metering point, of which official values are taken in both directions.
  point text not null,
  primary key (area_id, zone),
  unique (area_id, point)
);
