"""Which tables of which plan years stand, which loads wait, what each would change, and how actions are followed."""

from collections.abc import Hashable, Mapping, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from services.tracker.rules.lcap.cells import label
from services.tracker.rules.lcap.comparison import Comparison, TableRow, compare
from services.tracker.rules.lcap.following import Move, Titled, Years, actions_of, moves_of
from services.tracker.rules.lcap.forms import FORMS
from services.tracker.rules.lcap.spending import dollars
from services.tracker.tables.lcap import (
    LcapAction,
    LcapCarryover,
    LcapGoal,
    LcapLoad,
    LcapMeasure,
    LcapMove,
    LcapVersion,
)
from shared.errors import NotFound

STANDING, WAITING, UNREADABLE = "standing", "waiting", "unreadable"
_MONEY = ("change", "planned_next", "planned", "estimated_actual")
_TEXTS = ("title", "pages", "description", "fund", "explanation", "improved_percent", "actual_improved_percent")


def versions(session: Session, table: str, state: str = STANDING) -> Sequence[LcapVersion]:
    """The versions of a kind of table in a state, the newest plan year first."""
    found = select(LcapVersion).where(LcapVersion.table_name == table, LcapVersion.state == state)
    return session.exec(found.order_by(col(LcapVersion.plan_year).desc(), col(LcapVersion.version_id))).all()


def recent_versions(session: Session, limit: int | None = None, before: int | None = None) -> Sequence[LcapVersion]:
    """Every load of every table, the newest first; or so many, older than the one of a number."""
    found = select(LcapVersion).order_by(col(LcapVersion.version_id).desc()).limit(limit)
    return session.exec(found if before is None else found.where(col(LcapVersion.version_id) < before)).all()


def newest_version(session: Session, table: str) -> LcapVersion | None:
    """What the last file of a kind of table gave, whatever was decided about it."""
    found = select(LcapVersion).where(LcapVersion.table_name == table)
    return session.exec(found.order_by(col(LcapVersion.version_id).desc()).limit(1)).one_or_none()


def versions_of(session: Session, upload_id: UUID) -> Sequence[LcapVersion]:
    """What one file gave: a version for each of its tables."""
    found = select(LcapVersion).where(LcapVersion.upload_id == upload_id)
    return session.exec(found.order_by(col(LcapVersion.version_id))).all()


def version(session: Session, version_id: int) -> LcapVersion:
    found = session.get(LcapVersion, version_id)
    if found is None:
        raise NotFound("There is no such load of an LCAP table. Open the list of loads.")
    return found


def standing(session: Session, table: str, form: str, year: str) -> LcapVersion | None:
    """The version that counts for a table of a plan year."""
    return session.exec(
        select(LcapVersion).where(
            LcapVersion.table_name == table,
            LcapVersion.form == form,
            LcapVersion.plan_year == year,
            LcapVersion.state == STANDING,
        )
    ).one_or_none()


def plan_years(session: Session) -> dict[str, list[LcapVersion]]:
    """The plan years that have action tables, the newest first, each with its tables in the order of FORMS."""
    found: dict[str, list[LcapVersion]] = {}
    for one in versions(session, "actions"):
        found.setdefault(one.plan_year, []).append(one)
    order = list(FORMS)
    return {year: sorted(tables, key=lambda one: order.index(one.form)) for year, tables in found.items()}


def actions_version(session: Session, year: str = "", form: str = "") -> LcapVersion | None:
    """The table of actions of a plan year; without a year the newest, without a form the first that it has.

    Raises NotFound for a year or a table that was never loaded.
    """
    years = plan_years(session)
    if not years and not year:
        return None
    if year and year not in years:
        known = f" There are tables of {', '.join(years)}." if years else " None has been loaded yet."
        raise NotFound(f"No action table of {year} has been loaded.{known}")
    tables = years[year or next(iter(years))]
    found = next((one for one in tables if form in ("", one.form)), None)
    if found is None:
        names = ", ".join(FORMS[one.form] for one in tables)
        raise NotFound(f"There is no such table of {year}. There are: {names}.")
    return found


