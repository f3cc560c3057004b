"""Opens a drill of a strike for today, with the first reports of some schools, through the API of a running system."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx2

from deploy.demo.district import district
from deploy.demo.shapes import Size
from deploy.demo.strike import StrikeReport, strike_day

API = "/sesr/api/v1"
NAME = "Strike drill"
SHARE = {"small": 25, "full": 120}
HEARD_WITHIN_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.5


def open_drill(client: httpx2.Client, size: Size, today: date) -> str:
    """What was done, in words; a drill of today that is there already stays as it is."""
    listed = client.get(f"{API}/incidents")
    if listed.status_code != 200:
        return "not opened: this system has no page for it"
    if any(row["name"] == NAME and row["first_day"] == str(today) for row in listed.json()["rows"]):
        return "open already"
    fields = {"name": NAME, "drill": True, "first_day": str(today), "last_day": str(today)}
    incident = client.post(f"{API}/incidents", json=fields).raise_for_status().json()["incident_id"]
    sent = _send_reports(client, incident, today, first_reports(size))
    return f"opened with {sent} reports"


def first_reports(size: Size) -> list[StrikeReport]:
    """The first report of each of the first schools of the strike's first day."""
    reports = [report for report in strike_day(district(size), 1) if report.sequence == 1]
    return reports[: SHARE[size]]


def _send_reports(client: httpx2.Client, incident: str, today: date, reports: list[StrikeReport]) -> int:
    """How many were taken; waits until sesr has the schools."""
    began, sent = time.monotonic(), 0
    for place, report in enumerate(reports):
        body = _body(incident, today, report, minutes_ago=len(reports) - place)
        while (answer := client.post(f"{API}/reports", json=body)).status_code == 404:
            if time.monotonic() - began > HEARD_WITHIN_SECONDS:
                return sent
            time.sleep(LOOK_EVERY_SECONDS)
        sent += answer.status_code in (200, 201)
    return sent


def _body(incident: str, today: date, report: StrikeReport, minutes_ago: int) -> dict[str, Any]:
    return {
        "report_id": str(uuid5(NAMESPACE_URL, f"{incident}/{report.code}")),
        "incident_id": incident,
        "school_key": report.code,
        "day": str(today),
        "counts": report.counts,
        "flags": report.flags,
        "confirmed_zero": True,
        "proxy_for": "the school's office",
        "counted_at": (datetime.now(UTC) - timedelta(minutes=minutes_ago / 2)).isoformat(),
    }
