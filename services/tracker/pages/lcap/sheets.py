"""What the LCAP workbook holds: the tabs' columns and rows, with what each covers, from which file and as of when."""

from collections.abc import Sequence

from sqlmodel import Session

from services.tracker.exports.lcap import LcapColumn as Column
from services.tracker.exports.lcap import LcapSheet
from services.tracker.queries.lcap import measures as measure_queries
from services.tracker.queries.lcap import spending
from services.tracker.queries.lcap.survey import beside, survey_lines, years_of
from services.tracker.queries.lcap.versions import actions_version, measures_version, plan_years
from services.tracker.queries.plan import current_plan
from services.tracker.rules.lcap.actions import CARRYOVER
from services.tracker.rules.lcap.forms import CARRYOVER_LINES, FORMS, amount_labels, fund_labels
from services.tracker.rules.lcap.shown import shown_rows
from services.tracker.rules.lcap.spending import SpendingTotals, totals
from services.tracker.tables.lcap import LcapVersion
from shared.files.workbooks import Cell
from shared.web.clock import instant_words

_TAB_LONGEST = 31
_MEASURES = (
    Column("Action of the year after"), Column("Action"), Column("Action Title", "wide"),
    Column("Progress Measure", "wide"), Column("Group"), Column("Now", "number"), Column("Before", "number"),
    Column("Unit"), Column("Period now"), Column("Period inferred"), Column("Period before"), Column("As of"),
    Column("Change", "number"), Column("Direction"), Column("Better is"), Column("Reading"), Column("Part year"),
    Column("As the table says it", "wide"), Column("Pending"), Column("To check", "wide"), Column("Damage", "wide"),
    Column("Checked by"), Column("Source line", "number"),
)  # fmt: skip


def sheets(session: Session, year: str = "") -> list[LcapSheet]:
    """A tab for each table of the plan year and its totals, one of measures (a row a value), one of survey measures."""
    shown = actions_version(session, year)
    tables = plan_years(session)[shown.plan_year] if shown is not None else []
    measured = measures_version(session)
    views = measure_queries.measures(session, measured, measure_queries.MeasureFilter())
    return [
        *(sheet for table in tables for sheet in _table_sheets(session, table)),
        LcapSheet(
            "Measures",
            f"{len(views)} measures{_as_of(measured)}",
            _MEASURES,
            [row for one in views for row in _measure(one)],
        ),
        _survey(session, measured),
    ]


def _table_sheets(session: Session, version: LcapVersion) -> list[LcapSheet]:
    if version.form == CARRYOVER:
        return [_carryover(session, version)]
    limits = spending.material(session)
    views = spending.actions(session, limits, version)
    about = f"{FORMS[version.form]} {version.plan_year}: {len(views)} actions{_as_of(version)}"
    is_district = version.form == "district"
    name = "Actions" if is_district else FORMS[version.form][:_TAB_LONGEST]
    material = f"; material is under {limits.under}% or over {limits.over}% of the plan"
    made = [
        LcapSheet(name, about + material * is_district, _columns(version), [_action(one, version) for one in views])
    ]
    if is_district:
        made.append(LcapSheet("Totals", about, _totals_columns(version), _total_rows(session, views, version)))
    return made


def _as_of(version: LcapVersion | None) -> str:
    return f", from {version.file_name}, read {instant_words(version.read_at)}" if version and version.read_at else ""


def _yes(value: bool | None) -> str:
    return "" if value is None else "Yes" if value else "No"


def _columns(version: LcapVersion) -> list[Column]:
    money = [*amount_labels(version.form, version.plan_year).values(), *fund_labels(version.form).values()]
    return [
        Column("Goal Action"), Column(f"{version.plan_year} Action Title", "wide"), Column("Contributing"),
        Column("Fund"), *(Column(label, "money") for label in money), Column("Change agrees"),
        Column("Gap to plan", "money"), Column("% spent", "number"), Column("Material"), Column("Explanation in"),
        Column("Explanation missing"), Column("Explanation", "wide"), Column("Planned % improved services", "number"),
        Column("Page"), Column("Source line", "number"), Column("Damage", "wide"),
    ]  # fmt: skip


