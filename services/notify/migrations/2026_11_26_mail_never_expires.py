"""A mail has no end of its own: what a newer state replaces is superseded. The column was never filled."""

from alembic import op

revision = "2026_11_26_mail_never_expires"
down_revision = "2026_11_26_directory_arrivals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table notify.mail drop column expires_at")


def downgrade() -> None:
    op.execute("alter table notify.mail add column expires_at timestamptz")
