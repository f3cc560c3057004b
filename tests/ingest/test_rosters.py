"""Rosters (OneRoster, Ed-Fi) as a source of the directory: explained once, shown before, published, undone."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select
from starlette.testclient import TestClient

from services.ingest.actions.drops import look_at_folders
from services.ingest.actions.kept_files import purge_files
from services.ingest.tables import KeptRoster, School, Upload
from shared.db import transaction
from shared.settings import settings
from shared.web.clock import today
from tests.files import PEOPLE_HEADER, SCHOOL_HEADER, workbook
from tests.ingest.roster_model import expected
from tests.ingest.rosters import District, Record, mapping, org, package, role, user
from tests.people import api_of, browser_of
from tests.stack import deliver, failures

API = "/ingest/api/v1/uploads"
MAPPINGS = "/ingest/api/v1/directory/mappings"
SCHOOL = ("1400101", "4001", "Alder El", "Elementary", "E", "North CoS", "VEGA, MARTA")
PEOPLE = (
    ("Vega, Marta", "director", "vega@lausd.example", "1400101", "VEGA, M."),
    ("Okafor, Ines", "central", "central@lausd.example", "", ""),
)
ORGS = [
    org("d", "District", "district"),
    org("e", "Region East", "local", parent="d"),
    org("north", "North Community", "department", parent="e"),
    org("alder", "Alder Elementary", code="1400101", parent="north"),
    org("birch", "Birch El", code="1400201", parent="north"),
]
USERS = [
    user("vega", "Vega", "Marta"),
    user("lind", "Lindqvist", "Per", middleName="A"),
    user("hadd", "Haddad", "Noor"),
    user("pupil", "Child", "Any"),
]
ROLES = [
    role("1", "vega", "districtAdministrator", "north"),
    role("2", "lind", "principal", "alder"),
    role("3", "hadd", "siteAdministrator", "alder"),
    role("4", "hadd", "siteAdministrator", "birch"),
    role("5", "pupil", "student", "alder"),
]


@pytest.fixture
def central(clean: None) -> Iterator[TestClient]:
    with api_of("central") as client:
        load_directory(client)
        yield client


def load_directory(client: TestClient) -> None:
    """The directory before the first roster, by the district's own sheet."""
    sheets: dict[str, Any] = {"Schools": [SCHOOL_HEADER, SCHOOL], "People": [PEOPLE_HEADER, *PEOPLE]}
    assert send(client, workbook(sheets), "directory.xlsx").status_code == 201


def send(client: TestClient, content: bytes, name: str = "roster.zip", **params: Any) -> Any:
    return client.post(API, params={"kind": "directory", **params}, files={"file": (name, content)})


def roster(**tables: list[Record]) -> bytes:
    return package("1.2", {"orgs": ORGS, "users": USERS, "roles": ROLES, **tables})


def explained(client: TestClient, **others: Any) -> None:
    assert client.put(f"{MAPPINGS}/oneroster", json=mapping("1.2", **others)).status_code == 200


def codes(answer: Any) -> dict[str, int]:
    return {found["code"]: found["count"] for found in answer.json()["found"]}


def people(client: TestClient) -> dict[str, dict[str, Any]]:
    listed = client.get("/ingest/api/v1/directory/people", params={"limit": 200}).json()["people"]
    return {each["person_id"]: each for each in listed}


def school(client: TestClient, key: str) -> dict[str, Any]:
    return dict(client.get(f"/ingest/api/v1/directory/schools/{key}").json())


def changed(answer: Any) -> set[tuple[str, str, str]]:
    return {(each["what"], each["name"], each["change"]) for each in answer.json()["changes"]}


def test_a_roster_waits_until_its_words_are_explained_and_then_shows_whom_it_changes(central: TestClient) -> None:
    answer = send(central, roster())
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (409, "roster_unmapped")
    place = answer.headers["location"]
    page = place.replace("/api/v1", "")
    browser = browser_of("central")
    assert "Say what its words mean" in browser.get(page).text
    form = browser.get(f"{page}/roster").text
    assert "principal at school" in form and "type school" in form
    fields = re.findall(r'<label for="((?:type|role)-\d+)">([^<]+)</label>', form)
    said = mapping("1.2")
    given = {name: {**said["types"], **said["roles"]}[word] for name, word in fields}
    saved = browser.post(f"{page}/roster", data={**given, "column-cost_center": "identifier", "others": ""})
    assert (saved.status_code, saved.headers["location"]) == (303, page)
    shown = browser.get(page).text
    for words in ("Birch El", "from “Alder El” to “Alder Elementary”", "Lindqvist, Per A", "Preview"):
        assert words in shown, words
    assert changed(central.get(place)) == {
        ("school", "Alder Elementary", "changed"),
        ("school", "Birch El", "new"),
        ("person", "Vega, Marta", "changed"),
        ("person", "Lindqvist, Per A", "new"),
        ("person", "Haddad, Noor", "new"),
    }
    assert people(central).keys() == {"director:vega@lausd.example", "central:central@lausd.example"}
    assert browser.post(f"{page}/publish").status_code == 303
    assert central.get(place).json()["state"] == "published"
    assert central.get(f"{MAPPINGS}/oneroster").json()["columns"]["cost_center"] == "identifier"


