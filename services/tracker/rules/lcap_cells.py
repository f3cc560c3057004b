"""How single cells of the LCAP tables read: money, goal and action numbers, page ranges, titles as keys."""

import re
from decimal import Decimal
from typing import NamedTuple

from shared import numbers
from shared.names import name_key, tidy

# The tables number actions by different years. These of 2023-24 have another number in 2024-25; None: given up.
MOVED = {(1, 31): None, (1, 32): (1, 31), (1, 33): (1, 32), (1, 34): (1, 33)}
# All actions of this goal were replaced by others, so that equal numbers mean nothing.
REPLACED_GOAL = 8
DASHES = "-–—"
# More digits than any budget: such a cell is no amount.
MOST_DIGITS = 15
MOST_LINES = 999_999_999
_MONEY = re.compile(r"(?P<sign>-?)(?P<dollar>\\?\$)?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<cents>\.\d+)?")
_NUMBER = re.compile(r"(\d{1,2})[.](\d{1,2})")
_PAGES = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")


class Money(NamedTuple):
    """Whole dollars or None; `odd` where the cell holds something that is no amount."""

    dollars: int | None
    odd: bool


def money(cell: str, *, bare: bool) -> Money:
    r"""`\$1,234`, `-\$43,384,004`, `($5)`; empty and a dash are no amount. `bare`: numbers without a dollar sign count."""
    text = tidy(cell).replace("−", "-").replace(" ", "")
    if text == "" or text in DASHES:
        return Money(None, False)
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    text = text.replace("$-", "-$").replace("\\-", "-")
    found = _MONEY.fullmatch(text)
    if found is None or not (bare or found["dollar"]) or Decimal(found["cents"] or 0) != 0:
        return Money(None, True)
    digits = found["digits"].replace(",", "")
    if len(digits) > MOST_DIGITS:
        return Money(None, True)
    dollars = int(digits)
    return Money(-dollars if found["sign"] else dollars, False)


class ActionNumber(NamedTuple):
    """Goal and action as numbers: `1.10` is (1, 10). `doubtful` where a zero may have been lost on the way."""

    goal: int
    action: int
    doubtful: bool = False


def action_number(cell: str) -> ActionNumber | None:
    """`1.01`, `1.10`; `1.1` is what a spreadsheet makes of 1.10 and is marked. None where there is no number."""
    found = _NUMBER.fullmatch(tidy(cell))
    if found is None:
        return None
    goal, action = found.groups()
    if len(action) == 1:
        return ActionNumber(int(goal), int(action) * 10, doubtful=True)
    return ActionNumber(int(goal), int(action))


def label(goal: int, action: int) -> str:
    """As the table prints it: `1.01`."""
    return f"{goal}.{action:02}"


def pages(cell: str) -> str | None:
    """A page or a range of pages, as printed; None for anything else, such as the header's `2024-25`."""
    found = _PAGES.fullmatch(tidy(cell))
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        return None
    return found[0]


def yes_no(cell: str) -> bool | None:
    return {"yes": True, "no": False}.get(tidy(cell).casefold())


def title_key(title: str) -> str:
    """By what titles of both tables are joined: letters and digits only, `&` read as and, plurals of single words kept."""
    return name_key(title.replace("&", " and ")).replace(" ", "")


def now_numbered(goal: int, action: int) -> tuple[int, int] | None:
    """The 2024-25 number of a 2023-24 action by the district's renumbering; None where it was given up or replaced."""
    if goal == REPLACED_GOAL:
        return None
    return MOVED.get((goal, action), (goal, action))


def whole(cell: str, most: int) -> int | None:
    """A whole number from 0 to `most`; None for anything else."""
    return numbers.whole(tidy(cell), most)


def decimal(text: str) -> Decimal | None:
    """A plain number with thousands' commas; None where it is none."""
    return numbers.decimal(text.replace(",", ""))
