"""E-mail addresses as keys: the one normalization by which people are distinguished, in every service."""

import hashlib
import re
import string

# The dot-string of RFC 5321 before the @, a host name of at least two labels behind it, both in ASCII.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM}){{0,31}}@{_LABEL}(?:\.{_LABEL}){{1,20}}")
_LOCAL, _LONGEST = 64, 254
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def email_key(text: str) -> str:
    """The address with the letters A to Z in lower case and nothing else changed; empty where it is not a plain address.

    Letters outside ASCII are refused, not folded: a Kelvin sign or a dotted capital I would else become somebody's k or i.
    """
    key = text.strip(" ").translate(_LOWER) if len(text) <= _LONGEST else ""
    plain = _ADDRESS.fullmatch(key) is not None and key.index("@") <= _LOCAL
    return key if plain else ""


def address_hash(email: str) -> str:
    """By what an event names the person of an address, which itself stays where it came in; empty for no plain address."""
    key = email_key(email)
    return hashlib.sha256(f"person of {key}".encode()).hexdigest()[:32] if key else ""
