"""Large workbooks: ordered on a page, written by the worker, kept for a week."""

import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, delete, select, update

from services.tracker.queries.books import many_schools
from services.tracker.queries.plan import levels, periods, plan_of
from services.tracker.queries.schools import SchoolFilter, schools_at
from services.tracker.rules.book import BookSchool
from services.tracker.tables.books import BookExport, BookPart
from services.tracker.workbook.layout import BookLayout
from services.tracker.workbook.writing import BookStamp, BookTab, write_book, write_nothing
from shared.access import Who, audit
from shared.delivery.outbox import call_job
from shared.errors import Invalid
from shared.names import name_key

KINDS = ("book", "zip")
JOB = "tracker.write_books"
PART_BYTES = 1024 * 1024
NOTE_EVERY = 20
KEPT = timedelta(days=7)
_MINE = text("select pg_try_advisory_xact_lock(hashtextextended(:lock, 0))")
Noted = Callable[[UUID, int, int], None]


class ExportOrder(NamedTuple):
    """What is to be written: `book` or `zip`, of which schools, at one level or (None) at all, of which plan."""

    kind: str
    schools: SchoolFilter
    level: str | None
    plan_id: str | None = None


def order_export(session: Session, who: Who, order: ExportOrder) -> UUID:
    """Notes a large workbook, or one workbook a school, for the worker to write."""
    if order.kind not in KINDS:
        raise Invalid("Choose one workbook with all schools, or a zip of one workbook a school.")
    plan = plan_of(session, order.plan_id)
    known = levels(session, plan.plan_id)
    if order.level is not None and order.level not in known:
        raise Invalid(f"The plan has no level {order.level}. It has: {', '.join(known)}.")
    session.execute(delete(BookExport).where(col(BookExport.at) < datetime.now(UTC) - KEPT))
    export_id = uuid4()
    schools = order.schools
    filters = {"region": schools.region, "cos": schools.cos, "director": schools.director, "level": order.level}
    session.add(
        BookExport(
            export_id=export_id,
            ordered_by=who.person_id,
            role=who.role,
            scope=list(who.scope),
            spellings=list(who.spellings),
            kind=order.kind,
            filters={**filters, "plan": plan.plan_id},
            state="waiting",
        )
    )
    session.flush()
    audit(session, who.actor, "workbook.ordered", str(export_id), {"kind": order.kind, **filters})
    call_job(session, JOB)
    return export_id


def write_next(session: Session, noted: Noted) -> bool:
    """Writes the oldest export that nobody is writing; False where there is none.

    `noted` takes (export, schools done, schools in all) and has to commit by itself, so that a page can show it.
    """
    waiting = select(BookExport).where(BookExport.state == "waiting").order_by(col(BookExport.at))
    for export in session.exec(waiting).all():
        # The lock ends with the transaction, so what a dying worker had begun is begun again by the next one.
        if session.execute(_MINE, {"lock": str(export.export_id)}).scalar_one():
            _write(session, export, noted)
            return True
    return False


def _write(session: Session, export: BookExport, noted: Noted) -> None:
    by, scope, spellings = export.ordered_by, tuple(export.scope), tuple(export.spellings)
    who = Who(by, by, by, export.role, scope, (export.role,), "export", spellings)
    filters = dict(export.filters)
    level, plan = filters.pop("level"), plan_of(session, filters.pop("plan"))
    names = [level] if level else levels(session, plan.plan_id)
    schools = {name: schools_at(session, who, SchoolFilter(**filters), name) for name in names}
    total = sum(len(found) for found in schools.values())

    def note(done: int) -> None:
        if done % NOTE_EVERY == 0 or done == total:
            noted(export.export_id, done, total)

    note(0)
    title = "Progress tracker: " + (", ".join(value for value in filters.values() if value) or "all schools")
    assert export.at is not None
    stamp = BookStamp(export.at, by, title, plan.plan_id)
    layout = BookLayout(periods(session, plan.plan_id), plan.final_label)
    tabs = [BookTab(name, many_schools(session, found, plan.plan_id, name)) for name, found in schools.items()]
    handle, path = tempfile.mkstemp(prefix="ses-export-")
    os.close(handle)
    try:
        if not total:
            write_nothing(path, title, _nothing(filters, level))
            export.kind = "book"
        elif export.kind == "book":
            write_book(path, layout, tabs, stamp, names_schools=True, noted=note)
        else:
            _write_zip(path, layout, tabs, stamp, note)
        _keep(session, export, path)
    finally:
        os.unlink(path)
    export.state, export.done, export.total = "done", total, total
    session.add(export)


def _nothing(filters: dict[str, str | None], level: str | None) -> str:
    """Why an export has no school, and what to do."""
    named = [value for value in (level, *filters.values()) if value]
    which = f"that are {', '.join(named)}" if named else "at the levels of the plan"
    return (
        f"No school of yours is among those {which}. Remove a filter and export again. If schools are missing that"
        " should be there, ask the support team which schools are assigned to you, or central staff to set the levels"
        " at which they are expected."
    )


def _write_zip(
    path: str, layout: BookLayout, tabs: Iterable[BookTab], stamp: BookStamp, note: Callable[[int], None]
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for done, (level, school) in enumerate(_each(tabs), 1):
            out = io.BytesIO()
            title = f"Progress tracker: {school.name} ({school.ploc})"
            write_book(out, layout, [BookTab(level, [school])], stamp._replace(title=title))
            words = name_key(f"{school.school_key} {school.name} {level}").replace(" ", "-")
            packed.writestr(f"progress-tracker-{words}.xlsx", out.getvalue())
            note(done)


def _each(tabs: Iterable[BookTab]) -> Iterator[tuple[str, BookSchool]]:
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


def note_progress(session: Session, export_id: UUID, done: int, total: int) -> None:
    """Shows how far an export is."""
    session.execute(update(BookExport).where(col(BookExport.export_id) == export_id).values(done=done, total=total))


def note_failure(session: Session, export_id: UUID, error: Exception) -> None:
    """An export that cannot be written is not tried again for ever."""
    failed = {"state": "failed", "error": str(error)[:500]}
    session.execute(update(BookExport).where(col(BookExport.export_id) == export_id).values(**failed))
