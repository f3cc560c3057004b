"""The inventory of personal data: every column with something about a person, whose it is, and what removes it when."""

from typing import NamedTuple

from shared.settings import Settings, settings

WHILE_NEEDED = 0
SCHOOL_YEAR = 400
TERM = 90


class Kept(NamedTuple):
    """Personal columns of a table. `days` after `age` they are blanked, or the rows deleted; 0 days: while needed.

    A `setting` has the days where the district sets them; `days` is then its default.

    What is kept while needed goes with the directory's next load, with the account, or with its row by another purge.
    """

    table: str
    columns: tuple[str, ...]
    what: str
    days: int = WHILE_NEEDED
    age: str = ""
    deletes: bool = False
    setting: str = ""

    @property
    def lasts(self) -> int:
        """The days of the setting, or those that stand here."""
        return int(getattr(settings(), self.setting)) if self.setting else self.days

    @property
    def schema(self) -> str:
        return self.table.partition(".")[0]


def _of(
    table: str, columns: str, what: str, days: int = 0, age: str = "", *, deletes: bool = False, setting: str = ""
) -> Kept:
    return Kept(table, tuple(columns.split()), what, _default(setting) if setting else days, age, deletes, setting)


def _default(setting: str) -> int:
    return int(Settings.model_fields[setting].default)


def _mail(table: str, columns: str, what: str, age: str, *, deletes: bool = False) -> Kept:
    return _of(table, columns, what, age=age, deletes=deletes, setting="mail_days")


