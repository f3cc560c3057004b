"""Cases 25 to 36 of the catalogue: names, history, and files that are refused."""

import io
import zipfile
from typing import Any

import openpyxl
from sqlalchemy import text

from shared.db import transaction
from shared.files.workbooks import csv_cell
from tests.ingest.catalogue import case
from tests.ingest.door import Door, became
from tests.ingest.making import book, many, row, text_table, with_header


def stored(column: str, day: str) -> set[Any]:
    """The values of a column as published at a date."""
    with transaction("ingest") as session:
        return set(
            session.execute(
                text(f"select {column} from extraction_count where extraction_date = :extraction_date"),
                {"extraction_date": day},
            ).scalars()
        )


@case(25, "a director in several spellings, unknown, or blank", "matched by name, never guessed; unmatched listed")
def directors(door: Door) -> None:
    names = ("VEGA, MARTA L", "Vega, Marta", "DALTS. IRMA", "")
    told = door.told(book(with_header([row(f"50{n:02d}", f"D {n} El", director=d) for n, d in enumerate(names)])))
    values = {problem["code"]: problem.get("value", "") for problem in told["problems"]}
    assert values["director_unmatched"] == "DALTS. IRMA"
    assert values["director_spellings"] == "VEGA, MARTA L | Vega, Marta"
    assert "director_blank" in values


@case(26, "`Bell_Cudhy_Maywd` / `Bell/Cudhy/Maywd`, `LncIn` / `Lncln`", "one form for each community")
def communities(door: Door) -> None:
    names = ("Bell_Cudhy_Maywd CoS", "Bell/Cudhy/Maywd CoS", "LncIn Hts CoS", "Lncln Hts CoS", "Lncln Hts CoS")
    door.publish(*[row(f"51{n:02d}", f"C {n} El", cos=c, extraction_date="2024-02-01") for n, c in enumerate(names)])
    assert stored("cos", "2024-02-01") == {"Bell/Cudhy/Maywd CoS", "Lncln Hts CoS"}


@case(27, "region `F`, `North`, `n`, `XS `", "known names fixed; else warned, the school's last region kept")
def regions(door: Door) -> None:
    door.publish(row("5200", "Elm El", region="E", extraction_date="2024-03-01"))
    rows = [("5200", "Elm El", "F"), ("5201", "B El", "North"), ("5202", "C El", "n"), ("5203", "D El", "XS ")]
    told = door.publish(*[row(ploc, name, region=region, extraction_date="2024-03-08") for ploc, name, region in rows])
    assert stored("region", "2024-03-08") == {"E", "N", "XS"}
    assert len(became(told, "region_unknown")) == 1


@case(28, "a school moves to another region, community or director", "accepted; history by date")
def moves(door: Door) -> None:
    door.publish(row("5300", "Fir El", extraction_date="2024-04-01"))
    told = door.publish(
        row("5300", "Fir El", extraction_date="2024-04-08", director="OTHER, ANN", cos="South CoS", region="S")
    )
    assert told["difference"]["2024-04-08"]["parents"]["moved"] == 1
    assert stored("director", "2024-04-01") | stored("director", "2024-04-08") == {"VEGA, MARTA", "OTHER, ANN"}


@case(29, "an older extraction after a newer one", "accepted as history")
def older(door: Door) -> None:
    door.publish(row("5400", "Gum El", extraction_date="2023-02-08"))
    told = door.publish(row("5400", "Gum El", 5, extraction_date="2023-02-01"))
    assert became(told, "older_extraction") == ["newest is 2023-02-08"]


@case(30, "the same file again; the same content under another name; corrected numbers", "nothing; nothing; a revision")
def again(door: Door) -> None:
    rows = [row(f"55{n:02d}", f"H {n} El", extraction_date="2023-03-01") for n in range(4)]
    content = book(with_header(rows))
    first, renamed = (door.send(content, dry=False, name=name) for name in ("first.xlsx", "renamed.xlsx"))
    as_text = door.send(text_table(with_header(rows)), dry=False, name="other.csv")
    corrected = door.send(
        book(with_header([row("5500", "H 0 El", 99, extraction_date="2023-03-01"), *rows[1:]])), dry=False
    )
    states = [answer.json()["state"] for answer in (first, renamed, as_text, corrected)]
    assert states == ["published", "published", "unchanged", "published"]
    assert [a.json()["counts"]["changed"] for a in (first, as_text, corrected)] == [4, 0, 1]


