"""Rows of an upload beside those that are published: staged, compared with the last extraction, merged."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import SHOWN
from services.ingest.rules.rows import CountsRow
from services.ingest.rules.schools import Identified, Unit
from services.ingest.rules.verdicts import LARGE_CHANGE
from shared.events import ExtractionRow
from shared.files.copying import copy_line, copy_lines

FIELDS = ", ".join(ExtractionRow._fields)
_DATA = [name for name in ExtractionRow._fields if name != "school_key"]
_OLD = ", ".join(f"e.{name}" for name in _DATA)
_NEW = ", ".join(f"n.{name}" for name in _DATA)
_SET = ", ".join(f"{name} = n.{name}" for name in _DATA)

_INCOMING = (
    'create temp table incoming ("on" date, "group" text, school_key text, ploc text, cost_center text, region text,'
    " cos text, director text, school text, level text, total int, submitted int, file_tier text, file_rate text)"
    " on commit drop"
)
_STAGED = (
    'region, cos, director, "group", "on", school_key, ploc, cost_center, school, level, total, submitted,'
    " file_tier, file_rate"
)
_SCHOOL = "school_key, ploc, name, name_key, level, region, cos, director, principal, landline, in_directory"
_MERGE = text(
    'with merged as (merge into extraction_count e using (select * from incoming where "on" = :on) n'
    ' on e.term = :term and e."on" = :on and e."group" = n."group" and e.school_key = n.school_key'
    f" when matched and ({_OLD}) is distinct from ({_NEW}) then update set revision = :revision, {_SET}"
    f' when not matched then insert (term, "on", "group", revision, {FIELDS})'
    f'  values (:term, :on, n."group", :revision, {FIELDS.replace("school_key", "n.school_key", 1)})'
    f' returning merge_action() as act, e."group", e.school_key, {", ".join(f"old.{name}" for name in _DATA)}),'
    f' kept as (insert into replaced_count(upload_id, "group", school_key, {", ".join(_DATA)})'
    f"  select :upload_id, \"group\", school_key, {', '.join(_DATA)} from merged where act = 'UPDATE')"
    ' select "group", count(*) as changed from merged group by "group"'
)
# Where no group of the staged rows has any of that date, nothing can match.
_INSERT = text(
    f'with added as (insert into extraction_count (term, "on", "group", revision, {FIELDS})'
    f' select :term, "on", "group", :revision, {FIELDS} from incoming where "on" = :on returning "group")'
    ' select "group", count(*) as changed from added group by "group"'
)
# The groups of a date with their rows, and the date of the last extraction of each, which may be that date itself.
_GROUPS = (
    'b as (select g."group", g.schools, (select max(e."on") from extraction_count e where e.term = :term'
    '  and e."group" = g."group" and e."on" <= :on) as base_on'
    ' from (select "group", count(*) as schools from incoming where "on" = :on group by 1) g)'
)
_AGAINST = text(f'with {_GROUPS} select "group", schools, base_on from b order by 1')
_COMPARED = (
    'create temp table compared ("group" text, school text, ploc text, is_new bool, is_gone bool, total int,'
    " submitted int, total_before int, submitted_before int, moved bool, differs bool) on commit drop"
)
_COMPARE = text(
    f"with {_GROUPS},"
    ' base as (select e.* from b join extraction_count e on e.term = :term and e."on" = b.base_on'
    '  and e."group" = b."group")'
    ' insert into compared select coalesce(n."group", p."group"), coalesce(n.school, p.school),'
    "  coalesce(n.ploc, p.ploc), p.school_key is null, n.school_key is null,"
    "  n.total, n.submitted, p.total, p.submitted,"
    "  (n.region, n.cos, n.director) is distinct from (p.region, p.cos, p.director),"
    f"  ({_NEW}) is distinct from ({', '.join(f'p.{name}' for name in _DATA)})"
    ' from (select * from incoming where "on" = :on) n'
    ' full join base p on n."group" = p."group" and n.school_key = p.school_key'
)
_COUNTS = text(
    'select "group", count(*) filter (where is_new) as new, count(*) filter (where is_gone) as missing,'
    " count(*) filter (where not is_new and not is_gone and differs) as changed,"
    " count(*) filter (where not is_new and not is_gone and not differs) as unchanged,"
    " count(*) filter (where not is_new and not is_gone and total is distinct from total_before) as totals_changed,"
    " count(*) filter (where not is_new and not is_gone and moved) as moved"
    ' from compared group by "group"'
)
_NO_CHANGE = ("new", "missing", "changed", "unchanged", "totals_changed", "moved")
_STRIKING = {
    "schools_new": "is_new",
    "schools_gone": "is_gone",
    "total_changed": (
        f"not is_new and not is_gone and abs(coalesce(total, 0) - total_before) > {LARGE_CHANGE} * total_before"
    ),
    "submitted_fell": "not is_new and not is_gone and submitted < submitted_before",
}
_LISTED = {
    code: text(
        'select "group", school, ploc, total, submitted, total_before, submitted_before,'
        ' count(*) over (partition by "group") as of_group from compared where "group" = any(:groups)'
        f" and {condition} order by 1, 2 limit 200"
    )
    for code, condition in _STRIKING.items()
}
_LAST = text(
    'select count(*) from extraction_count where term = :term and "group" = :group and "on" ='
    ' (select max("on") from extraction_count where term = :term and "group" = :group and "on" < :on)'
)


def stage(session: Session, rows: Iterable[CountsRow], schools: Identified) -> None:
    """Puts the rows under their schools into the transaction's own table."""
    session.execute(text("drop table if exists pg_temp.incoming"))
    session.execute(text(_INCOMING))
    copy_lines(session, f"incoming ({_STAGED})", _staged(rows, schools))


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
        session.execute(
            text(
                f"insert into school ({_SCHOOL}) select {_SCHOOL} from pg_temp.seen order by school_key"
                " on conflict do nothing"
            )
        )


