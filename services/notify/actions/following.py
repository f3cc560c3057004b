"""Following a director to another address: a new key in the directory, the same alerts, answers and preferences."""

from sqlalchemy import text
from sqlmodel import Session

from services.notify.actions import planning
from shared.access import audit

# One name that left and came again: never two of the name at once, and nobody else has it.
_READDRESSED = text(
    """
    select g.person_id as old, n.person_id as new from director g join director n using (name)
    where g.revision < :revision and n.revision = :revision and n.since > g.revision
    and (select count(*) from director d where d.name = g.name) = 2 order by 1
    """
)
_FOLLOW = (
    text("update digest set director_key = :new where director_key = :old"),
    text("update digest set person_id = :new where director_key = :new and person_id = :old"),
    text("update snooze set director_key = :new where director_key = :old"),
    text("update acknowledgement set director_key = :new where director_key = :old"),
    text("update alias_match set person_id = :new where person_id = :old"),
    text(
        """
        update preference set person_id = :new where person_id = :old
        and not exists (select 1 from preference where person_id = :new)
        """
    ),
    text(
        """
        update visit set person_id = :new where person_id = :old
        and not exists (select 1 from visit where person_id = :new)
        """
    ),
)


def follow(session: Session, revision: int) -> None:
    """Gives what is kept of a director to the same name under another address; the whole directory is here.

    A name that two people have, or had, says nothing: then nothing is given to anybody.
    """
    session.execute(planning.LOCK)
    for person in session.execute(_READDRESSED, {"revision": revision}).all():
        for statement in _FOLLOW:
            session.execute(statement, {"old": person.old, "new": person.new})
        audit(session, "directory", "follow director", person.new, {"from": person.old})
