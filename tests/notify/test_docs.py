"""docs/alerts.md says what the code does: settings with their defaults, reasons, classes of failure, addresses."""

import re
from pathlib import Path

from services.notify.api import router
from services.notify.queries.alert_settings import settings_of
from services.notify.rules import news, refusals
from shared.db import transaction

TEXT = (Path(__file__).parent.parent.parent / "docs" / "alerts.md").read_text()
SHOWN = {None: "empty", True: "on", False: "off"}


def test_every_setting_is_described_with_its_default(clean: None) -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\w+) \|", TEXT, re.MULTILINE)
    documented = {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}
    with transaction("notify") as session:
        values = settings_of(session).model_dump(exclude={"id"})
    assert documented == {n: SHOWN[v] if v is None or isinstance(v, bool) else str(v) for n, v in values.items()}


def test_every_reason_and_every_class_of_failure_is_described() -> None:
    source = Path(news.__file__).read_text()
    reasons = set(
        re.findall(r'(?:return |, )"((?:all|some|none in|new) ?[\w ]*|first|moved|missing|still|corrected)"\)?', source)
    )
    assert {"first", "new schools", "all left", "corrected"} <= reasons
    assert [reason for reason in reasons if f"| {reason} |" not in TEXT] == []
    classes = {
        refusals.AUTH, refusals.RATE, refusals.TEMPORARY, refusals.TIMEOUT, refusals.FULL, refusals.ADDRESS,
        refusals.MESSAGE, refusals.UNKNOWN, refusals.CERTIFICATE,
    }  # fmt: skip
    assert [name for name in classes if f"| {name} |" not in TEXT] == []


def test_every_operation_of_the_api_is_named() -> None:
    paths = {getattr(route, "path", "").rpartition("/api/v1")[2].partition("/{")[0] for route in router.routes}
    assert [path for path in paths if path not in TEXT] == []