@case(31, "a file with one group or one region only", "accepted; absent rows stay, coverage shown")
def partial(door: Door) -> None:
    door.publish(*many(10, extraction_date="2023-10-01"))
    told = door.publish(*many(9, extraction_date="2023-10-08"))
    assert told["difference"]["2023-10-08"]["parents"]["missing"] == 1
    thin = door.told(book(with_header(many(4, extraction_date="2023-10-15"))))
    assert thin["thin"] is True


@case(32, "fewer submitted than before, or the total changed by more than 20%", "accepted, warned")
def falls(door: Door) -> None:
    door.publish(
        row("5600", "Ivy El", 50, extraction_date="2022-10-01"),
        row("5601", "Jay El", 50, 100, extraction_date="2022-10-01"),
    )
    later = [
        row("5600", "Ivy El", 40, extraction_date="2022-10-08"),
        row("5601", "Jay El", 50, 130, extraction_date="2022-10-08"),
    ]
    told = door.told(book(with_header(later)))
    assert (became(told, "submitted_fell"), became(told, "total_changed")) == (["50 -> 40"], ["100 -> 130"])


@case(33, "a school never seen before; a school that is gone", "accepted, both listed")
def come_and_gone(door: Door) -> None:
    door.publish(*[row(f"57{n:02d}", f"K {n} El", extraction_date="2022-03-01") for n in range(10)])
    rows = [row(f"57{n:02d}", f"K {n} El", extraction_date="2022-03-08") for n in range(1, 11)]
    listed = {p["code"]: p["value"] for p in door.told(book(with_header(rows)))["problems"]}
    assert (listed["schools_new"], listed["schools_gone"]) == ("5710 K 10 El", "5700 K 0 El")


@case(
    34, "`.xls`, password, macros, HTML named `.xls`, 0 bytes; hidden sheets and rows, filters", "refused; read, warned"
)
def foreign(door: Door) -> None:
    assert door.refusal(b"") == (415, "file_empty")
    assert door.refusal(b"\xd0\xcf\x11\xe0" + b"\0" * 600) == (415, "file_old_excel")
    locked = b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert door.refusal(locked) == (415, "file_has_password")
    assert door.refusal(b"\r\n<html><table><tr><td>Region", name="rates.xls") == (415, "file_is_html")
    macro = io.BytesIO(book(with_header(many(2))))
    with zipfile.ZipFile(macro, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\0")
    assert door.refusal(macro.getvalue(), name="rates.xlsm") == (415, "file_has_macros")

    def hide(made: Any) -> None:
        page = made.active
        page.row_dimensions[3].hidden = True
        page.auto_filter.ref = "A1:L9"
        page.auto_filter.add_filter_column(0, ["E"])
        other = made.create_sheet("Staff")
        other.sheet_state = "hidden"
        for cells in with_header(many(2, group="Staff")):
            other.append(list(cells))

    counts = door.counts(book(with_header(many(8)), hide))
    assert (counts["accepted"], counts["sheet_hidden"], counts["rows_hidden"], counts["filter_active"]) == (10, 1, 1, 1)


@case(35, "names that begin like a formula (`=HYPERLINK(...)`, `+cmd`)", "kept as text; escaped in every export")
def formulas(door: Door) -> None:
    names = ('=HYPERLINK("http://x.example","A")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)")
    rows = [row(f"58{n:02d}", name, extraction_date="2021-03-01") for n, name in enumerate(names)]
    told = door.told(text_table(with_header([*rows, row("bad", names[0], extraction_date="2021-03-01")])), name="f.csv")
    assert told["counts"].items() >= {"accepted": 4, "rejected": 1, "changed": 0}.items()
    assert all(csv_cell(name).startswith("'") for name in names)
    published = door.send(
        text_table(with_header([*rows, *many(20, extraction_date="2021-03-01"), row("bad", names[0])])), dry=False
    )
    place = published.headers["location"].rpartition("/")[2]
    faulty = door.client.get(f"/ingest/uploads/{place}/rejected.xlsx").content
    cells = [c for line in openpyxl.load_workbook(io.BytesIO(faulty)).active.iter_rows() for c in line]  # type: ignore[union-attr]
    assert names[0] in {c.value for c in cells}
    assert {c.data_type for c in cells} <= {"s", "n"}


@case(36, "formula cells whose values were never saved", "refused: open and save it in Excel")
def unsaved(door: Door) -> None:
    assert door.refusal(book(with_header([row(submitted="=5+5")]))) == (415, "file_formulas_unsaved")
    assert "Excel" in door.send(book(with_header([row(rate="=J2/I2")]))).json()["detail"]
