"""Rules of every template, found by reading all of them: empty lists say so, fields have labels and hints, news is said."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from jinja2 import Environment, nodes

ROOT: Final = Path(__file__).parent.parent
TEMPLATES: Final = sorted([*ROOT.glob("services/*/templates/*.html"), *ROOT.glob("shared/web/templates/*.html")])
INPUT: Final = re.compile(r"<(input|select|textarea)\b((?:\{\{.*?\}\}|\{%.*?%\}|[^>])*)>", re.DOTALL)
FIELD: Final = re.compile(r"\bfield\((?P<given>.*?)\)\s*\}\}", re.DOTALL)
# Lists that cannot be empty, or whose page says so in other words, each with the reason.
NEVER_EMPTY: Final = {
    "_dropped.html files": "shown only for a folder that has files",
    "_history.html history": "shown only where there is a history",
    "_menu.html choices": "the columns of the table",
    "_menu.html menu.excluded": "what is unticked in a menu",
    "_menu.html menu.ticked": "what is ticked in a menu",
    "_results.html movements": "the kinds of movement",
    "_values.html values": "the page around it says what was looked for",
    "_board.html inputs": "the counts of the form",
    "day.html times.sums": "one for each report time, of which there is one here",
    "_charts.html c.figures.rows": "a chart is drawn of its figures",
    "days_off.html days": "listed only where there are some",
    "digest.html note.rows": "a section of a mail is there for its rows",
    "digest.html section.rows": "a section of a mail is there for its rows",
    "lcap_carryover.html lines": "the lines of the form",
    "lcap_overview.html goals": "shown only with actions, which have goals",
    "lcap_renumbering.html lines": "empty lines to fill",
    "paper.html flag_labels": "the questions of the paper form",
    "person.html requests": "further rows of the roles",
    "plan_effect.html effect.changes": "shown only where something would change",
    "school.html each.history": "a group is shown for its history",
    "service_ops.html desk.jobs": "every service has jobs",
    "upload.html groups": "an extraction has groups",
    "uploads.html kinds": "the kinds of files",
    "waiting.html each.lacking": "an extraction waits for something",
}
# What changes by itself, and the template that has its short words for screen readers.
SAYS: Final = {
    "base.html": "_banner.html",
    "board.html": "_board.html",
    "file.html": "file.html",
    "ops.html": "_desk.html",
    "upload.html": "upload.html",
}


def named(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    return f"{named(node.node)}.{node.attr}" if isinstance(node, nodes.Getattr) else ""


def source(loop: nodes.For) -> nodes.Node:
    """What a loop goes through, without filters, slices and calls around it."""
    found: nodes.Node = loop.iter
    while isinstance(found, (nodes.Filter, nodes.Getitem)) and found.node is not None:
        found = found.node
    if isinstance(found, nodes.Call):
        found = found.node
        while isinstance(found, nodes.Getattr):
            found = found.node
    return found


def is_fixed(found: nodes.Node) -> bool:
    """Whether a loop goes as often as the template says, not as often as there are rows."""
    return isinstance(found, (nodes.Tuple, nodes.List)) or named(found) == "range"


def lists_without_words(text: str) -> Iterator[str]:
    """The lists and tables of a template whose emptiness nothing asks about."""
    tree = Environment().parse(text)
    asked = {
        named(each)
        for condition in tree.find_all(nodes.If)
        for each in (condition.test, *condition.test.find_all(nodes.Expr))
    }
    for loop in tree.find_all(nodes.For):
        parts = [part.data for output in loop.find_all(nodes.Output) for part in output.nodes
                 if isinstance(part, nodes.TemplateData)]  # fmt: skip
        is_list = re.match(r"\s*<(tr|li)\b", "".join(parts)) is not None
        found = source(loop)
        if is_list and not loop.else_ and not is_fixed(found) and named(found) not in asked:
            yield named(found)


def test_every_list_says_when_it_is_empty() -> None:
    found = {f"{path.name} {name}".strip() for path in TEMPLATES for name in lists_without_words(path.read_text())}
    assert found == set(NEVER_EMPTY)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<ul>{% for each in rows %}<li>{{ each }}</li>{% endfor %}</ul>", ["rows"]),
        ("{% if rows %}{% for each in rows[:9] %}<li>{{ each }}</li>{% endfor %}{% endif %}", []),
        ("{% for each in page.rows | sort %}<tr></tr>{% else %}None.{% endfor %}", []),
        ("{% for each in page.rows | sort %}<tr></tr>{% endfor %}", ["page.rows"]),
    ],
)
def test_a_list_that_says_nothing_is_found(text: str, names: list[str]) -> None:
    assert list(lists_without_words(text)) == names


def fields_without(text: str) -> Iterator[str]:
    """Inputs without a label, and those that expect a form of writing and do not say which."""
    for found in INPUT.finditer(text):
        words, before = found[2], text[: found.start()]
        if re.search(r'type="(hidden|checkbox|radio|file)"', words) and "<label" in text:
            continue
        if 'type="hidden"' in words:
            continue
        id = re.search(r'\bid="([^"]*)"', words)
        is_inside = before.rfind("<label") > before.rfind("</label")
        if "aria-label" not in words and not is_inside and not (id and f'for="{id[1]}"' in text):
            yield f"no label: {words.strip()[:60]}"
        expects = re.search(r"\b(placeholder|inputmode|pattern)=", words) and 'type="search"' not in words
        if expects and "aria-describedby" not in words and "title=" not in words:
            yield f"no hint: {words.strip()[:60]}"


def macro_fields_without(text: str) -> Iterator[str]:
    """Fields for a decimal number or a phone without a hint how to write it."""
    for found in FIELD.finditer(text):
        given = found["given"]
        kind = re.search(r'(?:kind=)?"(decimal|tel)"(, "([^"]*)")?', given)
        if kind and "hint=" not in given and not kind[3]:
            yield given[:60]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_every_field_has_a_label_and_where_needed_a_hint(path: Path) -> None:
    text = path.read_text()
    if path.name == "_macros.html":
        return
    assert [*fields_without(text), *macro_fields_without(text)] == []


def test_a_field_without_words_is_found() -> None:
    assert len([*fields_without('<input name="a"><input aria-label="B" placeholder="2025-26">')]) == 2
    assert [*macro_fields_without('{{ field("a", "A", kind="tel") }}')] != []


def test_what_changes_by_itself_has_words_for_those_who_do_not_see_it() -> None:
    changing = {
        path.name for path in TEMPLATES if re.search(r'hx-trigger="[^"]*every |hx-sse:connect', path.read_text())
    }
    assert changing == set(SAYS)
    texts = {path.name: path.read_text() for path in TEMPLATES}
    assert [name for name in SAYS.values() if "data-live=" not in texts[name]] == []
