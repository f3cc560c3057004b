"""The reading of long files, the report of a file, and what its undo needs."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_reading_and_undo"
down_revision = "2026_11_21_sign_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "progress",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["ingest.upload.upload_id"], name=op.f("fk_progress_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_progress")),
        schema="ingest",
    )
    op.create_table(
        "replaced_count",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("group", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ploc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cost_center", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("region", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cos", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("director", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("submitted", sa.Integer(), nullable=True),
        sa.Column("file_tier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("file_rate", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["ingest.upload.upload_id"],
            name=op.f("fk_replaced_count_upload_id_upload"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "group", "school_key", name=op.f("pk_replaced_count")),
        schema="ingest",
    )
    op.add_column(
        "upload",
        sa.Column("intent", sqlmodel.sql.sqltypes.AutoString(), server_default="publish", nullable=False),
        schema="ingest",
    )
    op.add_column(
        "upload",
        sa.Column("named_term", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
        schema="ingest",
    )
    op.add_column(
        "upload", sa.Column("confirmed", sa.Boolean(), server_default=sa.text("false"), nullable=False), schema="ingest"
    )
    op.add_column(
        "upload",
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        schema="ingest",
    )
    op.add_column(
        "upload",
        sa.Column(
            "found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        schema="ingest",
    )
    op.add_column(
        "upload",
        sa.Column(
            "difference", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        schema="ingest",
    )
    op.add_column(
        "upload",
        sa.Column(
            "told", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        schema="ingest",
    )
    op.add_column("upload", sa.Column("part_of", sa.Uuid(), nullable=True), schema="ingest")
    op.add_column("upload", sa.Column("undoes", sa.Uuid(), nullable=True), schema="ingest")
    op.add_column(
        "upload", sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False), schema="ingest"
    )
    op.create_index("ix_upload_extraction", "upload", ["term", "on", "revision"], unique=False, schema="ingest")
    op.create_index(
        "ix_upload_reading",
        "upload",
        ["uploaded_at"],
        unique=False,
        schema="ingest",
        postgresql_where=sa.text("state = 'reading'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_upload_reading", table_name="upload", schema="ingest", postgresql_where=sa.text("state = 'reading'")
    )
    op.drop_index("ix_upload_extraction", table_name="upload", schema="ingest")
    op.drop_column("upload", "attempts", schema="ingest")
    op.drop_column("upload", "undoes", schema="ingest")
    op.drop_column("upload", "part_of", schema="ingest")
    op.drop_column("upload", "told", schema="ingest")
    op.drop_column("upload", "difference", schema="ingest")
    op.drop_column("upload", "found", schema="ingest")
    op.drop_column("upload", "reasons", schema="ingest")
    op.drop_column("upload", "confirmed", schema="ingest")
    op.drop_column("upload", "named_term", schema="ingest")
    op.drop_column("upload", "intent", schema="ingest")
    op.drop_table("replaced_count", schema="ingest")
    op.drop_table("progress", schema="ingest")
