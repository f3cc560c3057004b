"""What the number formats of a workbook make of a number: a date, a percent, or the number that it is."""

import re
from typing import Literal

from services.ingest.sheets.opc import USUAL_STYLES, OfficePackage, careful_parser
from shared.numbers import whole

Shown = Literal["number", "date", "percent"]
# The formats that every workbook has without declaring them (ECMA-376, 18.8.30), with those of the Asian locales.
_BUILT_IN: dict[int, Shown] = {
    **dict.fromkeys((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)), "date"),
    9: "percent",
    10: "percent",
}
_LITERAL = re.compile(r'"[^"]{0,255}"|\\.|_.|\*.|\[(?!(?:h{1,9}|m{1,9}|s{1,9})\])[^\]]{0,99}\]', re.IGNORECASE)
_DATE = re.compile(r"[ymdhs]", re.IGNORECASE)


def shown_as(code: str) -> Shown:
    """What a format code such as `0.0%` or `m/d/yyyy` shows."""
    plain = _LITERAL.sub("", code.partition(";")[0])
    if "%" in plain:
        return "percent"
    return "date" if _DATE.search(plain.replace("General", "")) else "number"


def formats(package: OfficePackage) -> list[Shown]:
    """What each cell format of the workbook shows, by its index."""
    part = package.related("styles", USUAL_STYLES)
    if not part:
        return []
    own: dict[int, Shown] = {}
    found: list[Shown] = []
    inside = [False]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "numFmt":
            own[_number(attributes.get("numFmtId"))] = shown_as(attributes.get("formatCode", ""))
        elif name == "cellXfs":
            inside[0] = True
        elif name == "xf" and inside[0]:
            format_id = _number(attributes.get("numFmtId"))
            found.append(own.get(format_id) or _BUILT_IN.get(format_id, "number"))

    def end(tag: str) -> None:
        if tag.rpartition(":")[2] == "cellXfs":
            inside[0] = False

    parser = careful_parser()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    for block in package.blocks(part):
        parser.Parse(block, False)
    parser.Parse(b"", True)
    return found


def _number(text: str | None) -> int:
    return whole(text or "", 2**31) or 0
