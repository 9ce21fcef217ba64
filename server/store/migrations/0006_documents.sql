-- Documents over local calendar months. A document is never changed; what takes it back is another one.

-- What was shown before it was issued, newest revision last.
create table bill_drafts (
  area_id int not null,
  -- First day of the month: 2026-11-01.
  month date not null,
  revision int not null,
  -- SHA-256, in hexadecimal digits, of all that its documents will say.
  hash text not null,
  incomplete_because text,
  made_at timestamptz not null,
  issued_at timestamptz,
  primary key (area_id, month, revision)
);

create table bill_approvals (
  area_id int not null,
  month date not null,
  revision int not null,
  approver text not null,
  signature text not null,
  approved_at timestamptz not null,
  primary key (area_id, month, revision, approver)
);

create table documents (
  area_id int not null,
  -- Follows the one before without a gap.
  number int not null,
  month date not null,
  revision int not null,
  account text not null,
  kind text not null check (kind in ('380', '381', '389', '261', 'sheet')),
  -- Number of the document that this one takes back.
  corrects int,
  issued_at timestamptz not null,
  -- Everything that it says, amounts as decimal strings of cents.
  content jsonb not null,
  primary key (area_id, number)
);
create index documents_month on documents (area_id, month);
