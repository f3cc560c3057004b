"""Drop folders: what the address of one says, where a file goes once it was read, and the report beside it."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

KINDS = ("participation", "directory", "survey-results", "lcap-actions", "lcap-measures")
OPTIONS = {
    "file": {"kind", "term", "mails"},
    "sftp": {"kind", "term", "mails", "host_key"},
    "s3": {"kind", "term", "mails", "endpoint"},
}
# Where a file goes by the state of its upload; one that is still being read stays.
PLACES = {
    "published": "done",
    "unchanged": "done",
    "undone": "done",
    "preview": "held",
    "quarantined": "held",
    "refused": "refused",
    "discarded": "refused",
}
NAMES_TRIED = 1000
FINDINGS_LISTED = 200


class FolderAddress(NamedTuple):
    """A drop folder as its setting names it; `path` as the server knows it, of a bucket with the bucket's name."""

    name: str
    scheme: str
    host: str
    port: int | None
    user: str
    password: str
    path: str
    kind: str
    term: str
    sends_mails: bool
    host_key: str
    endpoint: str

    @property
    def shown(self) -> str:
        """The address without what opens it."""
        return f"{self.scheme}://{self.host}{self.path}"


def folder_address(name: str, address: str) -> FolderAddress:
    """Reads a setting such as `sftp://USER:PASSWORD@HOST/PATH?kind=participation`. Raises ValueError with a sentence."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:  # of a port that is not a number: its text may be a piece of a password
        raise ValueError("The address cannot be read. Write special characters in its password as %XX.") from None
    if parts.scheme not in OPTIONS:
        raise ValueError(f"The address must begin with {', '.join(f'{scheme}://' for scheme in OPTIONS)}.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    _check_options(parts.scheme, options)
    if (parts.scheme == "file") == bool(parts.hostname):
        raise ValueError("A directory of this machine is file:///PATH; other addresses name their server or bucket.")
    if parts.scheme == "sftp" and not options.get("host_key"):
        raise ValueError("An SFTP folder needs host_key=TYPE%20KEY, the server's public key as ssh-keyscan prints it.")
    if parts.scheme == "s3" and not options.get("endpoint", "https://").startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("The endpoint of a bucket must begin with https://.")
    return FolderAddress(
        name,
        parts.scheme,
        parts.hostname or "",
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.path).rstrip("/") or "/",
        options.get("kind", "participation"),
        options.get("term", ""),
        options.get("mails", "hold") == "send",
        options.get("host_key", ""),
        options.get("endpoint", ""),
    )


def _check_options(scheme: str, options: Mapping[str, str]) -> None:
    unknown = sorted(set(options) - OPTIONS[scheme])
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not an option here. The options are {', '.join(sorted(OPTIONS[scheme]))}.")
    if options.get("kind", "participation") not in KINDS:
        raise ValueError(f"The kind must be one of {', '.join(KINDS)}.")
    if options.get("mails", "hold") not in ("hold", "send"):
        raise ValueError("mails must be hold (a person releases them) or send.")


def free_name(name: str, there: Collection[str]) -> str:
    """The name itself, or with the first number that no file there has: `week 3 (2).xlsx`. Raises ValueError."""
    path = PurePosixPath(name)
    numbered = (f"{path.stem} ({number}){path.suffix}" for number in range(2, NAMES_TRIED))
    for candidate in (name, *numbered):
        if candidate not in there and report_name(candidate) not in there:
            return candidate
    raise ValueError(f"There are {NAMES_TRIED} files named {name} already. Clean up the folder.")


def report_name(name: str) -> str:
    return f"{name}.report.txt"


def report_text(
    file_name: str, sentence: str, counts: Mapping[str, int], problems: Sequence[Mapping[str, Any]], link: str
) -> str:
    """The report that lies beside a file: what happened to it, the counts, and the places of what was found."""
    lines = [file_name, sentence, *([link] if link else []), ""]
    lines += [f"{count} rows {name}" for name, count in counts.items() if name in ("accepted", "rejected", "changed")]
    lines += [_place(problem) for problem in problems[:FINDINGS_LISTED]]
    left_out = len(problems) - FINDINGS_LISTED
    if left_out > 0:
        lines.append(f"{left_out} more places are not listed here; the page of the upload has them.")
    return "\n".join(lines) + "\n"


def _place(problem: Mapping[str, Any]) -> str:
    row = f"row {problem['row']}" if problem.get("row") else ""
    where = ", ".join(part for part in (problem.get("sheet"), row, problem.get("column")) if part)
    value = f" ({problem['value']})" if problem.get("value") else ""
    return f"{where or 'file'}{value}: {problem['message']}"


def outcome_sentence(state: str, *, known: bool = False) -> str:
    """What happened to a file, by the state of its upload; `known`: its content was uploaded before."""
    sentence = {
        "published": "Published.",
        "unchanged": "Nothing new in this file.",
        "undone": "Published, then undone.",
        "reading": "A long file; it is being read and is moved when that is done.",
        "quarantined": "Quarantined: a person confirms or discards it on its page.",
        "preview": "It waits on its page for a person to publish it.",
        "refused": "Refused.",
        "discarded": "Discarded.",
    }[state]
    return f"This content was uploaded before; nothing was changed. {sentence}" if known else sentence
