"""What tracker does with the LCAP tables it hears."""

import orjson
from sqlalchemy import text
from sqlmodel import Session

from shared.events import LcapLoaded

_LCAP = text(
    'insert into lcap_row("table", upload_id, part, number, "row") values (:table, :upload_id, :part, :number, cast(:row as jsonb))'
    " on conflict do nothing"
)


def store_lcap(session: Session, event: LcapLoaded) -> None:
    """Keeps the rows of an LCAP table as they were read."""
    values = {"table": event.table, "upload_id": event.upload_id, "part": event.part}
    rows = [{**values, "number": number, "row": orjson.dumps(row).decode()} for number, row in enumerate(event.rows)]
    if rows:
        session.execute(_LCAP, rows)
