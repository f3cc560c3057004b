"""A survey term on the real stack: files go in by the web, mails are read back from the mail server that took them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, NamedTuple, Protocol

import httpx2
import psycopg

from services.ingest.rules.verdicts import QUARANTINES
from shared.access import issue_token
from shared.files.workbooks import Cell
from tests.deploy.waiting import until
from tests.files import HEADER, directory, workbook
from tests.people import add_people
from tests.stack import Programs, owner, quiet, wipe

VEGA, FRISCH, CENTRAL = "director@lausd.example", "soren.frisch@lausd.example", "central@lausd.example"
PEOPLE: tuple[tuple[Cell, ...], ...] = (
    ("Vega, Marta", "director", VEGA, "", ""),
    ("Frisch, Soren L", "director", FRISCH, "", ""),
    ("Okafor, Ines", "central", CENTRAL, "", ""),
)
SCHOOLS: list[tuple[Cell, ...]] = [
    (f"1{ploc}01", str(ploc), f"Alder {ploc} El", "Elementary", "E", "North CoS", "") for ploc in range(4001, 4006)
]


class Told(NamedTuple):
    """A mail as its reader has it."""

    to: str
    subject: str
    text: str


class MailServer(Protocol):
    """Where the mails arrive."""

    def mails(self) -> Sequence[EmailMessage]: ...


def school(ploc: int, submitted: int, director: str = "VEGA, MARTA") -> list[Cell]:
    """A row of an extraction, without its group and day: a school of region E that expects 100 surveys."""
    return ["E", str(ploc), "North CoS", director, f"Alder {ploc} El", "", "", "", 100, submitted, f"{submitted}%"]


class Term:
    """The central office at work: loads files, awaits their whole way, reads what was mailed since it last looked."""

    def __init__(self, running: Programs, server: MailServer, database: psycopg.Connection[Any]) -> None:
        self.running = running
        self.server = server
        self.database = database
        self.read = 0
        self.office = self.signed_in("central", CENTRAL)
        self.load(directory(PEOPLE, SCHOOLS), "directory")

    def signed_in(self, role: str, email: str) -> httpx2.Client:
        headers = {"authorization": f"Bearer {issue_token(role, email)}", "accept": "text/html"}
        return httpx2.Client(base_url=self.running.url, headers=headers, timeout=30)

    def load(self, content: bytes, kind: str = "participation", *, wait: bool = True) -> dict[str, Any]:
        """Uploads a file and waits until nothing that it led to is under way."""
        answer = self.office.post(
            "/ingest/api/v1/uploads",
            params={"kind": kind},
            files={"file": ("f.xlsx", content)},
            headers={"accept": "application/json"},
        )
        if answer.status_code == 409:  # counts that fell: the office has looked, and means them
            held_for = {problem["code"] for problem in answer.json()["problems"]}
            assert held_for & set(QUARANTINES) == {"fallen_many"}, answer.text
            published = f"/ingest/api/v1/uploads/{answer.json()['upload_id']}/publish"
            answer = self.office.post(published, params={"confirm": True}, headers={"accept": "application/json"})
        assert answer.status_code in (200, 201), answer.text
        if wait:
            until(quiet)
        taken: dict[str, Any] = answer.json()
        return taken

    def extract(
        self, on: str, *parents: list[Cell], wait: bool = True, **groups: Sequence[list[Cell]]
    ) -> dict[str, Any]:
        """Loads an extraction of a day: parents' rows, and those of other groups by the group's name."""
        rows = {"Parents": parents, **groups}
        sheets: dict[str, Iterable[Sequence[Cell]]]
        sheets = {name: [HEADER, *([*r[:5], name, *r[6:], on] for r in given)] for name, given in rows.items() if given}
        return self.load(workbook(sheets), wait=wait)

    def one(self, query: str) -> Any:
        """The first value of a query over all schemas."""
        row = self.database.execute(query.encode()).fetchone()
        return None if row is None else row[0]

    def change(self, path: str, **form: str) -> None:
        """Sends a form of a page as the central office."""
        answer = self.office.post(path, data=form)
        assert answer.status_code == 303, answer.text
        until(quiet)

    def page(self, path: str) -> str:
        answer = self.office.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def told(self) -> list[Told]:
        """The mails since the last look, by address; fails where the server has more or fewer than the log, or one twice."""
        sent = self.one("select count(*) from notify.mail where state = 'sent'")
        until(lambda: len(self.server.mails()) >= sent)
        mails = self.server.mails()
        assert len({mail["Message-ID"] for mail in mails}) == len(mails) == sent
        new, self.read = mails[self.read :], len(mails)
        return sorted(Told(mail["To"], mail["Subject"], text_of(mail)) for mail in new)

    def subjects(self) -> list[str]:
        """Like `told`, as `name: subject`."""
        return [f"{mail.to.partition('@')[0]}: {mail.subject}" for mail in self.told()]


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail, its lines ended as here."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@contextmanager
def term(running: Programs, server: MailServer) -> Iterator[Term]:
    """A new term with empty tables on a running stack."""
    wipe()
    add_people()
    with owner() as database:
        made = Term(running, server, database)
        yield made
        assert made.one("select count(*) from notify.inbox where state <> 'done'") == 0
