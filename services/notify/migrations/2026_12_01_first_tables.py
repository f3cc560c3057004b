"""The tables of notify: edited in place until 1.0.0 is released."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_12_01_first_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hold_all", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hold_thin", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("wait_minutes", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("school_days_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("remind_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("escalate_after", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("per_minute", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("link_days", sa.Integer(), server_default=sa.text("14"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_settings")),
        schema="notify",
    )
    op.create_table(
        "database_restore",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("restored_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_restore")),
        schema="notify",
    )
    op.create_table(
        "alias_match",
        sa.Column("alias_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("alias", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("matched_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("alias_key", name=op.f("pk_alias_match")),
        schema="notify",
    )
    op.create_table(
        "arrival",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("part_count", sa.Integer(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_whole", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("arrived_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "respondent_group", name=op.f("pk_arrival")),
        schema="notify",
    )
    op.create_table(
        "begun_undo",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("undone_revision", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_begun_undo")),
        schema="notify",
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        schema="notify",
    )
    op.create_index(op.f("ix_notify_audit_at"), "audit", ["at"], unique=False, schema="notify")
    op.create_index(op.f("ix_notify_audit_object"), "audit", ["object"], unique=False, schema="notify")
    op.create_table(
        "digest",
        sa.Column("digest_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("'digest'"), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("correction", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("planned_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('planned','held','unroutable','superseded')", name=op.f("ck_digest_state")),
        sa.PrimaryKeyConstraint("digest_id", name=op.f("pk_digest")),
        schema="notify",
    )
    op.create_index(
        "ix_digest_director", "digest", ["director_key", "term", "digest_id"], unique=False, schema="notify"
    )
    op.create_index(
        "ix_digest_waiting",
        "digest",
        ["state"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state in ('held','unroutable')"),
    )
    op.create_index(op.f("ix_notify_digest_upload_id"), "digest", ["upload_id"], unique=False, schema="notify")
    op.create_table(
        "director",
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("refused_email", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("refused", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_director")),
        schema="notify",
    )
    op.create_table(
        "directory_arrival",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_arrival")),
        schema="notify",
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
        schema="notify",
    )
    op.create_index(
        op.f("ix_notify_inbox_next_at"),
        "inbox",
        ["next_at"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        op.f("ix_notify_inbox_state"),
        "inbox",
        ["state"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
        schema="notify",
    )
    op.create_table(
        "job_log",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_job_log")),
        schema="notify",
    )
    op.create_table(
        "loop_beat",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loop_beat")),
        schema="notify",
    )
    op.create_table(
        "mail_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resume_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_pause")),
        schema="notify",
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
        schema="notify",
    )
    op.create_table(
        "preference",
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("only_changes", sa.Boolean(), nullable=False),
        sa.Column("also_when_none", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_preference")),
        schema="notify",
    )
    op.create_table(
        "region_head",
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("refused_email", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("refused", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("region", name=op.f("pk_region_head")),
        schema="notify",
    )
    op.create_table(
        "retired_school",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("term", "school_key", name=op.f("pk_retired_school")),
        schema="notify",
    )
    op.create_table(
        "received_reply",
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("message_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("answer_state", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("'none'"), nullable=False),
        sa.Column("answered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_received_reply")),
        schema="notify",
    )
    op.create_index(op.f("ix_notify_received_reply_outcome"), "received_reply", ["outcome"], schema="notify")
    op.create_index(op.f("ix_notify_received_reply_answer_state"), "received_reply", ["answer_state"], schema="notify")
    op.create_table(
        "reporter",
        sa.Column("person_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_key", name=op.f("pk_reporter")),
        schema="notify",
    )
    op.create_table(
        "school_calendar",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("days_off", postgresql.ARRAY(sa.DATE()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_calendar")),
        schema="notify",
    )
    op.create_table(
        "snooze",
        sa.Column("snooze_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("snooze_id", name=op.f("pk_snooze")),
        schema="notify",
    )
    op.create_index(
        "ix_snooze_live",
        "snooze",
        ["director_key"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "tier_state",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("respondent_group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("needed", sa.Integer(), nullable=True),
        sa.Column("rate", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("final_low", sa.Integer(), nullable=True),
        sa.Column("final_likely", sa.Integer(), nullable=True),
        sa.Column("final_high", sa.Integer(), nullable=True),
        sa.Column("outlook", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("needed_per_day", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint(
            "term", "extraction_date", "respondent_group", "school_key", name=op.f("pk_tier_state")
        ),
        schema="notify",
    )
    op.create_table(
        "upload",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("thin", sa.Boolean(), nullable=False),
        sa.Column("hold_mails", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_undo", sa.Boolean(), nullable=False),
        sa.Column("window_closes", sa.Date(), nullable=False),
        sa.Column("arrived_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("late", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("planned_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("released_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload")),
        schema="notify",
    )
    op.create_index(op.f("ix_notify_upload_term"), "upload", ["term"], unique=False, schema="notify")
    op.create_table(
        "visit",
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_visit")),
        schema="notify",
    )
    op.create_table(
        "acknowledgement",
        sa.Column("acknowledgement_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("extraction_date", sa.Date(), nullable=False),
        sa.Column("plan", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["notify.digest.digest_id"], name=op.f("fk_acknowledgement_digest_id_digest")
        ),
        sa.PrimaryKeyConstraint("acknowledgement_id", name=op.f("pk_acknowledgement")),
        schema="notify",
    )
    op.create_index(
        op.f("ix_notify_acknowledgement_digest_id"), "acknowledgement", ["digest_id"], unique=False, schema="notify"
    )
    op.create_index(
        op.f("ix_notify_acknowledgement_director_key"),
        "acknowledgement",
        ["director_key"],
        unique=False,
        schema="notify",
    )
    op.create_table(
        "mail",
        sa.Column("mail_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("'digest'"), nullable=False),
        sa.Column("dedupe_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rcpt", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("body", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("html", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("message_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("in_reply_to", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unknown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("queued_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("announced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("last_reply", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "state in ('queued','held','sending','sent','failed','bounced','superseded')", name=op.f("ck_mail_state")
        ),
        sa.ForeignKeyConstraint(["digest_id"], ["notify.digest.digest_id"], name=op.f("fk_mail_digest_id_digest")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mail")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mail_dedupe_key")),
        schema="notify",
    )
    op.create_index(
        "ix_mail_due",
        "mail",
        ["next_at"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state in ('queued','sending')"),
    )
    op.create_index("ix_mail_sent", "mail", ["sent_at"], unique=False, schema="notify")
    op.create_index(
        "ix_mail_unannounced",
        "mail",
        ["mail_id"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state = 'sent' and not announced"),
    )
    op.create_index(op.f("ix_notify_mail_digest_id"), "mail", ["digest_id"], unique=False, schema="notify")
    op.create_index(op.f("ix_notify_mail_message_id"), "mail", ["message_id"], unique=False, schema="notify")
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
            ["notify.outbox_event.event_id"],
            name=op.f("fk_outbox_delivery_event_id_outbox_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_outbox_delivery")),
        schema="notify",
    )
    op.create_index(
        op.f("ix_notify_outbox_delivery_next_at"),
        "outbox_delivery",
        ["next_at"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )
    op.create_table(
        "bounce",
        sa.Column("bounce_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("content_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("recipient", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["notify.mail.mail_id"], name=op.f("fk_bounce_mail_id_mail")),
        sa.PrimaryKeyConstraint("bounce_id", name=op.f("pk_bounce")),
        sa.UniqueConstraint("content_key", name=op.f("uq_bounce_content_key")),
        schema="notify",
    )
    op.create_index(op.f("ix_notify_bounce_kind"), "bounce", ["kind"], unique=False, schema="notify")
    op.create_index(op.f("ix_notify_bounce_mail_id"), "bounce", ["mail_id"], unique=False, schema="notify")
    op.create_table(
        "link_use",
        sa.Column("mail_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["notify.mail.mail_id"], name=op.f("fk_link_use_mail_id_mail")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_link_use")),
        schema="notify",
    )
    op.create_table(
        "mail_note",
        sa.Column("note_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("what", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["notify.mail.mail_id"], name=op.f("fk_mail_note_mail_id_mail")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_mail_note")),
        schema="notify",
    )
    op.create_index(op.f("ix_notify_mail_note_mail_id"), "mail_note", ["mail_id"], unique=False, schema="notify")
    # Payloads are kept as the text that was published, not compressed: half the work of each hop.
    for table in ("outbox_event", "inbox"):
        op.execute(f"alter table notify.{table} alter payload set storage external")


def downgrade() -> None:
    op.drop_index(op.f("ix_notify_mail_note_mail_id"), table_name="mail_note", schema="notify")
    op.drop_table("mail_note", schema="notify")
    op.drop_table("link_use", schema="notify")
    op.drop_index(op.f("ix_notify_bounce_mail_id"), table_name="bounce", schema="notify")
    op.drop_index(op.f("ix_notify_bounce_kind"), table_name="bounce", schema="notify")
    op.drop_table("bounce", schema="notify")
    op.drop_index(
        op.f("ix_notify_outbox_delivery_next_at"),
        table_name="outbox_delivery",
        schema="notify",
        postgresql_where=sa.text("state in ('pending','sent')"),
    )
    op.drop_table("outbox_delivery", schema="notify")
    op.drop_index(op.f("ix_notify_mail_message_id"), table_name="mail", schema="notify")
    op.drop_index(op.f("ix_notify_mail_digest_id"), table_name="mail", schema="notify")
    op.drop_index(
        "ix_mail_unannounced",
        table_name="mail",
        schema="notify",
        postgresql_where=sa.text("state = 'sent' and not announced"),
    )
    op.drop_index("ix_mail_sent", table_name="mail", schema="notify")
    op.drop_index(
        "ix_mail_due", table_name="mail", schema="notify", postgresql_where=sa.text("state in ('queued','sending')")
    )
    op.drop_table("mail", schema="notify")
    op.drop_index(op.f("ix_notify_acknowledgement_director_key"), table_name="acknowledgement", schema="notify")
    op.drop_index(op.f("ix_notify_acknowledgement_digest_id"), table_name="acknowledgement", schema="notify")
    op.drop_table("acknowledgement", schema="notify")
    op.drop_table("visit", schema="notify")
    op.drop_index(op.f("ix_notify_upload_term"), table_name="upload", schema="notify")
    op.drop_table("upload", schema="notify")
    op.drop_table("tier_state", schema="notify")
    op.drop_index("ix_snooze_live", table_name="snooze", schema="notify", postgresql_where=sa.text("ended_at is null"))
    op.drop_table("snooze", schema="notify")
    op.drop_table("school_calendar", schema="notify")
    op.drop_table("reporter", schema="notify")
    op.drop_index(op.f("ix_notify_received_reply_answer_state"), table_name="received_reply", schema="notify")
    op.drop_index(op.f("ix_notify_received_reply_outcome"), table_name="received_reply", schema="notify")
    op.drop_table("received_reply", schema="notify")
    op.drop_table("retired_school", schema="notify")
    op.drop_table("region_head", schema="notify")
    op.drop_table("preference", schema="notify")
    op.drop_table("outbox_event", schema="notify")
    op.drop_table("mail_pause", schema="notify")
    op.drop_table("loop_beat", schema="notify")
    op.drop_table("job_log", schema="notify")
    op.drop_table("job", schema="notify")
    op.drop_index(
        op.f("ix_notify_inbox_state"), table_name="inbox", schema="notify", postgresql_where=sa.text("state = 'parked'")
    )
    op.drop_index(
        op.f("ix_notify_inbox_next_at"), table_name="inbox", schema="notify", postgresql_where=sa.text("state = 'new'")
    )
    op.drop_table("inbox", schema="notify")
    op.drop_table("directory_arrival", schema="notify")
    op.drop_table("director", schema="notify")
    op.drop_index(op.f("ix_notify_digest_upload_id"), table_name="digest", schema="notify")
    op.drop_index(
        "ix_digest_waiting",
        table_name="digest",
        schema="notify",
        postgresql_where=sa.text("state in ('held','unroutable')"),
    )
    op.drop_index("ix_digest_director", table_name="digest", schema="notify")
    op.drop_table("digest", schema="notify")
    op.drop_index(op.f("ix_notify_audit_object"), table_name="audit", schema="notify")
    op.drop_index(op.f("ix_notify_audit_at"), table_name="audit", schema="notify")
    op.drop_table("audit", schema="notify")
    op.drop_table("begun_undo", schema="notify")
    op.drop_table("arrival", schema="notify")
    op.drop_table("alias_match", schema="notify")
    op.drop_table("database_restore", schema="notify")
    op.drop_table("alert_settings", schema="notify")
