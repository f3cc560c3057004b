"""Named damages of an extraction file, as hands and programs do them: each turns good rows into the bytes of a file."""

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import xlsxwriter

from tests.files import HEADER

Rows = list[list[Any]]
Damage = Callable[[Rows, random.Random], bytes]
DAMAGES: dict[str, Damage] = {}
REGION, PLOC, COS, DIRECTOR, SCHOOL, GROUP, TIER, LABEL, TOTAL, SUBMITTED, RATE, DAY = range(12)
INVISIBLE = ("\u200e", "\u2060", "\u00ad")
SHEET = "xl/worksheets/sheet1.xml"


def damage(make: Damage) -> Damage:
    """Registers a damage under its name in words."""
    DAMAGES[make.__name__.replace("_", " ")] = make
    return make


def text(rows: Rows, header: Sequence[Any] = HEADER) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def book(rows: Rows, header: Sequence[Any] = HEADER) -> bytes:
    made = openpyxl.Workbook()
    page: Any = made.active
    page.title = "Parents"
    for cells in [header, *rows]:
        page.append(list(cells))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def either(rows: Rows, chance: random.Random, header: Sequence[Any] = HEADER) -> bytes:
    return book(rows, header) if chance.random() < 0.5 else text(rows, header).encode()


def in_sheet(content: bytes, change: Callable[[str], str]) -> bytes:
    """The workbook with the XML of its first sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part.decode()).encode() if name == SHEET else part)
    return out.getvalue()


def with_error(content: bytes, row: int, error: str, *, formula: bool = True) -> bytes:
    """An error in the cell of the total of a row, with a formula longer than what is looked at in one piece.

    Such a file is refused for its formula, which nobody has calculated; without one the error itself is to be found.
    """
    made = f"<f>{'1+' * 400}1</f>" if formula else ""
    cell = f'<c r="I{row}" t="e">{made}<v>{error}</v></c>'
    return in_sheet(content, lambda xml: re.sub(rf'<c r="I{row}"[^>]*>.*?</c>', cell, xml, count=1, flags=re.DOTALL))


def lines(rows: Rows) -> list[str]:
    return text(rows).split("\r\n")


def joined(parts: list[str]) -> bytes:
    return "\r\n".join(parts).encode()


def plain(rows: Rows) -> Rows:
    """The rows without commas in names, so that a line is its cells."""
    return [[str(cell).replace(",", "") for cell in row] for row in rows]


def quotes(rows: Rows, first: int, last: int, opened: int, closed: int) -> bytes:
    """A mark before a cell of a row, and one after a cell of a later row."""
    parts = [",".join(row) for row in plain(rows)]
    cells = parts[first].split(",")
    cells[opened] = f'"{cells[opened]}'
    parts[first] = ",".join(cells)
    cells = parts[last].split(",")
    cells[closed] = f'{cells[closed]}"'
    parts[last] = ",".join(cells)
    return joined([",".join(HEADER), *parts])


@damage
def stray_marks_in_neighboring_rows(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(len(rows) - 1)
    column = chance.randrange(12)
    return quotes(rows, at, at + 1, column, column)


@damage
def stray_marks_rows_apart(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(len(rows) - 4)
    return quotes(rows, at, at + 3, chance.randrange(12), chance.randrange(12))


@damage
def marks_around_two_lines(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(len(rows) - 1)
    return quotes(rows, at, at + 1, 0, 11)


@damage
def a_mark_that_is_never_closed(rows: Rows, chance: random.Random) -> bytes:
    parts = lines(rows)
    at = chance.randrange(1, len(rows))
    parts[at] = parts[at].replace(f",{rows[at - 1][SCHOOL]}", f',"{rows[at - 1][SCHOOL]}')
    return joined(parts)


@damage
def thousands_without_marks(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(len(rows))
    big = [*plain(rows)[at]]
    big[TOTAL], big[SUBMITTED] = "1,911", "1,768"
    parts = lines(rows)
    parts[at + 1] = ",".join(big)
    return joined(parts)


@damage
def a_delimiter_lost(rows: Rows, chance: random.Random) -> bytes:
    parts = [",".join(row) for row in plain(rows)]
    at, column = chance.randrange(len(rows)), chance.randrange(1, 12)
    cells = parts[at].split(",")
    parts[at] = ",".join([*cells[: column - 1], cells[column - 1] + cells[column], *cells[column + 1 :]])
    return joined([",".join(HEADER), *parts])


@damage
def a_delimiter_doubled(rows: Rows, chance: random.Random) -> bytes:
    parts = [row[:] for row in plain(rows)]
    parts[chance.randrange(len(rows))].insert(chance.randrange(12), "")
    return joined([",".join(HEADER), *(",".join(row) for row in parts)])


@damage
def a_line_cut_off(rows: Rows, chance: random.Random) -> bytes:
    whole = text(rows).rstrip()
    return whole[: -chance.randrange(11, 40)].encode()


@damage
def a_second_header_in_another_order(rows: Rows, chance: random.Random) -> bytes:
    order = list(range(12))
    chance.shuffle(order)
    half = len(rows) // 2
    turned = [[row[index] for index in order] for row in rows[half:]]
    return either([*rows[:half], [HEADER[index] for index in order], *turned], chance)


@damage
def exchanged_heads_of_a_second_table(rows: Rows, chance: random.Random) -> bytes:
    head = list(HEADER)
    head[TOTAL], head[SUBMITTED] = head[SUBMITTED], head[TOTAL]
    half = len(rows) // 2
    return either([*rows[:half], head, *rows[half:]], chance)


def beside(rows: Rows, chance: random.Random, name: str, wrong: Callable[[list[Any]], Any]) -> bytes:
    """A further column, before or after the district's own."""
    at = chance.choice([0, 12])
    return either([[*row[:at], wrong(row), *row[at:]] for row in rows], chance, [*HEADER[:at], name, *HEADER[at:]])


