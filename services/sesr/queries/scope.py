"""The rule of scopes as SQL for sesr's table of schools."""

import re

from shared.access import within

# For a query in which `s` is the school table; its values come from `Scope.values`.
WITHIN = within("s")
# The same for a query that asks for many at once: its row `q` of each has the columns of `Scope.values`.
WITHIN_EACH = re.sub(r":(\w+)", r"q.\1", WITHIN)
