"""Mails that were made to stop the mailbox, or to be taken for somebody else's: each is settled, and the next one is read."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.notify.actions import bouncing
from services.notify.mailbox.child import read_mails
from services.notify.rules.authentication import is_dmarc_pass
from services.notify.rules.bounces import FAILED, bounce_address
from services.notify.rules.replies import FORGED, read_reply
from shared.settings import settings
from tests.notify.bounce_servers import bounce_servers
from tests.notify.telling import row, rows_of, tell, tell_directory

BASE, SERVER = "ses-bounces@lausd.example", "mx.lausd.example"
HEAD = b"From: a@b.example\r\nTo: ses-bounces@lausd.example\r\n"
PLAIN = HEAD + b"Content-Type: text/plain; charset="
HOSTILE = {
    "a line break in a name": b"From: =?utf-8?q?a=0Ab?= <a@b.example>\r\n\r\nx",
    "comments that have no end": b"From: " + b"(" * 5000 + b"\r\n\r\nx",
    "comments that have no end, for whom": b"From: a@b.example\r\nTo: " + b"(" * 60000 + b"\r\n\r\nx",
    "a charset that there is not": HEAD + b"X-Failed-Recipients: a@b\r\nContent-Type: text/plain; charset=foo\r\n\r\nx",
    "a charset that is no charset": PLAIN + b"hex\r\n\r\nxyz",
    "a charset that refuses": PLAIN + b"idna\r\n\r\n\xff..\xff",
    "a message id without its end": HEAD + b"Message-ID: <a@\r\n\r\nx",
    "a message id of brackets": HEAD + b"Message-ID: <" + b"[" * 3000 + b"\r\n\r\nx",
    "NUL in a charset": PLAIN + b'"=?utf-8?q?=00?="\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!',
    "NUL in a subject": HEAD + b"Auto-Submitted: auto-replied\r\nSubject: =?utf-8?q?a=00b?=\r\n\r\nx",
    "NUL everywhere": b"From: a\x00@b.example\r\nX-Failed-Recipients: a\x00@b\r\n\r\n\x00",
    "half a character": HEAD + b"X-Failed-Recipients: a@b\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
    "half a character in a subject": HEAD + b"Auto-Submitted: auto-replied\r\nSubject: =?utf-7?q?+2AA-?=\r\n\r\nx",
    "nested comments": HEAD + b"Authentication-Results: " + b"(" * 30000 + b")" * 30000 + b"\r\n\r\nx",
    "punycode": PLAIN + b"punycode\r\n\r\n-" + b"b" * 60000,
    "headers without an end": HEAD + b"X-A: b\r\n" * 20000 + b"\r\nx",
    "a signature in letters that are only like ours": b"From: a@b.example\r\nTo: ses-bounces+1-\xc5\xbf"
    + b"a" * 15
    + b"@lausd.example\r\n\r\nx",
    "a day that is none": HEAD + b"Date: Mon, 99 Xxx 99999999999 99:99:99 +99999999\r\n\r\nx",
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(200)
    ),
    "nothing": b"",
}
# Each of its lines is compared with the boundaries of all parts around it.
SLOW = (
    b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(250))
    + b"\r\n--" * 48000
)


def bounce(address: str) -> bytes:
    return (
        f"From: MAILER-DAEMON@x.example\r\nTo: {address}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.x.example\r\n\r\n"
        "Final-Recipient: RFC822; b@y.example\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.usefixtures("clean")
def test_behind_each_hostile_mail_a_bounce_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_directory()
    tell([row("Alder 4001", 10, 100)])
    number = rows_of("update mail set state = 'sent', sent_at = now() returning mail_id")[0].mail_id
    good = bounce(bounce_address(BASE, settings().link_key.get_secret_value().encode(), number))
    monkeypatch.setattr(settings(), "bounce_address", BASE)
    with bounce_servers("gone") as servers:
        monkeypatch.setattr(settings(), "imap_url", SecretStr(servers.imap_url))
        for place, raw in enumerate(HOSTILE.values()):
            (servers.maildir / "new" / f"{place:03}.a").write_bytes(raw)
            (servers.maildir / "new" / f"{place:03}.b").write_bytes(
                good.replace(b"MIME", b"X-Place: %d\r\nMIME" % place)
            )
        assert bouncing.read_mailbox() == 2 * len(HOSTILE)
        assert bouncing.read_mailbox() == 0, "each is marked as read"
    kinds = {kept.kind: kept.n for kept in rows_of("select kind, count(*) as n from bounce group by 1")}
    assert kinds[FAILED] == len(HOSTILE)
    assert sum(kinds.values()) == 2 * len(HOSTILE) and kinds["unreadable"] >= 3
    assert rows_of("select state from mail")[0].state == "bounced"


def test_a_mail_that_ends_the_child_is_unreadable_alone() -> None:
    before, slow, after = read_mails([bounce(BASE), SLOW, bounce(BASE)], SERVER, ())
    assert slow is None
    for read in (before, after):
        assert read is not None and (read.report.kind, read.addresses) == (FAILED, [BASE])


SIGNS = st.text(st.sampled_from('";=()\\ ab.@') | st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30)
PIECES = st.lists(
    SIGNS | st.sampled_from(["; dmarc=pass header.from=lausd.example; ", 'b"; dmarc=pass', ") dmarc=pass"])
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comment(text: str) -> str:
    for sign in "\\()":
        text = text.replace(sign, f"\\{sign}")
    return f"({text} (and {text}))"


@given(PIECES.map("".join), PIECES.map("".join), st.sampled_from(["pass", "fail", "none"]), st.booleans())
def test_what_a_sender_made_up_never_changes_what_the_server_found(
    local: str, words: str, outcome: str, before: bool
) -> None:
    made_up = f"spf=pass {comment(words)} smtp.mailfrom={quoted(local)}@evil.example reason={quoted(words)}"
    found = f"dmarc={outcome} {comment(words)} header.from=lausd.example policy.p={quoted(local)}"
    results = (made_up, found) if before else (found, made_up)
    assert is_dmarc_pass(f"{SERVER} 1; {'; '.join(results)}", SERVER, "lausd.example") is (outcome == "pass")


REFUSED = (
    "dmarc=pass header.from=lausd.example; dmarc=pass header.from=lausd.example",
    "dmarc=fail header.from=lausd.example; dmarc=pass header.from=lausd.example",
    "dmarc/1=pass header.from=lausd.example; dmarc=pass header.from=lausd.example",
    '"dmarc"=pass header.from=lausd.example', 'dmarc="pass" header.from=lausd.example',
    "dmarc=pass header.from=lausd.example header.from=evil.example", "dmarc=pass header.from=sub.lausd.example",
    "dmarc=pass header.from=lausd.example.evil.example", "dmarc=pass header.from=", "dmarc=pass",
    "dmarc=pass header.from=lausd.example (", 'dmarc=pass header.from=lausd.example "', "dmarc pass header.from=lausd.example",
    "none", "", "(dmarc=pass header.from=lausd.example)", "dmarc=pass header.from==lausd.example",
)  # fmt: skip


def test_only_one_whole_result_for_exactly_the_domain_proves_anything() -> None:
    for results in REFUSED:
        assert not is_dmarc_pass(f"{SERVER}; {results}", SERVER, "lausd.example"), results
    taken = f'{SERVER} 1; spf=none; DMARC = Pass (p="reject") action=none Header.From="LAUSD.example"; compauth=pass'
    assert is_dmarc_pass(taken, SERVER, "lausd.example") is True
    assert is_dmarc_pass(taken, "mx.other.example", "lausd.example") is None


def test_an_encoded_quotation_mark_opens_nothing() -> None:
    local = '"=?utf-8?q?a=22=3B_dmarc=3Dpass_header=2Efrom=3Dlausd=2Eexample=3B?="'
    results = f"{SERVER}; spf=pass smtp.mailfrom={local}@evil.example; dmarc=fail header.from=lausd.example"
    raw = (
        f"Authentication-Results: {results}\r\nFrom: p@lausd.example\r\nMessage-ID: <1@x.example>\r\n\r\n12 present\r\n"
    )
    assert read_reply(raw.encode(), "", SERVER, ()).outcome == FORGED


def test_a_header_is_read_in_a_time_that_grows_with_its_length() -> None:
    begun = time.process_time()
    for sign in ("(", '"', ";", "=", "\\", "()", "(\\", "a=b "):
        is_dmarc_pass(f"{SERVER}; {sign * 60000}", SERVER, "lausd.example")
    assert time.process_time() - begun < 10
