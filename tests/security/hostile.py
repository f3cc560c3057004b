"""Strings that break out of what they are put into, and what finds that one did; each has the mark in it."""

import csv
import io
from html.parser import HTMLParser

from openpyxl import load_workbook

MARK = "xssmark"
STRINGS = (
    f"<{MARK} onerror=alert(1)>",
    f'"><{MARK}>',
    f"'><{MARK}>",
    f'" on{MARK}="1" x="',
    f"' on{MARK}='1' x='",
    f"</script><{MARK}>",
    f"</textarea></title><{MARK}>",
    f"<!--{MARK}",
    f"]]><{MARK}>",
    f"javascript:{MARK}",
    f"{{{{ 7 * 7 }}}} {MARK}",
    f"{{% include '{MARK}' %}}",
    f'=HYPERLINK("http://evil.example/{MARK}")',
    f"+{MARK}",
    f"-{MARK}",
    f"@SUM({MARK})",
    f"\t={MARK}",
    f"=cmd|' /C calc'!{MARK}",
    f"' or 1=1; drop table x; -- {MARK}",
    f"../../etc/{MARK}",
    f"%0d%0aBcc: {MARK}@evil.example",
    f"=?utf-8?q?{MARK}?=",
    f"\u202e{MARK}\u2066",
    f"&lt;{MARK}&gt;&#x3c;",
    f"{MARK} " + "long " * 60,
)


class _Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK in tag:
            self.found.append(f"element <{tag}>")
        for name, value in attrs:
            if MARK in name or (name.startswith("on") and len(name) > 3):
                self.found.append(f"attribute {name} of <{tag}>")
            if name in ("href", "src", "action", "formaction") and (value or "").strip().lower().startswith(
                "javascript:"
            ):
                self.found.append(f"address {value}")
        if tag == "script" and not any(name in ("src", "type") for name, _ in attrs):
            self.found.append(f"inline <{tag}>")

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.found.append("comment")


def broken_html(text: str) -> list[str]:
    """What came out of its place in a page."""
    page = _Page()
    page.feed(text)
    if "49 " + MARK in text:
        page.found.append("template run")
    return page.found


def broken_csv(text: str) -> list[str]:
    """The cells that a spreadsheet would run."""
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
    return [cell for cell in cells if MARK in cell and cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def broken_workbook(content: bytes) -> list[str]:
    """The cells that are a formula or a link of the attacker's."""
    book = load_workbook(io.BytesIO(content))
    return [
        f"{sheet.title}!{cell.coordinate}"
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if MARK in str(cell.value) and (cell.data_type == "f" or cell.hyperlink)
    ]
