"""Sessions, people, roles and service tokens: the schema `access`, its one view and its one function."""

from alembic import op

revision = "2026_11_21_access"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table access.person(
  person_id text primary key,
  issuer text, subject text,
  name text not null, email text not null,
  deactivated_at timestamptz,
  unique (issuer, subject));
create index on access.person (lower(email));
create table access.role_grant(
  person_id text not null references access.person on delete cascade,
  role text not null check (role in ('central','director','principal','designee','desk','ops')),
  scope text[] not null default '{}',
  primary key (person_id, role));
create table access.session(
  token_hash bytea primary key,
  person_id text not null references access.person on delete cascade,
  role text not null,
  started_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz);
create index on access.session (person_id);
create table access.token(
  token_hash bytea primary key,
  label text not null,
  person_id text not null references access.person on delete cascade,
  role text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz);
"""

VIEW = """
create view access.who as
  select x.token_hash, x.kind, p.person_id, p.name, p.email, x.role, g.scope,
    (select array_agg(role order by role) from access.role_grant r where r.person_id = p.person_id) as roles
  from (
    select token_hash, 'session' as kind, person_id, role from access.session
      where ended_at is null and expires_at > now()
    union all
    select token_hash, 'token', person_id, role from access.token
      where revoked_at is null and expires_at > now()) x
  join access.person p using (person_id)
  join access.role_grant g on g.person_id = x.person_id and g.role = x.role
  where p.deactivated_at is null;
"""

FUNCTION = """
create function access.touch_session(hash bytea, idle interval) returns boolean
language plpgsql security definer set search_path = access as $$
declare seen timestamptz;
begin
  select last_seen_at into seen from access.session where token_hash = hash and ended_at is null;
  if seen is null or seen < now() - idle then return false; end if;
  if seen < now() - interval '1 minute' then
    update access.session set last_seen_at = now() where token_hash = hash;
  end if;
  return true;
end $$;
revoke all on function access.touch_session from public;
"""

GRANTS = """
do $$ declare r text; begin
  for r in select rolname from pg_roles where rolname in
    ('ses_ingest','ses_rates','ses_tracker','ses_sesr','ses_notify') loop
    execute format('grant select on access.who to %I', r);
    execute format('grant execute on function access.touch_session to %I', r);
  end loop;
end $$;
"""


def upgrade() -> None:
    for statement in (TABLES, VIEW, FUNCTION, GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop function access.touch_session; drop view access.who;")
    op.execute("drop table access.token, access.session, access.role_grant, access.person")
