"""What a mail server's answer means, and how long to wait before the next try."""

from datetime import timedelta

from services.notify.rules.refusals import (
    ADDRESS,
    AUTH,
    CERTIFICATE,
    FULL,
    MESSAGE,
    RATE,
    TEMPORARY,
    TIMEOUT,
    UNKNOWN,
)

PERMANENT = (ADDRESS, MESSAGE)
# How long a full mailbox is waited for, as mail servers do (RFC 5321, 4.5.4.1): then a person decides.
FULL_AT_MOST = timedelta(days=4)
_LONGEST = timedelta(minutes=30)
_LONGEST_FULL = timedelta(hours=6)
_FIRST = {
    AUTH: timedelta(minutes=5),
    RATE: timedelta(minutes=1),
    TEMPORARY: timedelta(seconds=30),
    TIMEOUT: timedelta(seconds=30),
    CERTIFICATE: timedelta(minutes=5),
    FULL: timedelta(minutes=30),
    UNKNOWN: timedelta(minutes=15),
}
_POOL_FROM = 8
_POOL_NEAR = 2
_POOL_AT_MOST = 6
_NEAR_SECONDS = 0.004


def wait_after(failure: str, attempts: int, share: float = 1.0) -> timedelta:
    """How long to wait after the attempt of that number; doubles to half an hour. `share` (0.75 to 1.25) spreads."""
    first = _FIRST.get(failure, _FIRST[TEMPORARY])
    doublings = min(max(attempts, 1) - 1, 12)
    return min(first * (1 << doublings), _LONGEST_FULL if failure == FULL else _LONGEST) * share


def is_final(failure: str, unknown: int, waited: timedelta) -> bool:
    """Whether a mail is not tried again by itself. `unknown`: how many tries had an unknown outcome, this one too.

    What may have been accepted is sent once more and no further (RFC 1047); then a person decides. `waited`: since the
    mail was queued, for a mailbox that stays full.
    """
    if failure == FULL:
        return waited >= FULL_AT_MOST
    return failure in PERMANENT or (failure == UNKNOWN and unknown > 1)


def stops_the_round(failure: str) -> bool:
    """Whether the answer is about the server or about us, so that the other mails need not try now."""
    return failure in (AUTH, RATE, TIMEOUT, CERTIFICATE)


def connections_for(waiting: int, round_trip_seconds: float, per_minute: int = 0) -> int:
    """How many connections to use: two to a near server, four to six where each answer takes its time.

    One for a few mails, and where only so many a minute may go, so that the count is exact.
    """
    if waiting < _POOL_FROM or per_minute:
        return 1
    if round_trip_seconds < _NEAR_SECONDS:
        return _POOL_NEAR
    return min(_POOL_AT_MOST, max(4, waiting // 8))
