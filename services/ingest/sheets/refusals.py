"""Why a file is not a spreadsheet that can be read here: stable codes, each with a sentence that says what to do."""

REFUSALS = {
    "file_empty": "The file is empty. Export it again and upload the new file.",
    "file_old_excel": "This is an old .xls workbook. Open it in Excel, save it as .xlsx, and upload that.",
    "file_has_password": "The workbook is protected by a password. Save it without password and upload that.",
    "file_has_macros": "The workbook holds macros. Save it as .xlsx (Excel Workbook without macros) and upload that.",
    "file_has_entities": "The workbook declares its own XML entities, which no spreadsheet program does. It is not read.",
    "file_is_html": "This is a web page with the name of a spreadsheet. Open it in Excel and save it as .xlsx.",
    "file_is_xlsb": "This is a binary .xlsb workbook. Save it as .xlsx and upload that.",
    "file_is_ods": "This is an OpenDocument spreadsheet. Save it as .xlsx and upload that.",
    "file_is_numbers": (
        "This is a Numbers spreadsheet. In Numbers choose File > Export To > Excel, and upload the .xlsx file."
    ),
    "file_not_a_table": "This is not a spreadsheet. Upload an .xlsx, .csv or .tsv file.",
    "file_broken": "The workbook is damaged. Open it in Excel, save it again, and upload that.",
    "file_too_large_inside": (
        "The workbook unpacks to more than is allowed here. Copy the table into a new workbook and upload that."
    ),
    "file_too_wide": (
        "A sheet has cells far to the right or far below the table. Copy the table into a new workbook and upload that."
    ),
    "file_too_many_rows": "The file has more than 400,000 rows. Split it and upload the parts one after the other.",
    "file_cell_too_long": "A cell holds more text than Excel allows. Remove it and upload the file again.",
    "file_quote_open": (
        "A quotation mark opens a cell that runs over the rows below it: they would be read as one cell. Remove the mark,"
        " and upload the file again."
    ),
    "file_has_nul": (
        "The text holds a character that no text holds (NUL), from a program or a damaged disk. Export the file again, or"
        " remove the character, and upload it."
    ),
    "file_encoding_unknown": (
        "The characters of this text table are not in an encoding that can be read here. In Excel choose Save As, CSV UTF-8, and"
        " upload that."
    ),
    "file_takes_too_long": (
        "Reading the file took longer than is allowed here. Copy the table into a new workbook and upload that."
    ),
    "file_formulas_unsaved": (
        "The sheet holds formulas that no spreadsheet program has calculated since a program wrote the file. Open it in"
        " Excel, save it, and upload that."
    ),
    "roster_manifest_missing": (
        "The package holds OneRoster files without manifest.csv, which says whether they are whole (bulk) or changes"
        " (delta). Export it again with the manifest."
    ),
    "roster_manifest": "The manifest.csv of the package cannot be followed. Export it again.",
    "roster_file_missing": "The package lacks files that it must hold. Export it again with all of them.",
    "roster_file_twice": "The package holds a file of this name twice. Keep the right one.",
    "roster_name": "A file in the package has a name that no export gives. Export it again.",
    "roster_too_large": "The package unpacks to more than is allowed here. Export only orgs, users, roles and enrollments.",
    "roster_encoding": "The file is not in UTF-8, as the standard says. Export it again in UTF-8.",
    "file_unreadable": "The file could not be read. Open it in Excel, save it as .xlsx, and upload that.",
}


class UnreadableFile(Exception):
    """The file cannot be read here; `code` is one of REFUSALS, the text says why and what to do."""

    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(f"{REFUSALS[code]} ({place})" if place else REFUSALS[code])
        self.code = code
        self.place = place
