"""Rates of a row with a thousand times its expected surveys and more have room; the table is not rewritten."""

from alembic import op

revision = "2026_11_26_wide_rates"
down_revision = "2026_11_22_payload_as_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table notify.tier_state alter rate type numeric(16,4)")


def downgrade() -> None:
    # The table is rewritten; refused where a rate has no room any more.
    op.execute("alter table notify.tier_state alter rate type numeric(9,4)")
