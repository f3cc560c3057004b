"""Workbooks back in: what a school typed, compared with what it downloaded and with what is here now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, select

from services.tracker.actions.book_plans import book_plan, plan_of_book
from services.tracker.actions.entries import EntryChange, save_cells
from services.tracker.queries.progress import levels_used
from services.tracker.queries.schools import schools_of_keys
from services.tracker.rules.values import shown_percent
from services.tracker.tables.books import BookImport
from services.tracker.tables.progress import Entry
from services.tracker.tables.schools import School
from services.tracker.workbook.checking import DIFFERENCE, TypedCell, check_book
from services.tracker.workbook.child import Rows, UnreadableBook, is_large, read_sheets
from shared.access import Who, audit
from shared.errors import Conflict, Invalid, NotFound, NotSupported

KEPT = timedelta(days=30)
READING, REFUSED, OPEN, SAVING, APPLIED = "reading", "refused", "open", "saving", "applied"
CONFLICT, LEVEL = "conflict", "level"
# What a person may say about a cell that asks something.
HERE, WORKBOOK, OWN_LEVEL, VALUE = "here", "workbook", "own_level", "value:"
Place = tuple[str, str, str, int]


class ComparedCell(NamedTuple):
    """A cell that differs. `kind` says what it asks: a plain difference nothing, a conflict (changed in the file and here
    since the download), a level (typed in a tab of a level at which the school is not expected), a fraction or copies
    which value is meant."""

    typed: TypedCell
    there: Decimal | None
    entered_by: str
    kind: str
    own_level: str = ""
    there_own: Decimal | None = None


class StalePreview(Conflict):
    """Values changed here since the preview was made; it is made again. `problems` name them."""

    code = "book_preview_stale"


def read_book(content: bytes, *, large: bool = False) -> Rows:
    """The cells of an uploaded workbook, read while no transaction is open; NotSupported for no workbook."""
    try:
        return read_sheets(content, large=large)
    except UnreadableBook as error:
        raise NotSupported(str(error), code="book_unreadable") from error


def is_large_book(content: bytes) -> bool:
    """Whether a workbook is to be read beside; NotSupported for no workbook."""
    try:
        return is_large(content)
    except UnreadableBook as error:
        raise NotSupported(str(error), code="book_unreadable") from error


def take_book(session: Session, who: Who, file_name: str, sheets: Rows, school_key: str | None = None) -> BookImport:
    """Keeps the differences of a workbook's cells for a decision; nothing is entered yet.

    Raises Invalid with a problem for each cell that cannot be taken.
    """
    book = check_book(sheets, book_plan(session, plan_of_book(session, sheets)))
    keys = sorted({cell.school_key for cell in book.cells})
    if not book.problems:
        refuse_foreign(session, who, keys, school_key)
    else:
        first = book.problems[0]["message"]
        more = f" And {len(book.problems) - 1} more." if len(book.problems) > 1 else ""
        raise Invalid(f"Nothing was saved. {first}{more}", problems=book.problems)
    forget_old(session)
    kept = BookImport(
        import_id=uuid4(),
        uploaded_by=who.person_id,
        file_name=file_name[:200],
        written_at=book.written_at,
        state=OPEN,
        cells=[kept_cell(cell) for cell in compare(session, who, book.cells)],
        notes=book.notes,
    )
    session.add(kept)
    session.flush()
    return kept


def forget_old(session: Session) -> None:
    """Takes away the uploads that nobody decided about for KEPT."""
    session.execute(delete(BookImport).where(col(BookImport.at) < datetime.now(UTC) - KEPT))


def compare(session: Session, who: Who, cells: Sequence[TypedCell]) -> list[ComparedCell]:
    """The cells whose value in the file is new; one that was only changed here is left as it is here."""
    keys = sorted({cell.school_key for cell in cells})
    rows = session.exec(select(Entry).where(col(Entry.school_key).in_(keys)).execution_options(populate_existing=True))
    current = {(row.school_key, row.level, row.item_id, row.period): row for row in rows}
    schools = {school.school_key: school for school in schools_of_keys(session, who, keys)}
    other_levels = _other_levels(session, cells, schools)
    found = []
    for cell in cells:
        row = current.get(cell[:4])
        there = None if row is None else row.percent
        if cell.kind == DIFFERENCE and (cell.now == there or (cell.is_was_known and cell.now == cell.was)):
            continue
        own = other_levels.get((cell.school_key, cell.level), "")
        kind = _kind(cell, there, own)
        beside = current.get((cell.school_key, own, cell.item_id, cell.period))
        by = "" if row is None else row.entered_by
        found.append(ComparedCell(cell, there, by, kind, own, None if beside is None else beside.percent))
    return found


def _kind(cell: TypedCell, there: Decimal | None, own_level: str) -> str:
    if cell.kind != DIFFERENCE:
        return cell.kind
    if own_level:
        return LEVEL
    return CONFLICT if cell.is_was_known and there != cell.was else DIFFERENCE


def _other_levels(
    session: Session, cells: Sequence[TypedCell], schools: Mapping[str, School]
) -> dict[tuple[str, str], str]:
    """(school, level) where a school is not expected and holds nothing, with the level at which it is."""
    used, made = levels_used(session, list(schools)), {}
    for key, level in {(cell.school_key, cell.level) for cell in cells}:
        expected = schools[key].tracker_levels if key in schools else []
        if expected and level not in expected and (key, level) not in used:
            made[key, level] = expected[0]
    return made


def apply_import(session: Session, who: Who, import_id: UUID, answers: Mapping[int, str]) -> int:
    """Enters the differences, and of the cells that ask something those that `answers` says; answers how many.

    Raises StalePreview, entering nothing, where a value changed since the preview.
    """
    kept = open_import(session, who, import_id)
    # Scope is checked again: it may have changed since the preview.
    refuse_foreign(session, who, sorted({cell["school_key"] for cell in kept.cells}), None)
    changes = answered(kept.cells, answers)
    _refuse_stale(session, who, kept, changes)
    saved = kept.saved = save_changes(session, who, changes)
    kept.state = APPLIED
    session.add(kept)
    audit(session, who.actor, "workbook.applied", str(import_id), {"file": kept.file_name, "cells": saved})
    return saved


class Change(NamedTuple):
    """A value of a workbook that is to be entered."""

    school_key: str
    level: str
    item_id: str
    period: int
    now: Decimal | None
    there: Decimal | None


def answered(cells: Sequence[Mapping[str, Any]], answers: Mapping[int, str]) -> list[Change]:
    """What is to be entered: every plain difference, and of the cells that ask something what the answers say."""
    return [change for place, cell in enumerate(cells) if (change := _answered(cell, answers.get(place)))]


def save_changes(session: Session, who: Who, changes: Iterable[Change]) -> int:
    """Enters the values, one school and level after the other; answers how many changed. Raises EntryConflict."""
    saved = 0
    for (school_key, level), group in groupby(sorted(changes, key=lambda one: one[:2]), key=lambda one: one[:2]):
        cells = [EntryChange(change.item_id, change.period, change.now, change.there) for change in group]
        saved += len(save_cells(session, who, school_key, level, cells, "workbook"))
    return saved


def _answered(cell: Mapping[str, Any], answer: str | None) -> Change | None:
    """What is to be entered for a cell; None where it stays as it is here."""
    kind, now, level = cell["kind"], cell["now"], cell["level"]
    if kind == DIFFERENCE:
        answer = answer or WORKBOOK
    if answer in (None, HERE):
        return None
    there = cell["there"]
    if answer == OWN_LEVEL and kind == LEVEL:
        level, there = cell["own_level"], cell["there_own"]
    elif answer is not None and answer.startswith(VALUE):
        now = answer.removeprefix(VALUE)
        if now not in [value for value, _ in cell["others"]]:
            return None
    elif kind not in (DIFFERENCE, CONFLICT, LEVEL):
        return None
    return Change(cell["school_key"], level, cell["item_id"], cell["period"], _some(now), _some(there))


def _refuse_stale(session: Session, who: Who, kept: BookImport, changes: Iterable[Change]) -> None:
    fresh = [kept_cell(cell) for cell in compare(session, who, [typed_cell(cell) for cell in kept.cells])]
    now = {_place(cell): cell["there"] for cell in fresh}
    moved = [cell for cell in kept.cells if now.get(_place(cell), cell["there"]) != cell["there"]]
    taken = {(change.school_key, change.item_id, change.period) for change in changes}
    moved = [cell for cell in moved if (cell["school_key"], cell["item_id"], cell["period"]) in taken]
    if moved:
        raise StalePreview(
            "Values changed here since you looked at the workbook. Nothing was saved. Look at the fresh comparison.",
            problems=[
                {"code": StalePreview.code, "item_id": cell["item_id"], "cell": cell["cell"], "message": cell["cell"]}
                for cell in moved
            ],
        )


def refresh_import(session: Session, who: Who, import_id: UUID) -> BookImport:
    """Compares a kept workbook again with what is here now."""
    kept = open_import(session, who, import_id)
    kept.cells = [kept_cell(cell) for cell in compare(session, who, [typed_cell(cell) for cell in kept.cells])]
    session.add(kept)
    session.flush()
    return kept


def open_import(session: Session, who: Who, import_id: UUID, *, lock: bool = True) -> BookImport:
    """The person's own upload that waits for a decision."""
    kept = own_import(session, who, import_id, lock=lock)
    if kept.state in (SAVING, APPLIED):
        raise Conflict("This workbook has been saved already.", code="book_applied")
    if kept.state != OPEN:
        raise Conflict("This workbook is not read yet, or cannot be taken. Look at its page.", code="book_not_open")
    return kept


