"""Large workbooks: asked for on a page, written by the worker, kept for a week."""

import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.tracker.queries.books import Wanted, many_schools, schools_at
from services.tracker.queries.progress import levels, periods
from services.tracker.rules.book import BookSchool
from services.tracker.tables.books import BookExport, BookPart
from services.tracker.workbook.writing import Stamp, Tab, write_book
from shared.access import Who, audit
from shared.delivery.outbox import call_job
from shared.errors import Invalid
from shared.names import name_key

KINDS = ("book", "zip")
JOB = "tracker.write_books"
PART_BYTES = 1024 * 1024
TELL_EVERY = 20
_STALE = text("delete from book_export where at < now() - interval '7 days'")
_MINE = text("select pg_try_advisory_xact_lock(hashtextextended(:lock, 0))")
Told = Callable[[UUID, int, int], None]


def ask_export(session: Session, who: Who, kind: str, wanted: Wanted, level: str | None) -> UUID:
    """Notes a large workbook (`book`) or one workbook a school (`zip`) for the worker to write."""
    if kind not in KINDS:
        raise Invalid("Choose one workbook with all schools, or a zip of one workbook a school.")
    known = levels(session)
    if level is not None and level not in known:
        raise Invalid(f"The plan has no level {level}. It has: {', '.join(known)}.")
    session.execute(_STALE)
    export_id = uuid4()
    filters = {"region": wanted.region, "cos": wanted.cos, "director": wanted.director, "level": level}
    session.add(
        BookExport(
            export_id=export_id,
            by=who.person_id,
            role=who.role,
            scope=list(who.scope),
            spellings=list(who.spellings),
            kind=kind,
            wanted=filters,
            state="waiting",
        )
    )
    session.flush()
    audit(session, who.actor, "workbook.asked", str(export_id), {"kind": kind, **filters})
    call_job(session, JOB)
    return export_id


def write_next(session: Session, told: Told) -> bool:
    """Writes the oldest export that nobody is writing; False where there is none.

    `told` hears (export, schools done, schools in all) and has to commit by itself, so that a page can show it.
    """
    waiting = select(BookExport).where(col(BookExport.state) == "waiting").order_by(col(BookExport.at))
    for export in session.exec(waiting).all():
        # The lock ends with the transaction, so what a dying worker had begun is begun again by the next one.
        if session.execute(_MINE, {"lock": str(export.export_id)}).scalar_one():
            _write(session, export, told)
            return True
    return False


def _write(session: Session, export: BookExport, told: Told) -> None:
    scope, spellings = tuple(export.scope), tuple(export.spellings)
    who = Who(export.by, export.by, export.by, export.role, scope, (export.role,), "export", spellings)
    filters = dict(export.wanted)
    level = filters.pop("level")
    chosen = {
        name: schools_at(session, who, Wanted(**filters), name) for name in ([level] if level else levels(session))
    }
    total = sum(len(schools) for schools in chosen.values())

    def note(done: int) -> None:
        if done % TELL_EVERY == 0 or done == total:
            told(export.export_id, done, total)

    note(0)
    title = "Progress tracker: " + (", ".join(value for value in filters.values() if value) or "all schools")
    stamp = Stamp(export.at, export.by, title)  # type: ignore[arg-type]
    tabs = [Tab(name, many_schools(session, schools, name)) for name, schools in chosen.items()]
    handle, path = tempfile.mkstemp(prefix="ses-export-")
    os.close(handle)
    try:
        if export.kind == "book":
            write_book(path, periods(session), tabs, stamp, names_schools=True, told=note)
        else:
            _write_zip(path, periods(session), tabs, stamp, note)
        _keep(session, export, path)
    finally:
        os.unlink(path)
    export.state, export.done, export.total = "done", total, total
    session.add(export)


def _write_zip(path: str, years: list[str], tabs: Iterable[Tab], stamp: Stamp, note: Callable[[int], None]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for done, (level, school) in enumerate(_each(tabs), 1):
            out = io.BytesIO()
            title = f"Progress tracker: {school.name} ({school.ploc})"
            write_book(out, years, [Tab(level, [school])], stamp._replace(title=title))
            words = name_key(f"{school.school_key} {school.name} {level}").replace(" ", "-")
            packed.writestr(f"progress-tracker-{words}.xlsx", out.getvalue())
            note(done)


def _each(tabs: Iterable[Tab]) -> Iterator[tuple[str, BookSchool]]:
    for tab in tabs:
        for school in tab.schools:
            yield tab.level, school


def _keep(session: Session, export: BookExport, path: str) -> None:
    with open(path, "rb") as file:
        number = 0
        while content := file.read(PART_BYTES):
            session.add(BookPart(export_id=export.export_id, number=number, content=content))
            session.flush()
            session.expunge_all()
            number += 1
    session.add(export)


_PROGRESS = text("update book_export set done = :done, total = :total where export_id = :export_id")
_BEAT = text("update loop_beat set at = now() where id = 'loop'")
_FAILED = text("update book_export set state = 'failed', error = :error where export_id = :export_id")


def note_progress(session: Session, export_id: UUID, done: int, total: int) -> None:
    """Shows how far an export is."""
    # A worker that writes for a minute cannot sweep meanwhile: this shows its watchdog that it works.
    session.execute(_BEAT)
    session.execute(_PROGRESS, {"export_id": export_id, "done": done, "total": total})


def note_failure(session: Session, export_id: UUID, error: Any) -> None:
    """An export that cannot be written is not tried again for ever."""
    session.execute(_FAILED, {"export_id": export_id, "error": str(error)[:500]})
