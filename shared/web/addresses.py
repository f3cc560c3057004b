"""Where a request comes from: the connection's other end, or what a trusted proxy says about it."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from shared.settings import settings


@lru_cache
def _networks(named: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(entry.strip()) for entry in named.replace(",", " ").split())


def _is_trusted(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _networks(settings().trusted_proxies))


def address_of(scope: Scope) -> str:
    """The client's address. X-Forwarded-For counts only from a proxy of SES_TRUSTED_PROXIES, read from its end."""
    client = scope.get("client")
    address = client[0] if client else ""
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    for entry in reversed([part.strip() for part in ",".join(forwarded).split(",") if part.strip()]):
        if not _is_trusted(address):
            break
        address = entry
    return address[:45]
