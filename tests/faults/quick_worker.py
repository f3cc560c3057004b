"""A service's real worker whose watchdog and time limits wait for seconds in place of a minute, so that a test can."""

import os
import sys
from datetime import timedelta
from importlib import import_module

from shared.delivery import worker
from shared.delivery.bus import Bus

STALE_SECONDS = int(os.environ.get("FAULTS_STALE_SECONDS", "20"))  # half of it is well above the relay's beat
LIMIT_SECONDS = 10
SWEEP_SECONDS = 5

if __name__ == "__main__":
    bus: Bus = import_module(f"services.{sys.argv[1]}.tasks").bus
    bus.celery.conf.update(task_soft_time_limit=LIMIT_SECONDS - 2, task_time_limit=LIMIT_SECONDS)
    bus.jobs[f"{bus.service}.sweep_inbox"] = timedelta(seconds=SWEEP_SECONDS)
    worker.STALE_SECONDS = STALE_SECONDS
    worker.CHECK_SECONDS = 1.0
    worker.main(sys.argv[1:])
