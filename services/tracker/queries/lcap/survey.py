"""The LCAP's survey measures as one table: item, who answered, level and subgroup, by year."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func

from services.tracker.queries.lcap.measures import Figure, MeasureFilter, MeasureView, measures
from services.tracker.rules.lcap.survey import LEVELS, TRACKER_ITEMS, Survey, level_of, plain_group, tracker_item
from services.tracker.tables.lcap import LcapVersion
from services.tracker.tables.plan import Goal, Item, Level
from services.tracker.tables.progress import ItemProgress
from services.tracker.tables.schools import School

ALL_LEVELS = "All"


class TrackerItem(NamedTuple):
    """The tracker's like item at a level: its goal in points, the schools with a result, the average of their newest."""

    item_id: str
    pillar: str
    item: str
    level: str
    increase: Decimal | None
    schools: int
    average: Decimal | None


@dataclass
class SurveyLine:
    """One item for one kind of respondent, level and subgroup; `years` maps school years to percents as written.

    `tracker` is the id of the progress tracker's like item, or empty.
    """

    item: str
    respondents: str
    level: str
    subgroup: str
    kind: str
    tracker: str
    measured: MeasureView
    figure: Figure
    years: dict[str, Decimal] = field(default_factory=dict)


def survey_lines(session: Session, version: LcapVersion | None) -> list[SurveyLine]:
    """All survey measures, by item, respondents, level and subgroup."""
    found = measures(session, version, MeasureFilter(survey=True))
    lines = [_line(one, figure) for one in found for figure in one.figures]
    return sorted(lines, key=_order)


def years_of(lines: Sequence[SurveyLine]) -> list[str]:
    """The school years that the lines have values of, oldest first."""
    return sorted({year for line in lines for year in line.years})


def beside(session: Session, plan_id: str) -> Sequence[TrackerItem]:
    """Similar items in the tracker of a plan, per level."""
    ids = sorted({item_id for _, _, item_id in TRACKER_ITEMS})
    found = (
        select_columns(
            col(Item.item_id),
            col(Item.pillar),
            col(Item.item),
            col(Level.level),
            col(Goal.increase),
            func.count(col(School.school_key)),
            func.round(func.avg(ItemProgress.latest).filter(col(School.school_key).is_not(None)), 1),
        )
        .join(Level, col(Level.plan_id) == col(Item.plan_id))
        .join(Goal, and_(col(Goal.item_id) == col(Item.item_id), col(Goal.level) == col(Level.level)), isouter=True)
        .join(
            ItemProgress,
            and_(
                col(ItemProgress.item_id) == col(Item.item_id),
                col(ItemProgress.level) == col(Level.level),
                col(ItemProgress.latest).is_not(None),
            ),
            isouter=True,
        )
        .join(School, col(School.school_key) == col(ItemProgress.school_key), isouter=True)
        .where(col(Item.plan_id) == plan_id, col(Item.item_id).in_(ids))
        .group_by(
            *(col(one) for one in (Item.item_id, Item.pillar, Item.item, Level.level)),
            col(Goal.increase),
            col(Item.position),
            col(Level.position),
        )
        .order_by(col(Item.position), col(Level.position))
    )  # fmt: skip
    return [TrackerItem(*row) for row in session.execute(found)]


def _line(one: MeasureView, figure: Figure) -> SurveyLine:
    row, value = one.row, figure.value
    subgroup = row.survey_subgroup or plain_group(value.group)
    level = row.survey_level or level_of(value.group) or ALL_LEVELS
    survey = Survey("explicit", row.survey_item, row.respondents)
    years = {value.period_now: value.now, value.period_before: value.before}
    known = {year: number for year, number in years.items() if year and number is not None}
    return SurveyLine(
        row.survey_item, row.respondents, level, subgroup, row.survey_kind, tracker_item(survey), one, figure, known
    )


def _order(line: SurveyLine) -> tuple[str, str, int, str, int]:
    level = LEVELS.index(line.level) if line.level in LEVELS else len(LEVELS)
    return line.respondents, line.item.casefold(), level, line.subgroup, int(line.measured.row.number)
