"""The signed links of mails: whatever is made of one, it opens what was signed or nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.rules.links import BadLink, Link, read, sign
from tests.people import browser_of

KEY, OTHER = b"k" * 32, b"o" * 32
NOW = datetime(2025, 2, 21, 12, tzinfo=UTC)
LINKS = st.builds(Link, st.integers(0, 2**63 - 1), st.datetimes(datetime(2025, 3, 1), datetime(2099, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)))  # fmt: skip
QUICK = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@QUICK
@given(LINKS)
def test_a_link_opens_what_was_signed_until_its_end(link: Link) -> None:
    token = sign(KEY, link)
    assert read(KEY, token, NOW) == link
    for key, now in ((OTHER, NOW), (b"", NOW), (KEY, link.until)):
        with pytest.raises(BadLink):
            read(key, token, now)


@QUICK
@given(LINKS, st.data())
def test_a_changed_link_opens_the_same_or_nothing(link: Link, data: st.DataObject) -> None:
    token = sign(KEY, link)
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, min(len(token), start + 3)))
    changed = token[:start] + data.draw(st.text(alphabet="0123456789.-_=AZaz/+ \n%", max_size=3)) + token[end:]
    try:
        assert read(KEY, changed, NOW) == link
    except BadLink:
        pass
    if changed.rpartition(".")[0] != token.rpartition(".")[0]:
        with pytest.raises(BadLink):
            read(KEY, changed, NOW)


@QUICK
@given(st.text(max_size=300))
def test_what_was_never_signed_opens_nothing(token: str) -> None:
    with pytest.raises(BadLink):
        read(KEY, token, NOW)


@QUICK
@given(LINKS, LINKS)
def test_the_signature_of_one_link_is_none_for_another(one: Link, other: Link) -> None:
    mixed = f"{sign(KEY, one).rpartition('.')[0]}.{sign(KEY, other).rpartition('.')[2]}"
    if one != other:
        with pytest.raises(BadLink):
            read(KEY, mixed, NOW)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("token", ["x", "1.2.3", "9" * 400, "1." + "9" * 60 + ".AAAA", ". .", "%00", "١.٢.AAAA"])
def test_a_page_of_a_wrong_link_says_what_to_do(token: str) -> None:
    answer = browser_of(None).get(f"/notify/answer/{token}")
    assert answer.status_code in (400, 403, 404, 410, 422), answer.status_code
    assert "Traceback" not in answer.text