@damage
def a_column_twice(rows: Rows, chance: random.Random) -> bytes:
    return beside(rows, chance, HEADER[TOTAL], lambda row: row[TOTAL] + 7)


@damage
def a_generic_date(rows: Rows, chance: random.Random) -> bytes:
    return beside(rows, chance, "Date", lambda row: "2026-03-05")


@damage
def a_generic_total(rows: Rows, chance: random.Random) -> bytes:
    return beside(rows, chance, "Total", lambda row: row[TOTAL] * 3)


@damage
def a_generic_submitted(rows: Rows, chance: random.Random) -> bytes:
    return beside(rows, chance, "Submitted", lambda row: 1)


@damage
def a_generic_group(rows: Rows, chance: random.Random) -> bytes:
    return beside(rows, chance, "Group", lambda row: "Staff")


@damage
def a_generic_director(rows: Rows, chance: random.Random) -> bytes:
    return beside(rows, chance, "Director", lambda row: "SOMEBODY, ELSE")


@damage
def exchanged_count_columns(rows: Rows, chance: random.Random) -> bytes:
    head = list(HEADER)
    head[TOTAL], head[SUBMITTED] = head[SUBMITTED], head[TOTAL]
    return either(rows, chance, head)


def sorted_alone(rows: Rows, chance: random.Random, column: int) -> bytes:
    values = sorted((row[column] for row in rows), reverse=chance.random() < 0.5)
    return either([[*row[:column], value, *row[column + 1 :]] for row, value in zip(rows, values, strict=True)], chance)


@damage
def plocs_sorted_alone(rows: Rows, chance: random.Random) -> bytes:
    return sorted_alone(rows, chance, PLOC)


@damage
def names_sorted_alone(rows: Rows, chance: random.Random) -> bytes:
    return sorted_alone(rows, chance, SCHOOL)


@damage
def totals_sorted_alone(rows: Rows, chance: random.Random) -> bytes:
    return sorted_alone(rows, chance, TOTAL)


@damage
def submitted_sorted_alone(rows: Rows, chance: random.Random) -> bytes:
    return sorted_alone(rows, chance, SUBMITTED)


@damage
def submitted_moved_one_down(rows: Rows, chance: random.Random) -> bytes:
    values = [rows[-1][SUBMITTED], *(row[SUBMITTED] for row in rows[:-1])]
    moved = zip(rows, values, strict=True)
    return either([[*row[:SUBMITTED], value, *row[SUBMITTED + 1 :]] for row, value in moved], chance)


def one_cell(rows: Rows, chance: random.Random, column: int, value: Callable[[list[Any]], Any]) -> bytes:
    changed = [row[:] for row in rows]
    at = chance.randrange(len(rows))
    changed[at][column] = value(changed[at])
    return either(changed, chance)


@damage
def the_ploc_of_another(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, PLOC, lambda row: chance.choice([r[PLOC] for r in rows if r is not row]))


@damage
def a_ploc_with_turned_digits(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, PLOC, lambda row: f"9{row[PLOC][2]}{row[PLOC][1]}{row[PLOC][3]}")


@damage
def the_name_of_another(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, SCHOOL, lambda row: chance.choice([r[SCHOOL] for r in rows if r is not row]))


@damage
def a_total_left_out(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, TOTAL, lambda row: "")


@damage
def a_submitted_left_out(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, SUBMITTED, lambda row: None)


@damage
def a_total_of_zero(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, TOTAL, lambda row: 0)


@damage
def a_count_that_is_no_whole_number(rows: Rows, chance: random.Random) -> bytes:
    strange = chance.choice([-4, 12.5, "1O0", "<10", "1 911 x", "1e3", "\u0661\u0662"])
    return one_cell(rows, chance, chance.choice([TOTAL, SUBMITTED]), lambda row: strange)


