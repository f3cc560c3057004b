"""The structure of the code: who may import whom, budgets, one commit point, every event published and handled."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from shared.events import EVENTS
from shared.settings import SERVICES
from tests.stack import bus_of

ROOT = Path(__file__).parent.parent
DOORS = ("sheets", "folders", "workbook", "mailer", "mailbox", "channels", "exports")
ROOMS = ("rules", "tables", "actions", "queries", "api", "pages", "tasks", "app", *DOORS)
# Own rooms that a room may import. A door's own package counts as the door.
MAY_IMPORT = {
    "rules": set(),
    "tables": set(),
    "queries": {"tables", "rules"},
    "actions": {"tables", "rules", "queries", *DOORS},
    "api": {"actions", "queries", "rules", "tables", *DOORS},
    "pages": {"actions", "queries", "rules", "tables", *DOORS},
    "tasks": {"actions", "queries", "tables", *DOORS},
    "app": {"api", "pages", "tasks"},
    **{door: {"rules"} for door in DOORS},
}
# Parts of the platform that a room may import; rooms not named here may import all of it.
PLATFORM = {
    "rules": {"calendars", "days", "emails", "events", "names", "numbers", "phones", "school_days", "tiers"},
    "tables": {"db", "delivery.tables", "events", "jobs.tables"},
    "queries": {"db", "days", "emails", "events", "names", "numbers", "tiers", "access", "delivery.outbox", "errors"},
}
PURE = ("rules",)
NOT_IN_RULES = (
    "datetime.now",
    "datetime.today",
    "date.today",
    "time.time",
    "open(",
    "logging",
    "structlog",
    "os.environ",
)
COMMITTERS = ("shared/db.py", "shared/migrations/env.py")


def sources(*folders: str) -> list[Path]:
    """The Python files below the folders, without migrations."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if path.parent.name != "migrations" or path.parent.parent.name == "shared"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """(module, line) of every import in a file, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from ((name, node.lineno) for name in whole)


def room_of(path: Path) -> str:
    """The room that a file of a service belongs to."""
    inside = path.relative_to(ROOT / "services").parts
    return inside[1].removesuffix(".py") if len(inside) > 1 else ""


def service_files() -> list[Path]:
    return [path for path in sources("services") if path.name != "__init__.py" or path.parent.parent.name != "services"]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function in a file, nested ones too, without decorators and docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            told = ast.get_docstring(node, clean=False)
            body = node.body[1:] if told is not None and len(node.body) > 1 else node.body
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - body[0].lineno + 1


def foreign_imports(path: Path) -> list[str]:
    """What a service's file imports although its room may not."""
    service, room = path.relative_to(ROOT / "services").parts[0], room_of(path)
    wrong = []
    for module, line in imports(path):
        parts = module.split(".")
        if parts[0] == "services" and len(parts) > 1:
            own = parts[1] == service
            inner = parts[2] if len(parts) > 2 else ""
            if not own or (inner in ROOMS and inner != room and inner not in MAY_IMPORT[room]):
                wrong.append(f"{name_of(path)}:{line} imports {module}")
        if parts[0] == "shared" and room in PLATFORM and not {parts[1], ".".join(parts[1:3])} & PLATFORM[room]:
            wrong.append(f"{name_of(path)}:{line} imports {module}")
        if parts[0] in ("deploy", "tests", "bench"):
            wrong.append(f"{name_of(path)}:{line} imports {module}")
    return wrong


def test_a_service_has_only_rooms_of_known_names() -> None:
    strange = {name_of(path) for path in service_files() if room_of(path) not in ROOMS and path.parent.parent != ROOT}
    assert strange - {f"services/{service}/__init__.py" for service in SERVICES} - {"services/__init__.py"} == set()


def test_rooms_import_only_what_they_may_and_no_other_service() -> None:
    assert [wrong for path in service_files() if room_of(path) in ROOMS for wrong in foreign_imports(path)] == []


