"""One word for each thing, and statements as people read them: what docs of style ask, found in the tree.

Each message says the rule, the place and the mend.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import SERVICES
from tests.stack import owner
from tests.test_rooms import name_of, sources

ROOT = Path(__file__).parent.parent
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


# What a reader stumbled over once, or what names our plumbing; with what to say.
UNPLAIN_TEXTS = {
    r"\bThat were\b": "There were, or You have sent",
    r"\bHow told\b|\bnobody is told\b": "who gets a mail",
    r"\b[Pp]arted by\b": "separated by",
    r"\ball the same\b(?!-)": "anyway",
    r"\banew\b": "again, or a new one",
    r"\bfor ever\b": "forever",
    r"\bhears nothing\b": "receives nothing",
    r"\b[Nn]obody found\b": "no one found",
    r"\bis nobody's in\b": "matches no one in",
    r"\b(became|come|came) of (it|them)\b": "what happened to it, or the result",
    r"\b[Tt]ake a filter away\b": "remove a filter",
    r"\bspeaks? of\b": "mentions",
    r"\btells? its own\b": "shows",
    r"(?<![Tt]here )\bis no (school|number|percent|day|region|time|option|secret|drill)\b": "is not a",
    r"(?<=[\d}]) %(?=[.,;:)?<]| (?:of|free|to|and|or|is|stay|are|for|at)\b)": "25%, without a space",
    r"~ \" %\"": "25%, without a space",
    r"service:\w+ as\b|\b[Hh]eard by\b": "Automatic upload (NAME); received by",
}


# Written from figures that are kept, in the words of the day they were measured.
MADE_OF_FIGURES = {"benchmarks", "scale"}


def test_pages_mails_and_messages_are_plain_english() -> None:
    folders = [path for room in ("services", "shared") for path in (ROOT / room).rglob("*")]
    pages = [path for path in (ROOT / "docs").glob("*.md") if path.stem not in MADE_OF_FIGURES]
    texts = [path for path in folders if path.suffix in (".html", ".txt", ".js") and "vendor" not in path.parts]
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()} - say: {instead}"
        for path in [*FILES, *texts, *pages]
        for unplain, instead in UNPLAIN_TEXTS.items()
        for found in re.finditer(unplain, path.read_text())
    ]
    assert wrong == [], "\n".join(wrong)


# Columns of who did something, kept as `PERSON as ROLE`.
ACTOR = re.compile(r"\{\{ \w+(?:\.\w+)*\.(?:actor|author|(?!superseded)\w+_by) \}\}")


def test_pages_name_who_did_something_as_people_do() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for room in ("services", "shared")
        for path in (ROOT / room).rglob("*.html")
        for found in ACTOR.finditer(path.read_text())
    ]
    assert wrong == [], f"show it by the filter, as in {{{{ row.author | actor }}}}: {wrong}"


# Words that PostgreSQL takes as names, and that a reader of SQL stumbles over all the same.
UNPLAIN_COLUMNS = ("of", "by")
SQL = re.compile(r"\s*(select|insert into|update|delete from|with|create|alter|drop|grant|merge)\s", re.IGNORECASE)
# What an expression of one table says as plainly; anything else of SQL is text's to say.
PLAIN = re.compile(r"\s*(select\s.+\sfrom|insert into|update|delete from)\s+[a-z_.{}]+", re.IGNORECASE | re.DOTALL)
NOT_PLAIN = re.compile(
    r"\b(join|with|over \(|skip locked|union|lateral|unnest|for update|on conflict|returning|exists|filter \(|group by"
    r"|distinct|jsonb|array|case when|generate_series|pg_|information_schema|interval|using|coalesce|extract|advisory)\b"
    r"|::|\(select|->|count\(",
    re.IGNORECASE,
)
# Where plain statements stay text, how many at most, and why. A number may only shrink.
PLAIN_TEXTS = {
    "shared/access": (14, "the schema access has views and grants that no class shows"),
    "shared/delivery": (7, "the outbox, inbox and jobs of every service's schema: found by the connection, hot"),
    "shared/jobs": (7, "the file jobs of every service's schema: found by the connection"),
    "shared/migrations": (3, "the catalogs and the table of Alembic, before any class is known"),
    "shared/ops": (1, "the inbox of every service's schema: found by the connection"),
    "shared/privacy": (7, "tables and columns that the inventory names when it runs"),
    "services": (20, "one of a set whose others are no plain ones, the audit log, measured reads of an extraction"),
}


def statements(path: Path) -> Iterator[tuple[str, str, int]]:
    """(SQL, its source, line) of every statement that stands as text in a file; `{}` for what is put in."""
    source = path.read_text()
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        found = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            found = node.value
        elif isinstance(node, ast.JoinedStr):
            found = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        if SQL.match(found):
            yield found, ast.get_source_segment(source, node) or "", getattr(node, "lineno", 0)


def test_sql_of_more_than_a_line_is_one_indented_text() -> None:
    wrong = [
        f"{name_of(path)}:{line}"
        for path in FILES
        for _, source, line in statements(path)
        if "\n" in source and '"""' not in source[:5]
    ]
    assert wrong == [], f"write SQL of more than a line as one triple-quoted, indented text: {wrong}"


