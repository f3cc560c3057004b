"""The how-tos of docs/developing.md name what is there: files, commands, functions and targets of make."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from shared.events import EVENTS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "developing.md").read_text()
SERVICE = "services/<service>"


def test_every_path_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:shared|services|tests|deploy|docs)/[\w./<>-]+)`", PAGE))
    assert len(named) > 20
    examples = {"shared/events/tracker.py"}  # what the how-to tells to make
    missing = []
    for path in named - examples:
        real = path.replace(SERVICE, "services/tracker").replace("tests/<service>", "tests/tracker")
        if "<page>" not in real and not (ROOT / real).exists() and not (ROOT / f"{real.rstrip('/')}.py").exists():
            missing.append(path)
    assert missing == []


def test_every_target_of_make_that_is_named_is_there_and_the_readme_names_the_first_ones() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", PAGE)) <= targets
    readme = (ROOT / "README.md").read_text()
    assert [target for target in ("run", "check", "test") if f"make {target}" not in readme] == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("shared.delivery.outbox", "publish"),
        ("shared.delivery.outbox", "next_version"),
        ("shared.db", "upsert"),
        ("shared.db", "fields_of"),
        ("shared.events", "ROWS_PER_PART"),
        ("shared.events", "UndoFacts"),
        ("shared.web", "allow"),
        ("shared.web", "page"),
        ("tests.stack", "deliver"),
        ("deploy.policy_table", "DOCUMENT"),
        ("deploy.migration", "write_migration"),
    ],
)
def test_what_the_how_tos_call_exists(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)
    assert name in PAGE or module.rpartition(".")[2] in PAGE


def test_the_four_flows_name_tasks_that_are_registered() -> None:
    for task in set(re.findall(r"`((?:rates|notify|sesr|tracker|ingest)\.[a-z_]+)`", PAGE)) - {"notify.note_goal"}:
        service = task.partition(".")[0]
        assert task in import_module(f"services.{service}.tasks").bus.celery.tasks, task


def test_the_flowchart_is_true() -> None:
    arrows = re.findall(r"^  (\w+) -->\|([\w, ]+)\| ([\w &]+)$", PAGE, re.MULTILINE)
    assert len(arrows) > 5
    by_name = {event.__name__: event for event in EVENTS.values()}
    for publisher, names, subscribers in arrows:
        for name in names.split(", "):
            event = by_name[name]
            assert event.publisher() == publisher, name
            assert set(subscribers.split(" & ")) <= set(event.subscribers), name
