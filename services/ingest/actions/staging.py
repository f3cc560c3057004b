"""Rows of an upload beside those that are published: staged, compared with the last extraction, merged."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import SHOWN
from services.ingest.rules.rows import CountsRow
from services.ingest.rules.schools import Identified, Unit
from services.ingest.rules.verdicts import LARGE_CHANGE
from services.ingest.tables import ExtractionCount
from shared.events import ExtractionRow
from shared.files.copying import copy_line, copy_lines

FIELDS = ", ".join(ExtractionRow._fields)
DATA = [name for name in ExtractionRow._fields if name != "school_key"]
# What a file prints of its own tier and rate is kept, and is not a change: the counts say it already.
_PRINTED = ("file_tier", "file_rate")
_COUNTED = [name for name in DATA if name not in _PRINTED]


def _listed(names: Iterable[str], alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


# The statements below work on whole sets of rows at once: temporary tables, a merge, joins against the last extraction.
_INCOMING = """
    create temp table incoming (
      extraction_date date, respondent_group text, school_key text, ploc text, cost_center text, region text, cos text,
      director text, school text, level text, total int, submitted int, file_tier text, file_rate text
    ) on commit drop
"""
_STAGED = """
    region, cos, director, respondent_group, extraction_date, school_key, ploc, cost_center, school, level, total,
    submitted, file_tier, file_rate
"""
_SCHOOL = "school_key, ploc, name, name_key, level, region, cos, director, principal, landline, in_directory"
_ADD_SCHOOLS = text(
    f"""
    insert into school ({_SCHOOL})
    select {_SCHOOL} from pg_temp.seen order by school_key
    on conflict do nothing
    """
)
_MERGE = text(
    f"""
    with merged as (
      merge into extraction_count e
      using (select * from incoming where extraction_date = :extraction_date) n
      on e.term = :term and e.extraction_date = :extraction_date
        and e.respondent_group = n.respondent_group and e.school_key = n.school_key
      when matched and ({_listed(_COUNTED, "e")}) is distinct from ({_listed(_COUNTED, "n")}) then
        update set revision = :revision, {", ".join(f"{name} = n.{name}" for name in DATA)}
      when not matched then
        insert (term, extraction_date, respondent_group, revision, {FIELDS})
        values (:term, :extraction_date, n.respondent_group, :revision, n.school_key, {_listed(DATA, "n")})
      returning merge_action() as act, e.respondent_group, e.school_key, {_listed(DATA, "old")}
    ), kept as (
      insert into replaced_count (upload_id, respondent_group, school_key, {", ".join(DATA)})
      select :upload_id, respondent_group, school_key, {", ".join(DATA)} from merged where act = 'UPDATE'
    )
    select respondent_group, count(*) as changed from merged group by respondent_group
    """
)
# Where no group of the staged rows has any of that date, nothing can match.
_INSERT = text(
    f"""
    with added as (
      insert into extraction_count (term, extraction_date, respondent_group, revision, {FIELDS})
      select :term, extraction_date, respondent_group, :revision, {FIELDS}
      from incoming where extraction_date = :extraction_date
      returning respondent_group
    )
    select respondent_group, count(*) as changed from added group by respondent_group
    """
)
# The groups of a date with their rows, and the date of the last extraction of each, which may be that date itself.
_GROUPS = """
    groups as (
      select g.respondent_group, g.schools, (
        select max(e.extraction_date) from extraction_count e
        where e.term = :term and e.respondent_group = g.respondent_group and e.extraction_date <= :extraction_date
      ) as base_date
      from (
        select respondent_group, count(*) as schools from incoming
        where extraction_date = :extraction_date group by respondent_group
      ) g
    )
"""
_AGAINST = text(f"with {_GROUPS} select respondent_group, schools, base_date from groups order by respondent_group")
_COMPARED = """
    create temp table compared (
      respondent_group text, school text, ploc text, is_new bool, is_gone bool, total int, submitted int,
      total_before int, submitted_before int, moved bool, differs bool
    ) on commit drop
