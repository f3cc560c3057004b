"""Whether the values saved with the formulas of a workbook were calculated by a program that people work in."""

from services.ingest.sheets.opc import OfficePackage, careful_parser

# Bytes of a calculation chain that is read; one that is longer is believed.
CHAIN_LIMIT = 32 * 1024 * 1024
USUAL_CHAIN = "xl/calcChain.xml"

# Spreadsheet programs calculate what they save. A library writes the same name as Excel, but no calculation chain.
_CALCULATORS = ("libreoffice", "openoffice", "collabora", "onlyoffice", "wps ", "numbers")
_EXCEL = "microsoft"


def is_calculated(package: OfficePackage) -> bool:
    """Whether Excel, LibreOffice or a program like them saved the workbook last, and not a library that only writes it.

    A library leaves placeholders (0 with XlsxWriter) and asks for a calculation on the next opening.
    """
    properties = package.attributes(package.workbook, "calcPr")
    if any(
        each.get("fullCalcOnLoad") in ("1", "true") or each.get("calcCompleted") in ("0", "false")
        for each in properties
    ):
        return False
    program = _program(package)
    if program.startswith(_EXCEL):
        return bool(package.related("calcChain", USUAL_CHAIN))
    return program.startswith(_CALCULATORS)


def _program(package: OfficePackage) -> str:
    found = [each.target for each in package.relations("") if each.kind == "extended-properties"]
    name = next((name for name in (*found, "docProps/app.xml") if package.holds(name)), "")
    return package.text(name, "Application").strip().lower() if name else ""


def chains(package: OfficePackage) -> dict[str, set[str]] | None:
    """Sheet id -> the cells that Excel calculated there, as its chain lists them: all with a formula, data tables aside.

    A library that fills a workbook of Excel leaves the chain as it was: its own formulas are not in it. None where no
    chain is read.
    """
    part = package.related("calcChain", USUAL_CHAIN)
    if not part or not _program(package).startswith(_EXCEL) or package.size(part) > CHAIN_LIMIT:
        return None
    found: dict[str, set[str]] = {}
    sheet = [""]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "c":
            sheet[0] = attributes.get("i", sheet[0])
            found.setdefault(sheet[0], set()).add(attributes.get("r", ""))

    parser = careful_parser()
    parser.StartElementHandler = begin
    for block in package.blocks(part):
        parser.Parse(block, False)
    parser.Parse(b"", True)
    return found