def test_the_platform_imports_no_service() -> None:
    wrong = [
        f"{name_of(path)}:{line} imports {module}"
        for path in sources("shared")
        for module, line in imports(path)
        if module.split(".")[0] in ("services", "deploy", "tests", "bench")
    ]
    assert wrong == []


def test_rules_read_no_clock_no_file_and_no_setting() -> None:
    wrong = [
        f"{name_of(path)} has {word}"
        for path in service_files()
        if room_of(path) in PURE
        for word in NOT_IN_RULES
        if word in re.sub(r'"""[\s\S]*?"""', "", path.read_text())
    ]
    assert wrong == []


def test_only_the_platform_commits() -> None:
    wrong = [
        name_of(path)
        for path in sources("services", "shared")
        if name_of(path) not in COMMITTERS and re.search(r"\.(commit|rollback|begin)\(", path.read_text())
    ]
    assert wrong == []


def test_nothing_is_imported_inside_a_function() -> None:
    wrong = []
    for path in sources("services", "shared", "deploy", "tests", "bench"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = [part for part in ast.walk(node) if isinstance(part, (ast.Import, ast.ImportFrom))]
                wrong += [f"{name_of(path)}:{part.lineno}" for part in inner]
    assert wrong == []


def test_files_stay_small() -> None:
    lines = {name_of(path): len(path.read_text().splitlines()) for path in sources("services", "shared", "deploy")}
    assert {name: count for name, count in lines.items() if count > 400} == {}
    assert median(count for count in lines.values() if count > 1) <= 100


def test_functions_stay_small() -> None:
    found = {
        f"{name_of(path)} {name}": count
        for path in sources("services", "shared", "deploy")
        for name, count in functions(path)
    }
    assert {name: count for name, count in found.items() if count > 40} == {}
    assert median(found.values()) <= 10


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in sources("services", "shared", "deploy", "bench")
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_names_say_what_things_are() -> None:
    vague = re.compile(r"(^|_)(util|utils|helper|helpers|manager|common|misc|process|handle)(_|$|\.py)")
    wrong = [name_of(path) for path in sources("services", "shared", "deploy") if vague.search(path.name)]
    assert wrong == []


def test_nothing_relies_on_the_clock_of_celery_or_on_pickle() -> None:
    banned = re.compile(r"\b(eta|countdown|expires)=|\.retry\(|\bpickle\b|apply_async\(")
    wrong = [
        f"{name_of(path)}: {found.group()}"
        for path in sources("services", "shared")
        for found in banned.finditer(path.read_text())
    ]
    assert wrong == []


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_every_event_has_all_the_subscribers_that_the_map_names(topic: str) -> None:
    event = EVENTS[topic]
    for service, task in event.subscribers.items():
        bus = bus_of(service)
        assert topic in bus.handlers, (
            f"{service} has no handler for {topic}: write one in services/{service}/tasks.py under @bus.handles"
        )
        assert task in bus.celery.tasks, f"{service} has no task {task}"


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_every_event_is_published_by_its_publisher_alone(topic: str) -> None:
    event = EVENTS[topic]
    says = re.compile(rf"\b{event.__name__}(\(|\.model_construct\(|\.topic\b)")
    publishers = {
        path.relative_to(ROOT / "services").parts[0] for path in service_files() if says.search(path.read_text())
    }
    assert publishers == {event.publisher()}, (
        f"{topic} must be published by {event.publisher()} alone, in its actions; it is published by {publishers or 'nobody'}"
    )


def test_no_service_subscribes_to_what_the_map_does_not_name() -> None:
    for service in SERVICES:
        handled = set(bus_of(service).handlers)
        named = {topic for topic, event in EVENTS.items() if service in event.subscribers}
        assert handled == named, (
            f"{service} handles {sorted(handled - named)} without being named as a subscriber, and lacks {sorted(named - handled)}:"
            " name it in `subscribers` of the event, or write its handler in tasks.py"
        )


def test_no_import_goes_in_a_circle() -> None:
    for path in sources("shared", "services", "deploy"):
        module = name_of(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        if path.name in ("env.py", "__main__.py", "setup.py"):
            continue
        importlib.import_module(module)
