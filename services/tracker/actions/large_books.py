"""The workbook of all schools back in: kept, then read and saved by a process beside, in parts and with progress."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, select

from services.tracker.actions.book_plans import book_plan, plan_of_book
from services.tracker.actions.entries import EntryConflict
from services.tracker.actions.imports import (
    APPLIED,
    OPEN,
    READING,
    REFUSED,
    SAVING,
    Change,
    answered,
    compare,
    forget_old,
    kept_cell,
    open_import,
    own_import,
    read_book,
    refuse_foreign,
    save_changes,
)
from services.tracker.queries.schools import schools_of_keys
from services.tracker.tables.books import BookImport, BookPart
from services.tracker.workbook.checking import ReadBook, TypedCell, check_book
from shared.access import Who, audit
from shared.errors import Invalid, Refused
from shared.files.workbooks import XLSX_TYPE
from shared.jobs.queue import FileJob, request_file
from shared.jobs.writer import Begin, Progress
from shared.numbers import counted

# More cells than this are saved beside, too.
CELLS_AT_ONCE = 1_000
SCHOOLS_AT_ONCE = 25
PART_BYTES = 1024 * 1024


def keep_book(session: Session, who: Who, file_name: str, content: bytes, school_key: str | None = None) -> UUID:
    """Keeps a large workbook for the process beside; answers the job. Nothing of it is read yet."""
    forget_old(session)
    import_id = uuid4()
    kept = BookImport(
        import_id=import_id,
        uploaded_by=who.person_id,
        file_name=file_name[:200],
        written_at="",
        state=READING,
        cells=[],
    )
    session.add(kept)
    session.flush()
    for number, at in enumerate(range(0, len(content), PART_BYTES)):
        session.add(BookPart(import_id=import_id, number=number, content=content[at : at + PART_BYTES]))
    session.flush()
    return _request(session, who, "read", kept, {"school_key": school_key})


def _request(session: Session, who: Who, kind: str, kept: BookImport, more: Mapping[str, Any]) -> UUID:
    return request_file(
        session,
        "tracker",
        who,
        kind,
        {"import_id": str(kept.import_id), **more},
        title=f"{'Reading' if kind == 'read' else 'Saving'} {kept.file_name}",
        file_name=kept.file_name,
        media_type=XLSX_TYPE,
        thing="school",
        result_path=f"/tracker/imports/{kept.import_id}",
        is_live=True,
    )


def read_kept(begin: Begin, job: FileJob, _path: str, note: Progress) -> None:
    """Reads a kept workbook and compares it, some schools at a time; no transaction is open while the file is read."""
    import_id = UUID(job.parameters["import_id"])
    try:
        with begin() as session:
            content = _content(session, import_id)
        sheets = read_book(content, large=True)
        with begin() as session:
            plan = book_plan(session, plan_of_book(session, sheets))
        book = check_book(sheets, plan)
        keys = sorted({cell.school_key for cell in book.cells})
        with begin() as session:
            refuse_foreign(session, job.who, keys, job.parameters["school_key"])
        if book.problems:
            raise Invalid("", problems=book.problems)
        cells: list[dict[str, Any]] = []
        for done, part in _by_school(book.cells, keys):
            with begin() as session:
                cells += [kept_cell(cell) for cell in compare(session, job.who, part)]
            note(done, len(keys))
        with begin() as session:
            _keep_read(session, import_id, book, cells)
    except Refused as refused:
        with begin() as session:
            _refuse(session, import_id, refused.problems or [{"code": refused.code, "message": str(refused)}])


def _by_school(cells: Iterable[TypedCell], keys: Sequence[str]) -> Iterator[tuple[int, list[TypedCell]]]:
    """Some schools' cells at a time, with how many schools there were by then."""
    of_school: dict[str, list[TypedCell]] = {}
    for cell in cells:
        of_school.setdefault(cell.school_key, []).append(cell)
    for at in range(0, len(keys), SCHOOLS_AT_ONCE):
        part = keys[at : at + SCHOOLS_AT_ONCE]
        yield at + len(part), [cell for key in part for cell in of_school[key]]


def _content(session: Session, import_id: UUID) -> bytes:
    parts = select(BookPart).where(BookPart.import_id == import_id).order_by(col(BookPart.number))
    return b"".join(part.content for part in session.exec(parts))


def _keep_read(session: Session, import_id: UUID, book: ReadBook, cells: list[dict[str, Any]]) -> None:
    kept = _locked(session, import_id)
    kept.state, kept.written_at, kept.cells, kept.notes = OPEN, book.written_at, cells, book.notes
    session.add(kept)
    session.execute(delete(BookPart).where(col(BookPart.import_id) == import_id))


def _refuse(session: Session, import_id: UUID, problems: Sequence[Mapping[str, Any]]) -> None:
    kept = _locked(session, import_id)
    kept.state, kept.problems = REFUSED, [dict(problem) for problem in problems]
    session.add(kept)
    session.execute(delete(BookPart).where(col(BookPart.import_id) == import_id))


def _locked(session: Session, import_id: UUID) -> BookImport:
    return session.exec(select(BookImport).where(BookImport.import_id == import_id).with_for_update()).one()


def save_later(session: Session, who: Who, import_id: UUID, answers: Mapping[int, str]) -> UUID:
    """Lets the process beside enter what a large workbook changes; answers the job."""
    kept = open_import(session, who, import_id)
    kept.state = SAVING
    session.add(kept)
    return _request(session, who, "save", kept, {"answers": {str(place): taken for place, taken in answers.items()}})


def save_kept(begin: Begin, job: FileJob, _path: str, note: Progress) -> None:
    """Enters a workbook's values, each school in a transaction of its own.

    A school whose values changed here meanwhile is left as it is and named.
    """
    import_id = UUID(job.parameters["import_id"])
    answers = {int(place): taken for place, taken in job.parameters["answers"].items()}
    with begin() as session:
        changes = answered(own_import(session, job.who, import_id).cells, answers)
    schools = [(key, list(group)) for key, group in groupby(sorted(changes, key=_school), key=_school)]
    saved, left = 0, []
    for done, (key, group) in enumerate(schools, 1):
        try:
            with begin() as session:
                refuse_foreign(session, job.who, [key], None)
                saved += save_changes(session, job.who, group)
        except (EntryConflict, Invalid) as refused:
            left.append({"code": refused.code, "school_key": key, "values": len(group), "message": str(refused)})
        note(done, len(schools))
    with begin() as session:
        _name_schools(session, job.who, left)
        _keep_saved(session, job.who, import_id, saved, left)


def _name_schools(session: Session, who: Who, left: list[dict[str, Any]]) -> None:
    """Says of each school that was left how it is called; the code stands for one that the person sees no more."""
    keys = [problem["school_key"] for problem in left]
    names = {school.school_key: school.name for school in schools_of_keys(session, who, keys)}
    for problem in left:
        values = counted(problem["values"], "value")
        name = names.get(problem["school_key"], problem["school_key"])
        problem["message"] = f"{name}: {values} not saved. {problem['message']}"


def _school(change: Change) -> str:
    return change.school_key


def _keep_saved(session: Session, who: Who, import_id: UUID, saved: int, left: list[dict[str, Any]]) -> None:
    kept = _locked(session, import_id)
    # A second attempt finds what the first one saved: those cells change nothing any more.
    kept.state, kept.saved, kept.problems = APPLIED, saved, left
    session.add(kept)
    audit(session, who.actor, "workbook.applied", str(import_id), {"file": kept.file_name, "cells": saved})
