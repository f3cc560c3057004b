"""The tables of sesr, and those of every service for events, jobs, liveness and audit."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_first_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        schema="sesr",
    )
    op.create_index(op.f("ix_sesr_audit_at"), "audit", ["at"], unique=False, schema="sesr")
    op.create_index(op.f("ix_sesr_audit_object"), "audit", ["object"], unique=False, schema="sesr")
    op.create_table(
        "calendar_address",
        sa.Column("address_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("address_id", name=op.f("pk_calendar_address")),
        schema="sesr",
    )
    op.create_index("uq_calendar_address_person", "calendar_address", ["person_id", "role"], unique=True, schema="sesr")
    op.create_table(
        "calendar_entry",
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "term", "first_day", name=op.f("pk_calendar_entry")),
        schema="sesr",
    )
    op.create_table(
        "calendar_revision",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_revision")),
        schema="sesr",
    )
    op.create_table(
        "call_assignment",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("caller", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("assigned_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "day", "school_key", name=op.f("pk_call_assignment")),
        schema="sesr",
    )
    op.create_table(
        "current_report",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("times", postgresql.ARRAY(postgresql.TIMESTAMP(timezone=True)), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "day", "school_key", name=op.f("pk_current_report")),
        schema="sesr",
    )
    op.create_table(
        "directory_arrival",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_arrival")),
        schema="sesr",
    )
    op.create_table(
        "expected",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("excused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "school_key", "since", name=op.f("pk_expected")),
        schema="sesr",
    )
    op.create_index(
        "ix_expected_now",
        "expected",
        ["incident_id", "school_key"],
        unique=True,
        schema="sesr",
        postgresql_where=sa.text("until is null"),
    )
    op.create_index(
        "ix_expected_school",
        "expected",
        ["school_key"],
        unique=False,
        schema="sesr",
        postgresql_where=sa.text("until is null"),
    )
    op.create_table(
        "former_plan",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("weekends", sa.Boolean(), nullable=False),
        sa.Column("days_off", postgresql.ARRAY(sa.DATE()), nullable=False),
        sa.Column("windows", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("most_per_adult", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "since", name=op.f("pk_former_plan")),
        schema="sesr",
    )
    op.create_table(
        "held_report",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("submission", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_held_report")),
        schema="sesr",
    )
    op.create_index(
        "ix_held_report_open",
        "held_report",
        ["school_key"],
        unique=False,
        schema="sesr",
        postgresql_where=sa.text("decided_at is null"),
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
        schema="sesr",
    )
    op.create_index(
        op.f("ix_sesr_inbox_next_at"),
        "inbox",
        ["next_at"],
        unique=False,
        schema="sesr",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        op.f("ix_sesr_inbox_state"),
        "inbox",
        ["state"],
        unique=False,
        schema="sesr",
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_table(
        "incident",
        sa.Column("incident_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("weekends", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("days_off", postgresql.ARRAY(sa.DATE()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("windows", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("most_per_adult", sa.Integer(), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("levels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("desk_phone", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("extras", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("planned_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("opened_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("opened_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("closed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("closed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("pauses", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident")),
        schema="sesr",
    )
    op.create_table(
        "job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
        schema="sesr",
    )
    op.create_table(
        "job_log",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_job_log")),
        schema="sesr",
    )
    op.create_table(
        "late_entry",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("allowed_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "day", "school_key", name=op.f("pk_late_entry")),
        schema="sesr",
    )
    op.create_table(
        "loop_beat",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loop_beat")),
        schema="sesr",
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
        schema="sesr",
    )
    op.create_table(
        "public_release",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("released_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_release")),
        schema="sesr",
    )
    op.create_table(
        "recorded",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_recorded")),
        schema="sesr",
    )
    op.create_index("ix_recorded_day", "recorded", ["incident_id", "day", "school_key"], unique=False, schema="sesr")
    op.create_index("ix_recorded_feed", "recorded", ["incident_id", "day", "place"], unique=False, schema="sesr")
    op.create_index("ix_recorded_place", "recorded", ["incident_id", "place"], unique=False, schema="sesr")
    op.create_table(
        "report",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("author_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proxy_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("commander", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("landline", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cell", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("carried", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("by_key", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report")),
        sa.UniqueConstraint("number", name=op.f("uq_report_number")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_report_supersedes")),
        schema="sesr",
    )
    op.create_index("ix_report_day", "report", ["incident_id", "day", "school_key"], unique=False, schema="sesr")
    op.create_index("ix_report_received", "report", ["received_at"], unique=False, schema="sesr")
    op.create_table(
        "reporter",
        sa.Column("person_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_key", "role", name=op.f("pk_reporter")),
        schema="sesr",
    )
    op.create_table(
        "school",
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_center", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
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
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("school_key", name=op.f("pk_school")),
        schema="sesr",
    )
    op.create_index("ix_school_region", "school", ["region"], unique=False, schema="sesr")
    op.create_table(
        "school_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("called_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_call")),
        schema="sesr",
    )
    op.create_index(
        "ix_school_call_day", "school_call", ["incident_id", "day", "school_key"], unique=False, schema="sesr"
    )
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
            ["sesr.outbox_event.event_id"],
            name=op.f("fk_outbox_delivery_event_id_outbox_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_outbox_delivery")),
        schema="sesr",
    )
    op.create_index(
        op.f("ix_sesr_outbox_delivery_next_at"),
        "outbox_delivery",
        ["next_at"],
        unique=False,
        schema="sesr",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )

    for table in ("outbox_event", "inbox"):  # text is kept as it was published: half the work of each hop
        op.execute(f"alter table sesr.{table} alter payload set storage external")


def downgrade() -> None:
    op.drop_index(
        op.f("ix_sesr_outbox_delivery_next_at"),
        table_name="outbox_delivery",
        schema="sesr",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )
    op.drop_table("outbox_delivery", schema="sesr")
    op.drop_index("ix_school_call_day", table_name="school_call", schema="sesr")
    op.drop_table("school_call", schema="sesr")
    op.drop_index("ix_school_region", table_name="school", schema="sesr")
    op.drop_table("school", schema="sesr")
    op.drop_table("reporter", schema="sesr")
    op.drop_index("ix_report_received", table_name="report", schema="sesr")
    op.drop_index("ix_report_day", table_name="report", schema="sesr")
    op.drop_table("report", schema="sesr")
    op.drop_index("ix_recorded_place", table_name="recorded", schema="sesr")
    op.drop_index("ix_recorded_feed", table_name="recorded", schema="sesr")
    op.drop_index("ix_recorded_day", table_name="recorded", schema="sesr")
    op.drop_table("recorded", schema="sesr")
    op.drop_table("public_release", schema="sesr")
    op.drop_table("outbox_event", schema="sesr")
    op.drop_table("loop_beat", schema="sesr")
    op.drop_table("late_entry", schema="sesr")
    op.drop_table("job_log", schema="sesr")
    op.drop_table("job", schema="sesr")
    op.drop_table("incident", schema="sesr")
    op.drop_index(
        op.f("ix_sesr_inbox_state"), table_name="inbox", schema="sesr", postgresql_where=sa.text("state = 'parked'")
    )
    op.drop_index(
        op.f("ix_sesr_inbox_next_at"), table_name="inbox", schema="sesr", postgresql_where=sa.text("state = 'new'")
    )
    op.drop_table("inbox", schema="sesr")
    op.drop_index(
        "ix_held_report_open", table_name="held_report", schema="sesr", postgresql_where=sa.text("decided_at is null")
    )
    op.drop_table("held_report", schema="sesr")
    op.drop_table("former_plan", schema="sesr")
    op.drop_index("ix_expected_school", table_name="expected", schema="sesr", postgresql_where=sa.text("until is null"))
    op.drop_index("ix_expected_now", table_name="expected", schema="sesr", postgresql_where=sa.text("until is null"))
    op.drop_table("expected", schema="sesr")
    op.drop_table("directory_arrival", schema="sesr")
    op.drop_table("current_report", schema="sesr")
    op.drop_table("call_assignment", schema="sesr")
    op.drop_table("calendar_revision", schema="sesr")
    op.drop_table("calendar_entry", schema="sesr")
    op.drop_index("uq_calendar_address_person", table_name="calendar_address", schema="sesr")
    op.drop_table("calendar_address", schema="sesr")
    op.drop_index(op.f("ix_sesr_audit_object"), table_name="audit", schema="sesr")
    op.drop_index(op.f("ix_sesr_audit_at"), table_name="audit", schema="sesr")
    op.drop_table("audit", schema="sesr")