@damage
def a_count_with_invisible_characters(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, SUBMITTED, lambda row: str(row[SUBMITTED]) + chance.choice(INVISIBLE))


@damage
def pointed_thousands_alone(rows: Rows, chance: random.Random) -> bytes:
    return one_cell(rows, chance, TOTAL, lambda row: "1.000")


@damage
def noise_of_sums(rows: Rows, chance: random.Random) -> bytes:
    noisy = [[*row[:TOTAL], row[TOTAL] + 1e-11, row[SUBMITTED] - 7.5e-12, *row[RATE:]] for row in rows]
    return book(noisy)


@damage
def an_error_in_a_total(rows: Rows, chance: random.Random) -> bytes:
    return with_error(
        book(rows), chance.randrange(2, len(rows) + 2), chance.choice(["#REF!", "#N/A", "#DIV/0!"]), formula=False
    )


@damage
def an_error_that_is_new(rows: Rows, chance: random.Random) -> bytes:
    errors = ["#SPILL!", "#CALC!", "#GETTING_DATA", "#BUSY!", "#PYTHON!", "#TIMEOUT!"]
    return with_error(book(rows), chance.randrange(2, len(rows) + 2), chance.choice(errors), formula=False)


@damage
def formulas_that_were_never_saved(rows: Rows, chance: random.Random) -> bytes:
    return book([[*row[:SUBMITTED], f"={row[SUBMITTED]}+0", *row[RATE:]] for row in rows])


@damage
def formulas_with_a_placeholder(rows: Rows, chance: random.Random) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Parents")
    for number, row in enumerate([HEADER, *rows]):
        page.write_row(number, 0, row)
        if number:
            page.write_formula(number, SUBMITTED, f"={row[SUBMITTED]}+0")
    made.close()
    return out.getvalue()


def prefixed(xml: str) -> str:
    start = xml.index("<worksheet")
    named = re.sub(r"<(/?)(?=[A-Za-z])", r"<\1x:", xml[start:])
    return xml[:start] + named.replace("xmlns=", "xmlns:x=", 1)


@damage
def prefixed_elements_with_an_error(rows: Rows, chance: random.Random) -> bytes:
    at = chance.randrange(2, len(rows) + 2)
    return in_sheet(with_error(book(rows), at, "#N/A", formula=chance.random() < 0.5), prefixed)


@damage
def prefixed_elements_with_unsaved_formulas(rows: Rows, chance: random.Random) -> bytes:
    return in_sheet(formulas_that_were_never_saved(rows, chance), prefixed)


@damage
def cells_without_references_and_an_error(rows: Rows, chance: random.Random) -> bytes:
    whole = book([["-" if cell == "" else cell for cell in row] for row in rows])
    hurt = with_error(whole, chance.randrange(2, len(rows) + 2), "#REF!", formula=chance.random() < 0.5)
    return in_sheet(hurt, lambda xml: re.sub(r'(<(?:c|row))( [^>]*?)?\br="[A-Z]*\d+"', r"\1\2", xml))


@damage
def letters_of_the_mac(rows: Rows, chance: random.Random) -> bytes:
    named = [[*row[:SCHOOL], row[SCHOOL].replace("Oak", "Peñón"), *row[GROUP:]] for row in rows]
    return text(named).replace("\r\n", "\r").encode("mac_roman")


@damage
def one_bad_byte(rows: Rows, chance: random.Random) -> bytes:
    content = text([[*row[:COS], "Peñón/Núñez CoS", *row[DIRECTOR:]] for row in rows]).encode()
    return content.replace(rows[3][SCHOOL].encode(), rows[3][SCHOOL].encode() + b"\xe9")


@damage
def a_nul_in_a_name(rows: Rows, chance: random.Random) -> bytes:
    name = rows[chance.randrange(len(rows))][SCHOOL]
    return text(rows).replace(name, name + "\0").encode()


@damage
def a_row_again_with_other_counts(rows: Rows, chance: random.Random) -> bytes:
    again = rows[chance.randrange(len(rows))][:]
    again[SUBMITTED] += 3
    return either([*rows, again], chance)


@damage
def guards_and_spaces(rows: Rows, chance: random.Random) -> bytes:
    parts = [[f'="{row[PLOC]}"' if index == PLOC else str(cell) for index, cell in enumerate(row)] for row in rows]
    quoted = [", ".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in parts]
    return joined([",".join(HEADER), *quoted])


@damage
def every_row_above_its_total(rows: Rows, chance: random.Random) -> bytes:
    return either([[*row[:SUBMITTED], row[TOTAL] + 5, *row[RATE:]] for row in rows], chance)
