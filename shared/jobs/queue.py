"""Jobs as rows: requested by a person, claimed by a writer under a lease, a file kept in pieces, canceled, cleared away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel import Session

from shared.access import Who, audit
from shared.delivery.outbox import call_job
from shared.errors import Conflict, NotFound

KEPT = timedelta(days=7)
# A writer that has not shown progress for so long is gone: another begins the job again, MOST_ATTEMPTS times in all.
LEASE = timedelta(minutes=1)
MOST_ATTEMPTS = 3
PART_BYTES = 1024 * 1024
JOBS_SHOWN = 50
_FACTS = (
    "job_id, who, kind, parameters, title, file_name, media_type, thing, result_path, requested_at, state, done, total"
)
_REQUEST = text(
    """
    insert into file_job (who, kind, parameters, title, file_name, media_type, thing, result_path)
    values (cast(:who as jsonb), :kind, cast(:parameters as jsonb), :title, :file_name, :media_type, :thing, :result_path)
    returning job_id
    """
)
# The same file that the same person requested within a week, or is waiting for, is not written twice; of one whose
# content may change at any time, only the one that is not begun yet.
_SAME = text(
    """
    select job_id from file_job
    where who = cast(:who as jsonb) and kind = :kind and parameters = cast(:parameters as jsonb)
        and state = any(:states)
    order by requested_at desc limit 1
    """
)
_OLD = text("delete from file_job where requested_at < now() - :kept")
_CLAIM = text(
    f"""
    update file_job set
        state = case when attempts < :most then 'running' else 'failed' end,
        attempts = attempts + 1, leased_until = now() + :lease, done = 0
    where job_id = (
        select job_id from file_job
        where state = 'waiting' or (state = 'running' and leased_until < now())
        order by requested_at limit 1 for update skip locked
    )
    returning {_FACTS}
    """
)
_WAITING = text(
    "select exists (select 1 from file_job where state = 'waiting' or (state = 'running' and leased_until < now()))"
)
_PROGRESS = text(
    """
    update file_job set
        done = coalesce(cast(:done as integer), done), total = coalesce(cast(:total as integer), total),
        leased_until = now() + :lease
    where job_id = :job_id and state = 'running' returning 1
    """
)
_PART = text("insert into file_job_part (job_id, number, content) values (:job_id, :number, :content)")
_NO_PARTS = text("delete from file_job_part where job_id = :job_id")
_FINISH = text("update file_job set state = :state, done = total where job_id = :job_id and state = 'running'")
_CANCEL = text("update file_job set state = 'canceled' where job_id = :job_id and state in ('waiting', 'running')")
_OWN = text(
    f"""
    select {_FACTS}, count(*) over () as of from file_job
    where who->>'person_id' = :person_id and who->>'role' = :role
        and who->'scope' = cast(:scope as jsonb) and who->'spellings' = cast(:spellings as jsonb)
    order by requested_at desc limit :limit
    """
)
_ONE = text(f"select {_FACTS} from file_job where job_id = :job_id")
_CONTENT = text("select content from file_job_part where job_id = :job_id and number = :number")


@dataclass(frozen=True)
class FileJob:
    """What a person requested: a file, or work whose result is looked at on the page `result_path`.

    `thing` names what is counted in `done` of `total`, in the singular.
    """

    job_id: UUID
    who: Who
    kind: str
    parameters: dict[str, Any]
    title: str
    file_name: str
    media_type: str
    thing: str
    result_path: str
    requested_at: datetime
    state: str
    done: int
    total: int

    @property
    def is_open(self) -> bool:
        """Whether it is still being written or waits for it."""
        return self.state in ("waiting", "running")


class JobCanceled(Exception):
    """The person does not want the file any more, or the lease went to another writer."""


def _job(row: Any) -> FileJob:
    facts = {name: row._mapping[name] for name in FileJob.__dataclass_fields__}
    who: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts["who"].items()
    }
    return FileJob(**{**facts, "who": Who(**who)})


def request_file(
    session: Session,
    service: str,
    who: Who,
    kind: str,
    parameters: dict[str, Any],
    *,
    title: str,
    file_name: str,
    media_type: str,
    thing: str,
    result_path: str = "",
    is_live: bool = False,
) -> UUID:
    """Notes a file for a writer to write; answers the job, that of the same request before where there is one.

    `is_live`: what the file holds may change at any time, so that one that was written is no longer the same.
    """
    session.execute(_OLD, {"kept": KEPT})
    values = {
        "who": orjson.dumps(asdict(who)).decode(),
        "kind": kind,
        "parameters": orjson.dumps(parameters).decode(),
        "title": title,
        "file_name": file_name,
        "media_type": media_type,
        "thing": thing,
        "result_path": result_path,
        "states": ["waiting"] if is_live else ["waiting", "running", "done"],
    }
    job_id: UUID | None = session.execute(_SAME, values).scalar()
    if job_id is None:
        job_id = session.execute(_REQUEST, values).scalar_one()
        audit(session, who.actor, "file.requested", str(job_id), {"kind": kind, **parameters})
        call_job(session, f"{service}.write_files")
    return job_id


def is_waiting(session: Session) -> bool:
    """Whether any file waits for a writer."""
    return bool(session.execute(_WAITING).scalar())


def claim(session: Session) -> FileJob | None:
    """The next file for a writer; None where nothing waits. One that cost every attempt is failed and passed over."""
    while True:
        row = session.execute(_CLAIM, {"most": MOST_ATTEMPTS, "lease": LEASE}).one_or_none()
        if row is None or row.state == "running":
            return None if row is None else _job(row)


def note_progress(session: Session, job_id: UUID, done: int, total: int) -> None:
    """Shows how far a file is and keeps the lease; raises Canceled where it is not this writer's any more."""
    values = {"job_id": job_id, "done": done, "total": total, "lease": LEASE}
    if session.execute(_PROGRESS, values).scalar() is None:
        raise JobCanceled(str(job_id))


