"""Structured logs, one JSON object a line, with request and event ids and without phone numbers."""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

SAFE_PYTHON = (3, 11, 10)
log = structlog.get_logger()
_PHONE = re.compile(r"(?<![\w.-])(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])")
# Takes the whole word behind `://user:`, with or without an `@` in it, so that no part of it is read twice.
_SECRET = re.compile(r"(://[^:/@\s]+:)([^@\s]*)(@?)")
# Longer than any line of ours or a library's; what is cut says so.
LONGEST = 20_000


def without_private(text: str) -> str:
    """The text with phone numbers and passwords in addresses masked, cut after LONGEST characters."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text) - LONGEST} more characters)"
    return _SECRET.sub(_masked, _PHONE.sub("[phone]", text))


def _masked(found: re.Match[str]) -> str:
    return f"{found[1]}***@" if found[2] and found[3] else found[0]


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: without_private(value) if isinstance(value, str) else value for key, value in event.items()}


def warn_of_old_python(version: tuple[int, ...] = sys.version_info[:3]) -> None:
    """Logs a warning when the header of a mail can hide another one in this Python (CVE-2024-6923)."""
    if version < SAFE_PYTHON:
        log.warning(
            "this Python has a known hole in its mail library (CVE-2024-6923): install a newer one",
            python=".".join(map(str, version)),
            safe_from=".".join(map(str, SAFE_PYTHON)),
        )


def set_up_logs(program: str) -> None:
    """Sends this process's logs, the libraries' too, as JSON lines to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, _mask, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _mask,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for quiet in ("uvicorn.access", "celery.worker.strategy", "celery.app.trace", "authlib"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(program=program)
