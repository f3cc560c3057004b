"""Nothing lies in the tree that nothing uses: functions, classes, constants and methods, templates, static files."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_rooms import name_of, sources

ROOT = Path(__file__).parent.parent
FILES = sources("services", "shared", "deploy")
BESIDE = [
    path
    for room in ("services", "shared", "deploy")
    for path in (ROOT / room).rglob("*")
    if path.suffix in (".html", ".txt", ".js", ".css", ".toml", ".yaml", ".webmanifest") and "vendor" not in path.parts
] + [ROOT / name for name in ("Makefile", "docker-compose.yml", "pyproject.toml", ".ci/run")]
# Called by a library, or the class of a table that only statements name.
CALLED_BY_OTHERS = {
    "handle_DATA": "aiosmtpd",
    "describe": "prometheus_client",
    "settings_customise_sources": "pydantic-settings",
    "DatabaseRestore": "the table database_restore, which `ses restore` writes",
    "ReplacedCount": "the table replaced_count of the set-wise undo",
}
PLAIN_DECORATORS = {"property", "cached_property", "classmethod", "staticmethod"}
WORD = re.compile(r"\b[A-Za-z_]\w*\b")


def names(node: ast.AST) -> Iterator[str]:
    """What a statement of a module or class defines; a function that is registered by a decorator is in use."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list:
        yield node.name
    if isinstance(node, ast.ClassDef):
        yield node.name
        yield from methods(node)
    for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
        if isinstance(target, ast.Name):
            yield target.id


def methods(node: ast.ClassDef) -> Iterator[str]:
    """The methods of a class that no decorator of a library registers."""
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            decorators = {ast.unparse(each) for each in inner.decorator_list}
            if decorators <= PLAIN_DECORATORS and not inner.name.startswith("__"):
                yield inner.name


def unused(files: dict[str, str], beside: str) -> list[str]:
    """Each name that files define at their top or in a class and that occurs nowhere else in them, nor beside them."""
    used = Counter(word for source in [*files.values(), beside] for word in WORD.findall(source))
    return [
        f"{file}: {name}"
        for file, source in files.items()
        for node in ast.parse(source).body
        for name in names(node)
        if used[name] == 1 and name not in CALLED_BY_OTHERS
    ]


def test_every_function_class_and_constant_is_used_by_the_product() -> None:
    files = {name_of(path): path.read_text() for path in FILES}
    found = unused(files, "\n".join(path.read_text() for path in BESIDE))
    assert found == [], "remove what only tests use, or nothing: " + ", ".join(found)


def test_what_is_used_by_nothing_is_found() -> None:
    kept = "LIMIT = 3\nclass Shown:\n    def area(self): return LIMIT\n    def name(self): return 1\ndef shown(): return Shown().area()\n"
    assert unused({"a.py": kept, "b.py": "import a\na.shown()\ndef left(): ...\n"}, "{{ row.other }}") == [
        "a.py: name", "b.py: left",
    ]  # fmt: skip
    assert unused({"a.py": kept}, "{{ row.name }} {{ shown() }}") == []


@pytest.mark.parametrize("kind", ["templates", "static"])
def test_every_template_and_static_file_is_named_somewhere(kind: str) -> None:
    texts = "\n".join(path.read_text() for path in [*FILES, *BESIDE])
    mine = [path for path in ROOT.glob(f"s*/**/{kind}/*") if path.is_file() and path.name != "manifest.json"]
    assert len(mine) > 20
    named = set(re.findall(r"[\w.-]+", texts))
    lost = [str(path.relative_to(ROOT)) for path in mine if not {path.name, path.stem} & named]
    assert lost == [], f"nothing names {lost}: remove them"