def test_what_a_roster_says_reaches_every_service_and_what_it_does_not_say_stays(central: TestClient) -> None:
    central.patch("/ingest/api/v1/directory/schools/1400101", json={"enrolled": 410, "landline": "213-555-0101"})
    explained(central)
    answer = send(central, roster())
    assert answer.status_code == 201, answer.text
    deliver()
    assert failures() == []
    found = people(central)
    assert found["designee:hadd@lausd.example"]["scope"] == ["1400101", "1400201"]
    assert found["principal:lind@lausd.example"]["name"] == "Lindqvist, Per A"
    assert found["director:vega@lausd.example"]["scope"] == ["1400101", "1400201"]
    assert found["director:vega@lausd.example"]["aliases"] == ["VEGA, M."]
    assert "central:central@lausd.example" in found
    alder = school(central, "1400101")
    assert {name: alder[name] for name in ("name", "principal", "director", "region", "enrolled", "landline", "level")} == {
        "name": "Alder Elementary", "principal": "Lindqvist, Per A", "director": "Vega, Marta", "region": "E",
        "enrolled": 410, "landline": "213-555-0101", "level": "Elementary",
    }  # fmt: skip
    assert (school(central, "1400201")["ploc"], codes(answer)["roster_level_missing"]) == ("4002", 1)
    for service, query in (
        ("rates", "select name from school where school_key = '1400101'"),
        ("sesr", "select name from school where school_key = '1400101'"),
        ("notify", "select name from director"),
    ):
        with transaction(service) as session:
            assert session.execute(text(query)).scalars().all() in (["Alder Elementary"], ["Vega, Marta"]), service
    with transaction("ingest") as session:
        scope = session.execute(text("select scope from access.role_grant where person_id = 'hadd@lausd.example'"))
        assert scope.scalar() == ["1400101", "1400201"]


def test_the_same_roster_again_changes_nothing_and_one_that_loses_many_waits(central: TestClient) -> None:
    explained(central)
    crowd = [user(f"p{n}", f"Person {n}") for n in range(20)]
    held = [role(f"r{n}", f"p{n}", "siteAdministrator", "alder") for n in range(20)]
    first = send(central, roster(users=USERS + crowd, roles=ROLES + held))
    assert first.status_code == 201
    assert send(central, roster(users=USERS + crowd, roles=ROLES + held)).status_code == 200
    nightly = send(central, roster(users=[*USERS, user("more", "More"), *crowd], roles=ROLES + held))
    assert (nightly.status_code, nightly.json()["state"], nightly.json()["revision"]) == (201, "unchanged", None)
    lost = send(central, roster())
    assert (lost.status_code, lost.json()["problems"][0]["code"]) == (409, "people_lost")
    confirmed = central.post(f"{lost.headers['location']}/publish", params={"confirm": True})
    assert confirmed.status_code == 201
    assert len(people(central)) == 4


def test_nobody_confirms_a_reason_that_was_not_there_to_be_seen(central: TestClient) -> None:
    crowd = [("Person", "desk", f"p{n}@lausd.example", "E", "") for n in range(20)]
    sheets: dict[str, Any] = {"Schools": [SCHOOL_HEADER, SCHOOL], "People": [PEOPLE_HEADER, *PEOPLE, *crowd]}
    assert send(central, workbook(sheets), "directory.xlsx").status_code == 201
    waiting = send(central, roster())
    assert waiting.json()["problems"][0]["code"] == "roster_unmapped"
    said = mapping("1.2")
    said["roles"]["systemAdministrator at district"] = "desk"
    central.put(f"{MAPPINGS}/oneroster", json=said)
    confirmed = central.post(f"{waiting.headers['location']}/publish", params={"confirm": True})
    assert (confirmed.status_code, confirmed.json()["problems"][0]["code"]) == (409, "people_lost")
    assert len(people(central)) == 22


