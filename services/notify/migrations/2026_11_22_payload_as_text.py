"""Payloads of events are kept as the text that was said, not parsed and not compressed: half the work of each hop."""

from alembic import op

revision = "2026_11_22_payload_as_text"
down_revision = "2026_11_22_head_refused"
branch_labels = None
depends_on = None

TABLES = ("outbox_event", "inbox")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table notify.{table} alter payload type text using payload::text")
        op.execute(f"alter table notify.{table} alter payload set storage external")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table notify.{table} alter payload set storage extended")
        op.execute(f"alter table notify.{table} alter payload type jsonb using payload::jsonb")
