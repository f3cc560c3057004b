"""Charts as SVG that the server draws: no style attribute, no foreign script, readable without any script.

Heights are pixels and widths are percents of the plot, so that letters keep their size from a phone to a wall. The parts of
a drawing stand in `drawing`, scales in `axes`, and a file for each kind of chart; `_charts.html` renders all of them.
"""

from shared.web.charts.axes import Axis, categories, days, hours, measure, percents
from shared.web.charts.bars import BarGroup, lying_bars
from shared.web.charts.columns import Stack, columns
from shared.web.charts.drawing import Chart, Figures
from shared.web.charts.lines import Fan, Level, LinePlot, Moment, Stop, Zone, line_chart
from shared.web.charts.sparklines import Lines, lines

__all__ = [
    "Axis",
    "BarGroup",
    "Chart",
    "Fan",
    "Figures",
    "Level",
    "LinePlot",
    "Lines",
    "Moment",
    "Stack",
    "Stop",
    "Zone",
    "categories",
    "columns",
    "days",
    "hours",
    "line_chart",
    "lines",
    "lying_bars",
    "measure",
    "percents",
]