def test_two_principals_of_a_school_are_a_question_whose_answer_is_kept(central: TestClient) -> None:
    explained(central, others="designee")
    both = [*ROLES, role("6", "hadd", "principal", "alder")]
    answer = send(central, roster(roles=both))
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (409, "roster_principals")
    place = answer.headers["location"]
    page = place.replace("/api/v1", "")
    browser = browser_of("central")
    form = browser.get(f"{page}/roster").text
    assert "Haddad, Noor (users.csv, row 4)" in form and "Publish" not in browser.get(page).text
    question = central.get(place).json()["roster"]["questions"][0]
    assert (question["code"], question["candidates"].keys()) == ("1400101", {"lind", "hadd"})
    explained(central, others="designee", principals={"1400101": "hadd"})
    reviewed = central.post(f"{place}/review")
    assert (reviewed.status_code, reviewed.json()["state"], reviewed.json()["reasons"]) == (200, "preview", [])
    assert central.post(f"{place}/publish").status_code == 201
    assert school(central, "1400101")["principal"] == "Haddad, Noor"
    assert people(central).keys() >= {"principal:hadd@lausd.example", "designee:lind@lausd.example"}
    renamed = [{**ROLES[0]}, *both[1:]]
    assert send(central, roster(roles=renamed, users=[*USERS, user("more", "More")])).status_code == 201


def test_changes_alone_need_a_whole_roster_and_an_undo_takes_them_back(central: TestClient) -> None:
    explained(central)
    stamp = {"status": "active", "dateLastModified": "2026-10-01T08:00:00Z"}
    moved = {"orgs": [{**ORGS[4], "name": "Birch Elementary", **stamp}], "users": [{**USERS[1], "familyName": "Lind", **stamp}],
             "roles": [{**ROLES[3], **stamp, "status": "tobedeleted"}]}  # fmt: skip
    delta = package("1.2", moved, "delta")
    alone = send(central, delta)
    assert (alone.status_code, alone.json()["code"]) == (422, "roster_bulk_needed")
    assert send(central, roster()).status_code == 201
    published = send(central, delta)
    assert published.status_code == 201, published.text
    found = people(central)
    assert found["designee:hadd@lausd.example"]["scope"] == ["1400101"]
    assert found["principal:lind@lausd.example"]["name"] == "Lind, Per A"
    assert school(central, "1400201")["name"] == "Birch Elementary"
    with transaction("ingest") as session:
        kept = session.get_one(KeptRoster, "oneroster").rows
    assert kept["users"].keys() == {"vega", "lind", "hadd"} and "3" in kept["roles"] and "4" not in kept["roles"]
    undone = central.post(f"{published.headers['location']}/undo")
    assert undone.status_code == 201, undone.text
    assert people(central)["designee:hadd@lausd.example"]["scope"] == ["1400101", "1400201"]
    with transaction("ingest") as session:
        assert "4" in session.get_one(KeptRoster, "oneroster").rows["roles"]


def test_an_undo_of_the_first_roster_leaves_none_behind(central: TestClient) -> None:
    explained(central)
    first = send(central, roster())
    assert central.post(f"{first.headers['location']}/undo").status_code == 201
    assert people(central).keys() == {"director:vega@lausd.example", "central:central@lausd.example"}
    with transaction("ingest") as session:
        assert session.get(KeptRoster, "oneroster") is None


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_random_district_on_the_service_is_that_of_the_model(central: TestClient, version: str) -> None:
    district = District(7, version)
    said = mapping(version)
    packages = [district.bulk(), district.delta()]
    for count in (1, 2):
        model = expected(packages[:count], said, today().isoformat())
        said["principals"] |= {code: min(given) for code, given in model.unclear.items()}
        model = expected(packages[:count], said, today().isoformat())
        assert central.put(f"{MAPPINGS}/oneroster", json=said).status_code == 200
        answer = send(central, packages[count - 1])
        while answer.status_code == 409:
            answer = central.post(f"{answer.headers['location']}/publish", params={"confirm": True})
        assert answer.status_code == 201, answer.text
        there = {key: row for key, row in people(central).items() if not key.startswith("central:")}
        assert {key: (row["name"], set(row["scope"])) for key, row in there.items()} == {
            key: (row["name"], row["scope"]) for key, row in model.people.items()
        }
        with transaction("ingest") as session:
            listed = session.exec(select(School).where(School.in_directory)).all()
            assert {each.cost_center: each.name for each in listed} == {c: s["name"] for c, s in model.schools.items()}


