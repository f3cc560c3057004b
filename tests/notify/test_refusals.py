"""What mail servers answer, as they were seen to say it, and what each answer means for us."""

import pytest

from services.notify.rules import refusals
from services.notify.rules.refusals import ADDRESS, AUTH, FULL, MESSAGE, RATE, TEMPORARY, failure_of, failure_of_report

ANSWERS = """
550 | data | 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to the page | rate limit
550 | data | 5.4.5 daily sending limit | rate limit
454 | data | Throttling failure: Maximum sending rate exceeded. | rate limit
454 | data | Throttling failure: Daily message quota exceeded. | rate limit
550 | data | 5.7.705 Access denied, tenant has exceeded threshold | rate limit
550 | recipient | 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit for sending email to external recipients | rate limit
451 | login | 4.7.0 Authentication failed: Maximum credits exceeded | rate limit
421 | connect | 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints | rate limit
450 | recipient | 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents more messages | mailbox full
452 | recipient | 4.2.2 The email account that you tried to reach is over quota. | mailbox full
552 | recipient | 5.2.2 The email account that you tried to reach is over quota. Please direct the recipient to | mailbox full
552 | data | 5.2.2 mailbox full | mailbox full
554 | recipient | 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded | mailbox full
550 | recipient | Mailbox quota exceeded | mailbox full
552 | data | 5.3.4 Message size exceeds fixed limit | message refused
552 | data | 5.2.3 Message size exceeds the mailbox's limit | message refused
550 | recipient | 5.1.1 <a@x.example>: Recipient address rejected: User unknown in virtual mailbox table | address refused
550 | recipient | 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient a@x.example not found by SMTP address lookup | address refused
550 | recipient | 5.4.1 Recipient address rejected: Access denied. AS(201806281) | address refused
550 | recipient | 5.2.1 The email account that you tried to reach is disabled. | address refused
554 | recipient | 5.4.4 Unable to route: no mail hosts for domain | address refused
550 | recipient | No such user here | address refused
550 | recipient | 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed | address refused
550 | recipient | 5.7.124 sender not in the group's allowed senders list | address refused
550 | recipient | 5.7.1 Relaying denied | auth
554 | recipient | 5.7.1 <a@x.example>: Relay access denied | auth
550 | recipient | 5.7.54 SMTP; Unable to relay recipient in non-accepted domain | auth
530 | sender | 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM | auth
530 | sender | 5.5.1 Authentication Required. | auth
535 | login | 5.7.8 Username and Password not accepted. | auth
554 | data | 5.2.252 SendAsDenied; ses@lausd.example not allowed to send as support@lausd.example | auth
554 | data | Message rejected: Email address is not verified. | auth
550 | data | 5.7.26 Unauthenticated email from lausd.example is not accepted due to the domain's DMARC policy | auth
550 | data | 5.7.1 Our system has detected that this message is likely unsolicited mail; spf check | auth
554 | recipient | 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org | auth
550 | recipient | 5.1.8 Access denied, bad outbound sender AS(42003) | auth
501 | sender | 5.1.7 Bad sender address syntax | auth
553 | sender | sender refused | auth
550 | sender | 5.1.1 no such user | auth
550 | data | 5.6.0 the content of this mail is not accepted | message refused
554 | data | transaction failed | message refused
554 | recipient | 5.3.0 the mail system there is being repaired | temporary
450 | recipient | 4.2.0 <a@x.example>: Recipient address rejected: Greylisted, see the page | temporary
451 | recipient | 4.7.1 Greylisting in action, try again later | temporary
451 | data | 4.7.1 try again later | rate limit
451 | recipient | 4.3.0 corporate directory not reached | temporary
452 | recipient | too many recipients | rate limit
421 | recipient | closing | rate limit
"""


def answers() -> list[tuple[int, str, str, str]]:
    rows = [[cell.strip() for cell in line.split("|")] for line in ANSWERS.strip().splitlines()]
    return [(int(code), stage, words, failure) for code, stage, words, failure in rows]


@pytest.mark.parametrize(("code", "stage", "words", "failure"), answers())
def test_an_answer_of_a_mail_server_has_its_class(code: int, stage: str, words: str, failure: str) -> None:
    assert failure_of(code, words, stage=stage) == failure


@pytest.mark.parametrize("stage", ["connect", "login", "sender", "recipient", "data"])
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
@pytest.mark.parametrize("words", ["5.1.1 no such user", "mailbox unavailable", "5.6.0 content", ""])
def test_what_is_refused_for_now_marks_no_address_and_no_mail(code: int, stage: str, words: str) -> None:
    assert failure_of(code, words, stage=stage) not in (ADDRESS, MESSAGE)


def test_every_registered_subject_has_a_class_and_only_the_address_retires_an_address() -> None:
    assert {key for key in refusals.BY_STATUS if "." not in key} == set("1234567")
    found = {failure_of(550, f"5.{subject}.999 no", stage="recipient") for subject in range(1, 8)}
    assert found == {ADDRESS, TEMPORARY, AUTH, MESSAGE}


@pytest.mark.parametrize(
    ("status", "words", "failure"),
    [
        ("5.1.1", "smtp; 550 5.1.1 unknown user", ADDRESS),
        ("5.2.2", "smtp; 552 over quota", FULL),
        ("5.0.0", "", ADDRESS),
        ("5.4.5", "", RATE),
        ("5.7.1", "smtp; 550 relay denied", AUTH),
    ],
)
def test_a_delivery_report_has_the_class_that_the_same_answer_has(status: str, words: str, failure: str) -> None:
    assert failure_of_report(status, words) == failure
