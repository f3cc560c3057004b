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


Place3 = tuple[str, str | None, str]


class Identified(NamedTuple):
    """The unit of each place (ploc, code, name key), the units that are new, and the places that name two schools."""

    units: dict[Place3, Unit]
    new: list[Unit]
    swapped: dict[Place3, str]


def identify(rows: Iterable[CountsRow], known: Iterable[Unit], elsewhere: Iterable[Unit], report: Report) -> Identified:
    """Finds or makes the unit of every row; `elsewhere`: known schools by the names that no known one has at its PLOC.

    A row whose PLOC is one school's and whose name is another's is neither: its place is in `swapped`.
    """
    index = KnownUnits(known, elsewhere)
    firsts = first_rows(rows)
    names: dict[str, set[str]] = defaultdict(set)
    for ploc, _, key in firsts:
        names[ploc].add(key)
    found = Identified({}, [], {})
    for place, row in firsts.items():
        other = index.name_of_another(place)
        if other:
            found.swapped[place] = other
        unit = index.of_place(place)
        if unit is None and not other and index.is_alone(place[0]) and len(names[place[0]]) == 1:
            unit = next(iter(index.by_ploc[place[0]].values()))
            where = Place(row.sheet, row.number, SHOWN["school"], row.site.school, unit.name)
            report.add("school_name_differs", where)
        if unit is None:
            unit = _new(row)
            _note_elsewhere(index, row, report)
            index.by_ploc[place[0]][place[2]] = unit
            found.new.append(unit)
        found.units[place] = unit
    return found


class KnownUnits:
    """The schools that are known, by code, by PLOC and name, and where the names of a file are at home."""

    def __init__(self, known: Iterable[Unit], elsewhere: Iterable[Unit]) -> None:
        self.by_code: dict[str, Unit] = {}
        self.by_ploc: dict[str, dict[str, Unit]] = defaultdict(dict)
        self.homes: dict[str, list[Unit]] = defaultdict(list)
        for there in known:
            self.by_ploc[there.ploc][there.name_key] = there
            if there.cost_center:
                self.by_code[there.cost_center] = there
        for there in elsewhere:
            self.homes[there.name_key].append(there)

    def of_place(self, place: Place3) -> Unit | None:
        ploc, code, key = place
        return self.by_code.get(code or "") or self.by_ploc[ploc].get(key)

    def is_alone(self, ploc: str) -> bool:
        return len(self.by_ploc[ploc]) == 1

    def strangers(self, places: Iterable[Place3]) -> set[str]:
        """The names that no known school has at the PLOC, or the code, that the row gives."""
        return {key for ploc, code, key in places if key not in self._names_at(ploc, code)}

    def name_of_another(self, place: Place3) -> str:
        """The PLOC of the school whose name stands beside the PLOC or code of another one; empty where none does."""
        ploc, code, key = place
        there = self._names_at(ploc, code)
        homes = self.homes.get(key, [])
        return homes[0].ploc if there and key not in there and homes and all(h.ploc != ploc for h in homes) else ""

    def _names_at(self, ploc: str, code: str | None) -> set[str]:
        unit = self.by_code.get(code or "")
        return {unit.name_key} if unit is not None else set(self.by_ploc[ploc]) if ploc in self.by_ploc else set()


def _note_elsewhere(index: KnownUnits, row: CountsRow, report: Report) -> None:
    for home in index.homes.get(row.site.place[2], [])[:1]:
        where = Place(row.sheet, row.number, SHOWN["ploc"], row.site.place[0], f"{home.name} is known as {home.ploc}")
        report.add("school_elsewhere", where)


def _new(row: CountsRow) -> Unit:
    (ploc, _, key), shared = row.site.place, row.shared
    names = (shared.region, shared.cos, shared.director)
    return Unit(f"{ploc}:{key}", ploc, row.site.school, key, None, "", *names)
