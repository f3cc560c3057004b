"""Tiers wait for what has not arrived: any order of parts and revisions against a model of its own."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from deploy.embedded.installation import Servers
from services.rates.actions.extractions import compute_tiers, publish_by_hand
from services.rates.queries.arrivals import waiting_extractions
from services.rates.rules.arrivals import WAIT, Arrived, MissingParts, lacking
from shared.db import transaction
from shared.errors import Conflict
from shared.events import GROUPS, ExtractionLoaded, Group
from tests.people import browser_of
from tests.rates.world import FEB_14, FEB_21, counts, extraction, load
from tests.stack import wipe

LATER = datetime.now(UTC) + timedelta(days=1)


PARENTS: tuple[Group, ...] = ("parents",)


def test_a_correction_that_overtakes_its_extraction_waits_for_it() -> None:
    correction = Arrived(2, 1, PARENTS, {"parents": ({1}, 1)})
    assert lacking([correction]) == [MissingParts(1)]
    original = Arrived(1, 0, GROUPS[::2], {"parents": ({1, 3}, 3)})
    found = lacking([correction, original])
    assert found == [MissingParts(1, "parents", (2,)), MissingParts(1, "students")]
    assert list(map(str, found)) == ["part 2 of parents of revision 1", "all students of revision 1"]
    whole = Arrived(1, 0, PARENTS, {"parents": ({1, 2, 3}, 3)})
    assert lacking([whole, correction]) == []
    assert lacking([Arrived(7, 4, PARENTS, {"parents": ({1}, 1)})]) == [MissingParts(4)]


class Revision(NamedTuple):
    """A revision of the model: its number, the one before it, and per group the parts, each `school -> submitted`."""

    number: int
    follows: int
    upload_id: UUID
    parts: dict[Group, list[dict[str, int]]]


@st.composite
def histories(draw: st.DrawFn) -> list[Revision]:
    """A first load and up to two corrections of one date; numbers may be left out, as by a load that changed nothing."""
    made: list[Revision] = []
    number = 0
    for _ in range(draw(st.integers(1, 3))):
        follows, number = number, number + draw(st.integers(1, 2))
        groups: list[Group] = draw(st.lists(st.sampled_from(["parents", "staff"]), min_size=1, max_size=2, unique=True))
        parts: dict[Group, list[dict[str, int]]] = {}
        for group in groups:
            schools = sorted(draw(st.sets(st.sampled_from("ABCD"), min_size=1)))
            rows = {school: draw(st.integers(0, 100)) for school in schools}
            cut = draw(st.integers(0, len(schools)))
            halves = [dict(list(rows.items())[:cut]), dict(list(rows.items())[cut:])]
            parts[group] = [half for half in halves if half]
        made.append(Revision(number, follows, uuid4(), parts))
    return made


def events(revisions: Iterable[Revision]) -> list[ExtractionLoaded]:
    """The events that ingest publishes of these revisions, one a part."""
    return [
        extraction(FEB_21, *(counts(school, n) for school, n in rows.items()), group=group).model_copy(
            update={
                "upload_id": revision.upload_id,
                "revision": revision.number,
                "follows_revision": revision.follows,
                "groups": tuple(revision.parts),
                "part": at,
                "parts": len(parts),
            }
        )
        for revision in revisions
        for group, parts in revision.parts.items()
        for at, rows in enumerate(parts, 1)
    ]


def expected(revisions: Sequence[Revision], here: Iterable[tuple[int, Group, int]]) -> dict[str, dict[str, int]] | None:
    """The model: what the newest publication of each group holds once these parts are here; None where nothing may be.

    It goes forward from the first revision and knows nothing of events: a publication needs every part of every
    revision up to the newest of which anything is here.
    """
    arrived = set(here)
    newest = max(number for number, _, _ in arrived)
    state: dict[str, dict[str, int]] = {}
    for revision in revisions:
        if revision.number > newest:
            break
        for group, parts in revision.parts.items():
            for at, rows in enumerate(parts, 1):
                if (revision.number, group, at) not in arrived:
                    return None
                state.setdefault(group, {}).update(rows)
    return state


def published() -> list[dict[str, Any]]:
    """Every event of tiers so far, oldest first."""
    statement = text(
        "select payload from outbox_event where topic = 'rates.tiers_computed' order by created_at, version"
    )
    with transaction("rates") as session:
        return [orjson.loads(payload) for payload in session.execute(statement).scalars()]


def newest_states() -> dict[str, dict[str, int]]:
    """group -> school -> submitted, as a subscriber has it that keeps the greatest state of a group."""
    found: dict[str, dict[str, Any]] = {}
    for event in published():
        if event["state"] > found.get(event["group"], {"state": 0})["state"]:
            found[event["group"]] = event
    return {group: {row[2]: row[7] for row in event["rows"]} for group, event in found.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(revisions=histories(), data=st.data())
def test_tiers_are_published_when_all_is_there_in_whatever_order_it_comes(
    stack_servers: Servers, revisions: list[Revision], data: st.DataObject
) -> None:
    wipe()
    order = data.draw(st.permutations(events(revisions)))
    arrived: list[tuple[int, Group, int]] = []
    last: dict[str, dict[str, int]] = {}
    for event in order:
        for _ in range(data.draw(st.integers(1, 2))):  # a part may come twice
            with transaction("rates") as session:
                compute_tiers(session, event)
        arrived.append((event.revision, event.group, event.part))
        last = expected(revisions, arrived) or last
        assert newest_states() == last
    assert all(event["is_whole"] for event in published())
    # Whoever waits for an upload's tiers gets them, for each of its groups.
    named = {(str(revision.upload_id), group) for revision in revisions for group in revision.parts}
    assert {(event["upload_id"], event["group"]) for event in published()} == named


def thirteen_rows_first() -> None:
    """A correction of one row that has overtaken an extraction of four schools."""
    load(FEB_14, *(counts(name, 10) for name in "ABCD"))
    load(FEB_21, counts("A", 12), revision=2)


def marks(day: object = FEB_21) -> dict[str, str]:
    statement = text("select school, movement from school_history where extraction_date = :day order by school")
    with transaction("rates") as session:
        return {row.school: row.movement for row in session.execute(statement, {"day": day})}


@pytest.mark.usefixtures("clean")
def test_no_school_is_called_missing_that_is_in_a_file_under_way() -> None:
    thirteen_rows_first()
    assert (marks(), len(published())) == ({}, 1)
    load(FEB_21, *(counts(name, 11) for name in "ABCD"))
    assert set(marks().values()) == {""}
    assert newest_states() == {"parents": {"A": 12, "B": 11, "C": 11, "D": 11}}


@pytest.mark.usefixtures("clean")
def test_a_person_may_publish_what_is_here_after_a_while_and_nobody_is_called_missing() -> None:
    thirteen_rows_first()
    with transaction("rates") as session, pytest.raises(Conflict, match="30 minutes"):
        publish_by_hand(session, "central", "Sp25", FEB_21, datetime.now(UTC))
    with transaction("rates") as session:
        assert publish_by_hand(session, "central", "Sp25", FEB_21, LATER) == [MissingParts(1)]
    assert marks() == {"A": "", "B": "awaited", "C": "awaited", "D": "awaited"}
    assert [event["is_whole"] for event in published()] == [True, False]
    with transaction("rates") as session, pytest.raises(Conflict, match="Nothing has arrived"):
        publish_by_hand(session, "central", "Sp25", FEB_21, LATER)
    load(FEB_21, *(counts(name, 11) for name in "ABC"))
    assert marks() == {"A": "", "B": "", "C": "", "D": "missing"}
    assert published()[-1]["is_whole"]
    with transaction("rates") as session, pytest.raises(Conflict, match="Everything"):
        publish_by_hand(session, "central", "Sp25", FEB_21, LATER)
        assert waiting_extractions(session) == []


@pytest.mark.usefixtures("clean")
def test_central_staff_see_what_is_lacking_and_publish_it_on_a_page() -> None:
    thirteen_rows_first()
    central = browser_of("central")
    assert "Not published yet" in central.get("/rates/").text
    assert "Not published yet" not in browser_of("director").get("/rates/").text
    assert browser_of("director").get("/rates/waiting").status_code == 403
    page = central.get("/rates/waiting").text
    assert "revision 1" in page and "Publish what is here" not in page
    form = {"term": "Sp25", "day": FEB_21.isoformat()}
    assert central.post("/rates/waiting", data=form).status_code == 409
    with transaction("rates") as session:
        session.execute(text("update upload set first_arrived_at = now() - :wait"), {"wait": WAIT})
    assert "Publish what is here" in central.get("/rates/waiting").text
    assert central.post("/rates/waiting", data=form).status_code == 303
    assert "This extraction is incomplete" in central.get("/rates/?group=parents").text


@pytest.mark.usefixtures("clean")
def test_no_group_is_waited_for_that_no_upload_has_named() -> None:
    load(FEB_14, counts("A", 10))
    load(FEB_14, counts("A", 10), group="staff")
    load(FEB_21, counts("A", 12), group="staff")
    assert {event["group"] for event in published() if event["extraction_date"] == FEB_21.isoformat()} == {"staff"}
