"""`python -m shared.migrations`: roles, schemas and all migrations."""

import sys

from shared.migrations import migrate
from shared.migrations.origin import OtherSchema
from shared.ops.logs import set_up_logs
from shared.settings import SERVICES, settings

if __name__ == "__main__":
    settings().check_secrets(*(f"database_passwords__{service}" for service in SERVICES))
    set_up_logs("migrations")
    try:
        migrate()
    except OtherSchema as error:
        sys.exit(str(error))
