"""The newest reports of a day are found without going through those of all other days of the incident."""

from alembic import op

revision = "2026_11_26_feed_of_a_day"
down_revision = "2026_11_22_payload_as_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_recorded_feed", "recorded", ["incident_id", "day", "place"], unique=False, schema="sesr")
    # The newest place of an incident was looked for in it, through those of all other incidents.
    op.drop_constraint("uq_recorded_place", "recorded", schema="sesr", type_="unique")


def downgrade() -> None:
    op.create_unique_constraint("uq_recorded_place", "recorded", ["place"], schema="sesr")
    op.drop_index("ix_recorded_feed", table_name="recorded", schema="sesr")
