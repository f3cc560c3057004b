"""The SES_* variables as lines of the settings page: what each is for, its value now; never a secret."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from shared.settings import PREFIX, Settings, settings
from shared.web.explained import SettingLine

WHAT: Final[dict[str, str]] = tomllib.loads(Path(__file__).with_name("variables.toml").read_text("utf-8"))


def variable_lines(names: Iterable[str] = tuple(Settings.model_fields)) -> list[SettingLine]:
    """The variables of these names, in their order."""
    current = settings()
    lines = []
    for name in names:
        default = Settings.model_fields[name].get_default(call_default_factory=True)
        variable = f"{PREFIX}{name.upper()}"
        words = [_words(each) for each in (getattr(current, name), default)]
        title = name.replace("_", " ").capitalize()
        lines.append(SettingLine(title, WHAT[name], words[0], words[1], variable=variable))
    return lines


def _words(value: Any) -> str:
    """A value as it may be shown: a secret only by whether it is set, an address without its user and password."""
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    if isinstance(value, dict):
        return f"set for {', '.join(sorted(value))}" if value else "not set"
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _without_password(value) if isinstance(value, str) and "://" in value else str(value)


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
