"""The verdict: what the API shows and the mail server took, held against the clients' journal."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from tests.chaos.district import GROUPS, Counts, Place, Rows
from tests.chaos.journal import Clients, Journal
from tests.chaos.letters import Letter, letter_of
from tests.chaos.mails import MailServer
from tests.chaos.model import District, judged, tier


class Verdict(NamedTuple):
    """What is wrong, each in a sentence; all empty is well. `repeated` counts second copies of a mail, under one Message-ID."""

    lost: Sequence[str]
    doubled: Sequence[str]
    false: Sequence[str]
    disordered: Sequence[str]
    mails: int
    repeated: int

    def __str__(self) -> str:
        head = (
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.false)} false,"
            f" {len(self.disordered)} out of order; {self.mails} mails, {self.repeated} of them second copies"
        )
        return "\n  ".join([head, *self.lost[:10], *self.doubled[:10], *self.false[:10], *self.disordered[:10]])

    def is_well(self) -> bool:
        return not (self.lost or self.is_final())

    def is_final(self) -> bool:
        """Whether something is wrong that waiting does not mend: only what is lost so far may still come."""
        return bool(self.doubled or self.false or self.disordered)


class Seen(NamedTuple):
    """All that is seen from outside when a run is over; `changes` are the boards' report ids in their order."""

    rows: dict[tuple[date, str], list[tuple[Place, Counts, int | None]]]
    steps: Sequence[str]
    changes: Sequence[str]
    board: dict[str, tuple[str, int]]
    unsent: Sequence[str]
    letters: Sequence[Letter]


def look(clients: Clients, server: MailServer, known: dict[str, bool]) -> Seen:
    """Reads everything through the API. `known` keeps which uploads had arrived everywhere already."""
    days = sorted({file.day for file in clients.journal.files})
    shown = {(day, group): _rates(clients, day, group) for day in days for group in GROUPS}
    board = clients.get("/sesr/api/v1/board", limit=2000)["rows"]
    return Seen(
        shown,
        [step for upload_id in clients.journal.uploads for step in _open_steps(clients, upload_id, known)],
        _changes(clients),
        {
            row["school_key"]: (row["report_id"], row["counts"]["students_present"])
            for row in board
            if row.get("report_id")
        },
        [f"{m['rcpt']}, {m['subject']}: {m['state']}" for m in _unsent(clients)],
        [letter_of(taken) for taken in list(server.taken)],
    )


def _rates(clients: Clients, day: date, group: str) -> list[tuple[Place, Counts, int | None]]:
    rows = clients.get("/rates/api/v1/rates", group=group, on=day.isoformat(), limit=2000)["rows"]
    return [
        (Place(row["ploc"], group), Counts(row["total_surveys"], row["surveys_submitted"]), row["tier"])
        for row in rows if row["in_extraction"]
    ]  # fmt: skip


def _open_steps(clients: Clients, upload_id: str, known: dict[str, bool]) -> list[str]:
    if known.get(upload_id):
        return []
    steps = clients.get(f"/ingest/api/v1/uploads/{upload_id}")["delivery_progress"]
    left = [f"upload {upload_id}: {step['name']}, {step['words']}" for step in steps if not step["done"]]
    known[upload_id] = not left
    return left


def _changes(clients: Clients) -> list[str]:
    found: list[str] = []
    answer = clients.get("/sesr/api/v1/changes", limit=2000)
    while answer["rows"]:
        found += [row["report_id"] for row in answer["rows"]]
        answer = clients.get("/sesr/api/v1/changes", limit=2000, cursor=answer["next"])
    return found


def _unsent(clients: Clients) -> list[dict[str, str]]:
    return [
        mail
        for state in ("queued", "sending", "held", "failed")
        for mail in clients.get("/notify/api/v1/mails", state=state, limit=200)["mails"]
    ]


def verdict(journal: Journal, seen: Seen) -> Verdict:
    """What is wrong with what is seen, by the journal."""
    district = District(journal.files)
    mails = judged(district, seen.letters)
    lost, doubled, false = (
        [*journal.problems, *seen.steps, *seen.unsent, *mails.lost],
        list(mails.doubled),
        list(mails.false),
    )
    for (day, group), shown in seen.rows.items():
        _rows(district.days[day], day, group, shown, lost, doubled)
    _reports(journal, seen, lost, doubled)
    return Verdict(lost, doubled, false, mails.disordered, len(seen.letters), mails.repeated)


def _rows(
    rows: Rows,
    day: date,
    group: str,
    shown: Sequence[tuple[Place, Counts, int | None]],
    lost: list[str],
    doubled: list[str],
) -> None:
    """The rows of a day and group as the table shows them, with their tiers; what differs has not arrived."""
    expected = {(place, counts, tier(counts)) for place, counts in rows.items() if place.group == group}
    lost += [f"{day}: {place.ploc} {group} is not shown with {counts}" for place, counts, _ in expected - set(shown)]
    lost += [f"{day}: {place.ploc} {group} is shown with {counts}" for place, counts, _ in set(shown) - expected]
    times = Counter(place for place, _, _ in shown)
    doubled += [f"{day}: {place.ploc} {group} is shown {count} times" for place, count in times.items() if count > 1]


def _reports(journal: Journal, seen: Seen, lost: list[str], doubled: list[str]) -> None:
    """Each report that was taken is on the boards once, and the last of a school is the one that counts."""
    times = Counter(seen.changes)
    for school_key, sent in sorted(journal.reports.items()):
        lost += [f"report {each} of {school_key} is on no board" for each in sent if not times[str(each)]]
        if sent and seen.board.get(school_key) != (str(sent[-1]), journal.present[sent[-1]]):
            lost.append(f"the board shows {seen.board.get(school_key)} of {school_key}, not report {sent[-1]}")
    doubled += [f"report {each} came {count} times to the boards" for each, count in times.items() if count > 1]
