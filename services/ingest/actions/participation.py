"""Publishing an extraction: each date of a file is a revision of that extraction; only changed rows are told."""

from datetime import date
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from services.ingest.actions.extraction import Ready, ready_extraction
from services.ingest.actions.reading import Watch
from services.ingest.actions.staging import FIELDS, add_schools, difference, is_known, merge, sizes, stage
from services.ingest.rules.dates import Window
from services.ingest.rules.findings import Place
from services.ingest.rules.verdicts import THIN_SHARE
from services.ingest.tables import Upload
from shared.db import psycopg_style, raw
from shared.delivery.outbox import publish
from shared.events import GROUPS, ROWS_PER_PART, ExtractionLoaded, Group

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:lock, 1))")
_REVISION = text('select coalesce(max(revision), 0) + 1 from upload where term = :term and "on" = :on')
_FOLLOWS = text(
    'select coalesce(max(revision), 0) from upload where term = :term and "on" = :on and revision < :revision'
    " and told <> '{}'"
)
_HOW_MANY = text(
    'select count(*) from extraction_count where term = :term and "on" = :on and "group" = :group'
    " and revision = :revision"
)
_CHANGED = psycopg_style(
    f'select {FIELDS} from extraction_count where term = :term and "on" = :on and "group" = :group'
    " and revision = :revision order by school_key"
).encode()
_NEWER = text('select max("on") from extraction_count where term = :term and "group" = any(:groups) and "on" > :on')


def load_participation(session: Session, upload: Upload, content: bytes, watch: Watch) -> None:
    """Reads an extraction file into the upload; publishes it where that is wanted and nothing speaks against it.

    Raises UnreadableFile, TakesLong, or Invalid with the problems.
    """
    ready = ready_extraction(session, content, watch, upload.named_term)
    stage(session, ready.rows, ready.schools)
    newest, *others = ready.dates()
    upload.reasons = ready.reasons
    publish = upload.intent == "publish" and (upload.confirmed or not ready.reasons)
    upload.difference = {}
    for on in (newest, *others):
        window = ready.windows[on]
        session.execute(_LOCK, {"lock": f"{window.term}/{on}"})
        upload.difference[on.isoformat()] = difference(session, window.term, on, ready.report)
        _note_older(session, ready, on)
    upload.thin = any(_note_thin(session, ready, on, upload) for on in (newest, *others))
    _describe(upload, ready, newest)
    if publish:
        add_schools(session, ready.schools.new)
        _publish(session, upload, newest, ready, upload.difference)
        for on in others:
            _publish(session, _sibling(session, upload, on, ready), on, ready, upload.difference)
    else:
        upload.state = "quarantined" if ready.reasons and upload.intent == "publish" else "preview"


def _describe(upload: Upload, ready: Ready, on: date) -> None:
    upload.term, upload.on = ready.windows[on].term, on
    upload.groups = _groups(ready, on)
    upload.counts = {"accepted": len(ready.rows), "rejected": len(ready.report.rejected_rows), "changed": 0}
    upload.found = ready.report.groups()
    upload.problems = list(ready.report.problems())


def _groups(ready: Ready, on: date) -> list[str]:
    found = {row.shared.group for row in ready.rows if row.shared.on == on}
    return [group for group in GROUPS if group in found]


def _note_older(session: Session, ready: Ready, on: date) -> None:
    values = {"term": ready.windows[on].term, "on": on, "groups": _groups(ready, on)}
    newer = session.execute(_NEWER, values).scalar()
    if newer is not None:
        ready.report.add("older_extraction", Place("", 0, "", on.isoformat(), f"newest is {newer.isoformat()}"))


def _note_thin(session: Session, ready: Ready, on: date, upload: Upload) -> bool:
    thin = {
        group: counts
        for group, counts in sizes(session, ready.windows[on].term, on, upload.difference[on.isoformat()]).items()
        if counts[1] < THIN_SHARE * counts[0]
    }
    for group, (last, now) in thin.items():
        ready.report.add("group_thin", Place(group.capitalize(), 0, "", f"{now} of {last} schools"))
    return bool(thin)


def _sibling(session: Session, upload: Upload, on: date, ready: Ready) -> Upload:
    """The upload of another date of the same file, which is an extraction of its own."""
    sibling = Upload(
        upload_id=uuid4(),
        kind=upload.kind,
        file_name=upload.file_name,
        sha256=b"",
        size=0,
        state="published",
        uploaded_by=upload.uploaded_by,
        part_of=upload.upload_id,
        thin=upload.thin,
        term=ready.windows[on].term,
        on=on,
        groups=_groups(ready, on),
        counts={"accepted": sum(row.shared.on == on for row in ready.rows), "rejected": 0, "changed": 0},
    )
    session.add(sibling)
    session.flush()
    return sibling


def _publish(session: Session, upload: Upload, on: date, ready: Ready, difference: dict[str, Any]) -> None:
    window = ready.windows[on]
    values: dict[str, Any] = {"term": window.term, "on": on, "upload_id": upload.upload_id}
    revision = session.execute(_REVISION, values).scalar_one()
    found = difference[on.isoformat()]
    changed = {} if is_known(found, on) else merge(session, {**values, "revision": revision}, found)
    upload.revision = revision
    upload.counts = {**upload.counts, "changed": sum(changed.values())}
    upload.state = "published" if changed else "unchanged"
    tell_extraction(session, upload, window, [group for group in GROUPS if group in changed], {})


def tell_extraction(
    session: Session, upload: Upload, window: Window, groups: list[Group], removed: dict[Group, list[str]]
) -> None:
    """Says the rows of the upload's revision in parts, group by group; `removed`: schools taken back by an undo."""
    assert upload.on is not None and upload.revision is not None
    upload.told = {}
    place = {"term": upload.term, "on": upload.on, "revision": upload.revision}
    follows: int = session.execute(_FOLLOWS, place).scalar_one()
    for group in groups:
        values = {**place, "group": group}
        count = session.execute(_HOW_MANY, values).scalar_one()
        gone = removed.get(group, [])
        parts = max(1, -(-count // ROWS_PER_PART), -(-len(gone) // ROWS_PER_PART))
        upload.told[group] = parts
        with raw(session).cursor(name="told") as rows:  # on the server: a part at a time is held here
            rows.execute(_CHANGED, values)
            for part in range(parts):
                cut = slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)
                publish(
                    session,
                    ExtractionLoaded.model_construct(
                        upload_id=upload.upload_id,
                        term=window.term,
                        extraction_date=upload.on,
                        revision=upload.revision,
                        follows_revision=follows,
                        groups=tuple(groups),
                        group=group,
                        part=part + 1,
                        parts=parts,
                        window_opens=window.opens,
                        window_closes=window.closes,
                        thin=upload.thin,
                        is_undo=upload.undoes is not None,
                        rows=rows.fetchmany(ROWS_PER_PART),
                        removed=gone[cut],
                    ),
                )


def later_revision(session: Session, upload: Upload) -> UUID | None:
    """An upload that was published over this one's extraction since; None where this is the newest revision."""
    found = session.execute(
        text(
            "select upload_id from upload where kind = :kind and term is not distinct from :term"
            " and \"on\" is not distinct from :on and revision > :revision and state in ('published', 'undone') limit 1"
        ),
        {"kind": upload.kind, "term": upload.term, "on": upload.on, "revision": upload.revision},
    ).scalar()
    return cast("UUID | None", found)
