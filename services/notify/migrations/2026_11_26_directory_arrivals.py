"""Which parts of the newest directory have come, and since when a director's id is known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_directory_arrivals"
down_revision = "2026_11_26_wide_rates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_arrival",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_arrival")),
        schema="notify",
    )
    # What was heard so far may be the newest directory; an older one that comes late is kept out from now on.
    op.execute(
        "insert into notify.directory_arrival(id, revision, parts)"
        " select 1, max(revision), '{}' from notify.director having count(*) > 0"
    )
    op.add_column(
        "director", sa.Column("since", sa.Integer(), server_default=sa.text("0"), nullable=False), schema="notify"
    )


def downgrade() -> None:
    op.drop_column("director", "since", schema="notify")
    op.drop_table("directory_arrival", schema="notify")
