"""The LCAP actions, measures, values, loads, checks and settings."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_lcap_tables"
down_revision = "2026_11_21_progress"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lcap_action",
        sa.Column("goal", sa.SmallInteger(), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("pages", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("description", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contributing", sa.Boolean(), nullable=True),
        sa.Column("fund", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=True),
        sa.Column("planned_2024_25", sa.BigInteger(), nullable=True),
        sa.Column("planned_2023_24", sa.BigInteger(), nullable=True),
        sa.Column("est_actual_2023_24", sa.BigInteger(), nullable=True),
        sa.Column("explanation", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("damage", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("goal", "action", name=op.f("pk_lcap_action")),
        schema="tracker",
    )
    op.create_table(
        "lcap_check",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_lcap_check")),
        schema="tracker",
    )
    op.create_table(
        "lcap_load",
        sa.Column("table", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=True),
        sa.Column("unread", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("read_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("table", "upload_id", name=op.f("pk_lcap_load")),
        schema="tracker",
    )
    op.create_table(
        "lcap_measure",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("goal", sa.SmallInteger(), nullable=False),
        sa.Column("goal_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("action_title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("polarity", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("survey_kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("survey_item", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("respondents", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("survey_level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("survey_subgroup", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("doubts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("damage", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lcap_measure")),
        sa.UniqueConstraint("key", name=op.f("uq_lcap_measure_key")),
        schema="tracker",
    )
    op.create_index("ix_lcap_measure_action", "lcap_measure", ["goal", "action"], unique=False, schema="tracker")
    op.create_table(
        "lcap_setting",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("under", sa.Numeric(precision=5, scale=1), nullable=False),
        sa.Column("over", sa.Numeric(precision=5, scale=1), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lcap_setting")),
        schema="tracker",
    )
    op.create_table(
        "lcap_value",
        sa.Column("measure", sa.Integer(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("now", sa.Numeric(), nullable=True),
        sa.Column("before", sa.Numeric(), nullable=True),
        sa.Column("unit", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period_now", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.Column("period_before", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("as_of", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("part_year", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("measure", "seq", name=op.f("pk_lcap_value")),
        schema="tracker",
    )


def downgrade() -> None:
    op.drop_table("lcap_value", schema="tracker")
    op.drop_table("lcap_setting", schema="tracker")
    op.drop_index("ix_lcap_measure_action", table_name="lcap_measure", schema="tracker")
    op.drop_table("lcap_measure", schema="tracker")
    op.drop_table("lcap_load", schema="tracker")
    op.drop_table("lcap_check", schema="tracker")
    op.drop_table("lcap_action", schema="tracker")
