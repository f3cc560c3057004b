"""What a mail server's answer means, and how long to wait before the next try."""

import re
from datetime import timedelta

SENT, AUTH, RATE, TEMPORARY, TIMEOUT, ADDRESS, MESSAGE, UNKNOWN = (
    "sent", "auth", "rate limit", "temporary", "timeout", "address refused", "message refused", "unknown outcome",
)  # fmt: skip
PERMANENT = (ADDRESS, MESSAGE)
_LONGEST = timedelta(minutes=30)
_FIRST = {
    AUTH: timedelta(minutes=5),
    RATE: timedelta(minutes=1),
    TEMPORARY: timedelta(seconds=30),
    TIMEOUT: timedelta(seconds=30),
    UNKNOWN: timedelta(minutes=15),
}
_RATE_WORDS = re.compile(r"4\.7\.|\brate\b|too many|thrott|slow down|try again later", re.IGNORECASE)
_GREYLISTED = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_ABOUT_US = re.compile(r"5\.7\.[0-8]|relay|authenticat|sender", re.IGNORECASE)
_POOL_FROM = 8
_POOL_NEAR = 2
_POOL_AT_MOST = 6
_NEAR_SECONDS = 0.004


def failure_of(code: int, words: str, *, stage: str) -> str:
    """The class of an SMTP refusal. `stage` is connect, login, sender, recipient or data.

    Only a permanent refusal at the recipient that is not about us (relaying, authentication) speaks of the address.
    """
    if stage == "login" or code in (530, 534, 535, 538):
        return AUTH
    if code < 500:
        # A server that greylists wants each mail once more, not fewer mails.
        about_rate = _RATE_WORDS.search(words) and not _GREYLISTED.search(words)
        return RATE if code == 421 or about_rate else TEMPORARY
    if stage == "recipient":
        return AUTH if _ABOUT_US.search(words) else ADDRESS
    return MESSAGE if stage == "data" else AUTH


def wait_after(failure: str, attempts: int, share: float = 1.0) -> timedelta:
    """How long to wait after the attempt of that number; doubles to half an hour. `share` (0.75 to 1.25) spreads."""
    first = _FIRST.get(failure, _FIRST[TEMPORARY])
    doublings = min(max(attempts, 1) - 1, 12)
    return min(first * (1 << doublings), _LONGEST) * share


def is_final(failure: str, unknown: int) -> bool:
    """Whether a mail is not tried again by itself. `unknown`: how many tries had an unknown outcome, this one too.

    What may have been accepted is sent once more and no further (RFC 1047); then a person decides.
    """
    return failure in PERMANENT or (failure == UNKNOWN and unknown > 1)


def stops_the_round(failure: str) -> bool:
    """Whether the answer is about the server, so that the other mails need not try now."""
    return failure in (AUTH, RATE, TIMEOUT)


def connections_for(waiting: int, round_trip_seconds: float, per_minute: int = 0) -> int:
    """How many connections to use: two to a near server, four to six where each answer takes its time.

    One for a few mails, and where only so many a minute may go, so that the count is exact.
    """
    if waiting < _POOL_FROM or per_minute:
        return 1
    if round_trip_seconds < _NEAR_SECONDS:
        return _POOL_NEAR
    return min(_POOL_AT_MOST, max(4, waiting // 8))
