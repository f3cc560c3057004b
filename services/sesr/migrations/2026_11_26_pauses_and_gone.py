"""When an incident was closed for a while, and which schools the newest whole directory has no more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_pauses_and_gone"
down_revision = "2026_11_26_feed_of_a_day"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "incident",
        sa.Column("pauses", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        schema="sesr",
    )
    op.add_column(
        "school", sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False), schema="sesr"
    )
    op.create_table(
        "directory_arrival",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_arrival"),
        schema="sesr",
    )


def downgrade() -> None:
    op.drop_table("directory_arrival", schema="sesr")
    op.drop_column("school", "gone", schema="sesr")
    op.drop_column("incident", "pauses", schema="sesr")
