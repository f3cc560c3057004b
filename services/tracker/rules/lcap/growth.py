"""What a measure's growth text says: each group's value now and before, of when, and what of it is uncertain."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from services.tracker.rules.lcap.words import YEAR, Number, day, moment, numbers, school_year, word_number

FAR_APART = 10
# No measure's text is nearly as long; what is longer is read so far and marked.
MOST_TEXT = 8_000
MOST_WORDS = 400
LEVELS = ("No Performance Color", "Red", "Orange", "Yellow", "Green", "Blue", "Very Low", "Very High", "Low", "Medium", "High")  # fmt: skip
_LEVEL = re.compile(r"(?:(?<!\s)\s++)?(?:- )?([^:]{1,100}?):\s*(" + "|".join(LEVELS) + r")\.?(?=\s|$)")
_NOT_LABELS = frozenset({"Increased", "Decreased", "Maintained", "Baseline", "Improved", "Note"})
_LABEL = re.compile(
    rf"(?:^|(?<=[\s;-]))(?:(?P<year>{YEAR})|(?:[BME]OY )?(?P<label>[A-Z][\w()/&.-]{{0,40}}(?: (?:[A-Z(][\w()/&.-]{{0,40}}|\d{{1,9}}|of|in|and|the)){{0,12}})):(?=\s|-|\d|$)"
)
_JOINED_YEAR = re.compile(r"(20\d\d)- (\d\d)\b")
_WORD_AND_DIGITS = re.compile(r"\b[A-Za-z]{3,8} \((\d{1,2})\)(?= [a-zA-Z])")
_COMPARED = re.compile(r"\bcompared to\b|\bfrom (?:an? |about |approximately )?(?=-?\d|[a-z]+ )", re.IGNORECASE)
_MOVED = r"(?:[Ii]ncreas|[Dd]ecreas|[Ii]mprov|[Rr]educ|\b[Rr]ose\b)"
_TO = re.compile(rf"{_MOVED}(?:(?!{_MOVED}).)*?\bto (?:approximately |about )?(?=-?[\d.])")
_STATED = re.compile(r"\b(increas|decreas|reduc|improv|rose)", re.IGNORECASE)
_PENDING = re.compile(r"\b(?:(?:data|results?) (?:is|are) pending|to be determined)", re.IGNORECASE)
_CHANGE = re.compile(
    r"\b(?:increase|decrease) of\b|\b(?:increas|decreas)ed (?:by )?-?[\d.]+%|\bfrom 20\d\d", re.IGNORECASE
)
_RATE = re.compile(r"\bfrom an? [\d.]+% (?:increase|decrease)", re.IGNORECASE)
_POINT = re.compile(rf"(?:^|\s)- (?!{YEAR})(?=[A-Z]|\d)")
_PART_OF_YEAR = re.compile(r"\b(?:quarter|trimester)\b", re.IGNORECASE)
_CUT_YEAR = re.compile(r"20\d\d-\d?$")


@dataclass(frozen=True)
class Value:
    """One group's value, and the one it is compared with; `level` instead of a number for colors and levels.

    `doubt` says why a person has to look at the two numbers before they are compared; `words` are the text's own.
    """

    group: str
    now: Decimal | None
    before: Decimal | None
    unit: str
    period_now: str
    inferred: bool
    period_before: str
    as_of: str
    level: str = ""
    doubt: str = ""
    words: str = ""

    @property
    def delta(self) -> Decimal | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def direction(self) -> str:
        """`up`, `down`, `same`, or empty without both values; it says nothing of good or bad."""
        delta = self.delta
        if delta is None:
            return ""
        return "up" if delta > 0 else "down" if delta < 0 else "same"


@dataclass(frozen=True)
class Growth:
    """What was read: the values, whether newer results are pending, and the reasons to have a person look at it."""

    values: tuple[Value, ...]
    pending: bool
    doubts: tuple[str, ...]


@dataclass
class _Segment:
    """A label, or a year standing as one, with the text up to the next."""

    label: str
    year: str
    body: str


@dataclass
class _Reader:
    """The values and doubts found so far; `year` is the table's own, for texts that name none."""

    year: str
    values: list[Value] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    pending: bool = False

    def doubt(self, reason: str) -> None:
        if reason not in self.doubts:
            self.doubts.append(reason)

    def doubt_last(self, reason: str) -> None:
        """Doubts the value that was read last."""
        self.doubt(reason)
        if self.values:
            self.values[-1] = replace(self.values[-1], doubt=self.values[-1].doubt or reason)


