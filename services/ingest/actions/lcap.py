"""Loading an LCAP table: its rows as they were read, published to tracker, which knows what they mean."""

from typing import Literal, cast

from sqlmodel import Session

from services.ingest.actions.listings import read_lcap
from services.ingest.actions.reading import Watch
from services.ingest.actions.revisions import lock_kind, next_of_kind
from services.ingest.rules.headers import SEARCHED_ROWS
from services.ingest.rules.lcap import LcapFound, is_published, names_columns, raw_line
from services.ingest.sheets import How, Sheet
from services.ingest.tables import Upload
from shared.delivery.outbox import publish
from shared.events import ROWS_PER_PART, LcapLoaded

LCAP = "lcap-"
TEXT_ENDINGS = (".txt", ".tsv")


def read_plan(kind: str, content: bytes, watch: Watch, file_name: str) -> LcapFound:
    """A clean table, or the published text line by line. Raises UnreadableFile, TakesLong, Invalid."""
    return read_lcap(content, watch, kind.removeprefix(LCAP), form_of(content, watch, kind, file_name))


def load_lcap(session: Session, upload: Upload, found: LcapFound) -> None:
    """Loads what was read of an LCAP table."""
    table = cast(Literal["actions", "measures"], upload.kind.removeprefix(LCAP))
    upload.found, upload.problems = found.report.groups(), list(found.report.problems())
    upload.counts = {"accepted": len(found.rows), "rejected": len(found.report.rejected_rows)}
    if upload.intent != "publish":
        upload.state = "preview"
        return
    lock_kind(session, upload.kind)
    upload.revision = next_of_kind(session, upload.kind)
    cuts = [found.rows[at : at + ROWS_PER_PART] for at in range(0, len(found.rows), ROWS_PER_PART)]
    for part, cut in enumerate(cuts, 1):
        event = LcapLoaded(
            upload_id=upload.upload_id,
            table=table,
            revision=upload.revision or 1,
            part=part,
            parts=len(cuts),
            file_name=upload.file_name,
            rows=cut,
        )
        publish(session, event)
    upload.parts, upload.state = {"": len(cuts)}, "published"


def form_of(content: bytes, watch: Watch, kind: str, file_name: str) -> How:
    """How the file is to be read: a text is the published one, or a table, separated by tabs where its column names are.

    Raises UnreadableFile, TakesLong.
    """
    if not (kind.startswith(LCAP) and file_name.lower().endswith(TEXT_ENDINGS)):
        return "table"
    table = kind.removeprefix(LCAP)
    batches = (part for part in watch.parts(content, how="lines") if not isinstance(part, Sheet))
    lines = [str(raw_line(number, cells)["text"]) for batch in batches for number, cells in batch]
    if any(is_published(table, line) for line in lines):
        return "lines"
    return "tabs" if any(names_columns(table, line.split("\t")) for line in lines[:SEARCHED_ROWS]) else "table"
