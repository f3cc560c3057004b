"""Each kind of mail as mail programs show it: what each of them drops is dropped, then the page is rendered and measured."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from services.notify.mailer.headings import DigestFacts
from services.notify.mailer.letters import write
from services.notify.rules.alerts import AlertLine
from services.notify.rules.plans import PlanOutcome
from tests.browser.chromium import browser
from tests.notify.telling import FEB14
from tests.notify.test_letters import SITE, facts, line

__all__ = ["browser"]


def lines(mark: str, count: int, group: str = "parents", **changed: Any) -> list[AlertLine]:
    names = ("Maldonado Avenue Elementary School of Arts", "Birch El", "Cedar Ave Sci/Tech Magnet")
    return [
        line(
            mark,
            f"{names[n % 3]} {n}",
            school_key=f"{mark}{group}{n}",
            group=group,
            needed=n + 1,
            **{"outlook": ("stays", "may", "leaves", "")[n % 4], "final_low": 21, "final_high": 34, **changed},
        )
        for n in range(count)
    ]


def mixed() -> list[AlertLine]:
    return [
        *lines("new", 3, "staff"),
        *lines("handed over", 1, note="from Frisch, Soren L"),
        *lines("still", 12),
        *lines("still", 4, "students", note='director unclear in the newest file, which names "VEGGA"'),
        *lines("left", 9),
        *lines("missing", 1, "staff"),
        *lines("moved", 2, "students", note="Frisch, Soren L"),
        *lines("snoozed", 2, "staff"),
    ]


PLAN = PlanOutcome(
    "Vega, Marta", FEB14, "Paper surveys go home on Monday; the office calls families.", 12, 11, 9, 14, 2
)
KINDS: dict[str, tuple[DigestFacts, str]] = {
    "new": (facts(*mixed(), reason="new schools", late=["students"]), "digest"),
    "still": (facts(*lines("still", 8, since_plan=3), reason="still", plans=[PLAN]), "digest"),
    "correction": (facts(*lines("still", 4, was_submitted=10, was_total=90), correction=True, reason="corrected"), "digest"),
    "reminder": (facts(*lines("still", 4)), "reminder"),
    "all left": (facts(*lines("left", 3), reason="all left"), "digest"),
    "moved": (facts(*lines("moved", 1, note="Frisch, Soren L"), reason="moved"), "digest"),
    "missing": (facts(*lines("missing", 1), reason="missing"), "digest"),
    "escalation": (
        facts(
            *lines("still", 4, lasted=4),
            kind="escalation",
            spelling="Head of region E",
            reason="escalated",
            plans=[PLAN, PlanOutcome("Nolan, Pat")],
        ),
        "digest",
    ),
}  # fmt: skip


# As many lines as a mail may hold: its rows are those of "new".
LONG: tuple[DigestFacts, str] = (
    facts(*lines("new", 90), *lines("still", 90, "staff"), *lines("left", 60), reason="new schools"),
    "digest",
)


def as_sent(html: str) -> str:
    return html


def without_style(html: str) -> str:
    """Gmail for other accounts, Outlook on the web in part: no style sheet, and the body is a plain block."""
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"<body[^>]*>", "<body>", html)


def without_body(html: str) -> str:
    """Outlook for Mac keeps no body, but the style sheet."""
    return re.sub(r"<body[^>]*>", "<body>", html)


def as_word(html: str) -> str:
    """Classic Outlook: the mso blocks hold; no padding, margin or width of blocks, no inherited font in tables."""
    html = re.sub(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)
    html = re.sub(
        r"<style>.*?</style>", lambda found: "" if "prefers-color" in found[0] else found[0], html, flags=re.DOTALL
    )
    html = re.sub(r"max-width: ?[^;\"]*;?|border-radius: ?[^;\"]*;?|margin: 0 auto;?", "", html)
    return html.replace("</head>", "<style>table { font-family: serif; color: #000000 }</style></head>", 1)


CLIENTS: dict[str, Callable[[str], str]] = {
    "as sent": as_sent, "no style": without_style, "no body": without_body, "word": as_word, "inverted": as_sent,
}  # fmt: skip
# What a reader chooses: the narrow phone in both schemes, the wide window in one; colors do not depend on the width.
VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((390, "light"), (390, "dark"), (1000, "light"))
# Contrast of each text with the nearest background behind it, the size of its letters, and what sticks out to the right.
# `turned`: what forces dark colors without asking turns every color round.
MEASURE = """(turned) => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map((v, n) => turned && n < 3 ? 255 - Number(v) : Number(v));
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return turned ? [0, 0, 0] : [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, text = node.textContent.trim();
    if (!text || text === '\\u00a0') continue;
    const parent = node.parentElement, style = getComputedStyle(parent), box = parent.getBoundingClientRect();
    const a = light(rgb(style.color)), b = light(behind(parent));
    found.push({text, contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size: parseFloat(style.fontSize),
      font: style.fontFamily, top: box.top, right: box.right});
  }
  return {texts: found, wide: document.documentElement.scrollWidth};
}"""


@pytest.fixture(scope="module")
def screen(browser: Browser) -> Iterator[Page]:
    """One page that shows mail after mail."""
    page = browser.new_page(viewport={"width": 390, "height": 900})
    yield page
    page.close()


def measured(screen: Page, width: int, scheme: Literal["light", "dark"], *, turned: bool = False) -> Any:
    screen.set_viewport_size({"width": width, "height": 900})
    screen.emulate_media(color_scheme=scheme)
    return screen.evaluate(MEASURE, turned)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_kind_reads_well_where_a_mail_program_drops_or_turns_round_what_it_likes(
    client: str, screen: Page
) -> None:
    views = [view for view in VIEWS if view[1] == "light" or client not in ("word", "no style")]
    for name, (digest, kind) in KINDS.items():
        screen.set_content(CLIENTS[client](write(digest, SITE, "key", kind=kind).html))
        for width, scheme in views:
            found = measured(screen, width, scheme, turned=client == "inverted")
            where = (client, name, width, scheme)
            pale = [(t["text"], round(t["contrast"], 1)) for t in found["texts"] if t["contrast"] < 4.5]
            assert pale == [], where
            assert min(t["size"] for t in found["texts"]) >= 13, where
            assert client == "word" or found["wide"] <= width, where
            if client != "no style":
                serif = [t["text"] for t in found["texts"] if "Segoe UI" not in t["font"]]
                assert serif == [], where


def test_on_a_phone_what_asks_for_action_is_on_the_first_screen_and_again_at_the_end(screen: Page) -> None:
    for name, (digest, kind) in {**KINDS, "long": LONG}.items():
        written = write(digest, SITE, "key", kind=kind)
        if "ANSWER-LINK" not in written.html:
            assert name in ("all left", "moved", "missing", "escalation")
            continue
        screen.set_content(written.html)
        texts = measured(screen, 390, "light")["texts"]
        buttons = [t["top"] for t in texts if t["text"] == "Tell us your plan"]
        assert len(buttons) == 2 and buttons[0] < 500 < buttons[1] or len(texts) < 40, name
        tops = {t["text"]: t["top"] for t in reversed(texts)}
        order = [
            tops[title]
            for title in ("Closest to 25%", "Newly below 25%", "Still below 25%", "Rose above 25%")
            if title in tops
        ]
        assert order == sorted(order), name


def test_the_first_words_of_a_mail_are_not_those_of_its_subject() -> None:
    for digest, kind in KINDS.values():
        written = write(digest, SITE, "key", kind=kind)
        page = re.sub(r"<[^>]+>", " ", re.sub(r"<head>.*?</head>|<!--.*?-->", "", written.html, flags=re.DOTALL))
        first = " ".join(page.split())[:60]
        heading = " ".join(written.body.partition("\n\n")[0].split())[:60]
        assert heading and (first.startswith(heading) or kind == "reminder")
        assert written.subject[:25] not in first
        assert len(written.subject) <= 110


def test_no_mail_speaks_our_language() -> None:
    for digest, kind in KINDS.values():
        written = write(digest, SITE, "key", kind=kind)
        words = re.sub(r"https?://\S+", "", written.body)
        assert not re.search(r"\b(Tier|digest|alert|revision|route)\b", words, re.IGNORECASE), written.subject
