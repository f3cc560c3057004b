"""Who is asking: people, sessions and tokens in the schema `access`, written by ingest's role, read by all by one view."""

from shared.access.audits import audit
from shared.access.people import Who, holder_of, keep_person, people_of
from shared.access.scope import Scope, scope_of, within
from shared.access.sessions import Credential, SessionLimits, csrf_of, end_session, hash_of, start_session, who_is
from shared.access.tokens import issue_token

__all__ = [
    "Credential",
    "Scope",
    "SessionLimits",
    "Who",
    "audit",
    "csrf_of",
    "end_session",
    "hash_of",
    "holder_of",
    "issue_token",
    "keep_person",
    "people_of",
    "scope_of",
    "start_session",
    "who_is",
    "within",
]