def test_every_finding_names_the_file_and_the_row(central: TestClient) -> None:
    explained(central)
    orgs = [*ORGS, org("x", "No code", code="n/a", parent="d"), org("y", "Loop", "department", parent="z"),
            org("z", "Loop", "department", parent="y"), org("l", "Lone", "department", parent="?")]  # fmt: skip
    users = [*USERS, user("mute", "Mute", email="none"), user("off", "Off", enabledUser="false"), user("vega", "Other"),
             user("odd", "Odd", enabledUser="maybe"), user("old", "Old", status="asleep")]  # fmt: skip
    roles = [*ROLES, role("6", "mute", "principal", "birch"), role("7", "off", "principal", "birch"),
             role("8", "lind", "principal", "nowhere"), role("9", "nobody", "principal", "birch"),
             role("10", "lind", "principal", "birch", endDate="2020-01-01"),
             role("11", "lind", "principal", "birch", beginDate="soon")]  # fmt: skip
    answer = send(central, roster(orgs=orgs, users=users, roles=roles), dry_run=True)
    assert answer.status_code == 200, answer.text
    places = {(p["code"], p.get("sheet", ""), p.get("row", 0)) for p in answer.json()["problems"]}
    assert places >= {
        ("roster_code_unreadable", "orgs.csv", 7), ("roster_org_cycle", "orgs.csv", 8),
        ("roster_org_cycle", "orgs.csv", 9), ("roster_parent_missing", "orgs.csv", 10),
        ("roster_email_unreadable", "users.csv", 6), ("roster_user_disabled", "users.csv", 7),
        ("roster_id_twice", "users.csv", 2), ("roster_id_twice", "users.csv", 8),
        ("roster_enabled_unknown", "users.csv", 9), ("roster_status_unknown", "users.csv", 10),
        ("roster_org_unknown", "roles.csv", 9), ("roster_user_unknown", "roles.csv", 10),
        ("roster_role_ended", "roles.csv", 11), ("roster_date_unreadable", "roles.csv", 12),
        ("column_ignored", "users.csv", 1), ("roster_user_unknown", "roles.csv", 2),
    }  # fmt: skip
    assert codes(answer)["roster_families"] == 2
    assert "rejected_many" in answer.json()["reasons"]


def test_students_and_passwords_are_in_nothing_that_is_kept(central: TestClient) -> None:
    answer = send(central, roster())
    page = answer.headers["location"].replace("/api/v1", "")
    content = browser_of("central").get(f"{page}/file").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kept = {name: archive.read(name).decode() for name in archive.namelist()}
    assert kept.keys() == {"manifest.csv", "orgs.csv", "roles.csv", "users.csv"}
    assert "lind@lausd.example" in kept["users.csv"]
    with transaction("ingest") as session:
        upload = session.exec(select(Upload).where(Upload.file_name == "roster.zip")).one()
        everything = "".join(kept.values()) + upload.model_dump_json(exclude={"sha256"})
    assert "pupil" not in everything and "secret-of" not in everything
    explained(central)
    for place in (answer.headers["location"],):
        published = central.post(f"{place}/publish", params={"confirm": True})
        assert (published.status_code, codes(published)["roster_families"]) == (201, 2)


def test_only_the_central_office_sees_whom_a_roster_changes_and_for_a_time(central: TestClient) -> None:
    staff = [("Sato, Ren", "ops", "ops@lausd.example", "", ""), ("Brandt, Uwe", "desk", "desk@lausd.example", "E", "")]
    sheet = workbook({"People": [PEOPLE_HEADER, *PEOPLE, *staff]})
    assert send(central, sheet, "people.xlsx").status_code == 201
    explained(central)
    place = send(central, roster()).headers["location"]
    ops = api_of("ops")
    told = ops.get(place).json()
    assert (told["changes"], told["roster"], ops.get(f"{place}/changes").status_code) == ([], {}, 403)
    assert "Lindqvist" not in browser_of("ops").get(place.replace("/api/v1", "")).text
    first = central.get(f"{place}/changes", params={"limit": 2}).json()
    rest = central.get(f"{place}/changes", params={"cursor": first["next"]}).json()
    assert (len(first["changes"]) + len(rest["changes"]), first["count"], rest["next"]) == (6, 6, None)
    assert ops.put(f"{MAPPINGS}/oneroster", json=mapping("1.2")).status_code == 403
    with transaction("ingest") as session:
        purge_files(session, 0)
    assert (central.get(place).json()["changes"], central.get(place).json()["roster"]) == ([], {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": {"principal at school": "central"}},
        {"roles": {"administrator at district": "principal"}, "types": {"district": ""}},
        {"types": {"school": "planet"}},
        {"columns": {"shoe size": "identifier"}},
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(central: TestClient, wrong: dict[str, Any]) -> None:
    answer = central.put(f"{MAPPINGS}/oneroster", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "roster_mapping")
    assert central.get(f"{MAPPINGS}/oneroster").json()["types"] == {}


def test_a_drop_folder_takes_a_roster_each_night(
    central: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings().drop_folders, "sis", SecretStr(f"file://{tmp_path}?kind=directory"))
    (tmp_path / "monday.zip").write_bytes(roster())
    for _ in range(2):
        look_at_folders()
    assert (tmp_path / "held" / "monday.zip.report.txt").exists()
    explained(central)
    (tmp_path / "tuesday.zip").write_bytes(roster(users=[*USERS, user("more", "More")]))
    for _ in range(2):
        look_at_folders()
    assert (tmp_path / "done" / "tuesday.zip").exists()
    assert "principal:lind@lausd.example" in people(central)
