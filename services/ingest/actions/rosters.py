"""A roster as a source of the directory: put over the one before, made schools and people of by its saved mapping."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from services.ingest.actions.kept_directory import keep_roster_before
from services.ingest.actions.roster_reading import kept_package
from services.ingest.rules.findings import Place
from services.ingest.rules.listing import Listing
from services.ingest.rules.roster_files import SOURCES
from services.ingest.rules.roster_mapping import (
    Assignment,
    RosterMapping,
    Seen,
    as_json,
    assignments,
    mapping_problems,
    seen_in,
    undecided,
)
from services.ingest.rules.roster_rows import Roster, RosterRead, kept_rows, merged, roster_before
from services.ingest.rules.rosters import Made, directory_of
from services.ingest.tables import KeptRoster, Person, SavedMapping, School, Upload, UploadFile
from shared.access import audit
from shared.db import upsert
from shared.errors import Invalid, NotFound
from shared.web.clock import today

FAMILIES = "roster_families"


class RosterLoad(NamedTuple):
    """What a roster makes: its rows as those of a directory's file, and what is kept of it once they are published."""

    listing: Listing
    kept: KeptRoster
    rejected: int


def load_roster(session: Session, upload: Upload, found: RosterRead) -> RosterLoad | None:
    """The schools and people of a roster; None where it waits for a person to say what its words mean.

    Raises Invalid for a delta without a whole roster before it. What is kept of the file holds no students.
    """
    _keep_without_families(session, upload, found)
    before = session.get(KeptRoster, found.source)
    mapping = saved_mapping(session, found.source)
    _refuse_delta_alone(found, before, mapping)
    roster = merged(roster_before(before.rows) if before and not found.is_whole() else None, found)
    every = assignments(roster)
    seen = seen_in(roster, every, found.org_columns or (before.columns if before else {}))
    missing = undecided(mapping, seen)
    made = Made() if missing else _made(session, roster, every, mapping, found)
    upload.roster = _look(found, seen, missing, made)
    if missing or made.questions:
        counts = {"accepted": 0, "undecided": len(missing), "questions": len(made.questions)}
        upload.counts, upload.changes, upload.difference = counts, [], {}
        upload.reasons = ["roster_unmapped"] if missing else ["roster_principals"]
        upload.found, upload.problems = found.report.groups(), list(found.report.problems())
        return None
    listing = Listing(found.report, {"schools": made.schools, "people": made.people})
    listing.rows["people"] += _people_of_other_roles(session, mapping)
    _keep_aliases(session, listing.rows["people"])
    rejected = sum(tally.count for tally in found.report.tallies.values() if tally.outcome == "rejected")
    return RosterLoad(listing, _kept(found, roster, made, mapping, seen), rejected)


def _keep_without_families(session: Session, upload: Upload, found: RosterRead) -> None:
    """Keeps the file without students and families; how many rows that were stays in the report when it is read again."""
    file = session.get(UploadFile, upload.upload_id)
    if file is not None:
        file.content = kept_package(found)
    earlier = [each for each in upload.found if each["code"] == FAMILIES]
    if earlier and not found.report.count(FAMILIES):
        found.report.add(FAMILIES, Place("", 0, earlier[0]["column"], ""), earlier[0]["count"])


def _made(
    session: Session, roster: Roster, every: Sequence[Assignment], mapping: RosterMapping, found: RosterRead
) -> Made:
    listed = session.exec(select(School).where(col(School.cost_center).is_not(None))).all()
    known = {school.cost_center or "": school.model_dump() for school in listed}
    return directory_of(roster, every, mapping, known, today(), found.report)


def _look(found: RosterRead, seen: Seen, missing: Sequence[str], made: Made) -> dict[str, Any]:
    """What the page of the mapping shows of this roster."""
    questions = [question._asdict() for question in made.questions]
    return {
        "source": found.source, "version": found.version, "modes": found.modes, "undecided": list(missing),
        "questions": questions, **seen._asdict(),
    }  # fmt: skip


def _refuse_delta_alone(found: RosterRead, before: KeptRoster | None, mapping: RosterMapping) -> None:
    """A delta says only what has changed: it needs the whole roster before it, read by a mapping of the same roles."""
    if found.is_whole():
        return
    there = before.roles if before else []
    if before is None or any(target and kind not in there for kind, target in mapping.roles.items()):
        why = (
            "no whole one was published before" if before is None else "the mapping names roles that were not kept then"
        )
        raise Invalid(
            f"The roster holds only changes, and {why}. Upload a bulk export of orgs, users and roles first.",
            code="roster_bulk_needed",
        )


def _people_of_other_roles(session: Session, mapping: RosterMapping) -> list[dict[str, Any]]:
    """The people of the directory in roles that the roster does not fill: they stay."""
    filled = {*mapping.roles.values(), mapping.others if "principal" in mapping.roles.values() else ""}
    return [
        {**person.model_dump(exclude={"resolved_aliases"}), "sheet": "", "row": 0, "is_kept": True}
        for person in session.exec(select(Person).order_by(col(Person.person_id)))
        if person.role not in filled
    ]


def _keep_aliases(session: Session, people: Sequence[dict[str, Any]]) -> None:
    """Spellings of names come by the district's own sheet; a roster has none, and takes none away."""
    known = {person.person_id: person.aliases for person in session.exec(select(Person))}
    for row in people:
        row["aliases"] = list(known.get(row["person_id"], row["aliases"]))


def _kept(found: RosterRead, roster: Roster, made: Made, mapping: RosterMapping, seen: Seen) -> KeptRoster:
    kinds = [kind for kind, target in mapping.roles.items() if target]
    rows = kept_rows(roster, made.used["users"], made.used["roles"], made.used["enrollments"])
    return KeptRoster(source=found.source, roles=kinds, columns=seen.columns, rows=rows)


def keep_roster(session: Session, upload: Upload, load: RosterLoad) -> None:
    """Keeps what a later delta is put over, and what was kept before it for the undo."""
    keep_roster_before(session, upload.upload_id, load.kept.source)
    upsert_roster(session, load)


def upsert_roster(session: Session, load: RosterLoad) -> None:
    """Keeps the newest rows of a source."""
    upsert(session, KeptRoster, [load.kept.model_dump()])


def saved_mapping(session: Session, source: str) -> RosterMapping:
    """The mapping of a source; an empty one where none was saved."""
    saved = session.get(SavedMapping, source)
    return RosterMapping(**saved.mapping) if saved else RosterMapping()


def save_mapping(session: Session, source: str, mapping: RosterMapping, actor: str) -> RosterMapping:
    """Saves what a source's words mean, for this roster and the next ones. Raises NotFound, or Invalid with the problems."""
    if source not in SOURCES:
        raise NotFound("Rosters come as oneroster or ed-fi.")
    problems = mapping_problems(mapping)
    if problems:
        raise Invalid(
            " ".join(problems[:3]),
            code="roster_mapping",
            problems=[{"code": "roster_mapping", "message": problem} for problem in problems],
        )
    before = as_json(saved_mapping(session, source))
    upsert(session, SavedMapping, [{"source": source, "mapping": as_json(mapping)}])
    audit(session, actor, "roster mapping", source, {"mapping": as_json(mapping), "before": before})
    return mapping
