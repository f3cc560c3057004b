"""What the browser tests share."""

from tests.browser.chromium import browser

__all__ = ["browser"]
