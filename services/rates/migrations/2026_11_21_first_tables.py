"""The first tables of rates."""

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
        schema="rates",
    )
    op.create_index(op.f("ix_rates_audit_at"), "audit", ["at"], unique=False, schema="rates")
    op.create_index(op.f("ix_rates_audit_object"), "audit", ["object"], unique=False, schema="rates")
    op.create_table(
        "calendar_revision",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_revision")),
        schema="rates",
    )
    op.create_table(
        "day_off",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_off")),
        schema="rates",
    )
    op.create_table(
        "day_off_change",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("undone_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("undone_by", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_day_off_change")),
        schema="rates",
    )
    op.create_table(
        "directory_arrival",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_arrival")),
        schema="rates",
    )
    op.create_table(
        "extraction",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("window_opens", sa.Date(), nullable=False),
        sa.Column("window_closes", sa.Date(), nullable=False),
        sa.Column("schools", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("is_whole", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("computed_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("term", "extraction_date", "respondent_group", name=op.f("pk_extraction")),
        schema="rates",
    )
    op.create_table(
        "file_job",
        sa.Column("job_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("who", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("result_path", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting','running','done','failed','canceled')", name=op.f("ck_file_job_state")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_file_job")),
        schema="rates",
    )
    op.create_index(op.f("ix_rates_file_job_requested_at"), "file_job", ["requested_at"], unique=False, schema="rates")
    op.create_table(
        "goal",
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("respondent_group", name=op.f("pk_goal")),
        schema="rates",
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
        schema="rates",
    )
    op.create_index(
        op.f("ix_rates_inbox_next_at"),
        "inbox",
        ["next_at"],
        unique=False,
        schema="rates",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        op.f("ix_rates_inbox_state"),
        "inbox",
        ["state"],
        unique=False,
        schema="rates",
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
        schema="rates",
    )
    op.create_table(
        "job_log",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_job_log")),
        schema="rates",
    )
    op.create_table(
        "loop_beat",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loop_beat")),
        schema="rates",
    )
    op.create_table(
        "mailed",
        sa.Column("mail_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", "school_key", name=op.f("pk_mailed")),
        schema="rates",
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
        schema="rates",
    )
    op.create_table(
        "rate",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_center", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_sort", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos_sort", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("rate", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("needed", sa.Integer(), nullable=True),
        sa.Column("file_tier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("file_rate", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("removed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("term", "extraction_date", "respondent_group", "school_key", name=op.f("pk_rate")),
        schema="rates",
    )
    op.create_index(
        "ix_rate_school", "rate", ["school_key", "respondent_group", "extraction_date"], unique=False, schema="rates"
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("query", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("saved_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_view_person_id_name")),
        schema="rates",
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
        sa.PrimaryKeyConstraint("school_key", name=op.f("pk_school")),
        schema="rates",
    )
    op.create_table(
        "school_history",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_sort", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos_sort", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("rate", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("needed", sa.Integer(), nullable=True),
        sa.Column("previous_date", sa.Date(), nullable=True),
        sa.Column("previous_total", sa.Integer(), nullable=True),
        sa.Column("previous_submitted", sa.Integer(), nullable=True),
        sa.Column("previous_tier", sa.SmallInteger(), nullable=True),
        sa.Column("previous_rate", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("change_surveys", sa.Integer(), nullable=True),
        sa.Column("change_points", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("last_seen", sa.Date(), nullable=False),
        sa.Column("stalled", sa.SmallInteger(), nullable=False),
        sa.Column("movement", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("final_low", sa.Integer(), nullable=True),
        sa.Column("final_likely", sa.Integer(), nullable=True),
        sa.Column("final_high", sa.Integer(), nullable=True),
        sa.Column("outlook", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("needed_per_day", sa.Numeric(precision=12, scale=1), nullable=True),
        sa.Column("trail", postgresql.ARRAY(sa.Numeric()), nullable=False),
        sa.PrimaryKeyConstraint(
            "term", "respondent_group", "extraction_date", "school_key", name=op.f("pk_school_history")
        ),
        schema="rates",
    )
    op.create_table(
        "survey_window",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("closes", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_survey_window")),
        schema="rates",
    )
    op.create_table(
        "upload",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("follows_revision", sa.Integer(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("thin", sa.Boolean(), nullable=False),
        sa.Column("hold_mails", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_undo", sa.Boolean(), nullable=False),
        sa.Column("window_opens", sa.Date(), nullable=False),
        sa.Column("window_closes", sa.Date(), nullable=False),
        sa.Column(
            "first_arrived_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload")),
        schema="rates",
    )
    op.create_index("ix_upload_extraction", "upload", ["term", "extraction_date"], unique=False, schema="rates")
    op.create_index(
        "ix_upload_unpublished",
        "upload",
        ["first_arrived_at"],
        unique=False,
        schema="rates",
        postgresql_where=sa.text("published_at is null"),
    )
    op.create_table(
        "arrival",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("part_count", sa.Integer(), nullable=False),
        sa.Column("is_shown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_published", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["rates.upload.upload_id"], name=op.f("fk_arrival_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "respondent_group", name=op.f("pk_arrival")),
        schema="rates",
    )
    op.create_table(
        "file_job_part",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["rates.file_job.job_id"], name=op.f("fk_file_job_part_job_id_file_job"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_file_job_part")),
        schema="rates",
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
            ["rates.outbox_event.event_id"],
            name=op.f("fk_outbox_delivery_event_id_outbox_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_outbox_delivery")),
        schema="rates",
    )
    op.create_index(
        op.f("ix_rates_outbox_delivery_next_at"),
        "outbox_delivery",
        ["next_at"],
        unique=False,
        schema="rates",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )
    for table in ("outbox_event", "inbox"):
        # Payloads are read whole and once: compressing them costs more than it saves (docs/decisions/0011).
        op.execute(f"alter table rates.{table} alter payload set storage external")


def downgrade() -> None:
    op.drop_index(
        op.f("ix_rates_outbox_delivery_next_at"),
        table_name="outbox_delivery",
        schema="rates",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )
    op.drop_table("outbox_delivery", schema="rates")
    op.drop_table("file_job_part", schema="rates")
    op.drop_table("arrival", schema="rates")
    op.drop_index(
        "ix_upload_unpublished", table_name="upload", schema="rates", postgresql_where=sa.text("published_at is null")
    )
    op.drop_index("ix_upload_extraction", table_name="upload", schema="rates")
    op.drop_table("upload", schema="rates")
    op.drop_table("survey_window", schema="rates")
    op.drop_table("school_history", schema="rates")
    op.drop_table("school", schema="rates")
    op.drop_table("saved_view", schema="rates")
    op.drop_index("ix_rate_school", table_name="rate", schema="rates")
    op.drop_table("rate", schema="rates")
    op.drop_table("outbox_event", schema="rates")
    op.drop_table("mailed", schema="rates")
    op.drop_table("loop_beat", schema="rates")
    op.drop_table("job_log", schema="rates")
    op.drop_table("job", schema="rates")
    op.drop_index(
        op.f("ix_rates_inbox_state"), table_name="inbox", schema="rates", postgresql_where=sa.text("state = 'parked'")
    )
    op.drop_index(
        op.f("ix_rates_inbox_next_at"), table_name="inbox", schema="rates", postgresql_where=sa.text("state = 'new'")
    )
    op.drop_table("inbox", schema="rates")
    op.drop_table("goal", schema="rates")
    op.drop_index(op.f("ix_rates_file_job_requested_at"), table_name="file_job", schema="rates")
    op.drop_table("file_job", schema="rates")
    op.drop_table("extraction", schema="rates")
    op.drop_table("directory_arrival", schema="rates")
    op.drop_table("day_off_change", schema="rates")
    op.drop_table("day_off", schema="rates")
    op.drop_table("calendar_revision", schema="rates")
    op.drop_index(op.f("ix_rates_audit_object"), table_name="audit", schema="rates")
    op.drop_index(op.f("ix_rates_audit_at"), table_name="audit", schema="rates")
    op.drop_table("audit", schema="rates")
