"""What a mail server's refusal is about: us, the mailbox, the address, the mail, or the moment.

The class follows from the provider's own words where they are known, else from the enhanced status code (RFC 3463 and the
IANA registry that grew from it), else from the basic code and the stage at which it came.
"""

import re
from typing import NamedTuple

SENT, AUTH, RATE, TEMPORARY, TIMEOUT, FULL, ADDRESS, MESSAGE, UNKNOWN = (
    "sent", "auth", "rate limit", "temporary", "timeout", "mailbox full", "address refused", "message refused",
    "unknown outcome",
)  # fmt: skip
CERTIFICATE = "certificate"
# The class of an enhanced status code without its first digit, `subject.detail` or the subject alone.
BY_STATUS = {
    "1": ADDRESS,  # addressing
    "1.7": AUTH,  # our own address is not understood
    "1.8": AUTH,  # our own domain is not accepted; Microsoft: a sender that is blocked
    "2": ADDRESS,  # the mailbox: disabled, a list that cannot be expanded
    "2.2": FULL,
    "2.3": MESSAGE,  # longer than the mailbox takes
    "2.121": FULL,  # Microsoft: the mailbox takes so many an hour from one sender
    "2.122": FULL,  # Microsoft: the mailbox takes so many an hour
    "2.252": AUTH,  # Microsoft: SendAsDenied
    "3": TEMPORARY,  # the recipient's mail system
    "3.4": MESSAGE,  # too big for the system
    "3.6": AUTH,  # the priority or the sender is not served here
    "4": TEMPORARY,  # network and routing
    "4.1": ADDRESS,  # Microsoft: the recipient is not accepted here
    "4.4": ADDRESS,  # no route to that domain
    "4.5": RATE,  # congestion; Google: the daily sending limit
    "4.6": MESSAGE,  # a loop
    "4.310": ADDRESS,  # Microsoft: the domain does not exist
    "5": AUTH,  # the protocol: what we say is not understood, or not before signing in
    "5.3": RATE,  # too many recipients
    "6": MESSAGE,  # the content
    "6.7": ADDRESS,  # an address outside ASCII
    "7": AUTH,  # policy; most of it is about the sender
    "7.2": ADDRESS,  # nobody may send to this list
    "7.17": ADDRESS,  # the mailbox has another owner now (RFC 7293)
    "7.18": ADDRESS,
    "7.28": RATE,  # a flood of mails
    "7.124": ADDRESS,  # Microsoft: the group takes mail from some senders only
    "7.129": ADDRESS,
    "7.133": ADDRESS,
    "7.134": ADDRESS,
    "7.135": ADDRESS,
    "7.136": ADDRESS,
}  # fmt: skip


class ProviderText(NamedTuple):
    """Words by which a provider says what its code alone does not, and the class they mean."""

    words: re.Pattern[str]
    failure: str


