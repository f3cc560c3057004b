"""One word for each thing, and statements as people read them: what docs of style ask, found in the tree.

Each message says the rule, the place and the mend.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.test_rooms import name_of, sources

FILES = sources("services", "shared", "deploy")
FORBIDDEN_CLASSES = {"Standing", "Wanted", "Chosen", "Asked", "Told"}
FORBIDDEN_NAMES = {"told", "asked", "chosen", "wanted"}
FORBIDDEN_TEXT = re.compile(r"\b(hearer|speaker|heard_by)|cost_centre")


def classes() -> Iterator[tuple[str, Path, int]]:
    """(name, file, line) of every public class."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, path, node.lineno


def test_no_class_name_stands_for_two_things() -> None:
    """A service's own table of another's thing keeps the plain name; any other second class takes a name of its own."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, path, line in classes():
        if "/tables" not in name_of(path):
            found[name].append(f"{name_of(path)}:{line}")
    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert twice == {}, f"a class name stands for one thing (GLOSSARY): rename all but one of each of {twice}"


def test_no_class_has_a_name_that_says_nothing() -> None:
    wrong = [f"{name_of(path)}:{line} {name}" for name, path, line in classes() if name in FORBIDDEN_CLASSES]
    assert wrong == [], f"name the thing, such as RateFilter or TierResult (GLOSSARY): {wrong}"


def test_no_variable_field_or_argument_has_a_name_that_says_nothing() -> None:
    wrong = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.arg if isinstance(node, ast.arg) else ""
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                name = node.attr
            if name in FORBIDDEN_NAMES:
                wrong.append(f"{name_of(path)}:{getattr(node, 'lineno', 0)} {name}")
    assert wrong == [], f"name what it is: fields, values, problems, filter, payload (GLOSSARY): {wrong}"


def test_no_word_stands_in_the_tree_that_another_took_the_place_of() -> None:
    wrong = [
        f"{name_of(path)}: {found.group()}" for path in FILES for found in FORBIDDEN_TEXT.finditer(path.read_text())
    ]
    assert wrong == [], f"say publisher, subscriber, cost center (GLOSSARY): {wrong}"
