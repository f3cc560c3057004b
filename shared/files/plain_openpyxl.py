"""openpyxl without the numerical library, which it loads wherever it is installed: 25 MB for number types that no sheet has."""

import sys
from typing import Any, cast

# A name that is None here cannot be imported; openpyxl then goes without. What loaded it before keeps it.
_HIDDEN = "numpy" not in sys.modules
if _HIDDEN:
    cast("dict[str, Any]", sys.modules)["numpy"] = None
try:
    import openpyxl as openpyxl  # noqa: PLC0414
finally:
    if _HIDDEN:
        del sys.modules["numpy"]