INVENTORY = (
    _mail("notify.bounce", "content_key recipient words", "what mail servers sent back", "received_at", deletes=True),
    _of("notify.retired_school", "reason author", "who retired a school's alerts, and why"),
    _of("tracker.item", "owner next_step", "who is responsible for an item"),
    _of("tracker.lcap_move", "set_by", "who set a move of an action"),
    _of("tracker.lcap_version", "decided_by", "who decided on a version"),
    _of("tracker.offer_dismissed", "dismissed_by", "who dismissed an offer"),
    _of("rates.file_job", "who parameters title file_name", "requested files; deleted with their place in the queue"),
    _of("rates.file_job_part", "content", "the content of requested files; deleted with them"),
    _of(
        "access.person",
        "person_id issuer subject name email",
        "people who may sign in; deleted 90 days after their role",
    ),
    _of("access.role_grant", "person_id scope", "roles; deleted with the person"),
    _of("access.director_spelling", "spelling person_id", "spellings of a director's name; replaced by each directory"),
    _of("access.session", "person_id address", "sessions; deleted 90 days after their end (ingest.purge_access)"),
    _of(
        "access.token",
        "person_id label created_by maker_id confirmed_by",
        "tokens; deleted 90 days after their end (ingest.purge_access)",
    ),
    _of(
        "access.role_request",
        "person_id scope maker_id",
        "roles that wait; deleted after 90 days (ingest.purge_access)",
    ),
    _of("ingest.person", "person_id name email aliases resolved_aliases", "the directory; replaced by its next load"),
    _of("ingest.school", "principal landline director", "the directory; replaced by its next load"),
    _of(
        "ingest.upload",
        "uploaded_by file_name problems found changes roster",
        "who uploaded, what a finding quotes, and whom a directory changes: deleted after SES_UPLOAD_DAYS"
        " (ingest.purge_files)",
    ),
    _of(
        "ingest.kept_roster",
        "rows columns",
        "people in the roles of the newest roster, without students; replaced by the next one",
    ),
    _of(
        "ingest.roster_mapping",
        "mapping",
        "who is the principal where a roster names several; replaced when it is saved",
    ),
    _of(
        "ingest.dropped_file",
        "file_name problems",
        "files of drop folders; deleted after SES_UPLOAD_DAYS (ingest.purge_files)",
    ),
    _of("ingest.upload_file", "content", "files as uploaded; deleted after SES_UPLOAD_DAYS (ingest.purge_files)"),
    _of("ingest.extraction_count", "director", "the director of a school, as published"),
    _of("ingest.replaced_count", "director", "the director of a school, as published"),
    _of(
        "ingest.replaced_directory",
        "schools people roster",
        "the directory before its newest file; deleted with the next one, and after SES_UPLOAD_DAYS (ingest.purge_files)",
    ),
    _of("rates.school", "director", "the director of a school; replaced by the next load"),
    _of("rates.rate", "director director_key", "the director of a school, as published"),
    _of("rates.school_history", "director director_key", "the director of a school, as published"),
    _of("rates.mailed", "director", "which director was mailed about a school"),
    _of("rates.day_off_change", "actor source undone_by", "who changed the days off", SCHOOL_YEAR, "at", deletes=True),
    _of("rates.saved_view", "person_id name query", "views that a person saved; kept until they delete them"),
    _of(
        "notify.director", "person_id name email aliases refused_email refused", "directors; replaced by the next load"
    ),
    _of("notify.region_head", "name email refused_email refused", "heads of regions; kept until they are removed"),
    _of("notify.alias_match", "alias_key alias person_id matched_by", "spellings matched by a person"),
    _of("notify.tier_state", "director", "the director of a school, as published"),
    _mail("notify.digest", "director director_key person_id why content", "what a director was sent", "planned_at"),
    _mail("notify.mail", "rcpt body html failure last_reply", "mails as they were sent", "queued_at"),
    _mail(
        "notify.received_reply",
        "sender subject message_id answer",
        "who wrote a strike report as a mail",
        "received_at",
        deletes=True,
    ),
    _of("notify.reporter", "person_key", "who reports for schools, as a hash; replaced by the directory's next load"),
    _mail("notify.mail_note", "words", "the mail server's words", "at"),
    _of("notify.mail_pause", "failure words", "why mails wait; deleted when they are sent again"),
    _of("notify.acknowledgement", "plan author", "plans of directors", SCHOOL_YEAR, "at"),
    _of("notify.snooze", "reason author ended_by", "reasons to snooze", SCHOOL_YEAR, "at"),
    _of("notify.preference", "person_id changed_by", "how a director wants mails"),
    _of("notify.visit", "person_id", "when a director last came by a mail", TERM, "at", deletes=True),
    _of("sesr.reporter", "person_key person_id", "who reports for schools; replaced by the directory's next load"),
    _of("sesr.calendar_address", "person_id", "whose calendar an address shows", SCHOOL_YEAR, "read_at", deletes=True),
    _of("sesr.school", "principal landline director", "the directory; replaced by its next load"),
    _of(
        "sesr.report",
        "author author_name proxy_for reason commander landline cell note",
        "people in strike reports; blanked after SES_STRIKE_NAME_DAYS (sesr.purge_names)",
    ),
    _of(
        "sesr.held_report",
        "person_id submission reason decided_by",
        "reports held for the desk; deleted after SES_STRIKE_NAME_DAYS (sesr.purge_names)",
    ),
    _of("sesr.school_call", "author note", "notes of calls", SCHOOL_YEAR, "called_at"),
    _of("sesr.call_assignment", "caller author", "who calls which school", SCHOOL_YEAR, "assigned_at"),
    _of("sesr.public_release", "author", "who released public figures", SCHOOL_YEAR, "released_at"),
    _of("sesr.late_entry", "author reason", "who allowed a late entry, and why", SCHOOL_YEAR, "allowed_at"),
    _of("sesr.incident", "opened_by closed_by desk_phone", "who switched an incident; the desk's own number"),
    _of("tracker.school", "director", "the director of a school; replaced by the next load"),
    _of("tracker.entry", "entered_by", "who entered a value that counts"),
    _of("tracker.entry_log", "entered_by", "who changed a value", SCHOOL_YEAR, "at"),
    _of(
        "tracker.book_import",
        "uploaded_by file_name cells notes problems",
        "uploaded workbooks",
        TERM,
        "at",
        deletes=True,
    ),
    _of("tracker.file_job", "who parameters title file_name", "requested files; deleted with their place in the queue"),
    _of("tracker.file_job_part", "content", "the content of requested files; deleted with them"),
    _of("tracker.lcap_check", "note checked_by", "who checked a value"),
    _of("tracker.lcap_setting", "set_by", "who set a threshold"),
    *(
        entry
        for service in ("ingest", "rates", "tracker", "sesr", "notify")
        for entry in (
            _of(
                f"{service}.audit",
                "actor object detail",
                "the audit log: the service can only add, and purge what is older",
                age="at",
                deletes=True,
                setting="audit_days",
            ),
            _of(f"{service}.inbox", "key payload last_error", "events done; deleted after 90 days (purge_events)"),
            _of(f"{service}.outbox_event", "key payload", "events published; deleted after 90 days (purge_events)"),
        )
    ),
)
