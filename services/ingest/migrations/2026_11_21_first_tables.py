"""The first tables of ingest and of access (people, roles, sessions, tokens), edited in place until 1.0.0 is released."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_first_tables"
down_revision = None
branch_labels = None
depends_on = None

ACCESS = """
create table access.person(
  person_id text primary key,
  issuer text, subject text,
  name text not null, email text not null,
  deactivated_at timestamptz,
  unique (issuer, subject));
create index on access.person (lower(email collate "C"));
create table access.role_grant(
  person_id text not null references access.person on delete cascade,
  role text not null check (role in ('central','director','principal','designee','desk','ops')),
  scope text[] not null default '{}',
  source text not null default 'directory' check (source in ('directory','claims','operations')),
  primary key (person_id, role));
create table access.session(
  token_hash bytea primary key,
  person_id text not null references access.person on delete cascade,
  role text not null,
  started_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  reported_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  address text not null default '');
create index on access.session (person_id);
create table access.token(
  token_hash bytea primary key,
  label text not null,
  person_id text not null references access.person on delete cascade,
  role text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_by text not null default 'command line',
  maker_id text,
  confirmed_at timestamptz,
  confirmed_by text not null default '');
create table access.role_request(
  request_id uuid primary key default gen_random_uuid(),
  person_id text not null references access.person on delete cascade,
  role text not null,
  scope text[] not null default '{}',
  maker_id text not null,
  requested_at timestamptz not null default now(),
  unique (person_id, role));
create table access.director_spelling(
  spelling text primary key,
  person_id text);
create index on access.director_spelling (person_id);
create table access.login(
  state_hash bytea primary key,
  browser_hash bytea not null,
  nonce text not null,
  verifier text not null,
  next text not null,
  started_at timestamptz not null default now());
create index on access.login (started_at);
"""

VIEW = """
create view access.who as
  select x.token_hash, x.kind, p.person_id, p.name, p.email, x.role, g.scope,
    (select array_agg(role order by role) from access.role_grant r where r.person_id = p.person_id) as roles,
    array(select spelling from access.director_spelling d where d.person_id = p.person_id and x.role = 'director'
      order by spelling) as spellings
  from (
    select token_hash, 'session' as kind, person_id, role from access.session
      where ended_at is null and (expires_at > now()
        or role in ('principal', 'designee') and started_at > now() - interval '24 hours')
    union all
    select token_hash, 'token', person_id, role from access.token
      where revoked_at is null and confirmed_at is not null and expires_at > now()) x
  join access.person p using (person_id)
  join access.role_grant g on g.person_id = x.person_id and g.role = x.role
  where p.deactivated_at is null;
"""

FUNCTION = """
create function access.touch_session(hash bytea, idle interval, reporting interval, touch boolean) returns text
language plpgsql security definer set search_path = access as $$
declare s access.session;
begin
  select * into s from session where token_hash = hash and ended_at is null;
  if s.expires_at > now() and s.last_seen_at >= now() - idle then
    if touch and s.last_seen_at < now() - interval '1 minute' then
      update session set last_seen_at = now() where token_hash = hash;
    end if;
    return 'session';
  end if;
  if s.role in ('principal', 'designee') and s.started_at > now() - interval '24 hours'
      and greatest(s.last_seen_at, s.reported_at) > now() - reporting then
    if touch and s.reported_at < now() - interval '1 minute' then
      update session set reported_at = now() where token_hash = hash;
    end if;
    return 'reporting';
  end if;
  return null;
end $$;
revoke all on function access.touch_session from public;
create function access.holder_of(person text, held text)
returns table(person_id text, name text, role text, scope text[], roles text[])
language sql stable security definer set search_path = access as $$
  select p.person_id, p.name, g.role, g.scope,
    (select array_agg(r.role order by r.role) from role_grant r where r.person_id = p.person_id)
  from person p join role_grant g using (person_id)
  where p.person_id = person and g.role = held and p.deactivated_at is null
