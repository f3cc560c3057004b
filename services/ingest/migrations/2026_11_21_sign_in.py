"""Sign-ins under way, where a session came from, and who gave a role: the directory, the provider's claims or operations."""

from alembic import op

revision = "2026_11_21_sign_in"
down_revision = "2026_11_21_first_tables"
branch_labels = None
depends_on = None

UP = """
create table access.login(
  state_hash bytea primary key,
  browser_hash bytea not null,
  nonce text not null,
  verifier text not null,
  next text not null,
  started_at timestamptz not null default now());
create index on access.login (started_at);
alter table access.role_grant add column source text not null default 'directory'
  check (source in ('directory','claims','operations'));
alter table access.session add column address text not null default '';
alter table access.token add column created_by text not null default 'command line';
"""

DOWN = """
alter table access.token drop column created_by;
alter table access.session drop column address;
alter table access.role_grant drop column source;
drop table access.login;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
