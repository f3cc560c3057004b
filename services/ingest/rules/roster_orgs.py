"""The organizations of a roster: which stands above which, and which are schools, by their codes."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from services.ingest.rules.cells import read_ploc
from services.ingest.rules.findings import BadCell, Report
from services.ingest.rules.names import region_of
from services.ingest.rules.roster_mapping import REGION, SCHOOL, RosterMapping
from services.ingest.rules.roster_rows import RosterRow
from services.ingest.rules.rows import LONGEST_NAME
from shared.names import name_key

COUNTS = ("enrolled", "classified_classroom", "classified_other", "certificated_admin", "certificated_other")
COLUMN_WORDS = ("level", "cos", "landline")
_CODE = re.compile(r"\d{7}", re.ASCII)


class OrgTree:
    """The organizations by their parents; a cycle and a parent that is missing are reported."""

    def __init__(self, orgs: Mapping[str, RosterRow], mapping: RosterMapping, report: Report) -> None:
        self.orgs = orgs
        self.mapping = mapping
        cyclic = self._cyclic()
        self.above = {key: self._chain(key, cyclic) for key in orgs}
        self.below: dict[str, list[str]] = defaultdict(list)
        for key, chain in self.above.items():
            for parent in chain:
                self.below[parent].append(key)
        for key, row in orgs.items():
            parent = self._parent(key)
            if key in cyclic:
                report.add("roster_org_cycle", row.place("parent", parent))
            elif parent and parent not in orgs:
                report.add("roster_parent_missing", row.place("parent", parent))

    def _cyclic(self) -> set[str]:
        """The organizations that are their own parent by way of others."""
        seen: set[str] = set()
        found: set[str] = set()
        for start in self.orgs:
            path: list[str] = []
            key = start
            while key in self.orgs and key not in seen:
                seen.add(key)
                path.append(key)
                key = self._parent(key)
            if key in path:
                found.update(path[path.index(key) :])
        return found

    def _parent(self, key: str) -> str:
        return self.orgs[key].fields.get("parent", "")

    def _chain(self, key: str, cyclic: set[str]) -> list[str]:
        chain: list[str] = []
        while key not in cyclic and self._parent(key) in self.orgs:
            key = self._parent(key)
            chain.append(key)
        return chain

    def kind(self, key: str) -> str:
        """What the mapping says of an organization: school, region or neither."""
        return self.mapping.types.get(self.orgs[key].fields.get("type", ""), "")

    def region(self, key: str) -> str:
        """The region that an organization is or lies in, by the names and ids above it; empty where none is known."""
        for each in (key, *self.above[key]):
            if self.kind(each) == REGION:
                fields = self.orgs[each].fields
                names = (fields.get("name", ""), fields.get("identifier", ""), each)
                return next((region for name in names if (region := region_of(name))), "")
        return ""


class Schools:
    """The schools of a roster: `codes` by organization, `rows` by code as those of a directory's file.

    What a roster does not say of a school stays as the directory has it (`known`, by code).
    """

    def __init__(self, tree: OrgTree, known: Mapping[str, Mapping[str, Any]], report: Report) -> None:
        self.tree = tree
        self.columns = tree.mapping.columns
        self.known = known
        self.report = report
        self.codes: dict[str, str] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        orgs = {key: org for key, org in tree.orgs.items() if tree.kind(key) == SCHOOL}
        times = Counter(self._written(org, "cost_center") for org in orgs.values())
        for key, org in orgs.items():
            self._take(key, org, times)

    def _written(self, org: RosterRow, name: str) -> str:
        return org.fields.get(self.columns.get(name) or "", "")

    def _take(self, key: str, org: RosterRow, times: Counter[str]) -> None:
        code, column = self._written(org, "cost_center"), self.columns["cost_center"]
        words = {"name": org.fields.get("name", ""), **{name: self._written(org, name) for name in COLUMN_WORDS}}
        long = next((name for name, text in words.items() if len(text) > LONGEST_NAME), "")
        if not _CODE.fullmatch(code):
            self.report.add("roster_code_unreadable", org.place(column, code))
        elif times[code] > 1:
            self.report.add("roster_code_twice", org.place(column, code))
        elif long:
            self.report.add("text_too_long", org.place(self.columns.get(long) or long, words[long]))
        elif not words["name"]:
            self.report.add("roster_name_missing", org.place("name"))
        else:
            self._add(key, org, code, words)

    def _add(self, key: str, org: RosterRow, code: str, words: dict[str, str]) -> None:
        known = self.known.get(code, {})
        written = self._written(org, "ploc")
        try:
            ploc = known["ploc"] if known and not written else read_ploc(written or code).ploc
        except BadCell:
            self.report.add("roster_ploc_unreadable", org.place(self.columns.get("ploc") or "", written or code))
            return
        region = self._written(org, "region")
        self.codes[key] = code
        self.rows[code] = {
            "sheet": org.file,
            "row": org.row,
            "cost_center": code,
            "ploc": ploc,
            "name_key": name_key(words["name"]),
            **{name: text or known.get(name, "") for name, text in words.items()},
            "region_written": region,
            "region": (region_of(region) or "") if region else self.tree.region(key) or known.get("region", ""),
            **{name: known.get(name) for name in COUNTS},
            **{name: known.get(name, "") for name in ("director", "principal")},
        }
        if not self.rows[code]["level"]:
            self.report.add("roster_level_missing", org.place(self.columns.get("level") or "", words["name"]))

    def scope_of(self, org: str) -> list[str]:
        """The codes of the schools that an organization is or has below it, or the region that it is."""
        if self.tree.kind(org) == REGION and (region := self.tree.region(org)):
            return [region]
        return [self.codes[key] for key in (org, *self.tree.below[org]) if key in self.codes]
