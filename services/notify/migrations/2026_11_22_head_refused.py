"""The mail server's no to the address of a region's head."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "2026_11_22_head_refused"
down_revision = "2026_11_22_sent_digests_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("refused_email", "refused"):
        column = sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), server_default=sa.text("''"), nullable=False)
        op.add_column("region_head", column, schema="notify")


def downgrade() -> None:
    for name in ("refused", "refused_email"):
        op.drop_column("region_head", name, schema="notify")
