"""Which sent mails were told of: one event for a round of sending instead of one a mail."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_sent_digests_told"
down_revision = "2026_11_21_digests_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mail", sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False), schema="notify"
    )
    op.execute("update notify.mail set told = true where state = 'sent'")
    op.create_index(
        "ix_mail_untold",
        "mail",
        ["mail_id"],
        schema="notify",
        postgresql_where=sa.text("state = 'sent' and not told"),
    )


def downgrade() -> None:
    op.drop_index("ix_mail_untold", table_name="mail", schema="notify")
    op.drop_column("mail", "told", schema="notify")
