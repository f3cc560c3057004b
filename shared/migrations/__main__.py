"""`python -m shared.migrations`: roles, schemas and all migrations."""

from shared.logs import set_up_logs
from shared.migrations import migrate

if __name__ == "__main__":
    set_up_logs("migrations")
    migrate()