def read_growth(text: str, year: str = "") -> Growth:
    """Reads one text by the rules; every number that no rule took, and every odd pair, becomes a doubt.

    A text without a year is about the table's own, `year`, which is then marked as inferred.
    """
    whole, text = text, text[:MOST_TEXT]
    text = _WORD_AND_DIGITS.sub(r"\1", _JOINED_YEAR.sub(r"\1-\2", text)).strip()
    levels = _levels(text, year)
    if levels:
        return Growth(tuple(levels), False, ())
    reader = _Reader(year)
    segments = _segments(text)
    at = 0
    while at < len(segments):
        run = _year_run(segments, at)
        if len(run) > 1:
            _read_years(run, reader)
        else:
            _read_segment(segments[at], reader)
        at += max(len(run), 1)
    _doubt_whole(text, reader)
    if len(whole) > MOST_TEXT:
        reader.doubt("the text is too long; only its start was read")
    return Growth(tuple(reader.values), reader.pending or bool(_PENDING.search(text)), tuple(reader.doubts))


def _doubt_whole(text: str, reader: _Reader) -> None:
    """What only the whole text shows."""
    groups = [value.group for value in reader.values]
    if not groups:
        reader.doubt("no value found in the text")
    if _CUT_YEAR.search(text):
        reader.doubt("the text is cut off in the middle of a year")
    if len(set(groups)) < len(groups):
        reader.doubt("a group is named more than once")
    if any(moment(group) for group in groups):
        reader.doubt("a date is where a group's name should be")
    points = len(_POINT.findall(text))
    if points > max(len(groups), 1) and "the text holds more numbers than were read" not in reader.doubts:
        reader.doubt("the text has more points than values were read")
    if _PART_OF_YEAR.search(text):
        reader.doubt("the values are of a part of the year")
    if _RATE.search(text) or (_CHANGE.search(text) and any(value.before is None for value in reader.values)):
        reader.doubt("the text gives a change, not the two values")


def _levels(text: str, year: str) -> list[Value]:
    """Colors or levels of the state's dashboard, when the whole text is made of them."""
    found, at = [], 0
    while match := _LEVEL.match(text, at):
        found.append(Value(match[1].strip(), None, None, "level", year[:4], True, "", "", match[2]))
        at = match.end()
    return found if text[at:].strip(" .") == "" else []


def _segments(text: str) -> list[_Segment]:
    marks = [found for found in _LABEL.finditer(text) if found["label"] not in _NOT_LABELS]
    made = [_Segment("", "", text[: marks[0].start()] if marks else text)]
    for mark, after in zip(marks, [*marks[1:], None], strict=False):
        body = text[mark.end() : after.start() if after else None]
        made.append(_Segment((mark["label"] or "").strip(), mark["year"] or "", body))
    return [segment for segment in made if segment.body.strip(" -.;") or segment.label or segment.year]


def _year_run(segments: Sequence[_Segment], at: int) -> list[_Segment]:
    """The segments from here on that are labeled by years, those with pending results left out of the reading."""
    run = []
    for segment in segments[at:]:
        if not segment.year:
            break
        run.append(segment)
    return run


def _read_years(run: Sequence[_Segment], reader: _Reader) -> None:
    """`2022-23: 25% 2021-22: 27%`: the newest year with a value is now, the next one before."""
    known = [segment for segment in run if not _PENDING.search(segment.body)]
    reader.pending = reader.pending or len(known) < len(run)
    if len(known) < 2:
        for segment in known:
            _read_segment(segment, reader)
        return
    newest, older = sorted(known, key=lambda segment: segment.year, reverse=True)[:2]
    now, before = _first(newest), _first(older)
    if not now:
        reader.doubt("no value found in the text")
        return
    value = Value(
        "", now[0].value, before[0].value if before else None, now[0].unit, newest.year, False, older.year,
        day(newest.body), words=_words(" ".join(f"{segment.year}: {segment.body.strip()}" for segment in run)),
    )  # fmt: skip
    _add(reader, value, now[0], before[0] if before else None)
    _leftover([*now[1:], *before[1:]], reader)


