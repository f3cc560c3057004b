"""Standings per extraction, directors, saved views and settings."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_standings"
down_revision = "2026_11_21_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_off",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_off")),
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
        "goal",
        sa.Column("group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group", name=op.f("pk_goal")),
        schema="rates",
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("query", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("saved_at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_view_person_id_name")),
        schema="rates",
    )
    op.create_table(
        "standing",
        sa.Column("term", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_sort", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("rate", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("needed", sa.Integer(), nullable=True),
        sa.Column("was_on", sa.Date(), nullable=True),
        sa.Column("was_total", sa.Integer(), nullable=True),
        sa.Column("was_submitted", sa.Integer(), nullable=True),
        sa.Column("was_tier", sa.SmallInteger(), nullable=True),
        sa.Column("was_rate", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("gained", sa.Integer(), nullable=True),
        sa.Column("moved", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("stalled", sa.SmallInteger(), nullable=False),
        sa.Column("mark", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("trail", postgresql.ARRAY(sa.Numeric(precision=9, scale=4)), nullable=False),
        sa.PrimaryKeyConstraint("term", "group", "on", "school_key", name=op.f("pk_standing")),
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


def downgrade() -> None:
    op.drop_table("survey_window", schema="rates")
    op.drop_table("standing", schema="rates")
    op.drop_table("saved_view", schema="rates")
    op.drop_table("goal", schema="rates")
    op.drop_table("directory_arrival", schema="rates")
    op.drop_table("day_off", schema="rates")
