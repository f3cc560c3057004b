"""A small server with one page that has every part of the look, under the product's strict policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import uvicorn
from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shared.access.policy import ROLE_WORDS
from shared.days import date_words
from shared.web import charts, static_files
from shared.web.clock import instant_words
from shared.web.middleware import CSP

PARTS: Final = Path(__file__).parent.parent / "data" / "look"
TEMPLATES: Final = static_files.FOLDER.parent / "templates"
ROWS: Final[list[tuple[str, int | None, int, int, str, int | str]]] = [
    ("112th St El", 1, 400, 7, "1.75%", 93),
    ("Alder St EEC", 2, 128, 40, "31%", 25),
    ("Birch MS", 3, 776, 500, "64%", 83),
    ("Cedar Sci/Tech Mag", 4, 327, 301, "92%", ""),
    ("Dogwood Sp Ed Ctr", None, 0, 0, "", ""),
]
HISTORY: Final[list[list[float | None]]] = [
    [0, 0, 1, None, 1.75],
    [5, 12, 20, 28, 31],
    [10, 22, 41, 55, 64],
    [30, 55, 80, 90, 92],
    [None, None],
]


class Entered(BaseModel):
    """What a school enters."""

    baseline: Decimal | None
    results: dict[str, Decimal]


class Person:
    """Who is signed in on the page."""

    name, email, role = "Rosa Avila", "rosa.avila@lausd.example", "central"
    roles = ("central", "ops")


def environment() -> Environment:
    """Templates of the tests and of the look, strict about names that do not exist."""
    made = Environment(
        loader=FileSystemLoader([PARTS, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(static=static_files.static_url, role_words=ROLE_WORDS)
    made.filters.update(day=date_words, instant=instant_words)
    return made


def drawings() -> list[tuple[str, charts.Chart]]:
    """A chart of each kind: with all that it can hold, with 60 extractions, with long names and huge amounts."""
    start = date(2025, 1, 27)
    weeks = [start + timedelta(7 * place) for place in range(8)]
    rates = (3, 8, None, 21, 33, 38, 41, 47)
    stops = [charts.Stop(day.toordinal(), (rate,), f"{day}: {rate}") for day, rate in zip(weeks, rates, strict=True)]
    closes = (weeks[-1] + timedelta(21)).toordinal()
    zones = [charts.Zone(25 * n - 25, 25 * n, f"Tier {n}", f"tier-{n}") for n in (1, 2, 3, 4)]
    path = charts.line_chart(
        charts.LinePlot(
            words="The rate rose from 3 % to 47 % in seven extractions",
            x=charts.days(start, weeks[-1] + timedelta(21)),
            y=charts.percents(),
            stops=stops,
            zones=zones,
            levels=[charts.Level(60, "Goal 60%")],
            moments=[charts.Moment(weeks[1].toordinal(), "Window opens")],
            fan=charts.Fan((weeks[-1].toordinal(), 47), closes, 52, 61, 66, "Likely 61%"),
            last_words="47%",
        )
    )
    tiers = [(400 - 6 * n, 300, 100 + 3 * n, 20 + 3 * n, 7) for n in range(60)]
    kinds = ("tier-1", "tier-2", "tier-3", "tier-4", "tier-none")
    shown = [
        charts.Stack(n + 0.14, n + 0.86, list(zip(counts, kinds, strict=True)), f"{n}: {counts}")
        for n, counts in enumerate(tiers)
    ]
    named = charts.categories([(f"Feb {n}", f"{n} left") for n in range(60)])
    legend = tuple((kind, kind) for kind in kinds)
    figures = charts.Figures(("Extraction", "Tier 1"), [(str(n), str(counts[0])) for n, counts in enumerate(tiers)])
    high = charts.measure([827], is_whole=True)
    goals = [
        charts.BarGroup(
            name, ((amount, f"${amount:,}", "chart-bar-first"), (amount / 2, "half", "chart-bar-second")), name
        )
        for name, amount in (("Graduation " * 9, 10**12), ("Wellness", 5 * 10**11))
    ]
    return [
        ("Rate by extraction", path),
        (
            "Tiers by extraction",
            charts.columns("Tiers", named, high, shown, labels=True, legend=legend, figures=figures),
        ),
        ("Planned against actual", charts.lying_bars("Planned", charts.measure([10**12]), goals, legend=legend[:1])),
    ]


def context() -> dict[str, Any]:
    """What a page can rely on, and what the page of every part shows."""
    labels = ("Home", "Uploads", "Response rates", "Alerts", "Progress tracker", "Strike reports", "Operations")
    nav = [{"href": f"/{label}", "label": label, "current": label == "Response rates"} for label in labels]
    return {
        "who": Person(),
        "nav": nav,
        "csrf": "t'o\"k<en",
        "environment": "demo",
        "request_id": "0f3a9c",
        "support": {"email": "ses-support@lausd.example", "phone": "213-555-0100"},
        "breadcrumbs": [{"href": "/", "label": "Home"}, {"label": "Response rates"}],
        "on": date(2025, 2, 21),
        "loaded": datetime(2025, 2, 21, 17, 12, tzinfo=UTC),
        "drawings": drawings(),
        "rows": [(*row, charts.lines(history)) for row, history in zip(ROWS, HISTORY, strict=True)],
    }


def described() -> dict[str, Any]:
    """The description of a small API with parameters, a body and its answers."""
    api = FastAPI()

    @api.get("/rates/api/v1/rates")
    def rates(group: Literal["students", "staff"], tier: int | None = None) -> list[str]:
        """Rows of the table."""
        return [group, str(tier)]

    @api.put("/tracker/api/v1/schools/{ploc}")
    def entry(ploc: str, entered: Entered) -> Entered:
        return entered

    return api.openapi()


class Pages:
    """The routes; `heard` keeps what was sent, for the tests to read."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.made = environment()

    def _page(self, template: str, status: int = 200, **more: Any) -> Response:
        content = self.made.get_template(template).render(context() | more)
        return HTMLResponse(content, status, {"Content-Security-Policy": CSP})

    def every_part(self, request: Request) -> Response:
        return self._page("every_part.html")

    def error(self, request: Request) -> Response:
        problems = [{"code": "not_whole", "message": "Enter a whole number", "sheet": "Students", "row": 14}]
        return self._page(
            "error.html",
            422,
            code="invalid",
            title="Unprocessable Content",
            sentence="One row cannot be read.",
            problems=problems,
        )

    def api_docs(self, request: Request) -> Response:
        return self._page("api_docs.html", described=described(), service="rates")

    def rows(self, request: Request) -> Response:
        self.heard.append(dict(request.query_params))
        return HTMLResponse(f'<tr><th scope="row">Found {request.query_params["q"]}</th></tr>')

    def toast(self, request: Request) -> Response:
        self.heard.append({"csrf": request.headers.get("x-csrf-token")})
        said = '<div id="toasts" hx-swap-oob="beforeend"><div class="toast"><p>Saved.</p></div></div>'
        return HTMLResponse(said)

    def refused(self, request: Request) -> Response:
        return JSONResponse({"detail": "The incident is closed. Ask the desk to open it."}, 409)

    async def uploads(self, request: Request) -> Response:
        form = await request.form()
        file = form["file"]
        assert not isinstance(file, str)
        content = await file.read()
        self.heard.append({"name": file.filename, "size": len(content), "dry_run": form.get("dry_run")})
        if content.startswith(b"bad"):
            problems = [{"sheet": "Students", "row": 14, "column": "I", "message": "12.5 is not a whole number."}]
            return JSONResponse({"detail": "One row cannot be read.", "problems": problems}, 422)
        return RedirectResponse("/?loaded=1", 303)

    def app(self) -> Starlette:
        """The server's routes beside those of the static files."""
        return Starlette(
            routes=[
                Route("/", self.every_part),
                Route("/error", self.error),
                Route("/docs", self.api_docs),
                Route("/rows", self.rows),
                Route("/toast", self.toast, methods=["POST"]),
                Route("/refused", self.refused, methods=["POST"]),
                Route("/uploads", self.uploads, methods=["POST"]),
                static_files.route,
            ]
        )


@contextmanager
def served(pages: Pages) -> Iterator[str]:
    """The address of the running server."""
    server = uvicorn.Server(uvicorn.Config(pages.app(), port=0, log_level="warning"))
    started = threading.Event()
    original = server.startup

    async def startup(*args: Any, **kwargs: Any) -> None:
        await original(*args, **kwargs)
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(10)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
