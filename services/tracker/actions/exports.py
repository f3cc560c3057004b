"""Large workbooks: requested on a page or by a program, written beside by the writer of files."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from services.tracker.queries.books import many_schools
from services.tracker.queries.plan import levels, periods, plan_of
from services.tracker.queries.schools import SchoolFilter, schools_at
from services.tracker.rules.book import BookSchool
from services.tracker.workbook.layout import BookLayout
from services.tracker.workbook.writing import BookStamp, BookTab, write_book, write_nothing
from shared.access import Who
from shared.errors import Invalid
from shared.files.workbooks import XLSX_TYPE
from shared.jobs.queue import FileJob, request_file
from shared.jobs.writer import Progress
from shared.names import name_key

# Kind of file -> its ending and media type.
KINDS = {"book": (".xlsx", XLSX_TYPE), "zip": (".zip", "application/zip")}


class ExportOrder(NamedTuple):
    """What is to be written: `book` or `zip`, of which schools, at one level or (None) at all, of which plan."""

    kind: str
    schools: SchoolFilter
    level: str | None
    plan_id: str | None = None


def order_export(session: Session, who: Who, order: ExportOrder) -> UUID:
    """Notes a large workbook, or one workbook a school, for the writer; answers its job."""
    if order.kind not in KINDS:
        raise Invalid("Choose one workbook with all schools, or a zip of one workbook a school.")
    plan = plan_of(session, order.plan_id)
    known = levels(session, plan.plan_id)
    if order.level is not None and order.level not in known:
        raise Invalid(f"The plan has no level {order.level}. It has: {', '.join(known)}.")
    schools, (ending, media_type) = order.schools, KINDS[order.kind]
    filters = {"region": schools.region, "cos": schools.cos, "director": schools.director}
    return request_file(
        session,
        "tracker",
        who,
        order.kind,
        {**filters, "level": order.level, "plan": plan.plan_id},
        title=_title(filters),
        file_name=f"progress-tracker-schools{ending}",
        media_type=media_type,
        thing="school",
        is_live=True,
    )


def _title(filters: dict[str, str | None]) -> str:
    return "Progress tracker: " + (", ".join(value for value in filters.values() if value) or "all schools")


def write_books(session: Session, job: FileJob, path: str, note: Progress) -> None:
    """Writes the schools that its person sees: one workbook, or a zip of one workbook a school."""
    filters = dict(job.parameters)
    level, plan = filters.pop("level"), plan_of(session, filters.pop("plan"))
    names = [level] if level else levels(session, plan.plan_id)
    schools = {name: schools_at(session, job.who, SchoolFilter(**filters), name) for name in names}
    total = sum(len(found) for found in schools.values())
    note(0, total)
    title = _title(filters)
    stamp = BookStamp(job.requested_at, job.who.name, title, plan.plan_id)
    layout = BookLayout(periods(session, plan.plan_id), plan.final_label)
    tabs = [BookTab(name, many_schools(session, found, plan.plan_id, name)) for name, found in schools.items()]

    def noted(done: int) -> None:
        note(done, total)

    if job.kind == "zip":
        nothing = "" if total else _nothing(filters, level)
        _write_zip(path, layout, tabs, stamp, noted, nothing)
    elif total:
        write_book(path, layout, tabs, stamp, names_schools=True, noted=noted)
    else:
        write_nothing(path, title, _nothing(filters, level))


def _nothing(filters: dict[str, str | None], level: str | None) -> str:
    """Why an export has no school, and what to do."""
    named = [value for value in (level, *filters.values()) if value]
    which = f"that are {', '.join(named)}" if named else "at the levels of the plan"
    return (
        f"None of your schools is among those {which}. Remove a filter and export again. If schools are missing that"
        " should be there, ask the support team which schools are assigned to you, or central staff to set the levels"
        " at which they are expected."
    )


def _write_zip(
    path: str,
    layout: BookLayout,
    tabs: Iterable[BookTab],
    stamp: BookStamp,
    note: Callable[[int], None],
    nothing: str,
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for done, (level, school) in enumerate(_each(tabs), 1):
            out = io.BytesIO()
            title = f"Progress tracker: {school.name} ({school.ploc})"
            write_book(out, layout, [BookTab(level, [school])], stamp._replace(title=title))
            words = name_key(f"{school.school_key} {school.name} {level}").replace(" ", "-")
            packed.writestr(f"progress-tracker-{words}.xlsx", out.getvalue())
            note(done)
        if nothing:
            out = io.BytesIO()
            write_nothing(out, stamp.title, nothing)
            packed.writestr("about.xlsx", out.getvalue())


def _each(tabs: Iterable[BookTab]) -> Iterator[tuple[str, BookSchool]]:
    for tab in tabs:
        for school in tab.schools:
            yield tab.level, school
