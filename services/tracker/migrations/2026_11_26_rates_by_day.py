"""A Parents rate is kept for each extraction: one taken back leaves the others. It is as large as counts make it."""

from alembic import op

revision = "2026_11_26_rates_by_day"
down_revision = "2026_11_22_payload_as_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "alter table tracker.final_rate drop constraint pk_final_rate, alter rate type numeric(16, 4),"
        ' add constraint pk_final_rate primary key (school_key, term, "on")'
    )


def downgrade() -> None:
    op.execute(
        "delete from tracker.final_rate f using tracker.final_rate newer where newer.school_key = f.school_key"
        ' and newer.term = f.term and (newer.rate is not null, newer."on") > (f.rate is not null, f."on")'
    )
    op.execute(
        "alter table tracker.final_rate drop constraint pk_final_rate,"
        " alter rate type numeric(9, 4) using case when rate < 100000 then rate end,"
        " add constraint pk_final_rate primary key (school_key, term)"
    )
