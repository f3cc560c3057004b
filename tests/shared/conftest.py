"""What the platform's tests share."""

from tests.browser.chromium import browser

__all__ = ["browser"]
