-- What documents rest on beside the market, and what was shown of them before they were issued.

-- Who issues documents, who approves them, and who gets them; every version stays, since documents were made of it.
create table billing_parties (
  area_id int not null,
  version int not null,
  -- Of its canonical JSON, in hexadecimal digits.
  sha256 text not null,
  content jsonb not null,
  kept_at timestamptz not null,
  primary key (area_id, version)
);

-- What the preview said beside its documents: coverage, gaps, sums.
alter table bill_drafts add column shown jsonb not null default '{}';

-- The documents of a preview, as they are issued; those of an older one that was not issued are gone.
create table draft_documents (
  area_id int not null,
  month date not null,
  revision int not null,
  place int not null,
  content jsonb not null,
  primary key (area_id, month, revision, place)
);

create index documents_account on documents (area_id, account, number);

-- A document is never changed: not even by a mistake of ours.
create function refuse_to_change_documents() returns trigger language plpgsql as $$
begin
  raise exception 'an issued document is never changed';
end $$;
create trigger documents_stay before update or delete on documents
  for each row execute function refuse_to_change_documents();
create trigger documents_are_kept before truncate on documents
  for each statement execute function refuse_to_change_documents();
create index documents_corrects on documents (area_id, corrects) where corrects is not null;
