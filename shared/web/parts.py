"""Which services the home page, the page of a school, the settings and the checklists ask for their part, in which order."""

from typing import NamedTuple


class Part(NamedTuple):
    """A service with its name on pages, its start page, and the permission without which it is not asked."""

    service: str
    label: str
    href: str
    permission: str


INGEST = Part("ingest", "Uploads", "/ingest/", "uploads.see")
RATES = Part("rates", "Response rates", "/rates/", "rates.see")
TRACKER = Part("tracker", "Progress tracker", "/tracker/", "tracker.see")
SESR = Part("sesr", "Strike reports", "/sesr/", "sesr.see")
NOTIFY = Part("notify", "Alerts", "/notify/", "digests.see")
MY_ALERTS = Part("notify", "My alerts", "/notify/mine", "alerts.mine")
DIRECTORY = Part("ingest", "Directory", "/ingest/directory", "directory.see")

# The first thing to do comes first.
HOME_PARTS: dict[str, tuple[Part, ...]] = {
    "central": (INGEST, RATES, NOTIFY, SESR),
    "director": (MY_ALERTS, RATES, SESR),
    "principal": (SESR, RATES, TRACKER),
    "designee": (SESR, RATES, TRACKER),
    "desk": (SESR, RATES),
    "ops": tuple(
        Part(part.service, part.service.capitalize(), f"/{part.service}/ops", "ops.see")
        for part in (INGEST, RATES, TRACKER, SESR, NOTIFY)
    ),
}
SCHOOL_PARTS = (RATES, SESR, TRACKER, NOTIFY, DIRECTORY)

# Who has something to set, or to look up, in which service; for operations the variables of the installation are one part.
SETTINGS_PARTS: dict[str, tuple[Part, ...]] = {
    "central": (RATES, NOTIFY, TRACKER, SESR, INGEST),
    "director": (MY_ALERTS,),
    "ops": (Part("ingest", "Variables of the installation", "/ops", "ops.see"),),
}
CHECKLIST_PARTS: dict[str, tuple[Part, ...]] = {
    "central": (INGEST, RATES, TRACKER, NOTIFY, SESR),
    "ops": (Part("ingest", "Installation and files", "/ops", "ops.see"), NOTIFY),
}
