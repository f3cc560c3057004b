"""No regular expression of the tree can be made slow by what somebody sends, however long it is."""

import re
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tests.security.patterns import Pattern, hostile_texts, patterns

FOUND = list(patterns())
# What a spreadsheet cell may hold is the length that counts; SHORT shows those that never end, SCREENED those to look at.
SHORT, SCREENED, LONG = 40, 1_000, 20_000
# Processor seconds: at most for LONG, and from when on a doubling is looked at (below, the clock is all there is).
MOST, NOTICED = 0.1, 0.05
SUSPECT = MOST / (LONG / SCREENED) ** 2 / 2
GIVEN_UP = 2.0
# A pattern is slow when so many rounds in a row say so.
ROUNDS = 5


class Slow(Exception):
    """A pattern did not answer in GIVEN_UP seconds."""


@contextmanager
def alarm() -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Slow

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, GIVEN_UP)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds(regex: re.Pattern[Any], method: str, text: str, times: int = 1) -> float:
    """The least processor time of a few runs; GIVEN_UP where it takes longer than that."""
    value: Any = text if isinstance(regex.pattern, str) else text.encode("latin-1", "replace")
    words = [b"" if isinstance(value, bytes) else "", value] if method.startswith("sub") else [value]
    best = GIVEN_UP
    for _ in range(times):
        started = time.process_time()
        try:
            with alarm():
                result = getattr(regex, method)(*words)
                if method == "finditer":
                    list(result)
        except Slow:
            return GIVEN_UP
        best = min(best, time.process_time() - started)
    return best


def slow_text(regex: re.Pattern[Any], methods: Iterable[str]) -> str:
    """What makes the pattern slow; nothing when nothing does."""
    for method in methods:
        for text in hostile_texts(regex):
            if seconds(regex, method, text(SHORT)) < SUSPECT and seconds(regex, method, text(SCREENED)) < SUSPECT:
                continue
            if measured := slow_on(regex, method, text(LONG // 2), text(LONG)):
                return f"{method} of {text(30)!r}...: {measured}"
    return ""


def slow_on(regex: re.Pattern[Any], method: str, half: str, whole: str) -> str:
    """The times of a slow pattern; nothing where one of a few rounds shows it quick: a busy machine slows some of them."""
    measured = ""
    for _ in range(ROUNDS):
        short, long = seconds(regex, method, half, 3), seconds(regex, method, whole, 3)
        if long <= MOST and (long <= NOTICED or long <= 3 * short):
            return ""
        measured = f"{long:.2f} s for {len(whole)} characters, {short:.2f} s for half of them"
    return measured


def test_the_tree_has_patterns_and_the_search_for_slow_texts_finds_the_known_kinds() -> None:
    assert len(FOUND) > 80
    known = (
        r"(://[^:/@\s]+:)[^@\s]+@",
        r"[ _]*[ _]'?(sp|f)$",
        r"^(.*?)\s*(?:x|ext\.?)\s*(\d{1,6})$",
        r"(a+)+$",
        r"(\w|a)*!",
    )
    assert [known for known in known if not slow_text(re.compile(known), ["search"])] == []


@pytest.mark.parametrize("pattern", FOUND, ids=lambda pattern: pattern.place)
def test_a_pattern_is_quick_on_20_kb_of_anything(pattern: Pattern) -> None:
    assert slow_text(pattern.regex, pattern.methods) == "", pattern.regex.pattern
