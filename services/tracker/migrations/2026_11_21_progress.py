"""The plan, the entered values and what is computed from them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_progress"
down_revision = "2026_11_21_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("percent", sa.Numeric(precision=4, scale=1), nullable=True),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("school_key", "level", "item_id", "period", name=op.f("pk_entry")),
        schema="tracker",
    )
    op.create_table(
        "entry_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period", sa.SmallInteger(), nullable=False),
        sa.Column("was", sa.Numeric(precision=4, scale=1), nullable=True),
        sa.Column("now", sa.Numeric(precision=4, scale=1), nullable=True),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_log")),
        schema="tracker",
    )
    op.create_index("ix_entry_log_school", "entry_log", ["school_key", "level", "id"], unique=False, schema="tracker")
    op.create_table(
        "item",
        sa.Column("item_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pillar", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("metric", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("area", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("from_rates", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item")),
        schema="tracker",
    )
    op.create_table(
        "level",
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("level", name=op.f("pk_level")),
        schema="tracker",
    )
    op.create_table(
        "period",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_period")),
        sa.UniqueConstraint("label", name=op.f("uq_period_label")),
        schema="tracker",
    )
    op.create_table(
        "standing",
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("goal", sa.Numeric(), nullable=True),
        sa.Column("targets", postgresql.ARRAY(sa.Numeric()), nullable=False),
        sa.Column("differences", postgresql.ARRAY(sa.Numeric()), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("difference", sa.Numeric(), nullable=True),
        sa.Column("latest", sa.Numeric(), nullable=True),
        sa.Column("latest_period", sa.SmallInteger(), nullable=True),
        sa.Column("gains", postgresql.ARRAY(sa.Numeric()), nullable=False),
        sa.Column("needed", sa.Numeric(), nullable=True),
        sa.PrimaryKeyConstraint("school_key", "level", "item_id", name=op.f("pk_standing")),
        schema="tracker",
    )
    op.create_index("ix_standing_item", "standing", ["level", "item_id", "status"], unique=False, schema="tracker")
    op.create_table(
        "goal",
        sa.Column("item_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("increase", sa.Numeric(precision=4, scale=1), nullable=True),
        sa.Column("district_goal", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["tracker.item.item_id"], name=op.f("fk_goal_item_id_item")),
        sa.ForeignKeyConstraint(["level"], ["tracker.level.level"], name=op.f("fk_goal_level_level")),
        sa.PrimaryKeyConstraint("item_id", "level", name=op.f("pk_goal")),
        schema="tracker",
    )
    op.add_column(
        "school", sa.Column("tracker_level", sqlmodel.sql.sqltypes.AutoString(), nullable=True), schema="tracker"
    )


def downgrade() -> None:
    op.drop_column("school", "tracker_level", schema="tracker")
    op.drop_table("goal", schema="tracker")
    op.drop_index("ix_standing_item", table_name="standing", schema="tracker")
    op.drop_table("standing", schema="tracker")
    op.drop_table("period", schema="tracker")
    op.drop_table("level", schema="tracker")
    op.drop_table("item", schema="tracker")
    op.drop_index("ix_entry_log_school", table_name="entry_log", schema="tracker")
    op.drop_table("entry_log", schema="tracker")
    op.drop_table("entry", schema="tracker")
