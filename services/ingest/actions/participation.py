"""Publishing an extraction: each date of a file is a revision of it; only the rows that changed are published."""

from datetime import date
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, func, select

from services.ingest.actions.directory import keep_directors
from services.ingest.actions.extraction import Ready, ready_extraction
from services.ingest.actions.limits import limits
from services.ingest.actions.revisions import last_revision, lock_extraction, revision_before
from services.ingest.actions.staging import FIELDS, add_schools, difference, is_known, merge, sizes, stage
from services.ingest.rules.dates import Window
from services.ingest.rules.extraction import Extraction
from services.ingest.rules.findings import Place
from services.ingest.rules.verdicts import THIN_SHARE, changed_reasons, quarantine_reasons
from services.ingest.tables import ExtractionCount, Upload
from shared.db import psycopg_style, raw
from shared.delivery.outbox import publish
from shared.events import GROUPS, ROWS_PER_PART, ExtractionLoaded, Group

COUNTED = ("rows", "rejected", "contradicting", "unnamed", "unknown", "swapped", "above", "fallen", "leapt", "compared")
# As text: psycopg streams the rows in the order of the event's fields, without an object for each.
_CHANGED = psycopg_style(
    f"""
    select {FIELDS} from extraction_count
    where term = :term and extraction_date = :extraction_date and respondent_group = :group and revision = :revision
    order by school_key
    """
).encode()


def load_participation(session: Session, upload: Upload, found: Extraction) -> None:
    """Loads an extraction into the upload; publishes it where that is wanted and nothing is against it.

    Raises Invalid with the problems.
    """
    ready = ready_extraction(session, found, upload.named_term)
    stage(session, ready.rows, ready.schools)
    newest, *others = ready.dates()
    upload.difference = {}
    for day in (newest, *others):
        window = ready.windows[day]
        lock_extraction(session, window.term, day)
        upload.difference[day.isoformat()] = difference(session, window.term, day, ready.report)
        _note_older(session, ready, day)
    upload.thin = any(_note_thin(session, ready, day, upload) for day in (newest, *others))
    _describe(upload, ready, newest)
    _judge(upload, ready)
    if upload.intent == "publish" and (upload.confirmed or not upload.reasons):
        add_schools(session, ready.schools.new)
        _publish(session, upload, newest, ready, upload.difference)
        for day in others:
            _publish(session, _sibling(session, upload, day, ready), day, ready, upload.difference)
    else:
        upload.state = "quarantined" if upload.reasons and upload.intent == "publish" else "preview"


def _describe(upload: Upload, ready: Ready, day: date) -> None:
    upload.term, upload.extraction_date = ready.windows[day].term, day
    upload.groups = _groups(ready, day)
    upload.counts = {"accepted": len(ready.rows), "rejected": len(ready.report.rejected_rows), "changed": 0}
    upload.found = ready.report.groups()
    upload.problems = list(ready.report.problems())


def _judge(upload: Upload, ready: Ready) -> None:
    """Decides whether the file waits for a person; the counts behind the reasons are kept with them."""
    each = [group for groups in upload.difference.values() for group in groups.values() if group["against"]]
    compared = sum(group["changed"] + group["unchanged"] for group in each)
    fallen, leapt = (sum(group[name] for group in each) for name in ("fell", "leapt"))
    upload.reasons = [*quarantine_reasons(ready.facts, limits()), *changed_reasons(fallen, leapt, compared, limits())]
    if not upload.reasons:
        return
    counted = ready.facts._asdict() | {"fallen": fallen, "leapt": leapt, "compared": compared}
    upload.counts = upload.counts | {name: counted[name] for name in COUNTED}


def _groups(ready: Ready, day: date) -> list[str]:
    found = {row.shared.group for row in ready.rows if row.shared.extraction_date == day}
    return [group for group in GROUPS if group in found]


