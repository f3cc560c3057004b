"""Which school a row is: by cost center code where known, else by PLOC and name; a new one is never merged silently."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import SHOWN
from services.ingest.rules.rows import CountsRow, first_rows


class Unit(NamedTuple):
    """A school as it is known here."""

    school_key: str
    ploc: str
    name: str
    name_key: str
    cost_center: str | None
    level: str
    region: str
    cos: str = ""
    director: str = ""


class Identified(NamedTuple):
    """The unit of each place (ploc, code, name key), and the units that are new."""

    units: dict[tuple[str, str | None, str], Unit]
    new: list[Unit]


def identify(rows: Iterable[CountsRow], known: Iterable[Unit], report: Report) -> Identified:
    """Finds or makes the unit of every row."""
    by_code: dict[str, Unit] = {}
    by_ploc: dict[str, dict[str, Unit]] = defaultdict(dict)
    for there in known:
        by_ploc[there.ploc][there.name_key] = there
        if there.cost_center:
            by_code[there.cost_center] = there
    firsts = first_rows(rows)
    names: dict[str, set[str]] = defaultdict(set)
    for ploc, _, key in firsts:
        names[ploc].add(key)
    found = Identified({}, [])
    for place, row in firsts.items():
        ploc, code, key = place
        unit = by_code.get(code or "") or by_ploc[ploc].get(key)
        if unit is None and len(by_ploc[ploc]) == 1 and len(names[ploc]) == 1:
            unit = next(iter(by_ploc[ploc].values()))
            where = Place(row.sheet, row.number, SHOWN["school"], row.site.school, unit.name)
            report.add("school_name_differs", where)
        if unit is None:
            unit = _new(row)
            by_ploc[ploc][key] = unit
            found.new.append(unit)
        found.units[place] = unit
    return found


def _new(row: CountsRow) -> Unit:
    (ploc, _, key), shared = row.site.place, row.shared
    names = (shared.region, shared.cos, shared.director)
    return Unit(f"{ploc}:{key}", ploc, row.site.school, key, None, "", *names)