"""
_COMPARE = text(
    f"""
    with {_GROUPS}, base as (
      select e.* from groups join extraction_count e
      on e.term = :term and e.extraction_date = groups.base_date and e.respondent_group = groups.respondent_group
    )
    insert into compared
    select coalesce(n.respondent_group, p.respondent_group), coalesce(n.school, p.school), coalesce(n.ploc, p.ploc),
      p.school_key is null, n.school_key is null, n.total, n.submitted, p.total, p.submitted,
      (n.region, n.cos, n.director) is distinct from (p.region, p.cos, p.director),
      ({_listed(_COUNTED, "n")}) is distinct from ({_listed(_COUNTED, "p")})
    from (select * from incoming where extraction_date = :extraction_date) n
    full join base p on n.respondent_group = p.respondent_group and n.school_key = p.school_key
    """
)
_STAYS = "not is_new and not is_gone"
_STRIKING = {
    "schools_new": "is_new",
    "schools_gone": "is_gone",
    "total_changed": f"{_STAYS} and abs(coalesce(total, 0) - total_before) > {LARGE_CHANGE} * total_before",
    "submitted_fell": f"{_STAYS} and submitted < submitted_before",
}
_COUNTS = text(
    f"""
    select respondent_group,
      count(*) filter (where is_new) as new,
      count(*) filter (where is_gone) as missing,
      count(*) filter (where {_STAYS} and differs) as changed,
      count(*) filter (where {_STAYS} and not differs) as unchanged,
      count(*) filter (where {_STAYS} and total is distinct from total_before) as totals_changed,
      count(*) filter (where {_STAYS} and moved) as moved,
      count(*) filter (where {_STRIKING["submitted_fell"]}) as fell,
      count(*) filter (where {_STRIKING["total_changed"]}) as leapt
    from compared group by respondent_group
    """
)
_NO_CHANGE = ("new", "missing", "changed", "unchanged", "totals_changed", "moved", "fell", "leapt")
_LISTED = {
    code: text(
        f"""
        select respondent_group, school, ploc, total, submitted, total_before, submitted_before,
          count(*) over () as in_all
        from compared where respondent_group = any(:groups) and {condition}
        order by respondent_group, school limit 200
        """
    )
    for code, condition in _STRIKING.items()
}


def stage(session: Session, rows: Iterable[CountsRow], schools: Identified) -> None:
    """Puts the rows under their schools into the transaction's own table."""
    session.execute(text("drop table if exists pg_temp.incoming"))
    session.execute(text(_INCOMING))
    copy_lines(session, f"incoming ({' '.join(_STAGED.split())})", _staged(rows, schools))


def _staged(rows: Iterable[CountsRow], schools: Identified) -> Iterator[str]:
    """A line for every row. What rows share is written once: rows of one school hold the same objects, known by id."""
    units = schools.units
    shared: dict[int, str] = {}
    sites: dict[int, str] = {}
    texts: dict[str, str] = {}
    for row in rows:
        head = shared.get(id(row.shared))
        if head is None:
            head = shared[id(row.shared)] = copy_line(*row.shared)
        school = sites.get(id(row.site))
        if school is None:
            unit = units[row.site.place]
            names = (unit.school_key, row.site.place[0], unit.cost_center, row.site.school, unit.level)
            school = sites[id(row.site)] = copy_line(*names)
        tier, rate = texts.get(row.file_tier), texts.get(row.file_rate)
        if tier is None or rate is None:
            tier = texts[row.file_tier] = copy_line(row.file_tier)
            rate = texts[row.file_rate] = copy_line(row.file_rate)
        total = r"\N" if row.total is None else row.total
        submitted = r"\N" if row.submitted is None else row.submitted
        yield f"{head}\t{school}\t{total}\t{submitted}\t{tier}\t{rate}\n"


