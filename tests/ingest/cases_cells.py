"""Cases 1 to 13 of the catalogue: single cells and rows."""

from datetime import date, datetime
from typing import Any

from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.files import guide_rows
from tests.ingest.catalogue import case
from tests.ingest.door import Door, became
from tests.ingest.making import book, many, row, text_table, with_header


@case(1, "PLOC missing", "row rejected; where school and community are known, their PLOC is offered")
def ploc_missing(door: Door) -> None:
    lost = row("", "107th St El", cos="Fremont CoS")
    told = door.told(book(with_header([*many(), lost, row("", "Nowhere El")])))
    assert told["counts"]["rejected"] == 2
    assert became(told, "ploc_missing") == ["this school is known as 5857", ""]


@case(2, "`5857.0`, `'5857`, ` 5857`, `5,857`, 1585701 as PLOC", "fixed to 5857")
def ploc_forms(door: Door) -> None:
    forms = ("5857.0", "'5857", " 5857", "5,857", "1585701", 1585701, "5857\u00a0")
    for form in forms:
        found = door.told(text_table(with_header([row(form, "107th St El")]), first=""))
        assert (found["counts"]["rejected"], became(found, "ploc_fixed")) == (0, ["5857"]), form
    assert door.counts(book(with_header([row(5857, "107th St El")])))["accepted"] == 1


@case(3, "PLOC of three digits (a lost zero)", "zero put in front, warned")
def ploc_short(door: Door) -> None:
    told = door.told(book(with_header([row(857, "Old El")])))
    assert became(told, "ploc_padded") == ["0857"]


@case(4, "the same row twice, also as 5857 and as 1585701", "taken once, counted")
def repeated(door: Door) -> None:
    counts = door.counts(book(with_header([*many(), many()[3]])))
    assert (counts["row_repeated"], counts["accepted"]) == (1, 20)
    twice = [row(ploc, "107th St El", extraction_date="2020-03-02") for ploc in ("5857", "1585701")]
    told = door.publish(*twice)
    assert (told["counts"]["accepted"], became(told, "row_repeated")) == (1, ["as row 2"])


@case(5, "the same school and category with different numbers, also as 5857 and as 1585701", "both rejected")
def contradicting(door: Door) -> None:
    told = door.told(book(with_header([*many(), row("4101", "School 1 El", 77)])))
    assert told["counts"] == {"accepted": 19, "rejected": 2, "changed": 0}
    assert [p["row"] for p in told["problems"] if p["code"] == "rows_contradict"] == [3, 22]
    torn = [
        row("5857", "107th St El", 7, extraction_date="2020-03-09"),
        row("1585701", "107th St El", 8, extraction_date="2020-03-09"),
    ]
    told = door.publish(*many(20, extraction_date="2020-03-09"), *torn)
    assert [p["row"] for p in told["problems"] if p["code"] == "rows_contradict"] == [22, 23]


@case(6, "one PLOC with two school names (a magnet center)", "two schools, warned; never summed")
def shared_ploc(door: Door) -> None:
    told = door.publish(row("4901", "Cedar El"), row("4901", "Cedar El Mag", 5, 50))
    assert told["counts"] == {"accepted": 2, "rejected": 0, "changed": 2}
    assert became(told, "ploc_shared") == ["Cedar El, Cedar El Mag"]


@case(7, "more submitted than expected", "accepted, warned")
def above_total(door: Door) -> None:
    counts = door.counts(book(with_header([row(submitted=105)])))
    assert (counts["accepted"], counts["submitted_above_total"]) == (1, 1)


@case(8, "total 0 or blank, 0 of 0", "accepted without rate and tier")
def no_total(door: Door) -> None:
    counts = door.counts(book(with_header([row("4001", submitted=0, total=0), row("4002", "Birch El", 0, None)])))
    assert set(counts) == {"accepted", "rejected", "changed", "term_suffix_differs"}
    assert (counts["accepted"], counts["rejected"]) == (2, 0)


