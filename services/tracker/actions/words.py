"""Publishing the words of the plans, so that an upload of results can name what no plan knows."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from services.tracker.rules.known import level_words
from services.tracker.tables.plan import Item, Level, Period, PlanRevision, StrategicPlan
from shared.delivery.outbox import publish
from shared.events import PlansChanged, PlanWording


def publish_plans(session: Session) -> None:
    """Publishes the items, levels and years of all plans at the next revision; after every change of one of them."""
    session.flush()
    first = insert(PlanRevision).values(id=1, revision=1)
    again = {"revision": col(PlanRevision.revision) + 1}
    counted = first.on_conflict_do_update(index_elements=["id"], set_=again).returning(col(PlanRevision.revision))
    publish(session, PlansChanged(revision=session.execute(counted).scalar_one(), plans=plan_wordings(session)))


def plan_wordings(session: Session) -> list[PlanWording]:
    """The words of every plan, with its former ones and those that files use for it."""
    found = []
    for plan in session.exec(select(StrategicPlan).order_by(col(StrategicPlan.position))).all():
        items = session.exec(select(Item).where(Item.plan_id == plan.plan_id).order_by(col(Item.position))).all()
        years = session.exec(select(Period).where(Period.plan_id == plan.plan_id).order_by(col(Period.position))).all()
        names = session.exec(select(Level.level).where(Level.plan_id == plan.plan_id).order_by(col(Level.position)))
        found.append(
            PlanWording(
                plan.name,
                [word for item in items for word in (item.item, *item.aliases)],
                [word for level in names for word in level_words(level)],
                [word for year in years for word in (year.label, *year.aliases)],
            )
        )
    return found
