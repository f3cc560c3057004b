"""How single cells of the LCAP tables read: money, percentages, goal and action numbers, page ranges, titles as keys."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import NamedTuple

from shared import numbers
from shared.names import name_key, tidy

DASHES = "-–—"
# More digits than any budget: such a cell is not an amount.
MOST_DIGITS = 15
MOST_LINES = 999_999_999
_MONEY = re.compile(r"(?P<sign>-?)(?P<dollar>\\?\$)?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<cents>\.\d+)?")
_PERCENT = re.compile(r"(?P<sign>-?)(?P<number>\d{1,4}(?:\.\d{1,10})?)(?P<mark>%?)")
_NUMBER = re.compile(r"(\d{1,2})[.](\d{1,2})")
_WHOLE = re.compile(r"\d{1,2}")
_PAGES = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")


class Money(NamedTuple):
    """Whole dollars or None; `odd` where the cell holds something that is not an amount, `cents` where it was rounded."""

    dollars: int | None
    odd: bool = False
    cents: bool = False


def money(cell: str, *, bare: bool) -> Money:
    r"""`\$1,234`, `-\$43,384,004`, `($5)`; empty and a dash are no amount. `bare`: numbers without a dollar sign count.

    Cents are rounded to whole dollars, half away from zero.
    """
    text = tidy(cell).replace("−", "-").replace(" ", "")
    if text == "" or text in DASHES:
        return Money(None)
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    text = text.replace("$-", "-$").replace("\\-", "-")
    found = _MONEY.fullmatch(text)
    if found is None or not (bare or found["dollar"]):
        return Money(None, odd=True)
    digits = found["digits"].replace(",", "")
    if len(digits) > MOST_DIGITS:
        return Money(None, odd=True)
    cents = Decimal(found["cents"] or 0)
    dollars = int(digits) + int(cents.quantize(Decimal(1), ROUND_HALF_UP))
    return Money(-dollars if found["sign"] else dollars, cents=cents != 0)


class Percent(NamedTuple):
    """A percentage, or None with the reason why there is none."""

    value: Decimal | None
    problem: str = ""


def percentage(cell: str) -> Percent:
    """`0.50%`, `12.5`; empty and a dash are none. A negative one, or one over 100, is not a share of services."""
    text = tidy(cell).replace("−", "-").replace(" ", "")
    if text == "" or text in DASHES or text.casefold() in ("n/a", "na"):
        return Percent(None)
    found = _PERCENT.fullmatch(text)
    if found is None:
        return Percent(None, f"reads '{cell}', which is not a percentage; none was taken")
    value = Decimal(found["number"])
    if found["sign"] and value:
        return Percent(None, f"reads '{cell}'; a percentage cannot be negative, so none was taken")
    if value > 100:
        return Percent(None, f"reads '{cell}'; a percentage cannot be over 100, so none was taken")
    return Percent(value)


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


def action_numbers(cells: Sequence[str], *, plain: bool = False) -> list[ActionNumber | None]:
    """The numbers of a whole table, which shows how its actions are counted.

    The district counts `1.01`, `1.02`: there `1.1` is 1.10 whose zero a spreadsheet lost. Other tables, `plain` ones
    always, count `1.1`, `1.2`: there `1.1` is the first action, and a second `1.1` behind `1.9` is the tenth.
    """
    texts = [tidy(cell) for cell in cells]
    if not (plain or _counts_plainly(texts)):
        return [action_number(text) for text in texts]
    made: list[ActionNumber | None] = []
    seen: set[tuple[int, int]] = set()
    for text in texts:
        found = _NUMBER.fullmatch(text)
        number = None if found is None else ActionNumber(int(found[1]), int(found[2]))
        tenth = None if number is None else (number.goal, number.action * 10)
        if number is not None and found is not None and tenth is not None and len(found[2]) == 1:
            after = (number.goal, tenth[1] - 1)
            if number[:2] in seen and after in seen and tenth not in seen:
                number = ActionNumber(*tenth, doubtful=True)
        if number is not None:
            seen.add((number.goal, number.action))
        made.append(number)
    return made


def _counts_plainly(texts: Sequence[str]) -> bool:
    """Whether rows below one another count 1.1, 1.2; a table that has a 1.01 does not."""
    found = [match.groups() for text in texts if (match := _NUMBER.fullmatch(text))]
    if any(action.startswith("0") for _, action in found):
        return False
    steps = pairwise(found)
    return any(
        len(before[1]) == len(after[1]) == 1 and before[0] == after[0] and int(after[1]) == int(before[1]) + 1
        for before, after in steps
    )


def joined_number(goal: str, action: str) -> str:
    """Goal and action of separate cells as one text: the action cell may repeat the goal, `1` and `1.10`."""
    goal, action = tidy(goal), tidy(action)
    if "." in action or not action:
        return action
    return f"{goal}.{action}" if _WHOLE.fullmatch(goal) and _WHOLE.fullmatch(action) else ""


def label(goal: int, action: int) -> str:
    """As the district's table prints it: `1.01`."""
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
    """By what titles of two tables are joined: letters and digits only, `&` read as and, plurals of single words kept."""
    return name_key(title.replace("&", " and ")).replace(" ", "")


def whole(cell: str, most: int) -> int | None:
    """A whole number from 0 to `most`; None for anything else."""
    return numbers.whole(tidy(cell), most)


def decimal(text: str) -> Decimal | None:
    """A plain number with thousands' commas; None where it is none."""
    return numbers.decimal(text.replace(",", ""))
