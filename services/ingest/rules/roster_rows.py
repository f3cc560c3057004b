"""The rows of a roster's files: read by field, each id once, and put over the roster that was taken before (delta)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.ingest.rules.cells import Cell, shown
from services.ingest.rules.findings import Place, Report
from services.ingest.rules.roster_files import (
    ENROLLED_ROLE,
    TABLES,
    RosterColumns,
    RosterFile,
    Source,
    TableName,
    read_columns,
    role_name,
)
from services.ingest.rules.rows import clean

ACTIVE, GONE = "active", "tobedeleted"
TRUE, FALSE = ("", "true", "1", "yes"), ("false", "0", "no")
LONGEST_ID = 200


class RosterRow(NamedTuple):
    """A row by field, with the file and the row it stands in; row 0: in an earlier file.

    An organization also has every column under the name that the file gives it.
    """

    file: str
    row: int
    fields: dict[str, str]

    def place(self, column: str, value: str = "", became: str = "") -> Place:
        return Place(self.file, self.row, column, value[:200], became[:200])


Rows = dict[str, RosterRow]


@dataclass
class RosterRead:
    """A package as read: of each table its mode, its rows by id, and the ids that are to be deleted with the date of that.

    `package`: the cells as they came, by file, without students and families: what is kept of the file.
    """

    source: Source
    version: str = ""
    modes: dict[TableName, str] = field(default_factory=dict)
    rows: dict[TableName, Rows] = field(default_factory=lambda: {table: {} for table in TABLES})
    gone: dict[TableName, dict[str, str]] = field(default_factory=lambda: {table: {} for table in TABLES})
    twice: dict[TableName, set[str]] = field(default_factory=lambda: {table: set() for table in TABLES})
    org_columns: dict[str, str] = field(default_factory=dict)
    report: Report = field(default_factory=Report)
    package: dict[str, list[tuple[int, list[Cell]]]] = field(default_factory=dict)

    def is_whole(self) -> bool:
        """Whether the package says everything by itself."""
        return "delta" not in self.modes.values() and all(
            self.modes.get(table) == "bulk" for table in ("orgs", "users")
        )


class RosterReader:
    """Reads one file of a roster; its first row names the columns."""

    def __init__(self, found: RosterRead, name: str, file: RosterFile) -> None:
        self.found = found
        self.name = name
        self.file = file
        self.columns: RosterColumns | None = None

    def read(self, number: int, cells: Sequence[Cell]) -> list[str]:
        """Takes the next row. Answers the required columns that the names lack."""
        texts = [shown(cell) for cell in cells]
        if self.columns is None:
            return self._begin(number, [text.strip() for text in texts])
        if len(texts) != len(self.columns.names) or any("\0" in text for text in texts):
            self._add("roster_row_torn", number, "", " | ".join(texts).replace("\0", ""))
            return []
        fields = {name: clean(texts[index]) for name, index in self.columns.fields.items()}
        if self.file.table == "orgs":
            named = {name: clean(texts[index]) for index, name in enumerate(self.columns.names) if name}
            fields = {**named, **fields, **({"type": self.file.org_type} if self.file.org_type else {})}
            for name, text in named.items():
                if text:
                    self.found.org_columns.setdefault(name, text[:100])
        elif self.file.table == "users":
            fields["name"] = _full_name(fields)
        self._keep(RosterRow(self.name, number, fields))
        return []

    def _begin(self, number: int, names: list[str]) -> list[str]:
        self.columns = read_columns(self.file, names)
        if self.file.table != "orgs":
            for name in self.columns.unknown:
                self._add("column_ignored", number, name[:100], name)
        else:
            self.found.org_columns |= {name: self.found.org_columns.get(name, "") for name in names if name}
        return self.columns.missing

    def _keep(self, row: RosterRow) -> None:
        """The row under its id, where its id and its status can be read and the role is one that is read."""
        fields, table = row.fields, self.file.table
        if table != "orgs":
            fields["role"] = role_name(fields.get("role", ""))
        if table == "enrollments" and fields["role"].casefold() != ENROLLED_ROLE:
            return
        key = self._id_of(fields)
        status = fields.pop("status", "").casefold() or ACTIVE
        if not key or len(key) > LONGEST_ID:
            self._add("roster_id_missing", row.row, self._shown("sourced_id"), key)
        elif status not in (ACTIVE, GONE):
            self._add("roster_status_unknown", row.row, "status", status)
        elif table == "users" and fields.get("enabled", "").casefold() not in TRUE + FALSE:
            self._add("roster_enabled_unknown", row.row, "enabledUser", fields["enabled"])
        elif self._is_first(key, row, gone=status == GONE):
            if status == GONE:
                self.found.gone[table][key] = fields.get("modified", "")
                self._add("roster_gone", row.row, "status", key)
            else:
                self.found.rows[table][key] = row

    def _id_of(self, fields: Mapping[str, str]) -> str:
        if "sourced_id" in self.file.columns:
            return fields.get("sourced_id", "")
        parts = [fields.get(name, "") for name in ("user", "role", "org", "begin")]
        return "|".join(parts) if parts[0] else ""

    def _is_first(self, key: str, row: RosterRow, *, gone: bool) -> bool:
        """Whether the id is new in this file; of rows that differ none is taken."""
        table = self.file.table
        rows, left = self.found.rows[table], self.found.gone[table]
        there = rows.get(key)
        if key in self.found.twice[table]:
            self._add("roster_id_twice", row.row, self._shown("sourced_id"), key)
            return False
        if there is None and key not in left:
            return True
        if (there is not None and not gone and there.fields == row.fields) or (gone and key in left):
            self._add("row_repeated", row.row, self._shown("sourced_id"), key)
            return False
        if there is not None:
            self.found.report.add("roster_id_twice", there.place(self._shown("sourced_id"), key))
        self._add("roster_id_twice", row.row, self._shown("sourced_id"), key)
        rows.pop(key, None)
        left.pop(key, None)
        self.found.twice[table].add(key)
        return False

    def _shown(self, name: str) -> str:
        index = self.columns.fields.get(name) if self.columns else None
        return self.columns.names[index] if self.columns and index is not None else ""

    def _add(self, code: str, number: int, column: str, value: str) -> None:
        self.found.report.add(code, Place(self.name, number, column, value[:200]))


def _full_name(fields: dict[str, str]) -> str:
    """A name as the directory writes it, such as `Last, First M`; its parts are taken out of the fields."""
    family, *others = (fields.pop(part, "") for part in ("family", "given", "middle"))
    return ", ".join(part for part in (family, " ".join(other for other in others if other)) if part)


@dataclass
class Roster:
    """The roster as it counts: every table by id."""

    orgs: Rows
    roles: Rows
    enrollments: Rows
    users: Rows

    def table(self, name: TableName) -> Rows:
        rows: Rows = getattr(self, name)
        return rows


def merged(before: Roster | None, found: RosterRead) -> Roster:
    """The package put over the roster before: a bulk file replaces its table, a delta changes it, an absent one leaves it."""
    return Roster(**{table: _merged(before.table(table) if before else {}, found, table) for table in TABLES})


def _merged(before: Rows, found: RosterRead, table: TableName) -> Rows:
    mode, rows = found.modes.get(table, "absent"), found.rows[table]
    if mode == "absent":
        return dict(before)
    if mode == "bulk":
        return rows
    kept = dict(before)
    for key, modified in found.gone[table].items():
        if key in kept and not _is_older(modified, kept[key]):
            del kept[key]
    for key, row in rows.items():
        modified = row.fields.get("modified", "")
        if not modified:
            found.report.add("roster_undated", row.place("dateLastModified", key))
        if key in before and _is_older(modified, before[key]):
            found.report.add("roster_older", row.place("dateLastModified", modified, before[key].fields["modified"]))
        else:
            kept[key] = row
    return kept


def _is_older(modified: str, before: RosterRow) -> bool:
    """Whether a change is older than what was taken before; one without a date is not."""
    there = _moment(before.fields.get("modified", ""))
    return 0 < _moment(modified) < there


def _moment(written: str) -> float:
    """Seconds of a moment as the standard writes it; 0 for what is none."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def kept_rows(roster: Roster, users: Iterable[str], roles: Iterable[str], enrollments: Iterable[str]) -> dict[str, Any]:
    """What a later delta is put over, as JSON: every organization, and of people only those who are in the directory."""
    needed = {"orgs": roster.orgs.keys(), "users": set(users), "roles": set(roles), "enrollments": set(enrollments)}
    return {
        table: {key: row.fields for key, row in roster.table(table).items() if key in needed[table]} for table in TABLES
    }


def roster_before(kept: Mapping[str, Mapping[str, dict[str, str]]]) -> Roster:
    """The roster that was kept; its rows stand in earlier files."""
    return Roster(
        **{
            table: {key: RosterRow(f"{table}.csv, an earlier file", 0, fields) for key, fields in kept[table].items()}
            for table in TABLES
        }
    )
