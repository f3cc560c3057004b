"""Charts as a browser gets them, and what they show read back from pixels by rules of the tests' own."""

import re
from typing import Any, NamedTuple
from xml.etree import ElementTree

from shared.web.charts import Chart
from tests.shared.pages_app import environment

# The width of a letter by the tables of the font that is widest among those of the look (Verdana, 12 px, mean of digits
# and lower case letters), so that what does not meet here meets nowhere.
LETTER = 7.0


MADE = environment().from_string('{% from "_charts.html" import chart %}{{ chart(c) }}')


class Words(NamedTuple):
    """A text of the chart with the box that it fills, at a width of the plot."""

    words: str
    left: float
    right: float
    y: float

    def meets(self, other: "Words") -> bool:
        return self.left < other.right and other.left < self.right and abs(self.y - other.y) < 11


class Drawn:
    """A chart that was rendered: its parts by class."""

    def __init__(self, chart: Chart) -> None:
        self.html = MADE.render(c=chart)
        self.figure = ElementTree.fromstring(self.html)

    def all(self, name: str) -> list[ElementTree.Element]:
        return [one for one in self.figure.iter() if name in one.get("class", "").split()]

    def texts(self, plot: float, hidden: tuple[str, ...] = ("chart-wide", "chart-widest")) -> list[Words]:
        """The texts at a width of the plot; those of `hidden` are left out."""
        return [words for svg in self.all("chart") for words in self._texts(svg, plot, hidden)]

    def _texts(self, node: ElementTree.Element, plot: float, hidden: tuple[str, ...]) -> list[Words]:
        if set(hidden) & set(node.get("class", "").split()):
            return []
        if node.tag == "text":
            return [box(node, plot)]
        return [words for inner in node for words in self._texts(inner, plot, hidden)]


def box(node: ElementTree.Element, plot: float) -> Words:
    x = float(node.get("x", "0").rstrip("%")) / 100 * plot + float(node.get("dx", "0"))
    width = LETTER * len(node.text or "")
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[node.get("text-anchor", "start")]
    return Words(node.text or "", left, left + width, float(node.get("y", "0")) + float(node.get("dy", "0")))


def percent(text: str) -> float:
    """A share of the width such as `12.50%`, 0 to 1."""
    assert re.fullmatch(r"-?\d+\.\d\d%|0%|100%", text), text
    return float(text.rstrip("%")) / 100


def value_at(drawn: Drawn, y: float) -> float:
    """The value of a height, read from the labels of two grid lines as a person with a ruler would."""
    lines = [(float(one.get("y1", "0"))) for one in drawn.all("chart-grid") if one.get("x2") == "100%"]
    rows = [one for one in drawn.figure.iter("text") if one.get("text-anchor") == "end" and one.get("dy") == "4"]
    (low, high) = (number(rows[0]), number(rows[-1]))
    return low + (lines[0] - y) / (lines[0] - lines[-1]) * (high - low)


def number(node: ElementTree.Element) -> float:
    words = (node.text or "").replace(",", "").rstrip("%")
    units = {"M": 1e6, "B": 1e9, "T": 1e12}
    return float(words.split()[0]) * units.get(words.split()[-1], 1)


def marks(drawn: Drawn) -> list[Any]:
    return drawn.all("chart-mark")
