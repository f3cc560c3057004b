"""Line charts: one or more series over days, hours or names, with zones, levels, moments and the range of a forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from shared.web.charts.axes import Axis, Number, Tick
from shared.web.charts.drawing import (
    BOTTOM,
    LINE,
    TOP,
    Chart,
    Dot,
    Figures,
    Label,
    Mark,
    Rect,
    Stroke,
    Trace,
    height_of,
    left_margin,
    pixels,
    right_margin,
    rows_of,
    share,
    spread,
    ticks_of,
)

# With more stops than this the points are smaller, so that they stay apart.
MANY = 24


class Stop(NamedTuple):
    """One place along the chart: a value for each series, None where there is none, and the words for all of them."""

    at: float
    values: tuple[Number | None, ...]
    words: str


class Zone(NamedTuple):
    """A band from one value to another, named in the left margin."""

    low: Number
    high: Number
    name: str
    kind: str


class Level(NamedTuple):
    """A goal or target: a line across at a value, named at its right end."""

    value: Number
    name: str
    kind: str = "chart-goal"


class Moment(NamedTuple):
    """A line from top to bottom, named at its top."""

    at: float
    name: str


class Fan(NamedTuple):
    """A forecast: from a known point to the likely value, and the range around it, named at its right end."""

    start: tuple[float, Number]
    end: float
    low: Number
    likely: Number
    high: Number
    name: str


@dataclass(frozen=True)
class LinePlot:
    """What a line chart shows. `kinds` holds a class for each series; the value of the last point of the first is written."""

    words: str
    x: Axis
    y: Axis
    stops: Sequence[Stop]
    kinds: Sequence[str] = ("chart-first",)
    zones: Sequence[Zone] = ()
    levels: Sequence[Level] = ()
    moments: Sequence[Moment] = ()
    fan: Fan | None = None
    last_words: str = ""
    legend: tuple[tuple[str, str], ...] = ()
    figures: Figures | None = None
    height: int = 200


def line_chart(plot: LinePlot) -> Chart:
    """The drawing of a plot; a gap in the values is a gap in the line."""
    margin = [(level.name, level.value) for level in plot.levels]
    if plot.fan is not None:
        margin.append((plot.fan.name, plot.fan.likely))
    return Chart(
        words=plot.words,
        height=TOP + plot.height + BOTTOM,
        foot=pixels(TOP + plot.height),
        left=left_margin([*(tick.label for tick in plot.y.ticks), *(zone.name for zone in plot.zones)]),
        right=right_margin([name for name, _ in margin]),
        bands=tuple(_band(plot, zone) for zone in plot.zones),
        rows=rows_of(plot.y, plot.height),
        ticks=ticks_of(plot.x),
        areas=_areas(plot),
        traces=_traces(plot),
        lines=_lines(plot),
        marks=tuple(_mark(plot, stop) for stop in plot.stops),
        labels=(*_zone_names(plot), *_margin_names(plot, margin), *_moment_names(plot), *_last(plot)),
        legend=plot.legend,
        figures=plot.figures,
        start=max((place for place, stop in enumerate(plot.stops) if stop.values[0] is not None), default=-1),
    )


def _y(plot: LinePlot, value: Number) -> float:
    return height_of(plot.y, float(value), plot.height)


def _points(plot: LinePlot, places: Sequence[tuple[float, Number]]) -> str:
    return " ".join(f"{100 * plot.x.part(at):.2f},{pixels(_y(plot, value))}" for at, value in places)


def _band(plot: LinePlot, zone: Zone) -> Rect:
    top, bottom = _y(plot, zone.high), _y(plot, zone.low)
    return Rect("0%", pixels(top), "100%", pixels(bottom - top), zone.kind)


def _areas(plot: LinePlot) -> tuple[Trace, ...]:
    if plot.fan is None:
        return ()
    fan = plot.fan
    return (Trace(_points(plot, [fan.start, (fan.end, fan.high), (fan.end, fan.low)]), "chart-area"),)


def _traces(plot: LinePlot) -> tuple[Trace, ...]:
    """Each run of known values of each series, and the forecast's line."""
    found = []
    for series, kind in enumerate(plot.kinds):
        for is_known, run in groupby(plot.stops, key=lambda stop: stop.values[series] is not None):
            places = [(stop.at, value) for stop in run if (value := stop.values[series]) is not None]
            if is_known and len(places) > 1:
                found.append(Trace(_points(plot, places), kind))
    if plot.fan is not None:
        found.append(Trace(_points(plot, [plot.fan.start, (plot.fan.end, plot.fan.likely)]), "chart-forecast"))
    return tuple(found)


def _lines(plot: LinePlot) -> tuple[Stroke, ...]:
    across = [(pixels(_y(plot, level.value)), level.kind) for level in plot.levels]
    down = [share(plot.x.part(moment.at)) for moment in plot.moments]
    foot = pixels(TOP + plot.height)
    return (
        *(Stroke("0%", y, "100%", y, kind) for y, kind in across),
        *(Stroke(x, pixels(TOP), x, foot, "chart-moment") for x in down),
    )


def _mark(plot: LinePlot, stop: Stop) -> Mark:
    x = share(plot.x.part(stop.at))
    radius = 4 if len(plot.stops) <= MANY else 2.5
    dots = [
        Dot(x, pixels(_y(plot, value)), kind, radius)
        for value, kind in zip(stop.values, plot.kinds, strict=True)
        if value is not None
    ]
    return Mark(stop.words, dots=tuple(dots))


def _zone_names(plot: LinePlot) -> list[Label]:
    middles = [(_y(plot, zone.low) + _y(plot, zone.high)) / 2 + 4 for zone in plot.zones]
    return [
        Label("0%", pixels(y), zone.name, "chart-zone", "end", -8) for zone, y in zip(plot.zones, middles, strict=True)
    ]


def _margin_names(plot: LinePlot, named: Sequence[tuple[str, Number]]) -> list[Label]:
    """The names of levels and of the forecast beside the right edge, apart from one another."""
    wishes = [_y(plot, value) + 4 for _, value in named]
    places = spread(wishes, LINE, TOP + 4, TOP + plot.height + 4)
    return [
        Label("100%", pixels(y), name, "chart-margin", "start", 8) for (name, _), y in zip(named, places, strict=True)
    ]


def _moment_names(plot: LinePlot) -> list[Label]:
    """Names above the moments, as many as do not meet in the width there is; each line stays."""
    named = Axis(plot.x.low, plot.x.high, tuple(Tick(moment.at, moment.name) for moment in plot.moments))
    return [
        Label(tick.at, pixels(TOP - 8), tick.label, f"chart-moment-name {tick.kind}".strip(), "middle")
        for tick in ticks_of(named)
    ]


def _last(plot: LinePlot) -> list[Label]:
    """The value of the first series' last point: above it, or below where the edge or the name of a level is in the way.

    On a phone the name of a level stands above its line, inside the plot.
    """
    known = [(stop.at, value) for stop in plot.stops if (value := stop.values[0]) is not None]
    if not known or not plot.last_words:
        return []
    at, value = known[-1]
    y, part = _y(plot, value), plot.x.part(at)
    is_free = y > TOP + 4 and not any(-10 < y - _y(plot, level.value) < 19 for level in plot.levels)
    anchor = "start" if part < 0.15 else "end" if part > 0.85 else "middle"
    return [Label(share(part), pixels(y - 10 if is_free else y + 18), plot.last_words, "chart-value", anchor)]
