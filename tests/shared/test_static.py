"""The look: its files and their addresses, the page of every part in a real browser, light, dark, wide and narrow."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from shared.settings import SERVICES
from shared.web.static_files import DIGEST, FILES, FOLDER, FOLDERS, static_url
from tests.browser.axe import axe
from tests.shared.pages_app import PARTS, Pages, served

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = [path for folder in ("shared", "services") for path in sorted((ROOT / folder).rglob("templates/**/*.html"))]
# A mail is a whole document of its own: its style is put inline before it is sent.
MAILS = {path for path in TEMPLATES if "<html" in path.read_text()} - {FOLDER.parent / "templates" / "base.html"}
PAGES = [path for path in TEMPLATES if path not in MAILS] + [PARTS / "every_part.html"]


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


@pytest.fixture(scope="module")
def site(pages: Pages) -> Iterator[str]:
    with served(pages) as address:
        yield address


@pytest.mark.parametrize("folder", [FOLDER, PARTS], ids=["product", "tests"])
def test_vendored_files_are_those_of_the_manifest(folder: Path) -> None:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    listed = {file["file"]: file["sha256"] for package in manifest["vendored"] for file in package["files"]}
    assert all(package["license"] and package["version"] for package in manifest["vendored"])
    assert listed == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in listed}
    assert {path.name for path in folder.glob("vendor/*")} <= {Path(name).name for name in listed}


def test_files_are_served_for_ever_under_their_content(pages: Pages) -> None:
    client = TestClient(pages.app())
    for name, kind in (("layout.css", "text/css"), ("ses.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        answer = client.get(static_url(name))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.content == FILES[name]
    plain = client.get(static_url("app.webmanifest"), headers={"accept-encoding": "identity"})
    assert plain.json()["short_name"] == "SES"
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/000000000000/ses.js",
        f"/static/{DIGEST}/none.js",
        f"/static/{DIGEST}/../templates/base.html",
        f"/static/{DIGEST}/%2e%2e/templates/base.html",
        f"/static/{DIGEST}/..%2ftemplates%2fbase.html",
        f"/static/{DIGEST}//etc/passwd",
        f"/static/{DIGEST}/",
    ],
)
def test_other_addresses_are_not_found(pages: Pages, path: str) -> None:
    answer = TestClient(pages.app()).get(path)
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_a_misspelt_static_file_is_refused_when_the_page_is_made() -> None:
    with pytest.raises(KeyError, match=r"has no sess\.js"):
        static_url("sess.js")


def test_a_file_of_one_service_stands_with_that_service() -> None:
    wrong = [path.name for path in FOLDER.iterdir() if path.stem.partition("-")[0] in SERVICES]
    assert wrong == [], f"move it to services/<service>/static: {wrong}"


def test_both_dark_palettes_are_the_same() -> None:
    blocks = re.findall(r"data-theme=\"(?:light\"\]\)|dark\"\]) \{([^}]*)\}", (FOLDER / "tokens.css").read_text())
    assert len(blocks) == 2
    assert blocks[0].split() == blocks[1].split()


def test_every_value_of_the_look_is_used() -> None:
    style = "".join(path.read_text() for folder in FOLDERS for path in sorted(folder.glob("*.css")))
    named = set(re.findall(r"^\s*(--[a-z0-9-]+):", style, re.MULTILINE))
    assert named - set(re.findall(r"var\((--[a-z0-9-]+)", style)) == set()


@pytest.mark.parametrize(
    "path", sorted(path for folder in FOLDERS for path in folder.glob("*.*")), ids=lambda path: path.name
)
def test_own_files_stay_short_and_fetch_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert re.findall(r"\beval\(|new Function|@import|https?://(?!www\.w3\.org)", text) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_templates_hold_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"\sstyle=|<style|\son[a-z]+=|javascript:|hx-on|<script(?![^>]*src=)|\|\s*safe\b", text) == []


def htmx_complaints(*paths: Path) -> str:
    tool = [sys.executable, str(PARTS / "htmx-upgrade-check.txt")]
    return subprocess.run([*tool, *map(str, paths)], capture_output=True, text=True, check=False).stdout.strip()


def test_templates_use_htmx_4_as_it_is(tmp_path: Path) -> None:
    old = tmp_path / "old.html"
    old.write_text('<div hx-ext="sse" hx-get="/x"></div>')
    assert "hx-ext" in htmx_complaints(old)
    assert htmx_complaints(*PAGES) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/", "/error", "/docs"])
def test_every_part_is_accessible(browser: Browser, site: str, scheme: Any, width: int, path: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.goto(site + path)
    for menu in opened.locator("summary").all()[:2]:
        assert axe(opened) == []
        menu.click()
    context.close()


@pytest.mark.parametrize("path", ["/", "/error", "/docs"])
def test_nothing_is_wider_than_a_small_phone(browser: Browser, site: str, path: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    opened = context.new_page()
    opened.goto(site + path)
    assert opened.evaluate("document.documentElement.scrollWidth") == 320
    context.close()


def test_a_charts_values_are_read_by_keys_and_by_pointer_and_lie_where_they_belong(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto(site + "/")
    figure = opened.locator(".chart-figure").first
    readout = figure.locator(".chart-readout")
    expect(readout).to_have_text("2025-03-17: 47")
    figure.locator(".chart-reader").focus()
    opened.keyboard.press("ArrowLeft")
    expect(readout).to_have_text("2025-03-10: 41")
    expect(figure.locator(".chart-mark.current title")).to_have_text("2025-03-10: 41")
    opened.keyboard.press("Home")
    expect(readout).to_have_text("2025-01-27: 3")
    dots = figure.locator("circle").evaluate_all("all => all.map(one => one.getBoundingClientRect())")
    heights = figure.locator(".chart-grid").evaluate_all("all => all.map(one => one.getBoundingClientRect().y)")
    percents = [100 * (heights[0] - dot["y"] - dot["height"] / 2) / (heights[0] - heights[-1]) for dot in dots]
    assert [round(percent) for percent in percents] == [3, 8, 21, 33, 38, 41, 47]
    opened.mouse.move(dots[3]["x"] + 4, dots[3]["y"] - 60)
    expect(readout).to_have_text("2025-02-24: 33")
    context.close()


def test_a_charts_values_stand_in_its_page_without_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(site + "/")
    expect(opened.locator(".chart-reader").first).to_be_hidden()
    opened.get_by_text("As a table").first.click()
    expect(opened.get_by_role("row", name="59 46")).to_be_visible()
    context.close()


def test_a_symbol_with_a_spoken_text_stands_plain_before_it_for_safari_before_17_4() -> None:
    for sheet in (path for folder in FOLDERS for path in folder.glob("*.css")):
        lines = [line.strip() for line in sheet.read_text().splitlines()]
        spoken = [(line, lines[at - 1]) for at, line in enumerate(lines) if re.match(r'content: ".*" /', line)]
        assert [line for line, before in spoken if before != line.partition(" /")[0] + ";"] == [], sheet


def test_a_page_with_a_drop_zone_loads_the_script_that_takes_what_is_dropped() -> None:
    zones = [path for path in TEMPLATES if "{{ drop_zone(" in path.read_text()]
    assert len(zones) > 1
    assert [path for path in zones if "upload.js" not in path.read_text()] == []


def test_the_supported_browsers_of_the_checks_are_those_of_the_documentation() -> None:
    shown = (ROOT / "docs" / "browsers.md").read_text()
    names = {"ios_saf": "| Safari on iPhone and iPad | iOS ", "safari": "| Safari on a Mac | "}
    names |= {"chrome": "| Chrome, and others made of it | ", "edge": "| Edge | ", "firefox": "| Firefox | "}
    checked = json.loads((ROOT / "package.json").read_text())["browserslist"]
    assert {line.split()[0] for line in checked} == names.keys()
    assert [line for line in checked if f"{names[line.split()[0]]}{line.split()[-1]} |" not in shown] == []
