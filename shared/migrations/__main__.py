"""`python -m shared.migrations`: roles, schemas and all migrations."""

from shared.migrations import migrate
from shared.ops.logs import set_up_logs
from shared.settings import SERVICES, settings

if __name__ == "__main__":
    settings().check_secrets(*(f"database_passwords__{service}" for service in SERVICES))
    set_up_logs("migrations")
    migrate()
