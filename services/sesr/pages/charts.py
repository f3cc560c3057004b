"""The charts of a strike day: schools that had reported, and the students present at them, by half hour."""

from collections.abc import Sequence
from typing import NamedTuple

from services.sesr.pages.words import clock, number
from services.sesr.rules.timing import ReportWindow
from services.sesr.rules.view import Slot
from shared.web.charts import Chart, Figures, Level, LinePlot, Moment, Stop, hours, line_chart, measure
from shared.web.clock import district_zone


def day_charts(slots: Sequence[Slot], expected: int, windows: Sequence[ReportWindow]) -> list[tuple[str, Chart]]:
    """(title, chart) of the reports against those expected, with the times they were due, and of the students.

    None until there are two moments. Each has its own scale, so that neither hides the other.
    """
    if len(slots) < 2:
        return []
    first, last = slots[0].at, slots[-1].at
    due = [
        Moment(window.due.timestamp(), f"Due {clock(window.due)}") for window in windows if first <= window.due <= last
    ]
    reported = _Course(
        "Schools reported", [slot.reported for slot in slots], f"of {number(expected)} schools had reported"
    )
    present = _Course("Students present", [slot.present for slot in slots], "students at the schools that had reported")
    return [
        (reported.title, _drawn(slots, reported, [Level(expected, f"Expected {number(expected)}")], due)),
        (present.title, _drawn(slots, present)),
    ]


class _Course(NamedTuple):
    """A count at each slot; `of` says what the last one is."""

    title: str
    counts: list[int]
    of: str


def _drawn(
    slots: Sequence[Slot], course: _Course, levels: Sequence[Level] = (), moments: Sequence[Moment] = ()
) -> Chart:
    first, last = (slot.at.astimezone(district_zone()) for slot in (slots[0], slots[-1]))
    shown = [(clock(slot.at), number(count)) for slot, count in zip(slots, course.counts, strict=True)]
    stops = [
        Stop(slot.at.timestamp(), (count,), ": ".join(words))
        for slot, count, words in zip(slots, course.counts, shown, strict=True)
    ]
    return line_chart(
        LinePlot(
            words=f"{shown[-1][1]} {course.of} at {clock(last)}",
            x=hours(first, last),
            y=measure([*course.counts, *(level.value for level in levels)], is_whole=True, most=4),
            stops=stops,
            levels=levels,
            moments=moments,
            last_words=shown[-1][1],
            figures=Figures(("At", course.title), shown),
            height=150,
        )
    )
