"""Packages that are no sound roster: each is refused with the file and what to do, and nothing of it is kept."""

import io
import zipfile
from collections.abc import Callable

import pytest

from services.ingest.sheets import UnreadableFile, rosters
from tests.ingest.door import Door
from tests.ingest.rosters import ORGS as ORG_COLUMNS
from tests.ingest.rosters import csv_text, manifest, package, zipped
from tests.ingest.test_rosters import ORGS, ROLES, USERS

TABLES = {"orgs": ORGS, "users": USERS, "roles": ROLES}
GOOD = {name: zipfile.ZipFile(io.BytesIO(package("1.2", TABLES))).read(name).decode() for name in
        ("manifest.csv", "orgs.csv", "users.csv", "roles.csv")}  # fmt: skip


def without(name: str) -> bytes:
    return zipped({key: content for key, content in GOOD.items() if key != name})


def twice() -> bytes:
    return zipped({**GOOD, "copy/orgs.csv": GOOD["orgs.csv"]})


def torn() -> bytes:
    content = bytearray(zipped(GOOD))
    content[60:70] = b"\xff" * 10
    return bytes(content)


def bomb() -> bytes:
    return zipped({**GOOD, "users.csv": GOOD["users.csv"] + "\r\n" * 2_000_000})


def locked() -> bytes:
    content = bytearray(zipped(GOOD))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)


CASES: dict[str, tuple[Callable[[], bytes], int, str, str]] = {
    "no manifest": (lambda: without("manifest.csv"), 415, "roster_manifest_missing", "manifest.csv"),
    "a file that the manifest lists": (lambda: without("roles.csv"), 415, "roster_file_missing", "roles.csv"),
    "a file twice": (twice, 415, "roster_file_twice", "copy/orgs.csv"),
    "a path upward": (lambda: zipped({**GOOD, "../evil.txt": "x"}), 415, "roster_name", "../evil.txt"),
    "a path from the root": (lambda: zipped({**GOOD, "/etc/x": "x"}), 415, "roster_name", "/etc/x"),
    "a long name": (lambda: zipped({**GOOD, "n" * 300: "x"}), 415, "roster_name", "nnn"),
    "many members": (lambda: zipped({**GOOD, **{f"m{n}.csv": "x" for n in range(200)}}), 415, "roster_too_large", "200"),
    "a bomb": (bomb, 415, "roster_too_large", "users.csv"),
    "a password": (locked, 415, "file_has_password", "password"),
    "damaged": (torn, 415, "file_broken", "damaged"),
    "another version": (
        lambda: zipped({**GOOD, "manifest.csv": manifest("2.0", {"orgs": "bulk", "users": "bulk"})}),
        415, "roster_manifest", "oneroster.version is 2.0",
    ),
    "another mode": (
        lambda: zipped({**GOOD, "manifest.csv": manifest("1.2", {"orgs": "some", "users": "bulk"})}),
        415, "roster_manifest", "file.orgs is some",
    ),
    "nothing listed": (lambda: zipped({**GOOD, "manifest.csv": manifest("1.2", {})}), 415, "roster_file_missing", "orgs.csv"),
    "an encoding": (
        lambda: zipped({**GOOD, "orgs.csv": csv_text(ORG_COLUMNS, [{**ORGS[0], "name": "N\u00fa"}]).encode("cp1252")}),
        415, "roster_encoding", "orgs.csv",
    ),
    "a quotation mark": (
        lambda: zipped({**GOOD, "orgs.csv": GOOD["orgs.csv"].replace("Region East", '"Region East')}),
        415, "file_quote_open", "orgs.csv",
    ),
    "columns": (
        lambda: zipped({**GOOD, "orgs.csv": GOOD["orgs.csv"].replace("parentSourcedId", "above")}),
        422, "columns_missing", "parentSourcedId",
    ),
    "an empty table": (lambda: zipped({**GOOD, "users.csv": ""}), 422, "columns_missing", "sourcedId"),
}  # fmt: skip


@pytest.fixture
def door(clean: None) -> Door:
    return Door()


def test_a_package_that_is_no_sound_roster_is_refused_with_its_place(door: Door) -> None:
    for name, (made, status, code, words) in CASES.items():
        answer = door.send(made(), dry=False, kind="directory", name="roster.zip")
        assert (answer.status_code, answer.json()["code"]) == (status, code), (name, answer.text)
        assert words in answer.text, (name, answer.text)
    assert door.client.get("/ingest/api/v1/uploads").json()["uploads"] == []


def test_a_roster_is_a_directory_and_no_other_kind(door: Door) -> None:
    for kind in ("participation", "survey-results", "lcap-actions"):
        assert door.refusal(zipped(GOOD), kind=kind) == (415, "file_not_a_table")
    assert door.refusal(zipped({"readme.txt": "x", "students.csv": "x"}), kind="directory") == (415, "file_not_a_table")


def test_other_forms_of_a_good_package_are_read_alike(door: Door) -> None:
    plain = door.told(zipped(GOOD), kind="directory")["roster"]
    forms = {
        "byte order marks": zipped({name: "\ufeff" + text for name, text in GOOD.items()}),
        "other ends of lines": zipped({name: text.replace("\r\n", "\n") for name, text in GOOD.items()}),
        "other cases": zipped(
            {f"Export/{name.upper()}": text.replace("sourcedId", "SourcedID") for name, text in GOOD.items()}
        ),
        "columns turned around": zipped({**GOOD, "orgs.csv": csv_text(tuple(reversed(ORG_COLUMNS)), ORGS)}),
        "further columns": zipped({**GOOD, "users.csv": GOOD["users.csv"].replace("pronouns", "metadata.badge")}),
        "a file that is not listed": zipped({**GOOD, "enrollments.csv": "anything\r\nat all\r\n"}),
        "other files": zipped({**GOOD, "__MACOSX/._orgs.csv": "\0", "demographics.csv": "sourcedId\r\npupil\r\n"}),
    }
    for name, content in forms.items():
        found = door.told(content, kind="directory")["roster"]
        assert {**found, "columns": {}} == {**plain, "columns": {}}, name


def test_a_package_never_unpacks_more_than_the_limit(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosters, "UNPACKED_LIMIT", 100)
    path = f"{tmp_path}/roster.zip"
    with open(path, "wb") as file:
        file.write(zipped(GOOD))
    with pytest.raises(UnreadableFile, match="unpacks to more"):
        rosters.roster_of(path)
