"""Reports that arrive at the same moment share statements: each is still answered, kept and refused on its own."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import psycopg
import pytest
from sqlalchemy import text

from services.sesr.actions.reports import KeptRow, contexts, keep_reports, submit, submit_together
from services.sesr.actions.submission import Arrival, Receipt, Submission
from services.sesr.queries.context import ContextQuestion, ReportContext
from shared.access import Who
from shared.access.sessions import hash_of
from shared.db import transaction
from shared.settings import settings
from shared.web.clock import district_zone
from shared.web.direct import Connection
from shared.web.together import Together
from tests.sesr.served import cookie_of, served
from tests.sesr.world import ALDER, BIRCH, body, load_schools, open_incident, send
from tests.stack import deliver, owner

pytestmark = pytest.mark.usefixtures("clean")
PATH = "/sesr/api/v1/reports"


@pytest.fixture
def site() -> Iterator[str]:
    load_schools()
    open_incident()
    with served() as address:
        yield address


def count(what: str) -> int:
    with transaction("sesr") as session:
        return int(session.execute(text(f"select count(*) from {what}")).scalar_one())


def posted(site: str, bodies: Sequence[dict[str, Any]], headers: dict[str, str]) -> list[tuple[int, dict[str, Any]]]:
    """(status, answer) of each, all sent at once."""

    async def one(client: Any, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = await client.post(PATH, json=sent, headers=headers)
        return answer.status_code, answer.json()

    async def all_of_them() -> list[tuple[int, dict[str, Any]]]:
        async with httpx2.AsyncClient(base_url=site, timeout=30) as client:
            return list(await asyncio.gather(*(one(client, sent) for sent in bodies)))

    return asyncio.run(all_of_them())


def test_the_same_report_sent_many_times_at_once_is_one_report(site: str) -> None:
    sent = body()
    answers = posted(site, [sent] * 9, cookie_of("principal"))
    assert sorted(status for status, _ in answers) == [200] * 8 + [201]
    assert len({answer["number"] for _, answer in answers}) == 1
    assert (count("report"), count("outbox_event"), count("audit where action = 'report.submit'")) == (1, 1, 1)


def test_a_report_that_another_copy_kept_after_the_look_is_that_one(site: str) -> None:
    sent = body()
    submission = Submission(UUID(sent["report_id"]), ALDER, None, None, sent["counts"], {}, proxy_for="the office")
    central = Who("central@lausd.example", "Central", "central@lausd.example", "central", (), ("central",), "session")
    arrival = Arrival(datetime.now(UTC), district_zone())

    async def second_copy() -> Receipt:
        url = settings().database_url_of("sesr")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:

            async def know(question: ContextQuestion) -> ReportContext:
                (found,) = await contexts(connection, [question])
                with transaction("sesr") as session:
                    submit(session, central, submission, arrival)
                return found

            async def keep(values: Mapping[str, Any]) -> KeptRow | None:
                (kept,) = await keep_reports(connection, [values])
                return kept

            return await submit_together(know, keep, central, submission, arrival)

    assert not asyncio.run(second_copy()).is_new
    assert (count("report"), count("outbox_event"), count("audit where action = 'report.submit'")) == (1, 1, 1)


def test_of_two_corrections_at_once_one_is_taken_and_the_other_refused(site: str) -> None:
    first = send().json()["report_id"]
    both = [body(supersedes=first, reason="typed wrongly", counts={"students_present": n}) for n in (301, 302)]
    answers = posted(site, both, cookie_of("principal"))
    assert sorted(status for status, _ in answers) == [201, 409]
    assert {answer.get("code") for status, answer in answers if status == 409} == {"superseded"}
    assert count("report") == 2


def test_two_phones_of_one_school_at_once_are_two_reports_and_one_that_counts(site: str) -> None:
    async def both() -> list[int]:
        async with httpx2.AsyncClient(base_url=site, timeout=30) as client:
            sent = [(role, body(counts={"students_present": n})) for role, n in (("principal", 300), ("designee", 290))]
            answers = await asyncio.gather(
                *(client.post(PATH, json=each, headers=cookie_of(role)) for role, each in sent)
            )
            return [answer.status_code for answer in answers]

    assert asyncio.run(both()) == [201, 201]
    deliver()
    assert (count("report"), count("current_report"), count("recorded")) == (2, 1, 2)


def test_a_report_that_is_refused_spoils_no_other_of_the_same_moment(site: str) -> None:
    wrong = [body(school_key=BIRCH), body(counts={}), body(commander="nobody\0"), body(school_key="\0")]
    answers = posted(site, [body(), *wrong, body(), body()], cookie_of("principal"))
    statuses = [status for status, _ in answers]
    assert statuses == [201, 404, 422, 422, 422, 201, 201]
    assert count("report") == 3


def test_people_who_ask_at_once_are_told_apart(site: str) -> None:
    mine, foreign, nobody = cookie_of("principal"), cookie_of("director"), {"cookie": "sid=unknown"}

    async def ask() -> list[int]:
        async with httpx2.AsyncClient(base_url=site, timeout=30) as client:
            asked = [mine, foreign, {**mine, "x-csrf-token": "wrong"}, {**mine, **nobody}, mine]
            answers = await asyncio.gather(*(client.post(PATH, json=body(), headers=one) for one in asked))
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [201, 403, 403, 403, 201]


def test_a_session_that_ends_between_two_reports_has_ended(site: str) -> None:
    headers = cookie_of("principal")
    assert posted(site, [body()], headers)[0][0] == 201
    token = headers["cookie"].partition("=")[2]
    with owner() as connection:
        connection.execute(
            "update access.session set ended_at = now() where token_hash = %s", (hash_of("session", token),)
        )
    assert [status for status, _ in posted(site, [body()] * 3, headers)] == [401] * 3


def test_a_hundred_boards_opened_at_once_are_all_answered(site: str) -> None:
    headers = cookie_of("central")

    async def ask() -> list[int]:
        async with httpx2.AsyncClient(base_url=site, timeout=60, limits=httpx2.Limits(max_connections=120)) as client:
            answers = await asyncio.gather(*(client.get("/sesr/board", headers=headers) for _ in range(100)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 100


def test_questions_that_wait_are_asked_in_one_statement_and_a_bad_one_alone() -> None:
    asked: list[list[int]] = []

    async def halves(connection: Connection, numbers: Sequence[int]) -> list[int]:
        asked.append(list(numbers))
        found = await connection.execute("select 100 / n from unnest(%s::int[]) n", (list(numbers),))
        return [row[0] for row in await found.fetchall()]

    async def ask() -> list[Any]:
        together = Together("sesr", halves)
        return await asyncio.gather(*(together(n) for n in (1, 2, 0, 4)), return_exceptions=True)

    first, second, third, fourth = asyncio.run(ask())
    assert (first, second, fourth) == (100, 50, 25)
    assert isinstance(third, psycopg.errors.DivisionByZero)
    assert asked == [[1, 2, 0, 4], [1], [2], [0], [4]]


def test_a_lost_database_is_told_to_all_and_the_next_question_is_answered() -> None:
    async def ask() -> list[Any]:
        async def who(connection: Connection, numbers: Sequence[int]) -> list[int]:
            if numbers == [0, 0]:
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")
            return list(numbers)

        together = Together("sesr", who)
        lost = await asyncio.gather(together(0), together(0), return_exceptions=True)
        return [*lost, await together(7)]

    first, second, after = asyncio.run(ask())
    assert isinstance(first, psycopg.OperationalError) and isinstance(second, psycopg.OperationalError)
    assert after == 7
