"""Which parts of the newest directory have come, so that what it no longer has can be dropped once it is whole."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_directory_arrival"
down_revision = "2026_11_26_rates_by_day"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_arrival",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_arrival")),
        schema="tracker",
    )
    # An older directory that comes late must not bring back what the newest one here has left out.
    op.execute(
        "insert into tracker.directory_arrival(id, revision, parts)"
        " select 1, max(revision), cast('{}' as smallint[]) from tracker.school having count(*) > 0"
    )


def downgrade() -> None:
    op.drop_table("directory_arrival", schema="tracker")
