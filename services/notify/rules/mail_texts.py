"""The texts of a mail that came in, as they may be kept: the headers as they were sent, the addresses, the plain text.

Headers are read undecoded: an encoded word (RFC 2047) may hide a quotation mark or a line break, and no address has one.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

MOST_HEADER_BYTES = 64 * 1024
# Enough for all characters of a text that are kept, in any charset.
MOST_BODY_BYTES = 16 * 1024
ADDRESS_LONGEST = 320
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


class UnreadableMail(ValueError):
    """A mail of which nothing is read; the text says why."""


def parsed(raw: bytes) -> Message:
    """The structure of a mail. Raises UnreadableMail where its headers are longer than any mail program writes."""
    end = _END_OF_HEADERS.search(raw, 0, MOST_HEADER_BYTES)
    if end is None and len(raw) > MOST_HEADER_BYTES:
        raise UnreadableMail(f"its headers are longer than {MOST_HEADER_BYTES} bytes")
    return message_from_bytes(raw)


def clean(text: str) -> str:
    """A text without NUL and without half characters, neither of which PostgreSQL takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "")


def headers(part: Message, name: str) -> list[str]:
    """All headers of a name, each on one line, not decoded."""
    return [" ".join(clean(str(value)).split()) for key, value in part.raw_items() if key.casefold() == name.casefold()]


def header(part: Message, name: str, default: str = "") -> str:
    """The first header of a name, on one line, not decoded."""
    return next(iter(headers(part, name)), default)


def subject(part: Message) -> str:
    """The subject as people read it; as it was sent where it cannot be decoded."""
    sent = header(part, "Subject")
    try:
        decoded = str(make_header(decode_header(sent)))
    except (HeaderParseError, LookupError, ValueError):
        decoded = sent
    return " ".join(clean(decoded).split())


def addresses(part: Message, *names: str) -> list[str]:
    """The addresses in the headers of these names, in their order; none that is longer than an address can be."""
    found = [address for name in names for _, address in getaddresses(headers(part, name))]
    return [address for address in found if len(address) <= ADDRESS_LONGEST]


def senders(part: Message) -> list[str]:
    """All that the From headers name, an empty text for what is no address."""
    return [address for _, address in getaddresses(headers(part, "From"))]


def plain_text(read: Message) -> str:
    """The beginning of the first plain text that is no attachment; what its charset does not allow is replaced."""
    for part in _parts(read):
        if part.get_content_type() == "text/plain" and part.get_content_disposition() != "attachment":
            return clean(_decoded(part)).replace("\r\n", "\n")
    return ""


def _parts(read: Message) -> Iterator[Message]:
    """The parts of a mail in their order, not those of a mail that it carries."""
    waiting = [read]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload() if part.is_multipart() else None
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting += [each for each in reversed(inner) if isinstance(each, Message)]
        else:
            yield part


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload[:MOST_BODY_BYTES] if isinstance(payload, bytes) else b""
    try:
        return content.decode(str(part.get_content_charset("ascii")), "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