def add_schools(session: Session, units: list[Unit]) -> None:
    """Keeps the schools that were seen for the first time; another upload may see one of them at the same moment."""
    lines = (
        copy_line(u.school_key, u.ploc, u.name, u.name_key, "", u.region, u.cos, u.director, "", "", "f") + "\n"
        for u in units
    )
    if units:
        session.execute(text("drop table if exists pg_temp.seen"))
        session.execute(text("create temp table seen (like school including defaults) on commit drop"))
        copy_lines(session, f"pg_temp.seen ({_SCHOOL})", lines)
        session.execute(_ADD_SCHOOLS)


def difference(session: Session, term: str, day: date, report: Report) -> dict[str, Any]:
    """What the staged rows of a date change, by group, against the last extraction of that group; notes what strikes."""
    values = {"term": term, "extraction_date": day}
    against = session.execute(_AGAINST, values).all()
    counts = _compared(session, values) if any(each.base_date for each in against) else {}
    found = {
        each.respondent_group: {
            **(counts.get(each.respondent_group) or {**dict.fromkeys(_NO_CHANGE, 0), "new": each.schools}),
            "against": each.base_date.isoformat() if each.base_date else None,
        }
        for each in against
    }
    earlier = [each.respondent_group for each in against if each.base_date not in (None, day)]
    if earlier:
        _note_striking(session, earlier, report)
    return found


def _compared(session: Session, values: dict[str, Any]) -> dict[str, dict[str, int]]:
    session.execute(text("analyze incoming"))
    session.execute(text("drop table if exists pg_temp.compared"))
    session.execute(text(_COMPARED))
    session.execute(_COMPARE, values)
    return {row.respondent_group: {name: getattr(row, name) for name in _NO_CHANGE} for row in session.execute(_COUNTS)}


def _note_striking(session: Session, groups: list[str], report: Report) -> None:
    """Notes every school that strikes: the first ones with their place, the others counted."""
    for code, query in _LISTED.items():
        rows = session.execute(query, {"groups": groups}).all()
        column = SHOWN["total"] if code == "total_changed" else SHOWN["submitted"] if "fell" in code else ""
        for row in rows:
            place = Place(row.respondent_group.capitalize(), 0, column, f"{row.ploc} {row.school}", _change(code, row))
            report.add(code, place)
        if rows:
            report.count_more(code, column, rows[0].in_all - len(rows))


def _change(code: str, row: Any) -> str:
    if code == "total_changed":
        return f"{row.total_before} -> {row.total}"
    return f"{row.submitted_before} -> {row.submitted}" if code == "submitted_fell" else ""


def merge(session: Session, values: dict[str, Any], found: dict[str, Any]) -> dict[str, int]:
    """Publishes the staged rows of a date as a revision, keeping what they replace; group -> rows that changed.

    `values`: upload_id, term, extraction_date, revision; `found`: the date's difference.
    """
    day = values["extraction_date"].isoformat()
    statement = _MERGE if any(each["against"] == day for each in found.values()) else _INSERT
    return {row.respondent_group: row.changed for row in session.execute(statement, values)}


def is_known(found: dict[str, Any], day: date) -> bool:
    """Whether every staged row of the date is published already just so; `found`: its difference."""
    return all(each["against"] == day.isoformat() and not each["new"] + each["changed"] for each in found.values())


def sizes(session: Session, term: str, day: date, found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Group -> schools in its last extraction before the date, and at the date once the staged rows are merged."""
    counted = {}
    for group, each in found.items():
        there = each["missing"] + each["changed"] + each["unchanged"]
        if each["against"] == day.isoformat():
            counted[group] = (_last_size(session, term, day, group), there + each["new"])
        else:
            counted[group] = (there, there + each["new"] - each["missing"])
    return counted


def _last_size(session: Session, term: str, day: date, group: str) -> int:
    same = (col(ExtractionCount.term) == term, col(ExtractionCount.respondent_group) == group)
    last = select(func.max(ExtractionCount.extraction_date)).where(*same, col(ExtractionCount.extraction_date) < day)
    counted = select(func.count()).where(*same, col(ExtractionCount.extraction_date) == last.scalar_subquery())
    return session.exec(counted).one()