def own_import(session: Session, who: Who, import_id: UUID, *, lock: bool = False) -> BookImport:
    """The person's own upload, in whatever state; NotFound for any other."""
    kept = session.get(BookImport, import_id, with_for_update=lock)
    if kept is None or kept.uploaded_by != who.person_id:
        raise NotFound("You have no such upload. Upload the workbook again.")
    return kept


def refuse_foreign(session: Session, who: Who, keys: Sequence[str], only: str | None) -> None:
    seen = {row.school_key for row in schools_of_keys(session, who, keys)}
    if set(keys) - seen or (only is not None and set(keys) != {only} and keys):
        raise Invalid(
            "This workbook is of another school. Upload it on that school's page, or download your own.",
            problems=[{"code": "book_of_other_school", "message": "The workbook is of another school."}],
            code="book_of_other_school",
        )


def kept_cell(compared: ComparedCell) -> dict[str, Any]:
    cell = compared.typed
    return {
        "school_key": cell.school_key,
        "level": cell.level,
        "item_id": cell.item_id,
        "period": cell.period,
        "cell": cell.cell,
        "was": shown_percent(cell.was),
        "now": shown_percent(cell.now),
        "there": shown_percent(compared.there),
        "entered_by": compared.entered_by,
        "kind": compared.kind,
        "typed_kind": cell.kind,
        "others": [list(other) for other in cell.others],
        "is_was_known": cell.is_was_known,
        "own_level": compared.own_level,
        "there_own": shown_percent(compared.there_own),
    }


def typed_cell(cell: Mapping[str, Any]) -> TypedCell:
    """A kept cell as it was typed."""
    others = tuple((value, words) for value, words in cell["others"])
    return TypedCell(
        cell["school_key"], cell["level"], cell["item_id"], cell["period"], _some(cell["was"]), _some(cell["now"]),
        cell["cell"], cell["typed_kind"], others, cell["is_was_known"],
    )  # fmt: skip


def _place(cell: Mapping[str, Any]) -> Place:
    return cell["school_key"], cell["level"], cell["item_id"], cell["period"]


def _some(shown: str) -> Decimal | None:
    return Decimal(shown) if shown else None
