"""Flower in a container: `python -m deploy.flower_container`, its password and the broker's from the settings, read-only."""

import os
import sys

from shared.settings import settings

STATE = "/var/lib/ses/flower"


def options() -> dict[str, str]:
    """Flower's options as variables, so that no password is in the list of processes."""
    chosen = settings()
    return {
        "CELERY_BROKER_URL": chosen.redis_url_of("flower"),
        "FLOWER_ADDRESS": chosen.bind,
        "FLOWER_PORT": str(chosen.flower_port),
        "FLOWER_BASIC_AUTH": f"flower:{chosen.flower_password.get_secret_value()}",
        "FLOWER_URL_PREFIX": "ops/flower",
        "FLOWER_READ_ONLY": "true",
        "FLOWER_PERSISTENT": "true",
        "FLOWER_DB": STATE,
        "FLOWER_STATE_SAVE_INTERVAL": "30000",
        "FLOWER_MAX_TASKS": "10000",
        "FLOWER_XHEADERS": "true",
    }


def main() -> None:
    os.environ.update(options())
    os.execv(sys.executable, [sys.executable, "-m", "celery", "-A", "deploy.flower", "flower"])


if __name__ == "__main__":
    main()
