"""The rows that each mail listed and those in nobody's mail, each with what came in until its next extraction."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session

from services.notify.rules.alerts import LISTED
from services.notify.rules.comparing import Gain, GainComparison, Occasion, compared

_LISTED = text(
    """
    select distinct m.mail_id, d.term, l->>'extraction_date' as day, l->>'group' as respondent_group,
      l->>'school_key' as school_key
    from mail m join digest d using (digest_id) cross join lateral jsonb_array_elements(d.content->'lines') l
    where m.state = 'sent' and d.kind = 'digest' and l->>'mark' = any(:listed) and d.term = any(:terms)
      and l->>'extraction_date' = any(:days)
    """
)
_OF_MAILS = text(
    """
    select distinct d.term, l->>'extraction_date' as day
    from mail m join digest d using (digest_id) cross join lateral jsonb_array_elements(d.content->'lines') l
    where m.mail_id = any(:mails) and l->>'mark' = any(:listed)
    """
)
_GAINS = text(
    """
    select t.term, cast(t.extraction_date as text) as day, t.respondent_group, t.school_key,
      cast(100.0 * t.submitted / t.total as float8) as rate,
      cast(100.0 * (n.submitted - t.submitted) / t.total as float8) as points
    from tier_state t cross join lateral (
      select x.submitted from tier_state x
      where x.term = t.term and x.respondent_group = t.respondent_group and x.school_key = t.school_key
        and x.extraction_date > t.extraction_date and not x.removed
      order by x.extraction_date limit 1
    ) n
    where t.term = any(:terms) and cast(t.extraction_date as text) = any(:days) and t.submitted is not null
      and t.total > 0 and not t.removed and n.submitted is not null
    """
)


def comparisons(session: Session, mail_ids: Sequence[int]) -> dict[int, GainComparison]:
    """By mail, its rows beside like rows that no mail listed at that extraction; without those that have none."""
    days = session.execute(_OF_MAILS, {"mails": list(mail_ids), "listed": list(LISTED)}).all()
    values = {"terms": list({row.term for row in days}), "days": list({row.day for row in days})}
    listed = session.execute(_LISTED, {**values, "listed": list(LISTED)}).all()
    mailed = {(row.term, row.day, row.respondent_group, row.school_key) for row in listed}
    gains: dict[tuple[str, str, str, str], Gain] = {}
    others: dict[Occasion, list[Gain]] = defaultdict(list)
    for row in session.execute(_GAINS, values):
        occasion = (row.term, row.day, row.respondent_group)
        gains[(*occasion, row.school_key)] = gain = Gain(row.rate, row.points)
        if (*occasion, row.school_key) not in mailed:
            others[occasion].append(gain)
    own: dict[int, dict[Occasion, list[Gain]]] = {mail_id: defaultdict(list) for mail_id in mail_ids}
    for row in listed:
        found = gains.get((row.term, row.day, row.respondent_group, row.school_key))
        if row.mail_id in own and found is not None:
            own[row.mail_id][row.term, row.day, row.respondent_group].append(found)
    each = {mail_id: compared(rows, others) for mail_id, rows in own.items()}
    return {mail_id: found for mail_id, found in each.items() if found is not None}
