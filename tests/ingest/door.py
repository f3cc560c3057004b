"""The upload door as a person of the central office uses it."""

from typing import Any

from shared.web.limits import limiter
from tests.files import HEADER
from tests.ingest.making import book
from tests.people import api_of

UPLOADS = "/ingest/api/v1/uploads"


class Door:
    """Sends files; tells what the report says of them, by code."""

    def __init__(self) -> None:
        self.client = api_of("central")

    def send(self, content: bytes, *, dry: bool = True, name: str = "file.xlsx", kind: str = "participation") -> Any:
        limiter.clear()
        params: dict[str, Any] = {"dry_run": dry, "kind": kind}
        return self.client.post(UPLOADS, params=params, files={"file": (name, content)})

    def told(self, content: bytes, **options: Any) -> dict[str, Any]:
        """The report of a file that is taken."""
        answer = self.send(content, **options)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def counts(self, content: bytes, **options: Any) -> dict[str, int]:
        """Code -> how often it was found, with the rows accepted and rejected."""
        told = self.told(content, **options)
        return {**{found["code"]: found["count"] for found in told["found"]}, **told["counts"]}

    def refusal(self, content: bytes, **options: Any) -> tuple[int, str]:
        """Status and code of a file that is not taken."""
        answer = self.send(content, **options)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["code"]

    def publish(self, *rows: tuple[Any, ...]) -> dict[str, Any]:
        """Publishes an extraction of these rows."""
        return self.told(book([HEADER, *rows]), dry=False)


def became(told: dict[str, Any], code: str) -> list[str]:
    """What the findings of a code became."""
    return [problem.get("became", "") for problem in told["problems"] if problem["code"] == code]