def measures_version(session: Session, year: str = "") -> LcapVersion | None:
    """The measures of a reporting year; without one the newest. Raises NotFound for a year never loaded."""
    found = versions(session, "measures")
    if year and all(one.plan_year != year for one in found):
        known = ", ".join(one.plan_year for one in found) or "none yet"
        raise NotFound(f"No measures of {year} have been loaded. There are: {known}.")
    return next((one for one in found if year in ("", one.plan_year)), None)


def years_known(session: Session) -> Years:
    """Everything by which actions are followed from year to year."""
    rows = session.exec(
        select(LcapVersion.plan_year, LcapAction.goal, LcapAction.action, LcapAction.title)
        .join(LcapAction, col(LcapAction.version_id) == col(LcapVersion.version_id))
        .where(LcapVersion.state == STANDING)
        .order_by(col(LcapAction.goal), col(LcapAction.action))
    )
    titled: dict[str, list[Titled]] = {}
    for year, goal, action, title in rows:
        titled.setdefault(year, []).append(Titled(goal, action, title))
    return Years({year: actions_of(listed) for year, listed in titled.items()}, moves_of(moves(session)))


def moves(session: Session, year: str | None = None) -> list[Move]:
    """The lines of the renumbering, of one plan year or of all."""
    found = select(LcapMove).order_by(col(LcapMove.plan_year), col(LcapMove.goal), col(LcapMove.action))
    rows = session.exec(found if year is None else found.where(LcapMove.plan_year == year))
    return [Move(row.plan_year, row.goal, row.action, _now(row)) for row in rows]


def _now(row: LcapMove) -> tuple[int, int] | None:
    return None if row.goal_now is None or row.action_now is None else (row.goal_now, row.action_now)


def goal_names(session: Session, year: str) -> dict[int, str]:
    """The names of a plan year's goals."""
    return {row.goal: row.name for row in session.exec(select(LcapGoal).where(LcapGoal.plan_year == year))}


def comparison(session: Session, found: LcapVersion) -> Comparison:
    """What taking a version would change in the one that stands now."""
    before = standing(session, found.table_name, found.form, found.plan_year) if found.plan_year else None
    if before is not None and before.version_id == found.version_id:
        before = None if found.replaces is None else session.get(LcapVersion, found.replaces)
    return compare({} if before is None else table_rows(session, before), table_rows(session, found))


def table_rows(session: Session, found: LcapVersion) -> Mapping[Hashable, TableRow]:
    """A version's rows as text, by what identifies them."""
    if found.table_name == "measures":
        return _measure_rows(session, found)
    carryover = session.get(LcapCarryover, found.version_id)
    if carryover is not None:
        return {"carryover": TableRow("", FORMS["carryover"], carryover.amounts)}
    rows = select(LcapAction).where(LcapAction.version_id == found.version_id)
    return {
        (row.goal, row.action): TableRow(label(row.goal, row.action), row.title, _fields(row))
        for row in session.exec(rows.order_by(col(LcapAction.goal), col(LcapAction.action)))
    }


def _fields(row: LcapAction) -> dict[str, str]:
    texts = {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in _TEXTS}
    money = {name: dollars(getattr(row, name)) for name in _MONEY}
    contributing = {None: "", True: "Yes", False: "No"}[row.contributing]
    funds = {name: dollars(value) for name, value in row.funds.items()}
    return {**texts, **money, "contributing": contributing, **funds, **row.details, "damage": "; ".join(row.damage)}


def _measure_rows(session: Session, found: LcapVersion) -> Mapping[Hashable, TableRow]:
    made: dict[Hashable, TableRow] = {}
    rows = select(LcapMeasure).where(LcapMeasure.version_id == found.version_id).order_by(col(LcapMeasure.number))
    for row in session.exec(rows):
        place = (row.goal, row.action, row.measure)
        again = sum(key[:3] == place for key in made if isinstance(key, tuple))
        made[*place, again] = TableRow(label(row.goal, row.action), row.measure, {"text": row.growth})
    return made


def is_arriving(session: Session, table: str) -> bool:
    """Whether a load of the table is still under way, some of its parts not here yet."""
    newest = select(LcapLoad).where(LcapLoad.table_name == table).order_by(col(LcapLoad.revision).desc()).limit(1)
    found = session.exec(newest).one_or_none()
    return found is not None and found.read_at is None
