"""Taking a report that its person wrote as an answer: by the door of every report, or refused with an example."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from services.sesr.actions.reports import newest_report, submit
from services.sesr.actions.submission import Arrival, Receipt, Submission
from services.sesr.rules.counts import EXTRAS, FLAGS, INPUTS, status_of
from services.sesr.rules.replies import EXAMPLE, NOT_BY_CLASS, ParsedReply, UnreadReply, parse_reply
from services.sesr.tables import Reporter, School
from shared.access import Who, audit, holder_of, scope_of
from shared.access.policy import REPORTERS, may
from shared.delivery.outbox import publish
from shared.errors import Invalid, NotAllowed, NotFound, Refused
from shared.events import ReplyReceived, ReplySettled
from shared.settings import settings
from shared.web.clock import district_zone

BY_MAIL = "It was written as a mail."
REFUSED = (
    "Your report was not taken: {sentence}\n\nWrite it in the first line, such as\n{example}\nor send it here: {link}"
)
_LABELS = {count.name: count.label for count in (*INPUTS, *EXTRAS)} | FLAGS


class _Site(NamedTuple):
    who: Who
    school: School


def take_reply(session: Session, event: ReplyReceived) -> None:
    """Takes what was written, or refuses it, and publishes the words for its writer. The same reply twice is one report."""
    try:
        words, is_taken = _taken(session, event), True
    except Refused as refused:
        messages = [str(problem.get("message", "")) for problem in refused.problems]
        sentence = " ".join([refused.sentence, *(f"{message}." for message in messages if message)])
        words, is_taken = _refusal(sentence, event.school_key), False
    audit(session, "mailbox", "reply.taken" if is_taken else "reply.refused", str(event.reply_id))
    publish(session, ReplySettled(reply_id=event.reply_id, is_taken=is_taken, words=words))


def _taken(session: Session, event: ReplyReceived) -> str:
    try:
        parsed = parse_reply(event.text)
    except UnreadReply as error:
        raise Invalid(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    who, school = _site(_sites(session, event.person_key), parsed.school or event.school_key)
    notes = [BY_MAIL, *([NOT_BY_CLASS.format(parsed.staff)] if parsed.staff else [])]
    arrival = Arrival(event.received_at, district_zone(), said=" ".join(notes))
    sent = _submission(session, who, school, event, parsed, arrival)
    return _confirmation(school, sent, submit(session, who, sent, arrival), parsed)


def _sites(session: Session, person_key: str) -> list[_Site]:
    """The schools that the person may report for now, each in the role that they still hold."""
    found: dict[str, _Site] = {}
    rows = session.exec(select(Reporter).where(col(Reporter.person_key) == person_key)).all()
    for row in sorted(rows, key=lambda row: REPORTERS.index(row.role)):
        who = holder_of(session, row.person_id, row.role)
        if who is not None and may(who.role, "sesr.report"):
            own = select(School).where(scope_of(who).covers(School)).order_by(col(School.name))
            for school in session.exec(own):
                found.setdefault(school.school_key, _Site(who, school))
    if not found:
        raise NotAllowed("You do not report for a school now. Call the duty desk.")
    return list(found.values())


def _site(sites: Sequence[_Site], code: str) -> _Site:
    """The one school that is meant. Raises NotFound for another's, Invalid where it has to be named."""
    named = [site for site in sites if code in (site.school.school_key, site.school.ploc)] if code else list(sites)
    if len(named) == 1:
        return named[0]
    own = ", ".join(f"{site.school.school_key} ({site.school.name})" for site in sites)
    if code and not named:
        raise NotFound(f"The school {code} is not one of yours. Yours: {own}.")
    raise Invalid(f"Begin with the code of the school and a colon, since you report for several: {own}.")


def _submission(
    session: Session, who: Who, school: School, event: ReplyReceived, parsed: ParsedReply, arrival: Arrival
) -> Submission:
    """The report, which starts from the newest one of the day: what was not written stays as it was there."""
    bare = Submission(
        report_id=event.reply_id,
        school_key=school.school_key,
        incident_id=None,
        day=None,
        counts=parsed.counts,
        flags=parsed.flags,
        counted_at=event.written_at,
        confirmed_zero=parsed.is_zero_meant,
    )
    newest = newest_report(session, who, bare, arrival)
    if newest is None or newest.report_id == event.reply_id:
        return bare
    before = {name: str(newest.counts[name]) for name in _LABELS if newest.counts.get(name) is not None}
    flags = {name: newest.flags[name] for name in FLAGS if name in newest.flags}
    values = {
        **vars(bare),
        "counts": {**before, **parsed.counts},
        "flags": {**flags, **parsed.flags},
        "status": status_of(newest.flags),
        "based_on": newest.report_id,
    }
    return Submission(**values)


def _confirmation(school: School, sent: Submission, receipt: Receipt, parsed: ParsedReply) -> str:
    written = [f"{_LABELS[name]}: {value}" for name, value in parsed.counts.items()]
    written += [f"{_LABELS[name]}: {'yes' if value else 'no'}" for name, value in parsed.flags.items()]
    kept = [f"{_LABELS[name]}: {value}" for name, value in sent.counts.items() if name not in parsed.counts]
    kept += [
        f"{FLAGS[name]}: {'yes' if value else 'no'}" for name, value in sent.flags.items() if name not in parsed.flags
    ]
    lines = [f"Report {receipt.number} of {school.name} is in.", "", *written]
    lines += ["", "As in the report before:", *kept] if kept else []
    lines += ["", receipt.note] if receipt.note else []
    lines += ["", "Please look again:", *receipt.warnings] if receipt.warnings else []
    return "\n".join([*lines, "", f"All reports of the day: {settings().public_url}/sesr/schools/{school.school_key}"])


def _refusal(sentence: str, school_key: str) -> str:
    example = f"{school_key}: {EXAMPLE}" if school_key else EXAMPLE
    return REFUSED.format(sentence=sentence, example=example, link=f"{settings().public_url}/sesr/report")
