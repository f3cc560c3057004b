"""Flower's options, and Flower in a container: `python -m deploy.flower_container`, read-only behind the entrance."""

import os
import sys

from shared.settings import Settings, settings

STATE = "/var/lib/ses/flower"


def options(current: Settings, password: str, state: str) -> dict[str, str]:
    """Flower's options as variables, so that no password is in the list of processes."""
    return {
        "CELERY_BROKER_URL": current.redis_url_of("flower"),
        "FLOWER_ADDRESS": "127.0.0.1",
        "FLOWER_PORT": str(current.flower_port),
        "FLOWER_BASIC_AUTH": f"flower:{password}",
        "FLOWER_READ_ONLY": "true",
        "FLOWER_PERSISTENT": "true",
        "FLOWER_DB": state,
        "FLOWER_STATE_SAVE_INTERVAL": "30000",
        "FLOWER_MAX_TASKS": "10000",
    }


def inside(current: Settings) -> dict[str, str]:
    """The options in a container, where the entrance asks first who it is. Raises SettingsError without its secrets."""
    current.check_secrets("redis_passwords__flower", "flower_password")
    behind = {"FLOWER_ADDRESS": current.bind, "FLOWER_URL_PREFIX": "ops/flower", "FLOWER_XHEADERS": "true"}
    return {**options(current, current.flower_password.get_secret_value(), STATE), **behind}


def main() -> None:
    os.environ.update(inside(settings()))
    os.execv(sys.executable, [sys.executable, "-m", "celery", "-A", "deploy.flower", "flower"])


if __name__ == "__main__":
    main()
