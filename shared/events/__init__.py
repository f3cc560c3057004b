"""The map of the system: every event is a class in the file of its publisher, with its subscribers and their tasks.

An event is the full state of its key at a version, so that order and repetition do not matter: a subscriber keeps what
it has when the version that arrives is not newer. `python -m shared.events` prints the map as a table.
"""

from shared.events.event import GROUPS as GROUPS
from shared.events.event import ROWS_PER_PART as ROWS_PER_PART
from shared.events.event import Event as Event
from shared.events.event import Group as Group
from shared.events.event import NewerSchema as NewerSchema
from shared.events.ingest import *
from shared.events.notify import *
from shared.events.rates import *
from shared.events.sesr import *
from shared.events.tracker import *

EVENTS: dict[str, type[Event]] = {event.topic: event for event in Event.__subclasses__()}
