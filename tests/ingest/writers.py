"""Good rows in further forms that programs and hands give them: each must be taken as it is, or must be a damage."""

import io
import random
import re
import zipfile
from typing import Any

import xlsxwriter

from tests.files import HEADER
from tests.ingest.damages import (
    DAY,
    PLOC,
    RATE,
    SUBMITTED,
    TOTAL,
    Damage,
    Rows,
    book,
    damage,
    either,
    text,
)
from tests.ingest.making import text_table

FORMS: dict[str, Damage] = {}
# The day of the good rows as a serial number of Excel.
SERIAL = 46090


def form(make: Damage) -> Damage:
    """Registers a form under its name in words."""
    FORMS[make.__name__.replace("_", " ")] = make
    return make


def each(rows: Rows, column: int, value: Any) -> Rows:
    """The rows with the cells of a column written in another way."""
    return [[value(cell) if index == column else cell for index, cell in enumerate(row)] for row in rows]


@form
def guards_as_a_csv_writer_quotes_them(rows: Rows, chance: random.Random) -> bytes:
    return text(each(rows, PLOC, lambda ploc: f'="{ploc}"')).encode()


@form
def guards_imported_into_a_workbook(rows: Rows, chance: random.Random) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    page = made.add_worksheet("Parents")
    for number, row in enumerate([HEADER, *each(rows, PLOC, lambda ploc: f'="{ploc}"')]):
        page.write_row(number, 0, row)
    made.close()
    return out.getvalue()


@form
def noise_of_sums_in_a_text(rows: Rows, chance: random.Random) -> bytes:
    return text(each(rows, SUBMITTED, lambda count: f"{count - 7.5e-12:.13f}")).encode()


@form
def noise_of_sums_in_codes_and_days(rows: Rows, chance: random.Random) -> bytes:
    return book(each(each(rows, PLOC, lambda ploc: float(ploc) + 1e-9), DAY, lambda day: SERIAL - 1e-9))


@form
def commas_of_decimals(rows: Rows, chance: random.Random) -> bytes:
    written = each(each(rows, TOTAL, lambda count: f"{count},00"), SUBMITTED, lambda count: f"{count},0")
    return text_table([HEADER, *written], delimiter=";")


@form
def terms_before_and_in_brackets(rows: Rows, chance: random.Random) -> bytes:
    header = list(HEADER)
    header[TOTAL], header[SUBMITTED], header[RATE] = (
        "Sp26 Total Surveys",
        "SurveysSubmitted [Spring 2026]",
        "Rate - Sp26",
    )
    return either(rows, chance, header)


def with_formulas(rows: Rows, is_chained: Any, saved: Any) -> bytes:
    """A workbook as if Excel had saved it with formulas for the submitted, and a library had changed it since.

    `is_chained`: whether the chain of calculation lists the formula of a row; `saved`: the value beside it.
    """
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Parents")
    for number, row in enumerate([HEADER, *rows]):
        page.write_row(number, 0, row)
        if number:
            page.write_formula(number, SUBMITTED, f"={row[SUBMITTED]}", None, saved(number, row[SUBMITTED]))
    made.close()
    listed = "".join(f'<c r="J{number + 1}" i="1"/>' for number in range(1, len(rows) + 1) if is_chained(number))
    changed = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, re.sub(rb"<calcPr[^>]*/>", b'<calcPr calcId="191029"/>', part))
        new.writestr("xl/calcChain.xml", f"<calcChain>{listed}</calcChain>")
    return changed.getvalue()


@form
def formulas_that_excel_calculated(rows: Rows, chance: random.Random) -> bytes:
    return with_formulas(rows, lambda number: True, lambda number, count: count)


@damage
def formulas_that_a_library_put_into_a_workbook_of_excel(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(1, len(rows) + 1)
    return with_formulas(rows, lambda number: number != at, lambda number, count: count + (number == at))


@damage
def a_total_without_a_term_beside_one_with(rows: Rows, chance: random.Random) -> bytes:
    others = [[row[TOTAL] + chance.randrange(1, 3), *row] for row in rows]
    return either(others, chance, ["Total Surveys", *HEADER])


@damage
def a_second_header_with_few_known_names(rows: Rows, chance: random.Random) -> bytes:
    counts = HEADER[SUBMITTED], HEADER[TOTAL]
    head = ["Rgn", "PLOC", "Commty", "Dir.", "School", "Category", "T", "L", *counts, "Pct", "Day"]
    turned = [[*row] for row in rows[-2:]]
    for row in turned:
        row[TOTAL], row[SUBMITTED] = row[SUBMITTED], row[TOTAL]
    return either([*rows[:-2], head, *turned], chance)


@damage
def three_decimals_after_a_comma(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(len(rows))
    written = [[*row] for row in rows]
    written[at][SUBMITTED] = f"{chance.randrange(1, 9)},000"
    return text_table([HEADER, *written], delimiter=";")
