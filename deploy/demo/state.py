"""Whether the demo district is to be loaded: decided by what the database holds, never by a file beside it."""

from enum import Enum
from typing import LiteralString

import psycopg

OBJECT = "demo district"
BEGUN, LOADED = "demo loading begun", "demo loaded"
_STATE: LiteralString = """
    select
      exists (select from ingest.audit where object = %(object)s and action = %(loaded)s) as loaded,
      exists (select from ingest.audit where object = %(object)s and action = %(begun)s) as begun,
      exists (select from ingest.person) or exists (select from ingest.school) or exists (select from ingest.upload)
        as filled
"""
_NOTE: LiteralString = """
    insert into ingest.audit (actor, action, object, detail) values ('embedded runner', %s, %s, '{}')
"""


class Demo(Enum):
    """What there is of the demo district, and what follows, in words for the terminal."""

    MISSING = "loading the demo district (the database is empty)"
    CUT_OFF = "loading the demo district (an earlier start was cut off)"
    LOADED = ""
    NOT_WANTED = "the database holds people, schools or uploads: the demo district is not loaded over them"

    def is_to_load(self) -> bool:
        return self in (Demo.MISSING, Demo.CUT_OFF)


def demo_state(database_url: str) -> Demo:
    """What there is of the demo district in a migrated database."""
    names = {"object": OBJECT, "begun": BEGUN, "loaded": LOADED}
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        row = connection.execute(_STATE, names).fetchone()
    assert row is not None
    loaded, begun, filled = row
    if loaded:
        return Demo.LOADED
    if begun:
        return Demo.CUT_OFF
    return Demo.NOT_WANTED if filled else Demo.MISSING


def note_demo(database_url: str, action: str) -> None:
    """Notes in the database that the loading has begun, or is done."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        connection.execute(_NOTE, (action, OBJECT))