def difference(session: Session, term: str, on: date, report: Report) -> dict[str, Any]:
    """What the staged rows of a date change, by group, against the last extraction of that group; notes what strikes."""
    values = {"term": term, "on": on}
    against = session.execute(_AGAINST, values).all()
    counts = _compared(session, values) if any(group.base_on for group in against) else {}
    found = {
        group.group: {
            **(counts.get(group.group) or {**dict.fromkeys(_NO_CHANGE, 0), "new": group.schools}),
            "against": group.base_on.isoformat() if group.base_on else None,
        }
        for group in against
    }
    earlier = [group.group for group in against if group.base_on not in (None, on)]
    if earlier:
        _note_striking(session, {**values, "groups": earlier}, report)
    return found


def _compared(session: Session, values: dict[str, Any]) -> dict[str, dict[str, int]]:
    session.execute(text("analyze incoming"))
    session.execute(text("drop table if exists pg_temp.compared"))
    session.execute(text(_COMPARED))
    session.execute(_COMPARE, values)
    return {row.group: {name: getattr(row, name) for name in _NO_CHANGE} for row in session.execute(_COUNTS)}


def _note_striking(session: Session, values: dict[str, Any], report: Report) -> None:
    for code, query in _LISTED.items():
        totals: dict[str, int] = {}
        rows = session.execute(query, values).all()
        for row in rows:
            column = SHOWN["total"] if code == "total_changed" else SHOWN["submitted"] if "fell" in code else ""
            report.add(code, Place(row.group.capitalize(), 0, column, f"{row.ploc} {row.school}", _change(code, row)))
            totals[row.group] = row.of_group
        _count_rest(code, report, sum(totals.values()) - len(rows))


def _change(code: str, row: Any) -> str:
    if code == "total_changed":
        return f"{row.total_before} -> {row.total}"
    return f"{row.submitted_before} -> {row.submitted}" if code == "submitted_fell" else ""


def _count_rest(code: str, report: Report, rest: int) -> None:
    for tally in report.tallies.values():
        if tally.code == code:
            tally.count += max(rest, 0)


def merge(session: Session, values: dict[str, Any], found: dict[str, Any]) -> dict[str, int]:
    """Publishes the staged rows of a date as a revision, keeping what they replace; group -> rows that changed.

    `values`: upload_id, term, on, revision; `found`: the date's difference.
    """
    on = values["on"].isoformat()
    statement = _MERGE if any(each["against"] == on for each in found.values()) else _INSERT
    return {row.group: row.changed for row in session.execute(statement, values)}


def is_known(found: dict[str, Any], on: date) -> bool:
    """Whether every staged row of the date is published already just so; `found`: its difference."""
    return all(each["against"] == on.isoformat() and not each["new"] + each["changed"] for each in found.values())


def sizes(session: Session, term: str, on: date, found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Group -> schools in its last extraction before the date, and at the date once the staged rows are merged."""
    told = {}
    for group, each in found.items():
        there = each["missing"] + each["changed"] + each["unchanged"]
        if each["against"] == on.isoformat():
            last = session.execute(_LAST, {"term": term, "on": on, "group": group}).scalar_one()
            told[group] = (last, there + each["new"])
        else:
            told[group] = (there, there + each["new"] - each["missing"])
    return told
