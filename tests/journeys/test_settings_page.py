"""The settings of each role and the checklists, put together from what each service says of itself."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from shared.settings import PREFIX, Settings, settings
from shared.web.explained import SettingLine, is_found
from shared.web.parts import CHECKLIST_PARTS, SETTINGS_PARTS
from shared.web.variables import variable_lines
from tests.office import load_office
from tests.people import add_people, browser_of
from tests.stack import wipe


@pytest.fixture(scope="module", autouse=True)
def office(stack_servers: object) -> Iterator[None]:
    wipe()
    add_people()
    load_office()
    yield
    wipe()


def lines_of(client: TestClient, service: str, q: str = "") -> str:
    answer = client.get(f"/{service}/cards/settings", params={"q": q}, headers={"hx-request": "true"})
    assert answer.status_code == 200, answer.text
    return answer.text


def items_of(client: TestClient, service: str, which: str) -> dict[str, str]:
    """Title -> what is said of its state."""
    answer = client.get(f"/{service}/cards/checklist/{which}", headers={"hx-request": "true"})
    assert answer.status_code == 200, answer.text
    found = re.findall(r'<span class="badge[^"]*">([^<]*)</span> <a href="[^"]*">([^<]*)</a>', answer.text)
    return {title: state for state, title in found}


@pytest.mark.parametrize("role", SETTINGS_PARTS)
def test_every_part_of_a_role_has_settings_that_lead_to_their_control(role: str) -> None:
    client = browser_of(role)
    page = client.get("/settings").text
    for part in SETTINGS_PARTS[role]:
        assert f'hx-get="/{part.service}/cards/settings"' in page
        shown = lines_of(client, part.service)
        assert "data-setting" in shown, part.service
        for href in set(re.findall(r'<dt><a href="([^"]*)"', shown)):
            path, _, anchor = href.partition("#")
            control = client.get(path)
            assert (href, control.status_code) == (href, 200)
            assert not anchor or f'id="{anchor}"' in control.text, href


def test_a_role_without_settings_still_has_its_device() -> None:
    page = browser_of("principal").get("/settings").text
    assert "Messages stay until I close them" in page
    assert "/cards/settings" not in page


def test_a_change_is_seen_with_its_default() -> None:
    central = browser_of("central")
    assert "usually" not in lines_of(central, "notify", "minutes to wait")
    fields = {
        "wait_minutes": 45,
        "remind_days": 0,
        "escalate_after": 3,
        "per_minute": 0,
        "link_days": 14,
        "hold_thin": "1",
    }
    assert central.post("/notify/settings", data=fields).status_code == 303
    assert re.search(
        r"<strong>45</strong> <span class=\"soft\">usually 30", lines_of(central, "notify", "minutes to WAIT")
    )
    assert browser_of("central").post("/notify/settings", data={**fields, "wait_minutes": 30}).status_code == 303


def test_the_search_works_without_script_and_keeps_its_words() -> None:
    central = browser_of("central")
    page = central.get("/settings", params={"q": "quiet hours"}).text
    assert 'href="/notify/cards/settings?q=quiet+hours"' in page
    alone = central.get("/notify/cards/settings", params={"q": "quiet hours"}).text
    assert ("Quiet hours from" in alone, "School days only" in alone) == (True, False)
    assert "Nothing here has these words." in central.get("/rates/cards/settings", params={"q": "quiet hours"}).text


def test_words_are_found_whatever_their_case_and_accents() -> None:
    line = SettingLine("Ferié", "Days without school", "3 days", variable="SES_X_Y")
    assert [is_found(line, q) for q in ("FERIE", "school days", "ses_x_y", "", "mails")] == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_operations_see_every_variable_and_no_secret() -> None:
    shown = lines_of(browser_of("ops"), "ingest")
    assert {line.variable for line in variable_lines()} == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert all(f"<code>{PREFIX}{name.upper()}</code>" in shown for name in Settings.model_fields)
    current = settings()
    secrets = [current.link_key.get_secret_value(), current.flower_password.get_secret_value()]
    for kept in (current.database_passwords, current.redis_passwords, current.event_keys, current.drop_folders):
        secrets += [part for secret in kept.values() for part in secret.get_secret_value().split(",")]
    secrets += [
        found for url in (current.database_url, current.redis_url) for found in re.findall(r"://[^@/]*:([^@/]+)@", url)
    ]
    assert len([secret for secret in secrets if secret]) > 10
    assert [secret for secret in secrets if secret and secret in shown] == []


@pytest.mark.parametrize("which", ["term", "start"])
@pytest.mark.parametrize("role", CHECKLIST_PARTS)
def test_each_part_says_what_of_a_checklist_is_done(role: str, which: str) -> None:
    client = browser_of(role)
    assert client.get(f"/checklist/{which}").status_code == 200
    found = [items_of(client, part.service, which) for part in CHECKLIST_PARTS[role]]
    states = {state for items in found for state in items.values()}
    assert sum(map(len, found)) >= (5 if role == "central" else 3)
    assert states <= {"Done", "To do", "Cannot be known"}


def test_what_is_done_is_known_by_the_data() -> None:
    central = browser_of("central")
    assert items_of(central, "ingest", "start")["Directory"] == "Done"
    assert items_of(central, "ingest", "term")["Survey window"] == "To do"
    window = {"term": "Fa31", "opens": "2031-09-01", "closes": "2031-10-01"}
    assert central.post("/ingest/windows", data=window).status_code == 303
    assert items_of(central, "ingest", "term")["Survey window"] == "Done"
    assert items_of(central, "rates", "term")["Days without school"] == "Cannot be known"
    assert central.post("/rates/settings/days-off", data={"day": "2025-02-21"}).status_code == 303
    assert items_of(central, "rates", "term")["Days without school"] in ("Done", "Cannot be known")
    assert items_of(central, "sesr", "start")["A drill of strike reports"] == "To do"
    assert items_of(browser_of("ops"), "ingest", "start")["Backup"] == "To do"


def test_the_statement_is_open_to_everybody_and_names_the_support_of_the_settings() -> None:
    page = browser_of(None).get("/accessibility")
    assert page.status_code == 200
    assert settings().support_email in page.text
    assert 'href="/accessibility"' in browser_of("principal").get("/settings").text
