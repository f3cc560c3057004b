"""Five separate web processes behind Caddy with the Caddyfile of compose: one sign-in, one origin, all services."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.embedded.installation import Servers
from deploy.embedded.servers import free_port
from shared.settings import SERVICES
from tests.deploy.waiting import until
from tests.files import extraction, guide_rows
from tests.people import add_people, browser_of
from tests.sesr.served import cookie_of
from tests.sesr.world import CEDAR, load_schools, open_incident, send
from tests.stack import Programs, deliver, wipe

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def origin(stack_servers: Servers, logs: Path) -> Iterator[str]:
    wipe()
    add_people()
    running = Programs(logs)
    ports = {service: free_port() for service in SERVICES}
    site = f"http://127.0.0.1:{free_port()}"
    try:
        for service, port in ports.items():
            running.start(f"{service}-web", "deploy.web", service, SES_PORT=str(port), SES_TRUSTED_PROXIES="127.0.0.1")
        upstreams = {f"SES_{service.upper()}_UPSTREAM": f"127.0.0.1:{port}" for service, port in ports.items()}
        start_caddy(running, site, upstreams)
        until(lambda: all_answer(site), httpx2.TransportError, seconds=90)
        yield site
    finally:
        running.stop_all()


def start_caddy(running: Programs, site: str, upstreams: dict[str, str]) -> None:
    caddy = shutil.which("caddy")
    assert caddy is not None, "install caddy: make system"
    folder = str(running.logs)
    with open(running.logs / "caddy.log", "ab") as log:
        running.running["caddy"] = subprocess.Popen(
            [caddy, "run", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "Caddyfile")],
            env={"SES_SITE": site, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, **upstreams},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def all_answer(site: str) -> bool:
    paths = ["readyz", *(f"{service}/healthz" for service in SERVICES)]
    return all(httpx2.get(f"{site}/{path}").status_code == 200 for path in paths)


@pytest.fixture
def central(origin: str) -> Iterator[httpx2.Client]:
    """A browser signed in as the central office: behind a proxy nobody chooses who to be."""
    with httpx2.Client(base_url=origin, headers={"accept": "text/html"}, timeout=20, follow_redirects=True) as client:
        form = {"person_id": "central@lausd.example", "role": "central"}
        assert client.post("/sign-in/demo", data=form).status_code == 404
        client.cookies.update(browser_of("central").cookies)
        yield client


def form_token(page: str) -> str:
    found = re.search(r'<meta name="csrf" content="([0-9a-f]+)">', page)
    assert found is not None
    return found.group(1)


def test_one_sign_in_opens_the_pages_of_all_services(central: httpx2.Client) -> None:
    for service in SERVICES:
        page = central.get(f"/{service}/")
        assert page.status_code == 200, page.text
        assert "Okafor, Ines" in page.text


def test_a_page_without_sign_in_leads_to_it_and_back(origin: str) -> None:
    answer = httpx2.get(f"{origin}/rates/?tier=1", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Frates%2F%3Ftier%3D1")


@pytest.mark.parametrize(
    ("peer", "address"),
    [("127.0.0.1", "203.0.113.7"), ("127.0.0.2", "127.0.0.2")],
    ids=["of a trusted balancer", "of anybody else"],
)
def test_an_address_behind_the_balancer_is_believed_from_a_trusted_one_alone(
    origin: str, logs: Path, peer: str, address: str
) -> None:
    """Caddy trusts 127.0.0.1 here, as it trusts the load balancers that SES_TRUSTED_PROXIES names."""
    headers = {"accept": "text/html", "x-forwarded-for": "203.0.113.7"}
    with httpx2.Client(base_url=origin, headers=headers, transport=httpx2.HTTPTransport(local_address=peer)) as client:
        request_id = client.get("/sign-in").headers["x-request-id"]
    until(lambda: addresses(logs / "ingest-web.log", request_id))
    assert addresses(logs / "ingest-web.log", request_id) == {address}


def addresses(log: Path, request_id: str) -> set[str]:
    """Where a request came from by its whole lines in the log: none before there is one."""
    lines = log.read_text().rpartition("\n")[0].splitlines()
    return {json.loads(line)["address"] for line in lines if f'"{request_id}"' in line}


def test_a_form_token_holds_and_a_missing_one_is_refused(central: httpx2.Client) -> None:
    token = form_token(central.get("/ingest/").text)
    file = {"file": ("guide.xlsx", extraction(guide_rows()))}
    refused = central.post("/ingest/uploads", data={"kind": "participation"}, files=file)
    assert refused.status_code == 403
    taken = central.post("/ingest/uploads", data={"kind": "participation", "csrf": token}, files=file)
    assert taken.status_code == 200, taken.text
    assert "guide.xlsx" in taken.text


def test_links_and_static_files_lead_to_the_same_origin(central: httpx2.Client, origin: str) -> None:
    page = central.get("/rates/").text
    found = set(re.findall(r'(?:href|src)="([^"#]+)"', page))
    assert [link for link in found if link.startswith("http") and not link.startswith(origin)] == []
    for link in [link for link in found if link.startswith("/static/")]:
        assert central.get(link).status_code == 200, link


def test_the_inside_is_not_shown_outside(central: httpx2.Client) -> None:
    for path in ("/rates/metrics", "/notify/readyz", "/ops/flower/metrics", "/ops/flower/healthcheck"):
        assert central.get(path).status_code == 404, path
    assert central.get("/readyz").json() == {"service": "ingest", "status": "ready"}


def test_flower_is_closed_to_all_but_operations(central: httpx2.Client, origin: str) -> None:
    assert central.get("/ops/flower/").status_code in (401, 403)
    assert httpx2.get(f"{origin}/ops/flower/").status_code in (303, 401, 403)
    signed_out = httpx2.get(f"{origin}/ops/flower/", headers={"accept": "text/html"})
    assert signed_out.headers["location"] == "/sign-in?next=%2Fops%2Fflower%2F"
    assert httpx2.get(f"{origin}/ops/flower").headers["location"] == "/ops/flower/"


def test_a_live_board_streams_through_the_entrance(central: httpx2.Client, origin: str) -> None:
    wipe()
    add_people()
    load_schools()
    open_incident()
    with httpx2.stream("GET", f"{origin}/sesr/board/stream", headers=cookie_of("central"), timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert any("No report yet" in line for line in lines)
        send("central", school_key=CEDAR)
        deliver()
        assert any(CEDAR in line for line in lines)