def test_plain_statements_of_one_table_are_expressions() -> None:
    counts: Counter[str] = Counter()
    for path in sources("services", "shared"):
        room = "/".join(path.relative_to(ROOT).parts[: 2 if "shared" in path.parts else 1])
        counts[room] += sum(1 for found, _, _ in statements(path) if PLAIN.match(found) and not NOT_PLAIN.search(found))
    more = {room: count for room, count in counts.items() if count > PLAIN_TEXTS.get(room, (0, ""))[0]}
    assert more == {}, f"write it as select(), insert(), update() or delete() over the classes of tables: {more}"
    assert sum(most for most, _ in PLAIN_TEXTS.values()) <= 60


@pytest.mark.usefixtures("stack_servers")
def test_no_column_has_a_name_that_sql_has_to_quote() -> None:
    with owner() as connection:
        columns = connection.execute(
            """
            select c.table_schema || '.' || c.table_name || '.' || c.column_name from information_schema.columns c
            left join pg_get_keywords() k on k.word = c.column_name and k.catcode in ('R', 'T')
            where c.table_schema = any(%s)
            and (k.word is not null or c.column_name = any(%s) or c.column_name !~ '^[a-z_][a-z0-9_]*$')
            order by 1
            """,
            ([*SERVICES, "access"], list(UNPLAIN_COLUMNS)),
        )
        wrong = [name for (name,) in columns]
    assert wrong == [], f"give each a plain name, such as extraction_date or respondent_group: {wrong}"


def _called(node: ast.AST) -> list[str]:
    """The methods of a chain of calls, the last one first: `x.execute(q).fetchone()` is fetchone, execute."""
    names = []
    while isinstance(node, (ast.Await, ast.Call, ast.Attribute)):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        node = node.func if isinstance(node, ast.Call) else node.value
    return names


def _is_row(node: ast.AST) -> bool:
    """Whether an expression is one row of a query: not many of them, and no single value."""
    names = _called(node)
    return (
        bool(names)
        and names[0] in ("fetchone", "one", "one_or_none", "first")
        and bool({"execute", "exec"} & set(names))
    )


def _row_names(function: ast.AST) -> set[str]:
    """The names of a function that stand for a row: bound to one, or taken one by one from many."""
    rows = {"row"}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_row(node.value):
            rows.add(node.targets[0].id)
        if isinstance(node, ast.NamedExpr) and _is_row(node.value):
            rows.add(node.target.id)
        if isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
            names = set(_called(node.iter))
            if "scalars" not in names and {"execute", "exec"} & names:
                rows.add(node.target.id)
    return rows


def rows_read_by_number(path: Path) -> Iterator[str]:
    """`row[2]` of what a query gave; `row` is one by its name."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            rows = _row_names(function)
            numbered = (
                node
                for node in ast.walk(function)
                if isinstance(node, ast.Subscript) and isinstance(getattr(node.slice, "value", None), int)
            )
            for node in numbered:
                if _is_row(node.value) or (isinstance(node.value, ast.Name) and node.value.id in rows):
                    yield f"{name_of(path)}:{node.lineno} {ast.unparse(node)[:60]}"


def test_no_row_of_a_query_is_read_by_number() -> None:
    """Rows of a workbook are cells in their order, so the rooms that read files are not looked at."""
    files = [path for path in FILES if not {"workbook", "sheets", "demo"} & set(path.parts)]
    wrong = sorted({found for path in files for found in rows_read_by_number(path)})
    assert wrong == [], f"read it by name (row.tier), unpack it, or take the one value (scalar_row): {wrong}"
