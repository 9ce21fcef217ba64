-- Releases of reports: versions that were put forward, and who has approved that they are given out as they are.
create table report_releases (
  area_id int not null,
  -- SHA-256 of the version's manifest, in hexadecimal digits: what approvers sign.
  manifest_hash text not null,
  name text not null,
  version int not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  -- Once two of the approvers had signed it.
  released_at timestamptz,
  primary key (area_id, manifest_hash),
  unique (area_id, name, version),
  foreign key (area_id, name, version) references report_versions
);
create index report_releases_proposed on report_releases (area_id, proposed_at);

create table report_approvals (
  area_id int not null,
  manifest_hash text not null,
  approver text not null,
  signature text not null,
  approved_at timestamptz not null,
  primary key (area_id, manifest_hash, approver),
  foreign key (area_id, manifest_hash) references report_releases
);
