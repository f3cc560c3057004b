"""What has arrived of extractions, what is lacking, and which extractions wait for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.rates.rules.arrivals import Arrived, MissingParts, lacking
from services.rates.tables import Arrival, Extraction, Rate, Upload
from shared.events import GROUPS, Group


def _uploads(session: Session, term: str, day: date) -> Sequence[Upload]:
    """The uploads of an extraction of which something is here, oldest revision first."""
    own = select(Upload).where(col(Upload.term) == term, col(Upload.extraction_date) == day)
    return session.scalars(own.order_by(col(Upload.revision), col(Upload.upload_id))).all()


def _arrivals(session: Session, term: str, day: date) -> Sequence[Arrival]:
    own = select(col(Upload.upload_id)).where(col(Upload.term) == term, col(Upload.extraction_date) == day)
    return session.scalars(select(Arrival).where(col(Arrival.upload_id).in_(own))).all()


def lacking_of(session: Session, term: str, day: date) -> list[MissingParts]:
    """What is not here of an extraction; empty where its tiers may be published."""
    arrivals = _arrivals(session, term, day)
    return lacking(
        [
            Arrived(
                upload.revision,
                upload.follows_revision,
                _groups(upload.groups),
                {
                    cast(Group, each.respondent_group): (each.parts, each.part_count)
                    for each in arrivals
                    if each.upload_id == upload.upload_id
                },
            )
            for upload in _uploads(session, term, day)
        ]
    )


def _groups(names: Sequence[str]) -> list[Group]:
    return [group for group in GROUPS if group in names]


def groups_to_show(session: Session, term: str, day: date) -> list[Group]:
    """The groups of which more has arrived than the pages show, or that were shown when something was lacking."""
    partial = select(col(Extraction.respondent_group)).where(
        col(Extraction.term) == term, col(Extraction.extraction_date) == day, ~col(Extraction.is_whole)
    )
    found = set(session.scalars(partial)) | {
        each.respondent_group for each in _arrivals(session, term, day) if not each.is_shown
    }
    return _groups(list(found))


def has_news(session: Session, term: str, day: date) -> bool:
    """Whether more of an extraction has arrived than was published, whole or by hand."""
    return any(not each.is_published for each in _arrivals(session, term, day))


def newest_upload(session: Session, term: str, day: date, group: Group) -> Upload:
    """The upload of the newest revision of which something of the group is here."""
    here = {each.upload_id for each in _arrivals(session, term, day) if each.respondent_group == group}
    return [upload for upload in _uploads(session, term, day) if upload.upload_id in here][-1]


def unpublished(session: Session, term: str, day: date) -> list[tuple[Upload, list[Group]]]:
    """The uploads whose tiers are not published, oldest revision first, each with its groups of which something is here."""
    here = {(each.upload_id, each.respondent_group) for each in _arrivals(session, term, day) if each.is_shown}
    return [
        (upload, [group for group in _groups(upload.groups) if (upload.upload_id, group) in here])
        for upload in _uploads(session, term, day)
        if upload.published_at is None
    ]


def removed_schools(session: Session, term: str, day: date, group: Group) -> list[str]:
    """The schools whose row an undo took back."""
    own = (col(Rate.term) == term, col(Rate.extraction_date) == day, col(Rate.respondent_group) == group)
    removed = select(col(Rate.school_key)).where(*own, col(Rate.removed))
    return list(session.scalars(removed.order_by(col(Rate.school_key))))


@dataclass(frozen=True)
class WaitingExtraction:
    """An extraction of which something has arrived that is not published, since when, and what it waits for."""

    term: str
    extraction_date: date
    since: datetime
    lacking: list[MissingParts]


def waiting_extractions(session: Session, term: str = "", day: date | None = None) -> list[WaitingExtraction]:
    """The extractions that wait for something, the longest first; or the one of a term and date."""
    place = (col(Upload.term), col(Upload.extraction_date))
    waiting = (
        select(*place, func.min(Upload.first_arrived_at).label("since"))
        .where(col(Upload.published_at).is_(None))
        .group_by(*place)
        .order_by("since", *place)
    )
    if day is not None:
        waiting = waiting.where(col(Upload.term) == term, col(Upload.extraction_date) == day)
    found = [
        WaitingExtraction(row.term, row.extraction_date, row.since, lacking_of(session, row.term, row.extraction_date))
        for row in session.execute(waiting)
    ]
    return [each for each in found if each.lacking]