def _first(segment: _Segment) -> list[Number]:
    """The numbers of a year's text, the value first."""
    compared = _comparison(segment.body)
    return numbers(segment.body[: compared.start()] if compared else segment.body)


def _words(text: str) -> str:
    """The text's own words for a value, as long as a person can take in beside the others."""
    return " ".join(text.split())[:MOST_WORDS]


def _comparison(body: str) -> re.Match[str] | None:
    """The words that part now from before: `compared to`, or `from` with a number behind it."""
    for found in _COMPARED.finditer(body):
        rest = body[found.end() :]
        known = numbers(rest)
        near = known and (known[0].at <= 1 or found[0].casefold().startswith("compared"))
        word = word_number(rest)
        if near or (word is not None and word.at <= 1):
            return found
    return None


def _read_segment(segment: _Segment, reader: _Reader) -> None:
    body = segment.body
    compared = _comparison(body)
    stated = body[: compared.start()] if compared else body
    rest = body[compared.end() :] if compared else ""
    now, skipped = _now(stated, paired=compared is not None)
    if now is None:
        if segment.label:
            reader.doubt(f"no value found for {segment.label}")
        return
    before = _before(rest)
    year = school_year(stated) or segment.year
    later = numbers(rest)[1:] if before and before.unit != "word" else []
    period_before = moment(rest) if before else ""
    value = Value(
        segment.label, now.value, before.value if before else None, now.unit, year or reader.year, not year,
        period_before, day(stated), words=_words(f"{segment.label}: {body}" if segment.label else body),
    )  # fmt: skip
    _add(reader, value, now, before)
    _leftover([*skipped, *later], reader)
    _doubt_stated(stated + (compared[0] if compared else ""), value, reader)


def _now(text: str, *, paired: bool) -> tuple[Number | None, list[Number]]:
    """The value now, and the numbers beside it that were not taken."""
    found = numbers(text)
    to = _TO.search(text)
    target = next((number for number in found if to is not None and number.at == to.end()), None)
    if target is not None:
        return target, [number for number in found if number.at > target.at]
    if found:
        return found[0], found[1:]
    return (word_number(text) if paired else None), []


def _before(rest: str) -> Number | None:
    found = numbers(rest)
    word = word_number(rest)
    if word is not None and (not found or word.at < found[0].at) and word.at <= 1:
        return word
    return found[0] if found else None


def _leftover(left: Sequence[Number], reader: _Reader) -> None:
    if left:
        reader.doubt_last("the text holds more numbers than were read")


def _add(reader: _Reader, value: Value, now: Number, before: Number | None) -> None:
    reader.values.append(value)
    if now.cut or (before is not None and before.cut):
        reader.doubt_last("a number has lost its decimals")
    if before is None:
        return
    if now.unit != before.unit:
        reader.doubt_last("one value is a percentage and the other is not")
    elif now.value and before.value and (now.value < 0) != (before.value < 0):
        reader.doubt_last("the two values have opposite signs")
    elif before.value and now.value and not 1 / Decimal(FAR_APART) < abs(now.value / before.value) < FAR_APART:
        reader.doubt_last("the two values are more than ten times apart")
    if not value.period_before:
        reader.doubt("the value before has no year")
    elif value.period_before == value.period_now:
        reader.doubt("both values are of one year: a comparison with others, not with time")


def _doubt_stated(text: str, value: Value, reader: _Reader) -> None:
    """The text's own word for the change against the numbers."""
    stated = _STATED.search(text)
    if stated is None or value.direction in ("", "same"):
        return
    word = stated[0].casefold()
    if word.startswith(("increas", "rose")) and value.direction == "down":
        reader.doubt_last("the text says increase, the numbers fell")
    if word.startswith(("decreas", "reduc")) and value.direction == "up":
        reader.doubt_last("the text says decrease, the numbers rose")
