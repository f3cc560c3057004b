"""The table: the guide's rows as in the guide, sorting, filters and lists of values, all by the address."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.rates.queries.columns import COLUMNS
from shared.access.spellings import keep_spellings
from shared.days import date_words
from shared.db import transaction
from tests.people import api_of, browser_of
from tests.rates.world import FEB_14, FEB_21, GUIDE, counts, guide_rows, load

pytestmark = pytest.mark.usefixtures("clean")


def schools(query: str = "", role: str = "central") -> list[str]:
    """The schools of the table page, in its order."""
    page = browser_of(role).get(f"/rates/?{query}")
    assert page.status_code == 200, page.text
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page.text)


def cells(query: str = "") -> list[dict[str, str]]:
    """The texts of the table's cells by the names of their columns, row by row."""
    text = browser_of("central").get(f"/rates/?{query}").text
    body = text.partition("<tbody>")[2]
    names = ["School", *re.findall(r'<td data-label="([^"]*)"', body.partition("</tr>")[0])]
    rows = body.partition("</tbody>")[0].split("</tr>")[:-1]
    found = [[re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in found]


def values(column: str, query: str = "") -> list[tuple[str, int]]:
    """What a column's filter lists, with counts, as the open menu gets it."""
    client = browser_of("central")
    text = client.get(f"/rates/values?column={column}&{query}", headers={"hx-request": "true"}).text
    found = re.findall(r'>([^<>]*)(?:</span>)?<span class="count">(\d+)</span>', text)
    return [(label, int(count)) for label, count in found]


def test_the_guides_rows_show_as_in_the_guide() -> None:
    load(FEB_21, *guide_rows())
    shown = {(row["School"], row["PLOC"]): row for row in cells("group=parents")}
    for row in GUIDE["participation_rows"]:
        assert (
            shown[row["school"], row["ploc"]].items()
            >= {
                "Region": row["region"],
                "CoS": row["cos"],
                "Regional Director": row["director"],
                "Category": "Parents",
                "Response Tier NR": row["tier_nr"],
                "Response Tier": row["tier_label"],
                "Total Surveys": str(row["total"]),
                "Surveys Submitted": str(row["submitted"]),
                "Response Rate": row["rate_shown"],
                "Date of Extraction": date_words(date.fromisoformat(row["date"])),
            }.items()
        )


def test_without_a_sort_the_order_is_the_sheets() -> None:
    load(FEB_21, *guide_rows())
    assert [row["School"] for row in cells()] == [row["school"] for row in GUIDE["participation_rows"]]


def test_school_names_sort_as_plain_text_as_in_the_guides_menu() -> None:
    order = GUIDE["filter_menu_order"]
    load(FEB_21, *(counts(name, 5) for name in reversed(order)))
    assert schools("sort=school") == order
    assert schools("sort=-school") == order[::-1]
    assert [name for name, _ in values("school")] == order


def test_the_rows_of_the_guides_filter_screen_sort_and_filter() -> None:
    rows = GUIDE["filter_screen_rows"]
    names = ("region", "cos", "director", "ploc")
    load(FEB_21, *(counts(row["school"], n, 21, **{k: row[k] for k in names}) for n, row in enumerate(rows)))
    director = rows[0]["director"]
    assert schools(f"director={director}&sort=school") == sorted(
        row["school"] for row in rows if row["director"] == director
    )
    assert schools("region=N&region=W&sort=ploc") == [
        row["school"] for row in sorted(rows, key=lambda row: row["ploc"]) if row["region"] in ("N", "W")
    ]
    assert schools("sort=-submitted")[0] == rows[-1]["school"]
    counted = {name: sum(row["region"] == name for row in rows) for name in ("E", "N", "S", "W", "XS")}
    assert values("region") == list(counted.items())


def test_a_sort_keeps_the_order_before_it_among_equals() -> None:
    load(FEB_21, counts("A", 10, ploc="4003"), counts("B", 60, ploc="4002"), counts("C", 10, ploc="4001"))
    assert schools("sort=tier&then=ploc") == ["C", "A", "B"]
    assert schools("sort=tier,-ploc") == ["A", "C", "B"]


def test_text_and_number_filters() -> None:
    load(FEB_21, counts("Alder El", 10), counts("Alder MS", 60), counts("Old Alder", 30), counts("100% Sp_Ed", 80))
    assert schools("school.starts=alder&sort=school") == ["Alder El", "Alder MS"]
    assert schools("school.has=ALDER&sort=school") == ["Alder El", "Alder MS", "Old Alder"]
    assert schools("rate.min=30&rate.max=60%25&sort=school") == ["Alder MS", "Old Alder"]
    assert schools("q=%25 sp_") == ["100% Sp_Ed"]
    assert schools("school.not=Alder El&school.not=Alder MS&sort=school") == ["100% Sp_Ed", "Old Alder"]


def test_text_filters_on_tiers_and_movement_go_by_the_words_that_are_shown() -> None:
    load(FEB_14, counts("A", 30), counts("B", 30), counts("C", 80), counts("D", 10))
    load(FEB_21, counts("A", 10), counts("B", 31), counts("C", 80))
    found = {
        "range.has=less THAN": ["A"],
        "range.starts=between": ["B"],
        "range.has=1": [],
        "tier.starts=tier-1": ["A"],
        "tier.has=4": ["C"],
        "tier.starts=4": [],
        "tier.has=unknown": ["D"],
        "movement.has=newly": ["A"],
        "movement.starts=not in": ["D"],
    }
    assert {query: schools(f"{query}&sort=school") for query in found} == found
    assert values("movement", "movement.has=Tier 1") == [("Newly in Tier 1", 1)]
    file = browser_of("central").get("/rates/export.csv?group=parents&range.has=Less than").text
    assert len(file.splitlines()) == 2
    answer = api_of("central").get("/rates/api/v1/rates", params={"movement.has": "Newly in"}).json()
    assert [row["school"] for row in answer["rows"]] == ["A"]


def test_the_search_finds_school_ploc_cos_and_director() -> None:
    load(FEB_21, counts("A", 1, ploc="7001"), counts("B", 1, cos="Venice CoS"), counts("C", 1, director="Ortiz, Leo"))
    assert [schools(f"q={word}") for word in ("7001", "venice", "ORTIZ", "nothing")] == [["A"], ["B"], ["C"], []]


def test_a_columns_list_counts_what_the_other_filters_leave() -> None:
    load(FEB_21, counts("A", 1, region="N"), counts("B", 60, region="N"), counts("C", 1, region="W"))
    assert values("tier", "region=N") == [("Tier-1", 1), ("Tier-3", 1)]
    assert values("region", "region=N&tier=1") == [("N", 1), ("W", 1)]


def test_a_columns_list_shows_values_as_people_read_them() -> None:
    load(FEB_14, counts("A", 10), counts("B", 1_234, 2_000))
    load(FEB_21, counts("A", 30), counts("B", 1_234, 2_000))
    assert values("movement") == [("(Blank)", 1), ("Left Tier 1", 1)]
    assert values("rate") == [("30%", 1), ("61.7%", 1)]
    assert values("submitted") == [("30", 1), ("1,234", 1)]
    assert schools("submitted=1234") == ["B"]


def test_a_columns_list_holds_what_its_own_text_filter_leaves() -> None:
    load(FEB_21, counts("Alder El", 1), counts("Birch El", 1))
    assert values("school", "school.has=birch") == [("Birch El", 1)]
    assert values("school", "school=Birch El") == [("Alder El", 1), ("Birch El", 1)]


def test_numbers_are_understood_as_people_write_them() -> None:
    load(FEB_21, counts("A", 10), counts("B", 1_300, 1_234_567))
    assert schools("total.min=1,200") == schools("total.min=1234567") == schools("rate.max= 9% ") == ["B"]
    assert schools("total.min=1234568") == []


def test_an_address_from_a_day_with_more_schools_starts_at_the_first() -> None:
    load(FEB_21, counts("A", 10))
    assert [schools(f"after={after}") for after in ("100", "9" * 5000, "-1", "many")] == [["A"]] * 4


def test_schools_without_a_rate_are_counted_beside_the_tiers() -> None:
    load(FEB_21, counts("A", 10), counts("B", 0, 0))
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", browser_of("central").get("/rates/").text))
    assert "No rate 1 No count, or none expected" in shown


def test_the_closest_to_the_next_tier_come_first() -> None:
    load(FEB_21, counts("Far", 1), counts("Near", 24), counts("Middle", 15), counts("Out", 60))
    assert schools("tier=1&sort=needed") == ["Near", "Middle", "Far"]


def test_absent_schools_are_listed_as_unknown_and_never_counted_as_solved() -> None:
    load(FEB_14, counts("A", 10), counts("B", 10))
    load(FEB_21, counts("B", 30))
    unknown = next(row for row in cells() if row["School"] == "A")
    named = ("Response Tier NR", "Response Tier", "Date of Extraction")
    last = date_words(FEB_14)
    assert [unknown[name] for name in named] == ["Unknown", f"Last seen {last}", last]
    assert schools("tier=absent") == ["A"]
    assert schools("movement=left") == ["B"]
    page = browser_of("central").get("/rates/").text
    assert "of 2 seen in Sp25" in page


def test_an_older_extraction_can_be_chosen() -> None:
    load(FEB_14, counts("A", 10))
    load(FEB_21, counts("A", 30))
    assert [row["Surveys Submitted"] for row in cells("on=2025-02-14")] == ["10"]
    assert [row["Surveys Submitted"] for row in cells()] == ["30"]


def test_own_schools_of_each_role() -> None:
    load(FEB_21, counts("A", 1, key="1400101"), counts("B", 1, key="1400201"), counts("C", 1, key="x", region="W"))
    found = {role: schools("mine=1&sort=school", role) for role in ("director", "principal", "desk", "central")}
    assert found == {"director": ["A", "B"], "principal": ["A"], "desk": ["A", "B"], "central": ["A", "B", "C"]}


def test_a_directors_own_schools_are_found_by_every_spelling_of_the_name() -> None:
    spelled = ("VEGA, MARTA", "Vega, Marta L", "Vega-Ruiz, Marta", "ORTIZ, LEO")
    load(FEB_21, *(counts(str(n), 1, director=name) for n, name in enumerate(spelled)))
    with transaction("ingest") as session:
        keep_spellings(session, spelled, {"director@lausd.example": ["Vega, Marta", "Vega-Ruiz, Marta"]})
    assert schools("mine=1&sort=school", "director") == ["0", "1", "2"]


def test_a_value_that_cannot_be_meant_is_refused_with_what_to_do() -> None:
    client = browser_of("central")
    for query, sentence in (
        ("?on=yesterday", "2025-02-21"),
        ("rollup?on=yesterday", "2025-02-21"),
        ("heatmap?on=yesterday", "2025-02-21"),
        *((f"?rate.min={odd}", "enter a number") for odd in ("many", "nan", "inf", "1e400", "-1e9")),
    ):
        refused = client.get(f"/rates/{query}")
        assert refused.status_code == 422
        assert sentence in refused.text


def test_an_unchanged_page_is_not_sent_again() -> None:
    load(FEB_21, counts("A", 10))
    client = browser_of("central")
    first = client.get("/rates/")
    known = {"if-none-match": first.headers["etag"]}
    assert client.get("/rates/", headers=known).status_code == 304
    assert client.get("/rates/?sort=school", headers=known).status_code == 200
    load(FEB_21, counts("A", 11), revision=2)
    assert client.get("/rates/", headers=known).status_code == 200


def test_pages_are_compressed_for_who_accepts_it_and_not_for_other_sites() -> None:
    load(FEB_21, *guide_rows())
    client = browser_of("central")
    codings = {
        accepted: client.get("/rates/", headers={"accept-encoding": accepted}).headers.get("content-encoding")
        for accepted in ("br, gzip", "gzip", "identity")
    }
    assert codings == {"br, gzip": "br", "gzip": "gzip", "identity": None}
    other = client.get("/rates/", headers={"accept-encoding": "br", "sec-fetch-site": "cross-site"})
    assert "content-encoding" not in other.headers


def test_the_api_pages_by_a_cursor_that_stays_in_its_extraction() -> None:
    load(FEB_14, *(counts(f"S{n}", n) for n in range(5)))
    client = api_of("central")
    query: dict[str, Any] = {"group": "parents", "sort": "school", "limit": 2}
    first = client.get("/rates/api/v1/rates", params=query).json()
    load(FEB_21, counts("Later", 1))
    found = [row["school"] for row in first["rows"]]
    cursor = first["next"]
    while cursor:
        answer = client.get("/rates/api/v1/rates", params={**query, "cursor": cursor}).json()
        found += [row["school"] for row in answer["rows"]]
        cursor = answer["next"]
    assert found == [f"S{n}" for n in range(5)]


def test_the_api_refuses_what_it_does_not_know() -> None:
    client = api_of("central")
    answers = [
        client.get("/rates/api/v1/rates", params=query).json()["code"]
        for query in (
            {"sort": "colour"},
            *(
                {"cursor": odd}
                for odd in ("page 2", "2025-02-21", "2025-02-21.-5", "2025-02-30.0", "2025-02-21." + "9" * 5000)
            ),
        )
    ]
    assert answers == ["sort_unknown", *["cursor_unknown"] * 5]


def test_the_documentation_and_the_help_name_every_column() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rates.md").read_text()
    load(FEB_21, counts("A", 1))
    shown = browser_of("central").get("/rates/").text
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []
    assert [column.label for column in COLUMNS.values() if f"<dt>{column.label}</dt>" not in shown] == []


def test_the_apis_description_shows_an_example_with_every_field() -> None:
    load(FEB_21, counts("A", 1))
    client = api_of("central")
    described = client.get("/rates/openapi.json").json()["paths"]["/rates/api/v1/rates"]["get"]
    example = described["responses"]["200"]["content"]["application/json"]["example"]
    answer = client.get("/rates/api/v1/rates").json()
    assert example.keys() == answer.keys()
    assert example["rows"][0].keys() == answer["rows"][0].keys()


def test_names_with_markup_are_shown_as_text() -> None:
    odd = '<i title="x">A & B</i>'
    names: dict[str, Any] = {name: f"{odd}{name}" for name in ("region", "cos", "director", "level", "ploc")}
    load(FEB_21, counts(odd, 10, key='<k"1>', **names))
    for path in ("/rates/?group=parents", "/rates/?group=parents&show=all"):
        html = browser_of("central").get(path).text
        assert "<i title" not in html
        assert html.count("&lt;i title=&#34;x&#34;&gt;A &amp; B&lt;/i&gt;") >= 6, path
