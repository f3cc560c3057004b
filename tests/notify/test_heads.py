"""Heads of the regions: told of schools that stay in Tier 1, at the address of today."""

import re
from datetime import timedelta

import pytest

from services.notify.actions import routing, sending
from services.notify.actions.settings_changes import name_heads
from shared.db import transaction
from tests.notify.sinks import Sink
from tests.notify.telling import (
    FEB14,
    FEB21,
    FEB28,
    LOW,
    digests,
    mails,
    mark_sent,
    rows_of,
    tell,
    tell_directory,
)

pytestmark = pytest.mark.usefixtures("clean")


def test_a_refused_head_of_a_region_waits_over_extractions_until_the_address_works_again(server: Sink) -> None:
    head = "head.e@lausd.example"
    rows_of(f"insert into region_head(region, name, email) values ('E', 'Ito, Kenji', '{head}') returning 1")
    rows_of("insert into alert_settings(id, escalate_after) values (1, 1) returning 1")
    server.on_rcpt = lambda rcpt: "550 5.1.1 no such user" if rcpt == head else None
    for extraction_date in (FEB14, FEB21):
        tell(LOW, extraction_date)
        sending.send_due()
        assert digests("unroutable") == [("Head of region E", "escalated", "unroutable")]
    server.on_rcpt = lambda _rcpt: None
    with transaction("notify") as session:
        assert routing.trust_address(session, "head:E", "central") == 1
    sending.send_due()
    assert [m["Subject"] for rcpt, m in server.messages() if rcpt == head] == [
        "Region E: 3 schools below 25% for 2 extractions or more - SES Sp25"
    ]
    assert digests("unroutable") == []


def test_after_some_extractions_the_head_of_the_region_is_told_once() -> None:
    rows_of("insert into region_head values ('E', 'Ito, Kenji', 'head.e@lausd.example') returning 1")
    rows_of("insert into alert_settings(id, escalate_after) values (1, 3) returning 1")
    tell_directory()
    for extraction_date in (FEB14, FEB21, FEB28, FEB28 + timedelta(days=7)):
        tell(LOW, extraction_date)
        mark_sent()
    escalated = [m for m in mails("sent") if m[0] == "head.e@lausd.example"]
    assert escalated == [("head.e@lausd.example", "Region E: 3 schools below 25% for 3 extractions or more - SES Sp25")]
    body = rows_of("select body from mail where rcpt = 'head.e@lausd.example'")[0].body
    assert re.search(r"Cedar 4003.*\n.*director FRISCH, SOREN L", body)


def test_what_is_not_sent_yet_follows_another_head_of_the_region_and_ends_without_one() -> None:
    rows_of("insert into alert_settings(id, escalate_after) values (1, 1) returning 1")
    name_head("Ito, Kenji", "head.e@lausd.example")
    tell_directory()
    tell(LOW, FEB14)
    assert "head.e@lausd.example" in dict(mails())
    name_head("Ngata, Aroha", "head.new@lausd.example")
    assert [rcpt for rcpt, _ in mails("superseded")] == ["head.e@lausd.example"]
    assert "head.new@lausd.example" in dict(mails())
    name_head("", "")
    assert [rcpt for rcpt in dict(mails()) if rcpt.startswith("head.")] == []


def name_head(name: str, email: str) -> None:
    with transaction("notify") as session:
        name_heads(session, {"E": (name, email)}, "central")