def _action(one: spending.ActionView, version: LcapVersion) -> list[Cell]:
    row = one.row
    amounts = [getattr(row, name) for name in amount_labels(version.form, version.plan_year)]
    return [
        row.number, row.title, _yes(row.contributing), row.fund, *amounts,
        *(row.funds.get(name) for name in fund_labels(version.form)), one.check, one.gap, one.spent, _yes(one.material),
        shown_rows(one.cover.rows) if one.cover else "", _yes(one.missing), row.explanation, row.improved_percent,
        row.pages, row.line, "; ".join(row.damage),
    ]  # fmt: skip


def _totals_columns(version: LcapVersion) -> list[Column]:
    labels = amount_labels(version.form, version.plan_year).values()
    return [
        Column("Goal"), Column("Actions", "number"), Column("With amounts", "number"),
        *(Column(label, "money") for label in labels), Column("% spent", "number"),
        Column("% spent of actions", "number"),
    ]  # fmt: skip


def _total_rows(session: Session, views: Sequence[spending.ActionView], version: LcapVersion) -> list[list[Cell]]:
    goals = spending.goal_totals(session, views, version.plan_year)
    yes = totals(one.row for one in views if one.row.contributing)
    named = [(f"{number} {name}", sums) for number, name, sums in goals]
    named += [("All", totals(one.row for one in views)), ("Contributing = Yes", yes)]
    return [_sums(name, sums, version) for name, sums in named]


def _sums(name: str, sums: SpendingTotals, version: LcapVersion) -> list[Cell]:
    amounts = [getattr(sums, column) for column in amount_labels(version.form, version.plan_year)]
    return [name, sums.rows, sums.counted, *amounts, sums.spent, sums.compared]


def _carryover(session: Session, version: LcapVersion) -> LcapSheet:
    found = spending.carryover(session, version)
    rows: list[list[Cell]] = [
        [words, found.amounts.get(name, "")] for name, words in CARRYOVER_LINES.items() if found is not None
    ]
    about = f"LCFF Carryover {version.plan_year}{_as_of(version)}"
    return LcapSheet("LCFF Carryover", about, [Column("Line", "wide"), Column("Value")], rows)


def _measure(one: measure_queries.MeasureView) -> list[list[Cell]]:
    row, check = one.row, one.check
    head: list[Cell] = [one.action_now, f"{row.goal}.{row.action:02}", row.action_title, row.measure]
    tail: list[Cell] = [
        _yes(one.pending), "; ".join(row.doubts), "; ".join(row.damage), check.checked_by if check else None, row.line,
    ]  # fmt: skip
    none: list[list[Cell]] = [[*head, *[None] * 10, row.polarity, None, None, row.growth, *tail]]
    return [[*head, *_figure(figure, row.polarity), *tail] for figure in one.figures] or none


def _figure(figure: measure_queries.Figure, polarity: str) -> list[Cell]:
    """A value that the rules could not read for sure is given in the table's own words, not as numbers."""
    value = figure.value
    unread = figure.is_unread
    return [
        value.group, None if unread else value.level or value.now, None if unread else value.before, value.unit,
        value.period_now, _yes(value.inferred), value.period_before, value.as_of, figure.delta, figure.direction,
        polarity, figure.favor, _yes(figure.part_year), value.words if figure.doubtful else "",
    ]  # fmt: skip


def _survey(session: Session, version: LcapVersion | None) -> LcapSheet:
    lines = survey_lines(session, version)
    years = years_of(lines)
    plan = current_plan(session)
    named = {row.item_id: f"{row.pillar}: {row.item}" for row in beside(session, plan.plan_id)} if plan else {}
    columns = [
        Column("Item", "wide"), Column("Respondents"), Column("Level"), Column("Subgroup"),
        *(Column(f"% {year}", "number") for year in years), Column("Change (points)", "number"), Column("Reading"),
        Column("Tracker item", "wide"), Column("Action"), Column("Source line", "number"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [line.item, line.respondents, line.level, line.subgroup, *(line.years.get(year) for year in years),
         line.figure.delta, line.figure.favor, named.get(line.tracker, ""), line.measured.action_now,
         line.measured.row.line]
        for line in lines
    ]  # fmt: skip
    return LcapSheet("Survey measures", f"{len(lines)} values of the School Experience Survey", columns, rows)
