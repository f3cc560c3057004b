"""The table reads standings: two indexes of the rows are not needed any more."""

from alembic import op

revision = "2026_11_21_rate_indexes"
down_revision = "2026_11_21_standings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_rate_tier", table_name="rate", schema="rates")
    op.drop_index("ix_rate_director", table_name="rate", schema="rates")


def downgrade() -> None:
    op.create_index("ix_rate_director", "rate", ["director_key", "term", "on", "group"], schema="rates")
    op.create_index("ix_rate_tier", "rate", ["term", "on", "group", "tier"], schema="rates")