def renew(session: Session, job_id: UUID) -> None:
    """Keeps the lease of a writer that works and has no progress to show."""
    session.execute(_PROGRESS, {"job_id": job_id, "done": None, "total": None, "lease": LEASE})


def keep(session: Session, job_id: UUID, path: str) -> None:
    """Keeps a written file in pieces, and says that it is done."""
    session.execute(_NO_PARTS, {"job_id": job_id})
    with open(path, "rb") as file:
        number = 0
        while content := file.read(PART_BYTES):
            session.execute(_PART, {"job_id": job_id, "number": number, "content": content})
            number += 1
    session.execute(_FINISH, {"job_id": job_id, "state": "done"})


def note_failure(session: Session, job_id: UUID) -> None:
    """A file that cannot be written is not tried again forever."""
    session.execute(_FINISH, {"job_id": job_id, "state": "failed"})


def jobs_of(session: Session, who: Who) -> tuple[Sequence[FileJob], int]:
    """The person's own files, of the role and the schools that they have now, newest first, at most JOBS_SHOWN.

    Answers how many there are, too.
    """
    schools = {"scope": orjson.dumps(who.scope).decode(), "spellings": orjson.dumps(who.spellings).decode()}
    own = {"person_id": who.person_id, "role": who.role, **schools, "limit": JOBS_SHOWN}
    rows = session.execute(_OWN, own).all()
    return [_job(row) for row in rows], rows[0].of if rows else 0


def job_of(session: Session, who: Who, job_id: UUID) -> FileJob:
    """One of the person's own files; NotFound for any other, and for one of schools that are not theirs any more."""
    row = session.execute(_ONE, {"job_id": job_id}).one_or_none()
    job = None if row is None else _job(row)
    if job is None or _owner(job.who) != _owner(who):
        raise NotFound(
            "You have no such file. It may be older than a week, or your schools have changed: request it again."
        )
    return job


def _owner(who: Who) -> tuple[object, ...]:
    return who.person_id, who.role, tuple(who.scope), tuple(who.spellings)


def cancel(session: Session, who: Who, job_id: UUID) -> None:
    """Stops a file that is not written yet. Raises Conflict where it is."""
    job = job_of(session, who, job_id)
    if not job.is_open:
        raise Conflict("This file is no longer being written. Reload the page.", code="file_not_open")
    session.execute(_CANCEL, {"job_id": job_id})
    audit(session, who.actor, "file.canceled", str(job_id), {})


def part(session: Session, job_id: UUID, number: int) -> bytes | None:
    """A piece of a written file; None after the last."""
    content: bytes | None = session.execute(_CONTENT, {"job_id": job_id, "number": number}).scalar()
    return content
