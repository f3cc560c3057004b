"""Files of drop folders: each is taken in like an upload once it is whole, and moved with its report beside it.

A look is one worker's by a lease, so that two never look at one folder together; no transaction is open while a folder is
asked. What happened to a file is committed before the file moves: whatever ends a look in between, the next one only moves it.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, func, or_, select, update

from services.ingest.actions.uploads import Offered, read_offered, take_upload
from services.ingest.folders import PLACES as FOLDERS
from services.ingest.folders import Entry, Folder, FolderProblem, open_folder
from services.ingest.rules.drops import (
    PLACES,
    FolderAddress,
    folder_address,
    free_name,
    outcome_sentence,
    report_name,
    report_text,
)
from services.ingest.tables import DropFolder, DroppedFile, Upload
from shared.access import audit
from shared.db import transaction
from shared.errors import Refused
from shared.leases import renewed
from shared.settings import settings

# A worker that has not renewed for so long is gone.
LEASE = timedelta(seconds=15)
RENEW_SECONDS = LEASE.total_seconds() / 3
log = structlog.get_logger()


class Drop(NamedTuple):
    """An open folder with its address."""

    address: FolderAddress
    folder: Folder


def look_at_folders() -> None:
    """Looks at every drop folder of the settings once; one that fails stops no other."""
    for name, secret in settings().drop_folders.items():
        look_at_folder(name, secret.get_secret_value())


def look_at_folder(name: str, address: str) -> None:
    """Looks at one folder, unless somebody else does; the reason of a failure is kept for the page."""
    with transaction("ingest") as session:
        session.execute(insert(DropFolder).values(folder=name).on_conflict_do_nothing())
    if not _claim(name):
        return
    until = update(DropFolder).where(col(DropFolder.folder) == name).values(leased_until=func.now() + LEASE)
    with renewed("ingest", lambda session: session.execute(until), RENEW_SECONDS):
        problem = _look(name, address)
    if problem:
        log.warning("drop folder not read", folder=name, reason=problem)
    with transaction("ingest") as session:
        row = session.get_one(DropFolder, name, with_for_update=True)
        row.problem, row.looked_at, row.leased_until = problem, datetime.now(UTC), None


def _claim(name: str) -> bool:
    """Whether the look is this worker's: nobody else's is under way."""
    free = or_(col(DropFolder.leased_until).is_(None), col(DropFolder.leased_until) <= func.now())
    mine = update(DropFolder).where(col(DropFolder.folder) == name, free).values(leased_until=func.now() + LEASE)
    with transaction("ingest") as session:
        return session.execute(mine.returning(col(DropFolder.folder))).first() is not None


def _look(name: str, address: str) -> str:
    """Attends to every file; answers why the folder could not be read, empty where it could."""
    try:
        found = folder_address(name, address)
        with open_folder(found) as folder:
            drop = Drop(found, folder)
            entries = [entry for entry in folder.entries() if entry.name not in FOLDERS]
            for entry in entries:
                _attend(drop, entry)
            _close_missing(drop, {entry.name for entry in entries})
    except (FolderProblem, ValueError) as error:
        return str(error)
    return ""


def _attend(drop: Drop, entry: Entry) -> None:
    """One file: seen first, or changed since, it waits; else it is taken in, and moved. A failure is its own sentence."""
    state = _seen(drop, entry)
    try:
        if state == "waiting":
            state = _take(drop, entry)
        if state == "taken":
            _settle(drop, entry.name)
    except (FolderProblem, ValueError) as error:
        with transaction("ingest") as session:
            _row(session, drop, entry.name).sentence = str(error)


def _seen(drop: Drop, entry: Entry) -> str:
    """Notes what lies there; answers `waiting` or `taken` for a file that is as it was at the last look, else empty."""
    with transaction("ingest") as session:
        row = session.get(DroppedFile, (drop.address.name, entry.name))
        if row is not None and row.stamp == entry.stamp and row.state in ("waiting", "left", "taken"):
            return row.state
        row = row or DroppedFile(folder=drop.address.name, file_name=entry.name, stamp="", state="")
        again = "Another file with this name came before the accepted one was moved. " if row.state == "taken" else ""
        row.stamp, row.upload_id, row.is_known, row.target, row.problems = entry.stamp, None, False, "", []
        row.seen_at = datetime.now(UTC)
        row.state, row.sentence = "waiting", again + "Seen; it is taken in after it has stayed unchanged for a minute."
        if entry.kind != "file":
            row.state = "left"
            row.sentence = f"This is a {entry.kind}; only files directly in the folder are taken in. Remove it."
        session.add(row)
    return ""


def _row(session: Session, drop: Drop, file_name: str) -> DroppedFile:
    return session.get_one(DroppedFile, (drop.address.name, file_name), with_for_update=True)


def _take(drop: Drop, entry: Entry) -> str:
    """Takes a whole file in, in one transaction with its row; a refused one keeps its reason. Answers the state then."""
    most = settings().upload_max_mb * 1024 * 1024
    content = drop.folder.read(entry.name) if entry.size <= most else b""
    if len(content) != entry.size and entry.size <= most:
        return "waiting"
    address = drop.address
    actor = f"service:folder-{address.name} as central"
    offered = Offered(address.kind, entry.name, content, actor, term=address.term, hold_mails=not address.sends_mails)
    try:
        if entry.size > most:
            raise Refused(f"The file is larger than {settings().upload_max_mb} MB.", code="too_large")
        read = read_offered(offered)
        with transaction("ingest") as session:
            taken = take_upload(session, offered, read)
            session.flush()
            row = _row(session, drop, entry.name)
            row.state, row.upload_id, row.is_known = "taken", taken.upload.upload_id, taken.known
            row.sentence = outcome_sentence(taken.upload.state, known=taken.known)
    except Refused as error:
        _refuse(drop, entry.name, error, actor)
    return "taken"


def _refuse(drop: Drop, file_name: str, error: Refused, actor: str) -> None:
    """Keeps why a file is refused: nothing of it is stored, so its report lies beside it alone, and is written first."""
    with transaction("ingest") as session:
        row = _row(session, drop, file_name)
        row.state, row.sentence, row.problems = "taken", error.sentence, error.problems
        audit(session, actor, "refused", f"{drop.address.name}/{file_name}", {"code": error.code})


def _settle(drop: Drop, file_name: str) -> None:
    """Moves a file whose upload is settled; where it goes is committed first, so that a second try goes there too."""
    place = _choose_place(drop, file_name)
    if place is None:
        return
    with transaction("ingest") as session:
        row = _row(session, drop, file_name)
        target, report = row.target, _report(session, row)
    drop.folder.write(report_name(target), report)
    drop.folder.move(file_name, target)
    with transaction("ingest") as session:
        _close(_row(session, drop, file_name))


def _choose_place(drop: Drop, file_name: str) -> str | None:
    """The place of a file, with its `target` in it kept; None while its upload is being read."""
    with transaction("ingest") as session:
        row = _row(session, drop, file_name)
        upload = session.get(Upload, row.upload_id) if row.upload_id else None
        place = PLACES.get(upload.state) if upload else "refused"
        if upload and place:
            row.sentence = outcome_sentence(upload.state, known=row.is_known)
        target = row.target
    if place is None:
        return None
    drop.folder.prepare(place)
    if not target:
        name = free_name(file_name, {entry.name for entry in drop.folder.entries(place)})
        with transaction("ingest") as session:
            _row(session, drop, file_name).target = f"{place}/{name}"
    return place


def _report(session: Session, row: DroppedFile) -> bytes:
    upload = session.get(Upload, row.upload_id) if row.upload_id else None
    link = f"{settings().public_url}/ingest/uploads/{upload.upload_id}" if upload else ""
    problems = upload.problems if upload else row.problems
    return report_text(row.file_name, row.sentence, upload.counts if upload else {}, problems, link).encode()


def _close(row: DroppedFile) -> None:
    place, _, name = row.target.partition("/")
    row.state = place
    if name != row.file_name:
        row.sentence += f" A file of this name lay in {place} before: this one is {name} there."


def _close_missing(drop: Drop, there: set[str]) -> None:
    """Settles the rows of files that are gone: moved just before a look ended, or taken away by somebody."""
    with transaction("ingest") as session:
        open_rows = select(DroppedFile).where(
            col(DroppedFile.folder) == drop.address.name, col(DroppedFile.state).in_(("waiting", "left", "taken"))
        )
        for row in session.exec(open_rows).all():
            if row.file_name in there:
                continue
            if row.target:
                _close(row)
            elif row.state == "taken":
                row.state, row.sentence = "done", "Taken in; the file was removed before it could be moved."
            else:
                session.delete(row)


def purge_dropped(session: Session, days: int) -> None:
    """Forgets the files of folders that were last seen more than `days` ago; what was taken stays as an upload."""
    session.execute(delete(DroppedFile).where(col(DroppedFile.seen_at) < func.now() - timedelta(days=days)))
