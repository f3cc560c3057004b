"""In which encoding a text table is written, found out from its bytes."""

import codecs
import re
from typing import NamedTuple

from services.ingest.sheets.refusals import UnreadableFile

SAMPLE = 64 * 1024
BLOCK = 1024 * 1024
FALLBACK = "read as Windows-1252"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A byte above 127 in or beside a word: there a letter is likely, and a sign is not.
_IN_WORD = re.compile(rb"(?<=[A-Za-z\x80-\xff])[\x80-\xff]|[\x80-\xff](?=[A-Za-z])")
_LETTERS = frozenset("áéíóúñüàèìòùâêîôûäëïöãõçåæøÁÉÍÓÚÑÜÀÈÌÒÙÂÊÎÔÛÄËÏÖÃÕÇÅÆØ’")
LEAST_LETTERS = 2
_OTHERS = ("mac_roman", "cp850")


class Encoding(NamedTuple):
    """The name of a codec, how it treats bytes that are none of it, and the first line with such a byte (0: none)."""

    name: str
    errors: str = "strict"
    bad_line: int = 0


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """A byte that is not UTF-8, as Windows would read it: one bad byte does not spoil the others."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(FALLBACK, _as_windows)


def encoding_of(path: str) -> Encoding:
    """UTF-8 or UTF-16 by byte order mark, UTF-16 by its zero bytes, UTF-8 where nearly all of it is, else one of the
    old encodings of Windows and of the Mac. Raises UnreadableFile."""
    with open(path, "rb") as file:
        head = file.read(SAMPLE)
        for mark, name in _BOMS:
            if head.startswith(mark):
                return Encoding(name)
        if b"\x00" in head:
            return Encoding(_utf_16(head))
        decode = codecs.getincrementaldecoder("utf-8")().decode
        block, lines = head, 1
        try:
            while block:
                if b"\x00" in block:
                    lines += block[: block.index(b"\x00")].count(b"\n")
                    raise UnreadableFile("file_has_nul", f"line {lines}")
                decode(block)
                lines += block.count(b"\n")
                block = file.read(BLOCK)
            decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return _of_bytes(file.read())
    return Encoding("utf-8")


def _utf_16(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most < 0.3 * len(head) or least > most // 10:
        is_text = sum(byte < 32 and byte not in b"\t\r\n" for byte in head) < len(head) // 20
        line = head[: head.index(b"\x00")].count(b"\n") + 1
        raise UnreadableFile("file_has_nul", f"line {line}") if is_text else UnreadableFile("file_not_a_table")
    return "utf-16-le" if odd > even else "utf-16-be"


def _of_bytes(content: bytes) -> Encoding:
    if b"\x00" in content:
        raise UnreadableFile("file_has_nul", f"line {content[: content.index(0)].count(10) + 1}")
    text = content.decode("utf-8", "surrogateescape")
    strange = [character for character in text if not character.isascii()]
    bad = sum("\udc80" <= character <= "\udcff" for character in strange)
    if len(strange) - bad > bad:
        first = next(index for index, character in enumerate(text) if "\udc80" <= character <= "\udcff")
        return Encoding("utf-8", FALLBACK, text.count("\n", 0, first) + 1)
    return Encoding(_old_encoding(content))


def _old_encoding(content: bytes) -> str:
    """The table of the Mac or of MS-DOS where it makes a letter of every byte above 127 in a word, and that of Windows
    makes signs, or nothing; else the table of Windows."""
    found = b"".join(_IN_WORD.findall(content))
    letters = {name: _letters(found.decode(name, "replace")) for name in ("cp1252", *_OTHERS)}
    best = max(_OTHERS, key=letters.__getitem__)
    least = 1 if b"\r" in content and b"\n" not in content else LEAST_LETTERS
    is_other = letters[best] == len(found) and letters[best] >= least and letters[best] > letters["cp1252"]
    return best if is_other else "cp1252"


def _letters(text: str) -> int:
    return sum(letter in _LETTERS for letter in text)