@case(9, "a negative, decimal, text or too large count (`-3`, `12.5`, `n/a`, `<10`, `5,000,000,000`)", "row rejected")
def bad_counts(door: Door) -> None:
    bad: tuple[Any, ...] = (-3, 12.5, "n/a", "-", "<10", "ten", "1e3", "½", "5,000,000,000", 100_000_001, 5e9)
    rows = [row(f"42{n:02d}", f"Bad {n} El", value) for n, value in enumerate(bad)]
    counts = door.counts(book(with_header([*many(90), *rows])))
    assert (counts["accepted"], counts["rejected"], counts["count_unreadable"]) == (90, len(bad), len(bad))


@case(10, "rate as `86%`, 0.86, 86, 85.99, blank, `#DIV/0!`", "recomputed; warned when more than a point off")
def rates(door: Door) -> None:
    fitting = ("86%", 0.86, 86, 85.99, "", "#DIV/0!", "86 %")
    rows = [row(f"43{n:02d}", f"Rate {n} El", 270, 314, rate=value) for n, value in enumerate(fitting)]
    assert "rate_differs" not in door.counts(book(with_header(rows)))
    off = [row(f"44{n:02d}", f"Off {n} El", 270, 314, rate=value) for n, value in enumerate(("80%", 0.84, 88))]
    assert door.counts(book(with_header([*many(40), *off])))["rate_differs"] == 3


@case(11, "a tier that contradicts the counts; `4`, `Tier 4`, `tier-4`", "computed tier used, warned with the count")
def tiers(door: Door) -> None:
    rows = [row(f"45{n:02d}", f"T {n} El", 270, 314, tier=value) for n, value in enumerate(("4", "Tier 4", "tier-4"))]
    assert "tier_differs" not in door.counts(book(with_header(rows)))
    copy = dict(zip((r[1] for r in guide_rows()), (374, 377, 445, 402, 173, 138, 639), strict=False))
    corrupted = [(*r[:8], copy.get(r[1], r[8]), *r[9:]) for r in guide_rows()]
    answer = door.send(book(with_header(corrupted)), dry=False)
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (409, "contradicting_many")
    assert {p["code"] for p in answer.json()["problems"]} >= {"rate_differs", "tier_differs"}


@case(12, "`Between 25% and 50%` or `Between 25 and 50%`", "both accepted")
def labels(door: Door) -> None:
    rows = [
        row("4601", "A El", 30, label="Between 25% and 50%"),
        row("4602", "B El", 30, label="Between 25 and 50%"),
        row("4603", "C El", 30, label="Greater Than 75%"),
        *many(20),
    ]
    assert door.counts(book(with_header(rows)))["tier_differs"] == 1


@case(13, "dates as text, with time, as Excel serial, in the 1904 system; 03/04/2026", "read; month first, warned")
def dates(door: Door) -> None:
    forms: tuple[Any, ...] = (
        "2026-02-21", "02/21/2026", "2/21/26", "21-Feb-26", datetime(2026, 2, 21, 10, 30), date(2026, 2, 21), 46074,
        "2026-02-21 10:30:00", "February 21, 2026",
    )  # fmt: skip
    for form in forms:
        assert door.told(book(with_header([row(extraction_date=form)])))["extraction_date"] == "2026-02-21", form

    def in_1904(made: Any) -> None:
        made.epoch = CALENDAR_MAC_1904

    for form in (date(2026, 2, 21), 46074 - 1462):
        assert door.told(book(with_header([row(extraction_date=form)]), in_1904))["extraction_date"] == "2026-02-21", (
            form
        )
    ambiguous = door.told(book(with_header([row(extraction_date="03/04/2026")])))
    assert (ambiguous["extraction_date"], became(ambiguous, "date_ambiguous")) == ("2026-03-04", ["2026-03-04"])
