"""A storm: all schools report at once while web, worker and relay are killed; every receipt is on the board.

STORM_SCHOOLS=1200 makes it the whole district.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import text

from shared.access import csrf_of, keep_person, start_session
from shared.db import transaction
from shared.delivery.outbox import publish
from shared.events import DirectoryLoaded, DirectorySchool
from shared.web.requests import cookie_name
from tests.deploy.waiting import until
from tests.people import api_of
from tests.sesr.world import open_incident
from tests.stack import Programs

SCHOOLS = int(os.environ.get("STORM_SCHOOLS", "120"))
PHONES = 16
ROUNDS = 2
AWAY = (httpx2.TransportError,)


def keys() -> list[str]:
    return [f"15{number:05}" for number in range(SCHOOLS)]


def add_schools() -> dict[str, str]:
    """The schools told to all services, and the session token of each one's principal."""
    rows = [
        DirectorySchool(key, key[1:5], key, f"School {key}", "El", "E", "CoS", "VEGA", 500, 5, 9, 2, 30, "P", "")
        for key in keys()
    ]
    tokens = {}
    with transaction("ingest") as session:
        publish(session, DirectoryLoaded(revision=1, part=1, parts=1, schools=rows, people=[]))
        for key in keys():
            keep_person(session, f"{key}@lausd.example", key, f"{key}@lausd.example", "principal", [key])
            tokens[key] = start_session(session, f"{key}@lausd.example", "principal", timedelta(days=1))
    until(lambda: count("school") == SCHOOLS)
    return tokens


def count(table: str) -> int:
    with transaction("sesr") as session:
        return int(session.execute(text(f"select count(*) from {table}")).scalar_one())


class Phone:
    """A principal's phone: sends a report again, under its id, until there is a receipt."""

    def __init__(self, url: str, key: str, token: str) -> None:
        self.key = key
        headers = {"cookie": f"{cookie_name()}={token}", "x-csrf-token": csrf_of(token)}
        self.line = httpx2.Client(base_url=url, headers=headers, timeout=5)

    def report(self, present: int) -> dict[str, Any]:
        """The receipt, with how many are present."""
        body = {"report_id": str(uuid4()), "school_key": self.key, "counts": {"students_present": present}}
        got: list[httpx2.Response] = []

        def answered() -> bool:
            answer = self.line.post("/sesr/api/v1/reports", json=body)
            got.append(answer)
            return answer.status_code in (200, 201)

        until(answered, *AWAY, seconds=60)
        return {**got[-1].json(), "present": present}


def storm(stack: Programs, tokens: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(school, receipt) of every report, as they come."""
    phones = [Phone(stack.url, key, token) for key, token in tokens.items()]

    def both(phone: Phone, number: int) -> list[tuple[str, dict[str, Any]]]:
        with phone.line:
            return [(phone.key, phone.report(number + 1000 * turn)) for turn in range(1, ROUNDS + 1)]

    with ThreadPoolExecutor(PHONES) as pool:
        for receipts in pool.map(both, phones, range(len(phones))):
            yield from receipts


def test_every_receipt_is_on_the_board_whatever_dies_meanwhile(stack: Programs) -> None:
    tokens = add_schools()
    open_incident()
    deaths = [
        ("web", ("deploy.web",)),
        ("worker-sesr", ("shared.delivery.worker", "sesr")),
        ("relay", ("shared.delivery.relay",)),
        ("web", ("deploy.web",)),
    ]
    each = SCHOOLS * ROUNDS // (len(deaths) + 1)
    receipts: list[tuple[str, dict[str, Any]]] = []
    for receipt in storm(stack, tokens):
        receipts.append(receipt)
        if deaths and len(receipts) >= each * (5 - len(deaths)):
            name, command = deaths.pop(0)
            stack.kill(name)
            stack.start(name, *command)
    assert deaths == []
    assert len({receipt["report_id"] for _, receipt in receipts}) == SCHOOLS * ROUNDS
    assert count("report") == SCHOOLS * ROUNDS
    until(lambda: count("recorded") == SCHOOLS * ROUNDS, seconds=90)
    last = {school: (receipt["number"], receipt["present"]) for school, receipt in receipts}
    board = api_of("central").get("/sesr/api/v1/board?limit=2000").json()
    shown = {row["school_key"]: (row["number"], row["counts"]["students_present"]) for row in board["rows"]}
    assert shown == last
    assert board["total"]["totals"]["students_present"] == sum(present for _, present in last.values())
