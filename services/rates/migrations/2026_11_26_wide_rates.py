"""Rates of a row with a thousand times its expected surveys and more have room.

A longer number with as many decimals rewrites no table. An array of longer numbers would: the trail is of any length.
"""

from alembic import op

revision = "2026_11_26_wide_rates"
down_revision = "2026_11_22_payload_as_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table rates.rate alter rate type numeric(16,4)")
    op.execute(
        "alter table rates.standing alter rate type numeric(16,4), alter was_rate type numeric(16,4),"
        " alter moved type numeric(16,4), alter trail type numeric[]"
    )


def downgrade() -> None:
    # Both tables are rewritten; refused where a rate has no room any more.
    op.execute(
        "alter table rates.standing alter trail type numeric(9,4)[], alter moved type numeric(9,4),"
        " alter was_rate type numeric(9,4), alter rate type numeric(9,4)"
    )
    op.execute("alter table rates.rate alter rate type numeric(9,4)")