# The first one found decides. Kept in lower case; the servers' own case differs by version.
PROVIDERS = (
    # Limits of the sender: Google, Amazon, Microsoft, SendGrid, Mailgun, Postfix policy servers.
    ProviderText(re.compile(r"(daily|hourly|user|account|domain|tenant)\b.{0,20}\bsending (limit|quota)"), RATE),
    ProviderText(re.compile(r"(sending|message|submission|outbound) (rate|quota|limit).{0,20}(exceed|reach)"), RATE),
    ProviderText(re.compile(r"(exceed|reach)(ed|es|s)?\b.{0,40}\b(sending|submission|message|external recipient|hourly|daily)\b.{0,20}\b(rate|limit|quota)"), RATE),
    ProviderText(re.compile(r"throttl"), RATE),
    ProviderText(re.compile(r"maximum credits exceeded"), RATE),
    ProviderText(re.compile(r"tenant has exceeded threshold|exceeded the allowed number of messages|too many messages"), RATE),
    ProviderText(re.compile(r"sending (is |has been )?(paused|suspended)"), RATE),
    # The mailbox is full, whatever the code: Google's OverQuota, Exchange, Dovecot, cPanel, Yahoo.
    ProviderText(re.compile(r"(mailbox|inbox|quota|storage|account)\b.{0,30}\b(is |has )?(full|exceeded|over ?quota|out of storage)"), FULL),
    ProviderText(re.compile(r"over ?quota|exceeded (storage|mailbox|disk) (allocation|quota)|insufficient (mailbox )?storage"), FULL),
    ProviderText(re.compile(r"not enough (storage|disk) space|user is over (the )?quota"), FULL),
    ProviderText(re.compile(r"receiving mail (at a rate|too quickly)"), FULL),
    # The server wants this mail once more later, not fewer mails.
    ProviderText(re.compile(r"gr[ae]y-?list"), TEMPORARY),
    # About us: relaying, signing in, the reputation of address, domain or machine.
    ProviderText(re.compile(r"relay(ing)?\b.{0,20}\b(denied|not (permitted|allowed)|access)|unable to relay|not permitted to relay"), AUTH),
    ProviderText(re.compile(r"authenticat(e|ion) (is )?required|client was not authenticated|must (authenticate|issue a starttls)"), AUTH),
    ProviderText(re.compile(r"(sender|from) (address |domain )?(is )?(rejected|refused|not (allowed|verified|owned|permitted)|verify failed)"), AUTH),
    ProviderText(re.compile(r"unauthenticated senders|email address is not verified|domain .{0,60} is (not allowed to send|unverified)"), AUTH),
    ProviderText(re.compile(r"(banned|bad) (outbound )?(sending ip|sender)|blocked using|block ?list|blacklist|ipcheck|spamhaus"), AUTH),
    ProviderText(re.compile(r"\b(spf|dkim|dmarc)\b"), AUTH),
    # The person is not there, under codes that say something else.
    ProviderText(re.compile(r"(user|recipient|mailbox|account|person|address)\b.{0,30}\b(unknown|not found|does ?n[o']t exist|unavailable|disabled|inactive|suspended|no longer)"), ADDRESS),
    ProviderText(re.compile(r"no such (user|recipient|mailbox|person|address)|unknown (user|recipient|mailbox|person|address)|recipientnotfound"), ADDRESS),
)  # fmt: skip
_RATE_WORDS = re.compile(r"\brate\b|too many|slow down|try again later", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])[245]\.(\d{1,3})\.(\d{1,3})(?![\d.])")


def failure_of(code: int, words: str, *, stage: str) -> str:
    """The class of an SMTP refusal. `stage` is connect, login, sender, recipient or data; `words` what the server said.

    A refusal below 500 never marks an address or a mail: the same server may take it later.
    """
    if stage == "login" or code in (530, 534, 535, 538):
        return AUTH if code >= 500 else _for_now(code, words)
    if code < 500:
        return _for_now(code, words)
    found = _read(words)
    if found is None:
        found = {"recipient": ADDRESS, "data": MESSAGE}.get(stage, AUTH)
    # Before a recipient was named, nothing that is said can be about one.
    return AUTH if stage in ("connect", "sender") and found in (ADDRESS, MESSAGE, FULL) else found


def failure_of_report(status: str, words: str) -> str:
    """The class of a delivery report's `5.1.1` and diagnostic text (RFC 3464)."""
    return _read(words) or _by_status(status) or ADDRESS


def _for_now(code: int, words: str) -> str:
    found = _by_words(words)
    if found in (FULL, RATE, TEMPORARY):
        return found
    if code == 421 or _RATE_WORDS.search(words) or re.search(r"4\.7\.\d", words):
        return RATE
    return FULL if _by_status(words) == FULL else TEMPORARY


def _read(words: str) -> str | None:
    """A provider's own code (a detail of three digits) says more than its words, the words more than a general code."""
    own = _STATUS.search(words)
    exact = BY_STATUS.get(".".join(own.groups())) if own is not None and len(own.group(2)) == 3 else None
    return exact or _by_words(words) or _by_status(words)


def _by_words(words: str) -> str | None:
    lowered = words.lower()
    return next((known.failure for known in PROVIDERS if known.words.search(lowered)), None)


def _by_status(words: str) -> str | None:
    found = _STATUS.search(words)
    if found is None:
        return None
    subject, detail = found.groups()
    return BY_STATUS.get(f"{subject}.{detail}", BY_STATUS.get(subject))
