"""Which school a row is: by cost center code where known, else by PLOC and name; a new one is never merged silently."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from services.ingest.rules.findings import Place, Report
from services.ingest.rules.headers import SHOWN
from services.ingest.rules.rows import CountsRow


class Unit(NamedTuple):
    """A school as it is known here."""

    school_key: str
    ploc: str
    name: str
    name_key: str
    cost_centre: str | None
    level: str
    region: str
    cos: str = ""


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
        if there.cost_centre:
            by_code[there.cost_centre] = there
    firsts: dict[tuple[str, str | None, str], CountsRow] = {}
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        firsts.setdefault((row.ploc, row.cost_centre, row.name_key), row)
        names[row.ploc].add(row.name_key)
    found = Identified({}, [])
    for place, row in firsts.items():
        unit = by_code.get(row.cost_centre or "") or by_ploc[row.ploc].get(row.name_key)
        if unit is None and len(by_ploc[row.ploc]) == 1 and len(names[row.ploc]) == 1:
            unit = next(iter(by_ploc[row.ploc].values()))
            report.add("school_name_differs", Place(row.sheet, row.number, SHOWN["school"], row.school, unit.name))
        if unit is None:
            unit = _new(row)
            by_ploc[row.ploc][row.name_key] = unit
            found.new.append(unit)
        found.units[place] = unit
    return found


def _new(row: CountsRow) -> Unit:
    key = f"{row.ploc}:{row.name_key}"
    return Unit(key, row.ploc, row.school, row.name_key, None, "", row.region, row.cos)
