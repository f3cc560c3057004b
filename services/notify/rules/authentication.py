"""What a mail server found out about a mail's sender: an Authentication-Results header, read by RFC 8601 in one pass.

Values may hold anything that the sender made up, within quotation marks; comments say nothing and may be nested.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Unclear(ValueError):
    """A header that is not of the grammar: nothing in it is believed."""


class _Word(NamedTuple):
    """A piece of a header: `;`, `=`, or a word without its quotation marks. `is_bare`: nothing of it was quoted."""

    text: str
    is_bare: bool

    def is_mark(self, mark: str) -> bool:
        return self.is_bare and self.text == mark


def is_dmarc_pass(value: str, server: str, domain: str) -> bool | None:
    """Whether a server found by DMARC that a mail is from the domain of its From; None for a header of another server.

    A domain is compared as it is, with A to Z as a to z. Two results of DMARC in one header prove nothing, and neither does a header that is not of the grammar.
    """
    try:
        name, *results = _results(value)
    except Unclear:
        return False
    if not server or not name or name[0].text.lower() != server.lower():
        return None
    found = [result for result in results if result and result[0].text.partition("/")[0].strip().lower() == "dmarc"]
    return len(found) == 1 and bool(domain) and _passed(found[0]) == [domain.lower()]


def _passed(result: list[_Word]) -> list[str]:
    """The domains that a result says to have passed; none where it did not, or is not made of names with values."""
    pairs = [result[at : at + 3] for at in range(0, len(result), 3)]
    if any(len(pair) != 3 or not _is_pair(*pair) for pair in pairs):
        return []
    if [word.text.lower() for word in pairs[0]] != ["dmarc", "=", "pass"] or not pairs[0][2].is_bare:
        return []
    froms = [content.text for name, _, content in pairs[1:] if name.text.lower() == "header.from"]
    return [text.lower() if text.isascii() else "" for text in froms]


def _is_pair(name: _Word, sign: _Word, content: _Word) -> bool:
    return name.is_bare and sign.is_mark("=") and not (content.is_mark("=") or content.is_mark(";"))


def _results(value: str) -> list[list[_Word]]:
    """The words between the semicolons of a header: of the server's name, then of each result."""
    found: list[list[_Word]] = [[]]
    for word in _words(value):
        if word.is_mark(";"):
            found.append([])
        else:
            found[-1].append(word)
    return found


def _words(value: str) -> Iterator[_Word]:
    """The pieces of a header from left to right. Raises Unclear for a quotation or a comment that has no end."""
    kept: list[str] = []
    is_bare, at = True, 0
    while at < len(value):
        sign = value[at]
        if sign == '"':
            quoted, at = _quoted(value, at + 1)
            kept.append(quoted)
            is_bare = False
            continue
        if sign in " \t\r\n(;=":
            if kept:
                yield _Word("".join(kept), is_bare)
            kept, is_bare = [], True
            if sign in ";=":
                yield _Word(sign, True)
        else:
            kept.append(sign)
        at = _after_comment(value, at + 1) if sign == "(" else at + 1
    if kept:
        yield _Word("".join(kept), is_bare)


def _quoted(value: str, at: int) -> tuple[str, int]:
    """A quotation that begins before `at`, without its escapes, and where it ends."""
    kept = []
    while at < len(value) and value[at] != '"':
        at += value[at] == "\\"
        kept.append(value[at : at + 1])
        at += 1
    if at >= len(value):
        raise Unclear("a quotation has no end")
    return "".join(kept), at + 1


def _after_comment(value: str, at: int) -> int:
    """Where a comment ends that begins before `at`, with the comments within it."""
    depth = 1
    while at < len(value) and depth:
        sign = value[at]
        at += 2 if sign == "\\" else 1
        depth += (sign == "(") - (sign == ")")
    if depth:
        raise Unclear("a comment has no end")
    return at
