-- What a month said when its documents were last previewed, so that its clerks hear what changed after it was billed. A month that was
-- billed before this was kept is told of once somebody has previewed it again.
create table bill_looks (
  area_id int not null,
  month date not null,
  -- Counts the previews of a billed month, also those that found nothing to issue.
  look int not null,
  looked_at timestamptz not null,
  -- Settled batches that hold some of it.
  batches int not null,
  -- SHA-256, in hexadecimal digits, of the roster's lines of the month, as far as documents rest on them.
  roster text not null,
  -- Version of who issues, approves and gets documents.
  parties int not null,
  -- Runs that corrected its intervals, and official values of it that a newer file replaced.
  corrections int not null,
  replaced int not null,
  primary key (area_id, month)
);

-- A clerk is told of an area's month, and not of a seat's: of seat 0, with a notice for each account.
alter table notices
  drop constraint notices_kind_check,
  add constraint notices_kind_check check (kind in ('payout', 'silent', 'statement', 'bill')),
  drop constraint notices_area_id_seat_kind_subject_key,
  add constraint notices_once unique (area_id, seat, account, kind, subject);
