"""Files are kept as they came: a workbook is compressed already, and compressing a national CSV takes a second."""

from alembic import op

revision = "2026_11_25_files_uncompressed"
down_revision = "2026_11_22_payload_as_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table ingest.upload_file alter content set storage external")


def downgrade() -> None:
    op.execute("alter table ingest.upload_file alter content set storage extended")
