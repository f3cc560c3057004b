"""The LCAP's survey measures as one table: item, who answered, level and subgroup, by year."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.tracker.queries.lcap_measures import MOST, Figure, Told, Wanted, measures
from services.tracker.rules.lcap_ses import LEVELS, TRACKER_ITEMS, Survey, level_of, plain_group, tracker_item

ALL_LEVELS = "All"
_BESIDE = text(
    "select i.item_id, i.pillar, i.item, l.level, g.increase, count(s.latest) as schools, round(avg(s.latest), 1) as average"
    " from item i cross join level l left join goal g on g.item_id = i.item_id and g.level = l.level"
    " left join (standing s join school using (school_key)) on s.item_id = i.item_id and s.level = l.level"
    " where i.item_id = any(:ids)"
    " group by i.item_id, l.level, g.increase order by i.position, l.position"
)


@dataclass
class Line:
    """One item for one kind of respondent, level and subgroup; `years` maps school years to percents as written.

    `tracker` is the id of the progress tracker's like item, or empty.
    """

    item: str
    respondents: str
    level: str
    subgroup: str
    kind: str
    tracker: str
    told: Told
    figure: Figure
    years: dict[str, Decimal] = field(default_factory=dict)


def survey_lines(session: Session) -> list[Line]:
    """All survey measures, by item, respondents, level and subgroup."""
    lines = [_line(told, figure) for told in measures(session, Wanted(survey=True), MOST) for figure in told.figures]
    return sorted(lines, key=_order)


def years_of(lines: Sequence[Line]) -> list[str]:
    """The school years that the lines have values of, oldest first."""
    return sorted({year for line in lines for year in line.years})


def beside(session: Session) -> Sequence[Any]:
    """The tracker's like items per level: goal in points, schools with a result, and the average of their newest."""
    ids = sorted({item_id for _, _, item_id in TRACKER_ITEMS})
    return session.execute(_BESIDE, {"ids": ids}).all()


def _line(told: Told, figure: Figure) -> Line:
    row, value = told.row, figure.value
    subgroup = row.survey_subgroup or plain_group(value.group)
    level = row.survey_level or level_of(value.group) or ALL_LEVELS
    survey = Survey(row.survey_kind, row.survey_item, row.respondents)
    years = {value.period_now: value.now, value.period_before: value.before}
    known = {year: number for year, number in years.items() if year and number is not None}
    return Line(
        row.survey_item, row.respondents, level, subgroup, row.survey_kind, tracker_item(survey), told, figure, known
    )


def _order(line: Line) -> tuple[str, str, int, str, int]:
    level = LEVELS.index(line.level) if line.level in LEVELS else len(LEVELS)
    return line.respondents, line.item.casefold(), level, line.subgroup, int(line.told.row.number)
