"""What of ingest can be seen: uploads, how far they travelled, the directory, the survey windows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.tables import Person, Progress, School, SurveyWindow, Upload
from shared.names import name_key

_UPLOADS = text(
    'select upload_id, kind, file_name, state, uploaded_by, uploaded_at, term, "on", revision, groups, counts, part_of,'
    " undoes from upload where (cast(:before as timestamptz) is null or uploaded_at < :before)"
    " and (:state = '' or state = :state) and (:kind = '' or kind = :kind) order by uploaded_at desc limit :limit"
)
_TRAVEL = text("select station, detail, at from travel where upload_id = :upload_id order by at, station")
_TOLD = text(
    "select d.subscriber, count(*) as events, count(*) filter (where d.state = 'acked') as heard,"
    " max(d.acked_at) as heard_at from outbox_event e join outbox_delivery d using (event_id)"
    " where e.topic = :topic and e.key = any(:keys) and (:version = 0 or e.version = :version)"
    " group by d.subscriber order by d.subscriber"
)
_RELATED = text(
    'select upload_id, "on", state, undoes, part_of from upload where part_of = :upload_id or undoes = :upload_id'
    ' or upload_id = :other order by "on" desc, uploaded_at'
)
_SCHOOLS = text(
    "select * from school where (:q = '' or name_key like '%' || :q_key || '%' or ploc = :q or cost_center = :q"
    " or director ilike '%' || :q || '%') and school_key > :after order by school_key limit :limit"
)
_PEOPLE = text(
    "select * from person where (:q = '' or name ilike '%' || :q || '%' or email ilike '%' || :q || '%'"
    " or array_to_string(aliases || resolved_aliases, ';') ilike '%' || :q || '%')"
    " and (:role = '' or role = :role) and person_id > :after order by person_id limit :limit"
)
_HISTORY = text("select at, actor, action, detail from audit where object = :key order by at desc, id desc limit 50")
_DIRECTORY_PARTS = text("select key from outbox_event where topic = 'ingest.directory_loaded' and version = :version")
TOPICS = {
    "participation": "ingest.extraction_loaded",
    "directory": "ingest.directory_loaded",
    "survey-results": "ingest.survey_results_loaded",
    "lcap-actions": "ingest.lcap_loaded",
    "lcap-measures": "ingest.lcap_loaded",
}


class Station(NamedTuple):
    """One step of an upload's way: done or not, when, and in words."""

    name: str
    done: bool
    at: datetime | None
    words: str


def uploads(
    session: Session, before: datetime | None = None, limit: int = 50, state: str = "", kind: str = ""
) -> Sequence[Any]:
    """Uploads, newest first, older than `before`."""
    values = {"before": before, "limit": limit, "state": state, "kind": kind}
    return session.execute(_UPLOADS, values).all()


def upload(session: Session, upload_id: UUID) -> Upload | None:
    return session.get(Upload, upload_id)


def rows_read(session: Session, upload_id: UUID) -> int:
    """How many rows of a long file have been read so far."""
    found = session.get(Progress, upload_id)
    return 0 if found is None else found.rows


def related(session: Session, taken: Upload) -> Sequence[Any]:
    """The uploads of the other dates of the same file, its undo, or what it is the undo or a part of."""
    other = taken.part_of or taken.undoes
    return session.execute(_RELATED, {"upload_id": taken.upload_id, "other": other}).all()


def survey_windows(session: Session) -> Sequence[SurveyWindow]:
    """The survey windows, newest first."""
    rows = session.execute(text("select term, opens, closes from survey_window order by opens desc"))
    return [SurveyWindow(term=row.term, opens=row.opens, closes=row.closes) for row in rows]


def schools(session: Session, q: str = "", after: str = "", limit: int = 50) -> Sequence[Any]:
    """Schools whose name, PLOC, code or director is searched for, by key, after one."""
    values = {"q": q, "q_key": name_key(q) or q, "after": after, "limit": limit}
    return session.execute(_SCHOOLS, values).all()


def people(session: Session, q: str = "", role: str = "", after: str = "", limit: int = 50) -> Sequence[Any]:
    """People of the directory whose name, e-mail or spelling is searched for, by id, after one."""
    return session.execute(_PEOPLE, {"q": q, "role": role, "after": after, "limit": limit}).all()


def school(session: Session, school_key: str) -> School | None:
    return session.get(School, school_key)


def person(session: Session, person_id: str) -> Person | None:
    return session.get(Person, person_id)


def history(session: Session, key: str) -> Sequence[Any]:
    """What was changed about a school or a person, newest first."""
    return session.execute(_HISTORY, {"key": key}).all()


def journey(session: Session, taken: Upload) -> list[Station]:
    """The steps of an upload: stored, heard, tiers computed, digests planned, mails sent."""
    accepted = taken.counts.get("accepted", 0)
    steps = [Station("Stored", True, taken.uploaded_at, f"{accepted} rows")]
    if taken.state == "unchanged":
        return [*steps, Station("Nothing new", True, taken.uploaded_at, "every row was known: nobody is told")]
    if taken.state not in ("published", "undone"):
        return [*steps, _waiting(taken)]
    values = {"topic": TOPICS[taken.kind], "keys": _keys(session, taken), "version": _version(taken)}
    steps += [
        Station(
            f"Heard by {row.subscriber}", row.heard == row.events, row.heard_at, f"{row.heard} of {row.events} events"
        )
        for row in session.execute(_TOLD, values)
    ]
    return [*steps, *_later(session, taken)] if taken.kind == "participation" else steps


def _waiting(taken: Upload) -> Station:
    words = {
        "reading": "the file is being read",
        "preview": "waits for you to publish it",
        "quarantined": "waits for you to confirm or discard it",
    }
    return Station("Published", False, None, words.get(taken.state, f"{taken.state}: nobody is told"))


def _version(taken: Upload) -> int:
    return (taken.revision or 0) if taken.kind == "directory" else 0


def _keys(session: Session, taken: Upload) -> list[str]:
    """The keys of the events that told this upload."""
    parts = [(name, part) for name, count in taken.told.items() for part in range(1, count + 1)]
    if taken.kind == "directory":
        return list(session.execute(_DIRECTORY_PARTS, {"version": taken.revision}).scalars())
    if taken.kind == "participation":
        return [f"{taken.term}/{taken.on}/{group}/{taken.upload_id}/{part}" for group, part in parts]
    table = f"{taken.kind.removeprefix('lcap-')}/" if taken.kind.startswith("lcap") else ""
    return [f"{table}{taken.upload_id}/{part}" for _, part in parts]


def _later(session: Session, taken: Upload) -> list[Station]:
    notes = session.execute(_TRAVEL, {"upload_id": taken.upload_id}).all()
    tiers = [note for note in notes if note.station.startswith("tiers/")]
    computed = {note.station.split("/")[1] for note in tiers}
    done = bool(computed) and computed >= set(taken.told)
    at = max((note.at for note in tiers), default=None)
    first = Station("Tiers computed", done, at, ", ".join(sorted(computed)) or "waiting")
    digests = next((note for note in notes if note.station == "digests"), None)
    if digests is None:
        return [first, Station("Alerts planned", False, None, "waiting")]
    mails = [note for note in notes if note.station.startswith("mail/")]
    counts = digests.detail
    words = f"{counts['planned']} planned, {counts['held']} held, {counts['unroutable']} without a route"
    sent = Station(
        "Mails sent",
        len(mails) >= counts["planned"],
        mails[-1].at if mails else None,
        f"{len(mails)} of {counts['planned']}",
    )
    return [first, Station("Alerts planned", True, digests.at, words), sent]
