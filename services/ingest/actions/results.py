"""Loading survey results: each row under its school, published to tracker."""

from collections import defaultdict

from sqlmodel import Session

from services.ingest.actions.kept_results import keep_results
from services.ingest.actions.limits import limits
from services.ingest.actions.listings import read_listing
from services.ingest.actions.reading import Watch
from services.ingest.actions.revisions import lock_kind, next_of_kind
from services.ingest.queries.directory import schools_of
from services.ingest.rules.findings import Place, Report
from services.ingest.rules.listing import Listing
from services.ingest.rules.results import REQUIRED, RESULT_TABLES, KnownWords, ReadResult, note_unknown, settled_results
from services.ingest.rules.verdicts import results_doubts
from services.ingest.tables import PlanWords, School, Upload
from shared.delivery.outbox import publish
from shared.errors import Invalid, first_of
from shared.events import ROWS_PER_PART, ResultRow, SurveyResultsLoaded
from shared.names import name_key


def read_results(content: bytes, watch: Watch) -> Listing:
    """The rows of survey results as the file has them. Raises UnreadableFile, TakesLong, Invalid (columns)."""
    return read_listing(content, watch, RESULT_TABLES, "percents")


def load_results(session: Session, upload: Upload, found: Listing) -> None:
    """Loads survey results. Raises Invalid with the problems."""
    rows, report = results_of(session, found)
    upload.found, upload.problems = report.groups(), list(report.problems())
    rejected = len(report.rejected_rows)
    upload.counts = {"accepted": len(rows), "rejected": rejected}
    fractions = report.count("percent_fraction", "fraction_given")
    percents = sum(bool(row.percent) for row in rows) + report.count("fraction_given")
    if limits().from_rows <= fractions == percents:
        raise _fractions_alone(upload)
    if not rows:
        raise Invalid(
            "No row of the file can be used. Correct what is listed and upload the file again.",
            code="no_good_rows",
            problems=first_of(upload.problems),
        )
    upload.reasons = results_doubts(len(rows), rejected, fractions, limits())
    if upload.reasons:
        upload.counts |= {"rows": len(rows), "fractions": fractions}
    if upload.intent == "publish" and (upload.confirmed or not upload.reasons):
        _publish(session, upload, rows)
    else:
        upload.state = "quarantined" if upload.reasons and upload.intent == "publish" else "preview"


def _fractions_alone(upload: Upload) -> Invalid:
    return Invalid(
        "Every percent of the file is 1 or less, as fractions are: 0.765 where 76.5 is meant. Format the cells as percent,"
        " or multiply them by 100, and upload the file again.",
        code="fractions_all",
        problems=first_of(upload.problems),
    )


def results_of(session: Session, found: Listing) -> tuple[list[ResultRow], Report]:
    """The good rows of what was read, each under its school, and what was found."""
    identified = _identified(session, found.rows.get("results", []), found.report)
    words = session.get(PlanWords, 1)
    note_unknown((read for _, read in identified), KnownWords(words.plans if words else ()), found.report)
    return settled_results(identified, found.report), found.report


def _identified(session: Session, read: list[ReadResult], report: Report) -> list[tuple[ResultRow, ReadResult]]:
    by_code: dict[str, School] = {}
    by_ploc: dict[str, dict[str, School]] = defaultdict(dict)
    for school in schools_of(session, {row.ploc for row in read}, {row.cost_center for row in read}):
        by_ploc[school.ploc][school.name_key] = school
        if school.cost_center:
            by_code[school.cost_center] = school
    names: dict[str, set[str]] = defaultdict(set)
    for row in read:
        names[row.ploc].update([name_key(row.school)] if row.school else [])
    rows = []
    for row in read:
        place = Place(row.sheet, row.number, REQUIRED["school"], row.school)
        found = by_code.get(row.cost_center) or _of_name(row, by_ploc[row.ploc])
        alone = len(by_ploc[row.ploc]) == 1 and len(names[row.ploc]) <= 1
        if found is None and alone and not row.cost_center:
            found = next(iter(by_ploc[row.ploc].values()))
            report.add("school_name_differs", place._replace(became=found.name))
        if found is None:
            report.reject("school_unknown", place._replace(value=f"{row.cost_center or row.ploc} {row.school}"))
        else:
            rows.append((ResultRow(found.school_key, row.ploc, row.level, row.item, row.period, row.percent), row))
    return rows


def _of_name(row: ReadResult, units: dict[str, School]) -> School | None:
    """The school of the row's PLOC that has its name; None where the row gives another code than that school has."""
    school = units.get(name_key(row.school))
    return None if school is not None and row.cost_center and school.cost_center else school


def _publish(session: Session, upload: Upload, rows: list[ResultRow]) -> None:
    lock_kind(session, upload.kind)
    revision = next_of_kind(session, upload.kind)
    keep_results(session, upload.upload_id, revision, rows)
    cuts = [rows[at : at + ROWS_PER_PART] for at in range(0, len(rows), ROWS_PER_PART)]
    for part, cut in enumerate(cuts, 1):
        event = SurveyResultsLoaded(upload_id=upload.upload_id, revision=revision, part=part, parts=len(cuts), rows=cut)
        publish(session, event)
    upload.revision, upload.parts, upload.state = revision, {"": len(cuts)}, "published"