def _note_older(session: Session, ready: Ready, day: date) -> None:
    newest = select(func.max(ExtractionCount.extraction_date)).where(
        col(ExtractionCount.term) == ready.windows[day].term,
        col(ExtractionCount.respondent_group).in_(_groups(ready, day)),
        col(ExtractionCount.extraction_date) > day,
    )
    newer = session.exec(newest).one()
    if newer is not None:
        ready.report.add("older_extraction", Place("", 0, "", day.isoformat(), f"newest is {newer.isoformat()}"))


def _note_thin(session: Session, ready: Ready, day: date, upload: Upload) -> bool:
    thin = {
        group: counts
        for group, counts in sizes(session, ready.windows[day].term, day, upload.difference[day.isoformat()]).items()
        if counts[1] < THIN_SHARE * counts[0]
    }
    for group, (last, now) in thin.items():
        ready.report.add("group_thin", Place(group.capitalize(), 0, "", f"{now} of {last} schools"))
    return bool(thin)


def _sibling(session: Session, upload: Upload, day: date, ready: Ready) -> Upload:
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
        hold_mails=upload.hold_mails,
        term=ready.windows[day].term,
        extraction_date=day,
        groups=_groups(ready, day),
        counts={"accepted": sum(row.shared.extraction_date == day for row in ready.rows), "rejected": 0, "changed": 0},
    )
    session.add(sibling)
    session.flush()
    return sibling


def _publish(session: Session, upload: Upload, day: date, ready: Ready, difference: dict[str, Any]) -> None:
    """Publishes a date of the file. A file in which every row is known takes no revision: nothing follows it."""
    window = ready.windows[day]
    found = difference[day.isoformat()]
    upload.revision = last_revision(session, window.term, day)
    changed: dict[str, int] = {}
    if not is_known(found, day):
        upload.revision += 1
        values = {"term": window.term, "extraction_date": day, "upload_id": upload.upload_id}
        changed = merge(session, {**values, "revision": upload.revision}, found)
    upload.counts = {**upload.counts, "changed": sum(changed.values())}
    upload.state = "published" if changed else "unchanged"
    if changed:
        keep_directors(session, {row.shared.director for row in ready.rows})
    publish_extraction(session, upload, window, [group for group in GROUPS if group in changed], {})


def publish_extraction(
    session: Session, upload: Upload, window: Window, groups: list[Group], removed: dict[Group, list[str]]
) -> None:
    """Publishes the rows of the upload's revision in parts, group by group; `removed`: schools that an undo takes back."""
    assert upload.extraction_date is not None and upload.revision is not None
    upload.parts = {}
    about = {
        "upload_id": upload.upload_id,
        "term": window.term,
        "extraction_date": upload.extraction_date,
        "revision": upload.revision,
        "follows_revision": revision_before(session, upload),
        "groups": tuple(groups),
        "window_opens": window.opens,
        "window_closes": window.closes,
        "thin": upload.thin,
        "hold_mails": upload.hold_mails,
        "is_undo": upload.undoes is not None,
    }
    for group in groups:
        upload.parts[group] = _publish_group(session, about, group, removed.get(group, []))


def _publish_group(session: Session, about: dict[str, Any], group: Group, removed: list[str]) -> int:
    """Publishes the rows of one group; answers in how many parts."""
    parts = max(1, -(-_rows_of(session, about, group) // ROWS_PER_PART), -(-len(removed) // ROWS_PER_PART))
    with raw(session).cursor(name="changed") as rows:  # on the server: a part at a time is held here
        rows.execute(_CHANGED, {**about, "group": group})
        for part in range(parts):
            event = ExtractionLoaded.model_construct(
                **about,
                group=group,
                part=part + 1,
                parts=parts,
                rows=rows.fetchmany(ROWS_PER_PART),
                removed=removed[part * ROWS_PER_PART : (part + 1) * ROWS_PER_PART],
            )
            publish(session, event)
    return parts


def _rows_of(session: Session, about: dict[str, Any], group: Group) -> int:
    counted = select(func.count()).where(
        col(ExtractionCount.term) == about["term"],
        col(ExtractionCount.extraction_date) == about["extraction_date"],
        col(ExtractionCount.respondent_group) == group,
        col(ExtractionCount.revision) == about["revision"],
    )
    return session.exec(counted).one()
