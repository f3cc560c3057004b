"""The provider's fixtures, for every file of this folder."""

from tests.security.sso import issuer, sso

__all__ = ["issuer", "sso"]
