"""One rule for addresses: what the directory takes can be put on an envelope, and nothing else is taken or sent."""

import pytest

from services.notify.mailer.messages import HeaderRefused, one_address
from shared.emails import email_key

TAKEN = ("a@x.example", "o'brien+ses@x.example", "A.B@x.example", "a@xn--bcher-kva.example")
REFUSED = (
    "", "a", "a@", "@x.example", "a@x", "a@x.example.", "a@x..example", "a..b@x.example", ".a@x.example", "a@@x.example",
    "a b@x.example", "a@x.example, b@x.example", "a@x.example\r\nDATA", "a@x.example> SIZE=1", "a@-x.example",
    f"{'x' * 65}@x.example", "<a@x.example>", "a@[127.0.0.1]", '"a b"@x.example', "a\x00@x.example", "jos\u00e9@x.example",
)  # fmt: skip


@pytest.mark.parametrize("text", [*TAKEN, *REFUSED])
def test_the_rule_of_entry_is_the_rule_of_sending(text: str) -> None:
    if text in TAKEN:
        assert one_address(text) == text and email_key(text) == text.lower()
        return
    assert not email_key(text)
    with pytest.raises(HeaderRefused):
        one_address(text)