$$;
revoke all on function access.holder_of from public;
"""

GRANTS = """
do $$ declare r text; begin
  for r in select rolname from pg_roles where rolname in
    ('ses_ingest','ses_rates','ses_tracker','ses_sesr','ses_notify') loop
    execute format('grant select on access.who to %I', r);
    execute format('grant execute on function access.touch_session to %I', r);
    execute format('grant execute on function access.holder_of to %I', r);
  end loop;
end $$;
"""

# Payloads are kept as the text that was published, files as they came: compressing them would cost more than it saves.
STORAGE = """
alter table ingest.outbox_event alter payload set storage external;
alter table ingest.inbox alter payload set storage external;
alter table ingest.upload_file alter content set storage external;
"""

# In the order in which they can go.
TABLES = (
    "outbox_delivery",
    "upload_file",
    "progress",
    "replaced_count",
    "replaced_directory",
    "replaced_result",
    "survey_result",
    "plan_words",
    "roster_mapping",
    "kept_roster",
    "audit",
    "directory_revision",
    "drop_folder",
    "dropped_file",
    "extraction_count",
    "inbox",
    "job",
    "job_log",
    "loop_beat",
    "outbox_event",
    "person",
    "school",
    "survey_window",
    "delivery_step",
    "upload",
)


def upgrade() -> None:
    for statement in (ACCESS, VIEW, FUNCTION, GRANTS):
        op.execute(statement)
    _tables()
    op.execute(STORAGE)


def _tables() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        schema="ingest",
    )
    op.create_index(op.f("ix_ingest_audit_at"), "audit", ["at"], unique=False, schema="ingest")
    op.create_index(op.f("ix_ingest_audit_object"), "audit", ["object"], unique=False, schema="ingest")
    op.create_table(
        "directory_revision",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_revision")),
        schema="ingest",
    )
    op.create_table(
        "extraction_count",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_center", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("file_tier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("file_rate", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint(
            "term", "extraction_date", "respondent_group", "school_key", name=op.f("pk_extraction_count")
        ),
        schema="ingest",
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('new','done','parked','discarded')", name=op.f("ck_inbox_state")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
        schema="ingest",
    )
    op.create_index(
        op.f("ix_ingest_inbox_next_at"),
        "inbox",
        ["next_at"],
        unique=False,
        schema="ingest",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        op.f("ix_ingest_inbox_state"),
        "inbox",
        ["state"],
        unique=False,
        schema="ingest",
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
        schema="ingest",
    )
    op.create_table(
        "job_log",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_job_log")),
        schema="ingest",
    )
    op.create_table(
        "loop_beat",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loop_beat")),
        schema="ingest",
    )
    op.create_table(
        "outbox_event",
        sa.Column("event_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_outbox_event")),
        sa.UniqueConstraint("topic", "key", "version", name=op.f("uq_outbox_event_topic_key_version")),
        schema="ingest",
    )
    op.create_table(
        "person",
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("scope", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("resolved_aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        schema="ingest",
    )
    op.create_table(
        "school",
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_center", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=True),
        sa.Column("classified_classroom", sa.Integer(), nullable=True),
        sa.Column("classified_other", sa.Integer(), nullable=True),
        sa.Column("certificated_admin", sa.Integer(), nullable=True),
        sa.Column("certificated_other", sa.Integer(), nullable=True),
        sa.Column("principal", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("landline", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("in_directory", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("school_key", name=op.f("pk_school")),
        sa.UniqueConstraint("cost_center", name=op.f("uq_school_cost_center")),
        schema="ingest",
    )
    op.create_index("ix_school_ploc", "school", ["ploc", "name_key"], unique=False, schema="ingest")
    op.create_table(
        "survey_window",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("closes", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_survey_window")),
        schema="ingest",
    )
    op.create_table(
        "delivery_step",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "step", name=op.f("pk_delivery_step")),
        schema="ingest",
    )
    op.create_table(
        "upload",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("file_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("uploaded_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("uploaded_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("extraction_date", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("thin", sa.Boolean(), nullable=False),
        sa.Column("hold_mails", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("intent", sqlmodel.sql.sqltypes.AutoString(), server_default="publish", nullable=False),
        sa.Column("named_term", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("confirmed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column(
            "found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "difference", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "changes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "roster", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "parts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("part_of", sa.Uuid(), nullable=True),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload")),
        schema="ingest",
    )
    op.create_index("ix_upload_at", "upload", ["uploaded_at"], unique=False, schema="ingest")
    op.create_index("ix_upload_sha256", "upload", ["kind", "sha256"], unique=False, schema="ingest")
    op.create_table(
        "outbox_delivery",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('pending','sent','acked','held')", name=op.f("ck_outbox_delivery_state")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["ingest.outbox_event.event_id"],
            name=op.f("fk_outbox_delivery_event_id_outbox_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_outbox_delivery")),
        schema="ingest",
    )
    op.create_index(
        op.f("ix_ingest_outbox_delivery_next_at"),
        "outbox_delivery",
        ["next_at"],
        unique=False,
        schema="ingest",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )
    op.create_table(
        "upload_file",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["ingest.upload.upload_id"], name=op.f("fk_upload_file_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_file")),
        schema="ingest",
    )
    op.create_table(
        "drop_folder",
        sa.Column("folder", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("looked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("leased_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("problem", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("folder", name=op.f("pk_drop_folder")),
        schema="ingest",
    )
    op.create_table(
        "dropped_file",
        sa.Column("folder", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("file_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stamp", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sentence", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("target", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        sa.Column(
            "problems", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("is_known", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("folder", "file_name", name=op.f("pk_dropped_file")),
        schema="ingest",
    )
    op.create_table(
        "progress",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("canceled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["ingest.upload.upload_id"], name=op.f("fk_progress_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_progress")),
        schema="ingest",
    )
    op.create_table(
        "replaced_count",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_center", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("file_tier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("file_rate", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["ingest.upload.upload_id"],
            name=op.f("fk_replaced_count_upload_id_upload"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "respondent_group", "school_key", name=op.f("pk_replaced_count")),
        schema="ingest",
    )
    op.create_table(
        "survey_result",
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=5, scale=1), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("school_key", "level", "item_key", "period_key", name=op.f("pk_survey_result")),
        schema="ingest",
    )
    op.create_index("ix_survey_result_revision", "survey_result", ["revision"], unique=False, schema="ingest")
    op.create_table(
        "replaced_result",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=5, scale=1), nullable=True),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["ingest.upload.upload_id"],
            name=op.f("fk_replaced_result_upload_id_upload"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "upload_id", "school_key", "level", "item_key", "period_key", name=op.f("pk_replaced_result")
        ),
        schema="ingest",
    )
    op.create_table(
        "replaced_directory",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("schools", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("people", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("roster", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["ingest.upload.upload_id"],
            name=op.f("fk_replaced_directory_upload_id_upload"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_replaced_directory")),
        schema="ingest",
    )
    op.create_table(
        "roster_mapping",
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_roster_mapping")),
        schema="ingest",
    )
    op.create_table(
        "kept_roster",
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_kept_roster")),
        schema="ingest",
    )
    op.create_table(
        "plan_words",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("plans", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_words")),
        schema="ingest",
    )
    op.create_index(
        "ix_upload_extraction", "upload", ["term", "extraction_date", "revision"], unique=False, schema="ingest"
    )
    op.create_index(
        "ix_upload_reading",
        "upload",
        ["uploaded_at"],
        unique=False,
        schema="ingest",
        postgresql_where=sa.text("state = 'reading'"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="ingest")
    op.execute("drop function access.holder_of; drop function access.touch_session; drop view access.who;")
    op.execute(
        "drop table access.login, access.director_spelling, access.role_request, access.token, access.session,"
        " access.role_grant, access.person"
    )
