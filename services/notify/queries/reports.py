"""Looking back: who was mailed what about a school, what came in after a mail, which directors look at their alerts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from services.notify.tables.answers import RetiredSchool
from services.notify.tables.facts import TierState

_TIMELINE = text(
    """
    select at, what, who, words from (select d.planned_at as at,
     case when m.rcpt is null then d.kind || ' ' || d.state else 'told' end as what,
     d.director as who, d.term || ', ' || d.extraction_date || ', ' ||
     string_agg(l->>'mark' || ' (' || (l->>'group') || '), ' || coalesce(l->>'submitted', '?') || ' of ' || coalesce(l->>'total', '?'), '; ')
     || case when m.rcpt is null then '' else '; mail sent to ' || m.rcpt end as words
     from digest d cross join lateral jsonb_array_elements(d.content->'lines') l
     left join lateral (select string_agg(distinct rcpt, ', ') as rcpt from mail
      where mail.digest_id = d.digest_id and mail.state = 'sent') m on true
     where d.content->'lines' @> jsonb_build_array(jsonb_build_object('school_key', cast(:school_key as text)))
     and l->>'school_key' = :school_key group by d.digest_id, m.rcpt
    union all select at, 'snoozed', author, reason || coalesce(' until ' || until, ' until the next extraction')
     from snooze where school_key = :school_key
    union all select ended_at, 'snooze ended', ended_by, reason from snooze
     where school_key = :school_key and ended_at is not null
    union all select a.at, 'acknowledged', a.author, a.plan from acknowledgement a join digest d using (digest_id)
     where d.content->'lines' @> jsonb_build_array(jsonb_build_object('school_key', cast(:school_key as text)))) x
    order by at desc limit :limit
    """
)
_SCHOOLS = text(
    """
    select school_key, school, ploc, region from (
      select distinct on (school_key) * from tier_state
      where strpos(lower(school), lower(:q)) > 0 or ploc = :q order by school_key, extraction_date desc
    ) x
    where cast(:after as text) is null or (school, school_key) >
      (select a.school, a.school_key from tier_state a where a.school_key = :after order by a.extraction_date desc limit 1)
    order by school, school_key limit :limit
    """
)
_WORKED = text(
    """
    select m.mail_id, m.rcpt, m.sent_at, d.digest_id, d.director, d.term, d.extraction_date, count(*) as rows, max(n.extraction_date) as next,
    count(n.submitted) as seen, coalesce(sum(n.submitted - cast(l->>'submitted' as int)), 0) as gained,
    count(*) filter (where n.tier > 1) as left_tier_1 from mail m join digest d using (digest_id)
    cross join lateral jsonb_array_elements(d.content->'lines') l
    left join lateral (select t.extraction_date, t.submitted, t.tier from tier_state t where t.term = d.term
     and t.respondent_group = l->>'group' and t.school_key = l->>'school_key' and t.extraction_date > cast(l->>'extraction_date' as date) and not t.removed
     order by t.extraction_date limit 1) n on true
    where m.state = 'sent' and d.kind = 'digest' and l->>'mark' in ('new', 'handed over', 'still')
    and not exists (select 1 from mail e where e.digest_id = m.digest_id and e.state = 'sent' and e.mail_id < m.mail_id)
    and (cast(:before as bigint) is null or m.mail_id < :before)
    group by m.mail_id, d.digest_id order by m.mail_id desc limit :limit
    """
)
_DIRECTORS = text(
    """
    select p.person_id, p.name, p.email, case when p.refused_email = p.email then p.refused else '' end as refused,
    v.at as visited_at, count(m.mail_id) as mails, max(m.sent_at) as last_mail,
    (select max(a.at) from acknowledgement a where a.director_key = p.person_id) as answered_at,
    coalesce(w.only_changes, false) as only_changes, coalesce(w.also_when_none, false) as also_when_none
    from director p left join visit v using (person_id) left join preference w using (person_id)
    left join digest d on d.director_key = p.person_id and d.kind = 'digest'
    left join mail m on m.digest_id = d.digest_id and m.state = 'sent'
    where :after = '' or (p.name, p.person_id) > (select name, person_id from director where person_id = :after)
    group by p.person_id, v.at, w.person_id order by p.name, p.person_id limit :limit
    """
)
_REGIONS = text("select region from tier_state where not removed union select region from region_head order by region")


def timeline(session: Session, school_key: str, limit: int) -> Sequence[Any]:
    """Who was mailed what about a school, and what was answered, newest first."""
    return session.execute(_TIMELINE, {"school_key": school_key, "limit": limit}).all()


def schools(session: Session, q: str, after: str | None = None, limit: int = 50) -> Sequence[Any]:
    """Schools of any extraction with this in their name, or this PLOC, by name; `after` the one of that key."""
    return session.execute(_SCHOOLS, {"q": q, "after": after, "limit": limit}).all()


def school_name(session: Session, school_key: str, term: str | None = None) -> TierState | None:
    """The newest row of the school, which has its name and PLOC; of one term only where it is named."""
    rows = select(TierState).where(TierState.school_key == school_key)
    if term is not None:
        rows = rows.where(TierState.term == term)
    return session.exec(rows.order_by(col(TierState.removed), col(TierState.extraction_date).desc())).first()


def terms_of(session: Session, school_key: str) -> Sequence[str]:
    """The terms that have rows of the school, the newest first."""
    newest = func.max(TierState.extraction_date).desc()
    found = select(TierState.term).where(TierState.school_key == school_key)
    return session.exec(found.group_by(col(TierState.term)).order_by(newest)).all()


def retired_terms(session: Session, school_key: str) -> Sequence[RetiredSchool]:
    """The terms in which the school is not followed."""
    return session.exec(select(RetiredSchool).where(RetiredSchool.school_key == school_key)).all()


def worked(session: Session, before: int | None = None, limit: int = 50) -> Sequence[Any]:
    """Surveys that came in at the schools of each mail until their next extraction, newest mail first."""
    return session.execute(_WORKED, {"before": before, "limit": limit}).all()


def directors(session: Session, after: str = "", limit: int = 100) -> Sequence[Any]:
    """Directors by name, with their last mail, answer and visit."""
    return session.execute(_DIRECTORS, {"after": after, "limit": limit}).all()


def regions(session: Session) -> list[str]:
    """The regions that extractions name, or that have a head."""
    return [region for region in session.execute(_REGIONS).scalars() if region]
