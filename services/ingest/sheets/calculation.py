"""Whether the values saved with the formulas of a workbook were calculated by a program that people work in."""

from services.ingest.sheets.opc import OfficePackage

# Spreadsheet programs calculate what they save. A library writes the same name as Excel, but no calculation chain.
_CALCULATORS = ("libreoffice", "openoffice", "collabora", "onlyoffice", "wps ", "numbers")
_EXCEL = "microsoft"


def is_calculated(package: OfficePackage) -> bool:
    """Whether Excel, LibreOffice or a program like them saved the workbook last, and not a library that only writes it.

    A library leaves placeholders (0 with XlsxWriter) and asks for a calculation on the next opening.
    """
    properties = package.attributes(package.workbook, "calcPr")
    if any(each.get("fullCalcOnLoad") in ("1", "true") for each in properties):
        return False
    program = _program(package)
    if program.startswith(_EXCEL):
        return bool(package.related("calcChain", "xl/calcChain.xml"))
    return program.startswith(_CALCULATORS)


def _program(package: OfficePackage) -> str:
    found = [each.target for each in package.relations("") if each.kind == "extended-properties"]
    name = next((name for name in (*found, "docProps/app.xml") if package.holds(name)), "")
    return package.text(name, "Application").strip().lower() if name else ""
