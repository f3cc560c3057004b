"""What the LCAP workbook holds: the tabs' columns and rows, with what each covers and as of when."""

from sqlmodel import Session

from services.tracker.exports.lcap import Column, Sheet
from services.tracker.queries import lcap, lcap_measures
from services.tracker.queries.lcap_survey import beside, survey_lines, years_of
from services.tracker.rules.lcap_shown import shown_rows
from services.tracker.rules.lcap_spending import Totals, totals
from shared.files.workbooks import Cell
from shared.web.clock import instant_words

_ACTIONS = (
    Column("Goal Action"), Column("2024-25 Action Title", "wide"), Column("Contributing"), Column("Fund"),
    Column("Total Planned (2024-25)", "money"), Column("Total Planned (2023-24)", "money"),
    Column("Change in Planned", "money"), Column("Change agrees"), Column("Estimated Actual (2023-24)", "money"),
    Column("Gap to plan", "money"), Column("% spent", "number"), Column("Material"), Column("Explanation stands in"),
    Column("Explanation missing"), Column("Explanation", "wide"), Column("Page"), Column("Source line", "number"),
    Column("Damage", "wide"),
)  # fmt: skip
_TOTALS = (
    Column("Goal"), Column("Actions", "number"), Column("With amounts", "number"), Column("Planned 2024-25", "money"),
    Column("Planned 2023-24", "money"), Column("Change", "money"), Column("Estimated actual 2023-24", "money"),
    Column("% spent", "number"), Column("% spent of actions", "number"),
)  # fmt: skip
_MEASURES = (
    Column("2024-25 action"), Column("2023-24 action"), Column("2023-24 Action Title", "wide"),
    Column("Progress Measure", "wide"), Column("Group"), Column("Now", "number"), Column("Before", "number"),
    Column("Unit"), Column("Period now"), Column("Period inferred"), Column("Period before"), Column("As of"),
    Column("Change", "number"), Column("Direction"), Column("Better is"), Column("Reading"), Column("Part year"),
    Column("Pending"), Column("To check", "wide"), Column("Damage", "wide"), Column("Checked by"),
    Column("Source line", "number"),
)  # fmt: skip


def sheets(session: Session) -> list[Sheet]:
    """Four tabs: actions, totals per goal, measures (a row for each value), survey measures by year."""
    limits = lcap.material(session)
    seen = lcap.actions(session, limits)
    measures = lcap_measures.measures(session, lcap_measures.Wanted(), lcap_measures.MOST)
    about = f"{len(seen)} actions{_as_of(session, 'actions')}; material is under {limits.under} % or over {limits.over} % of the plan"
    return [
        Sheet("Actions", about, _ACTIONS, [_action(one) for one in seen]),
        Sheet("Totals", about, _TOTALS, _total_rows(seen)),
        Sheet("Measures", f"{len(measures)} measures{_as_of(session, 'measures')}", _MEASURES,
              [row for told in measures for row in _measure(told)]),
        _survey(session),
    ]  # fmt: skip


def _as_of(session: Session, table: str) -> str:
    load = lcap.load(session, table)
    return f", read {instant_words(load.read_at)}" if load else ""


def _yes(value: bool | None) -> str:
    return "" if value is None else "Yes" if value else "No"


def _action(one: lcap.Seen) -> list[Cell]:
    row = one.row
    return [
        row.number, row.title, _yes(row.contributing), row.fund, row.planned_2024_25, row.planned_2023_24, row.change,
        one.check, row.est_actual_2023_24, one.gap, one.spent, _yes(one.material),
        shown_rows(one.cover.rows) if one.cover else "", _yes(one.missing), row.explanation, row.pages, row.line,
        "; ".join(row.damage),
    ]  # fmt: skip


def _total_rows(seen: list[lcap.Seen]) -> list[list[Cell]]:
    goals = [_sums(f"{number} {name}", sums) for number, name, sums in lcap.goal_totals(seen)]
    yes = [one.row for one in seen if one.row.contributing]
    return [*goals, _sums("All", totals(one.row for one in seen)), _sums("Contributing = Yes", totals(yes))]


def _sums(name: str, sums: Totals) -> list[Cell]:
    return [
        name, sums.rows, sums.counted, sums.planned_2024_25, sums.planned_2023_24, sums.change,
        sums.est_actual_2023_24, sums.spent, sums.compared,
    ]  # fmt: skip


def _measure(told: lcap_measures.Told) -> list[list[Cell]]:
    row = told.row
    head: list[Cell] = [told.action_now, f"{row.goal}.{row.action:02}", row.action_title, row.measure]
    tail: list[Cell] = [_yes(told.pending), "; ".join(row.doubts), "; ".join(row.damage), row.checked_by, row.line]
    none: list[list[Cell]] = [[*head, *[None] * 10, row.polarity, None, None, *tail]]
    return [[*head, *_figure(figure, row.polarity), *tail] for figure in told.figures] or none


def _figure(figure: lcap_measures.Figure, polarity: str) -> list[Cell]:
    value = figure.value
    return [
        value.group, value.level or value.now, value.before, value.unit, value.period_now, _yes(value.inferred),
        value.period_before, value.as_of, value.delta, value.direction, polarity, figure.favour,
        _yes(figure.part_year),
    ]  # fmt: skip


def _survey(session: Session) -> Sheet:
    lines = survey_lines(session)
    years = years_of(lines)
    named = {row.item_id: f"{row.pillar}: {row.item}" for row in beside(session)}
    columns = [
        Column("Item", "wide"), Column("Respondents"), Column("Level"), Column("Subgroup"),
        *(Column(f"% {year}", "number") for year in years), Column("Change (points)", "number"), Column("Reading"),
        Column("Tracker item", "wide"), Column("2024-25 action"), Column("Source line", "number"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [line.item, line.respondents, line.level, line.subgroup, *(line.years.get(year) for year in years),
         line.figure.value.delta, line.figure.favour, named.get(line.tracker, ""), line.told.action_now, line.told.row.line]
        for line in lines
    ]  # fmt: skip
    return Sheet("Survey measures", f"{len(lines)} values of the School Experience Survey", columns, rows)
