"""Digests with their lines, answers of directors, settings, and what happened to each mail."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_digests_answers"
down_revision = "2026_11_21_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alias_match",
        sa.Column("alias_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("alias", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("alias_key", name=op.f("pk_alias_match")),
        schema="notify",
    )
    op.create_table(
        "chosen",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hold_all", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hold_thin", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("wait_minutes", sa.Integer(), server_default=sa.text("15"), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("weekdays_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("remind_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("escalate_after", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("per_minute", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("link_days", sa.Integer(), server_default=sa.text("14"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chosen")),
        schema="notify",
    )
    op.create_table(
        "lane",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resume_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        schema="notify",
    )
    op.create_table(
        "preference",
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("only_changes", sa.Boolean(), nullable=False),
        sa.Column("also_when_none", sa.Boolean(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_preference")),
        schema="notify",
    )
    op.create_table(
        "region_head",
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("region", name=op.f("pk_region_head")),
        schema="notify",
    )
    op.create_table(
        "snooze",
        sa.Column("snooze_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("group", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
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
        "upload",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("thin", sa.Boolean(), nullable=False),
        sa.Column("is_undo", sa.Boolean(), nullable=False),
        sa.Column("window_closes", sa.Date(), nullable=False),
        sa.Column("heard_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
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
        sa.Column("on", sa.Date(), nullable=False),
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
    op.execute(
        'insert into notify.upload(upload_id, term, "on", revision, groups, thin, is_undo, window_closes, outcome, planned_at)'
        ' select upload_id, term, "on", revision, \'{}\', false, false, "on", outcome, planned_at from notify.plan'
    )
    op.drop_table("plan", schema="notify")
    op.add_column(
        "digest",
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("'digest'"), nullable=False),
        schema="notify",
    )
    op.add_column(
        "digest",
        sa.Column("correction", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="notify",
    )
    op.create_index(
        "ix_digest_waiting",
        "digest",
        ["state"],
        unique=False,
        schema="notify",
        postgresql_where=sa.text("state in ('held','unroutable')"),
    )
    op.drop_column("digest", "fingerprint", schema="notify")
    op.add_column(
        "director",
        sa.Column("refused_email", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        schema="notify",
    )
    op.add_column(
        "director",
        sa.Column("refused", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        schema="notify",
    )
    op.add_column(
        "mail",
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("'digest'"), nullable=False),
        schema="notify",
    )
    op.add_column(
        "mail",
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False),
        schema="notify",
    )
    op.create_index("ix_mail_sent", "mail", ["sent_at"], unique=False, schema="notify")
    _checks("'planned','held','unroutable','superseded'", "'queued','held','sending','sent','failed','superseded'")


def _checks(digest: str, mail: str) -> None:
    for table, states in (("digest", digest), ("mail", mail)):
        op.drop_constraint(op.f(f"ck_{table}_state"), table, schema="notify")
        op.create_check_constraint(op.f(f"ck_{table}_state"), table, f"state in ({states})", schema="notify")


def downgrade() -> None:
    op.execute("delete from notify.mail_note")
    op.execute("delete from notify.mail where state in ('held','superseded')")
    op.execute("update notify.digest set state = 'held' where state = 'superseded'")
    _checks("'planned','held','unroutable'", "'queued','sending','sent','failed'")
    op.drop_index("ix_mail_sent", table_name="mail", schema="notify")
    op.drop_column("mail", "failure", schema="notify")
    op.drop_column("mail", "kind", schema="notify")
    op.drop_column("director", "refused", schema="notify")
    op.drop_column("director", "refused_email", schema="notify")
    op.add_column("digest", sa.Column("fingerprint", sa.TEXT(), server_default="", nullable=False), schema="notify")
    op.drop_index(
        "ix_digest_waiting",
        table_name="digest",
        schema="notify",
        postgresql_where=sa.text("state in ('held','unroutable')"),
    )
    op.drop_column("digest", "correction", schema="notify")
    op.drop_column("digest", "kind", schema="notify")
    op.create_table(
        "plan",
        sa.Column("upload_id", sa.UUID(), autoincrement=False, nullable=False),
        sa.Column("term", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column("on", sa.DATE(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.INTEGER(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.TEXT(), autoincrement=False, nullable=False),
        sa.Column(
            "planned_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_plan")),
        schema="notify",
    )
    op.drop_index(op.f("ix_notify_mail_note_mail_id"), table_name="mail_note", schema="notify")
    op.drop_table("mail_note", schema="notify")
    op.drop_table("link_use", schema="notify")
    op.drop_index(op.f("ix_notify_acknowledgement_director_key"), table_name="acknowledgement", schema="notify")
    op.drop_index(op.f("ix_notify_acknowledgement_digest_id"), table_name="acknowledgement", schema="notify")
    op.drop_table("acknowledgement", schema="notify")
    op.drop_table("visit", schema="notify")
    op.drop_index(op.f("ix_notify_upload_term"), table_name="upload", schema="notify")
    op.drop_table("upload", schema="notify")
    op.drop_index("ix_snooze_live", table_name="snooze", schema="notify", postgresql_where=sa.text("ended_at is null"))
    op.drop_table("snooze", schema="notify")
    op.drop_table("region_head", schema="notify")
    op.drop_table("preference", schema="notify")
    op.drop_table("lane", schema="notify")
    op.drop_table("chosen", schema="notify")
    op.drop_table("alias_match", schema="notify")
