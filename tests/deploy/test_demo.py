"""The demo district is always the same, has the shape of the real one and names nobody of it."""

import re
from collections import Counter
from datetime import date
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from deploy.demo.district import district
from deploy.demo.example import EXAMPLES, write_examples
from deploy.demo.extractions import DemoExtraction, Row, extractions, term_label, window
from deploy.demo.files import Written, write, written_before
from deploy.demo.results import ITEMS, PERIODS, results
from deploy.demo.shapes import District
from deploy.demo.spellings import aliases, full
from deploy.demo.strike import strike_day
from services.rates.rules.tiers import TIER_LABELS
from shared.names import name_key, person_name, same_person
from shared.tiers import tier

TODAY = date(2026, 4, 20)
ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
REAL_NAMES = DATA / "real_names.txt"
FOLDERS = ("services", "shared", "deploy", "bench", "tests", "docs")
TEXTS = (".py", ".html", ".md", ".json", ".txt", ".yml", ".csv", ".toml", ".js")


@pytest.fixture(scope="module")
def full_district() -> District:
    return district("full")


@pytest.fixture(scope="module")
def weeks(full_district: District) -> tuple[DemoExtraction, ...]:
    return extractions(full_district, TODAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("demo")
    write(found, "small", TODAY)
    return found


def cells(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def tier_one_share(week: DemoExtraction, group: str) -> float:
    tiers = [tier(row.submitted, row.total) for row in week.rows if row.group == group]
    return tiers.count(1) / len(tiers)


def counts_of(week: DemoExtraction) -> dict[tuple[str, str, str], Row]:
    return {(row.ploc, row.school, row.group): row for row in week.rows}


@pytest.mark.parametrize("size", ["small", "full"])
def test_the_same_seed_gives_the_same_district_and_another_seed_another(size: str) -> None:
    again = district(size, 7)  # type: ignore[arg-type]
    assert again == district(size, 7)  # type: ignore[arg-type]
    assert again != district(size, 8)  # type: ignore[arg-type]
    assert extractions(again, TODAY) == extractions(again, TODAY)


def test_the_full_district_has_the_numbers_of_the_specification(full_district: District) -> None:
    regions = Counter(school.region for school in full_district.schools)
    kinds = Counter(school.kind for school in full_district.schools)
    assert regions == {"N": 360, "S": 280, "E": 270, "W": 190, "XS": 50}
    assert kinds["El"] + kinds["PC"] == 516
    assert (kinds["EEC"], kinds["MS"], kinds["HS"], kinds["LC"], kinds["Sp Ed"]) == (85, 90, 100, 40, 15)
    assert (kinds["Mag"], kinds["XS"]) == (254, 50)
    assert len({school.cos for school in full_district.schools}) == 40


def test_the_small_district_has_forty_schools_and_four_directors() -> None:
    small = district("small")
    assert len(small.schools) == 40
    assert len({school.director for school in small.schools}) == 4 == len(small.directors)
    assert {school.region for school in small.schools} == {"N", "S", "E", "W", "XS"}


def test_a_director_holds_few_communities_and_a_community_few_directors(full_district: District) -> None:
    heads = Counter(school.director for school in full_district.schools)
    assert len(heads) == 48
    assert min(heads.values()) >= 14
    assert max(heads.values()) <= 30
    near = {(school.director, school.cos) for school in full_district.schools if school.region != "XS"}
    assert max(Counter(director for director, _ in near).values()) <= 2
    assert max(Counter(cos for _, cos in near).values()) <= 3


def test_codes_and_addresses_are_unique_and_magnets_share_the_ploc_of_their_site(full_district: District) -> None:
    schools = full_district.schools
    assert len({school.code for school in schools}) == len(schools) == 1150
    assert len({(school.ploc, name_key(school.name)) for school in schools}) == len(schools)
    assert len({person.email for person in full_district.people}) == len(full_district.people)
    for school in schools:
        assert re.fullmatch(rf"1{school.ploc}0\d", school.code)
        assert (school.code[-2:] != "01") == (school.kind == "Mag")
    assert {s.ploc for s in schools if s.kind == "Mag"} <= {s.ploc for s in schools if s.kind != "Mag"}


def test_mail_and_phones_belong_to_nobody(full_district: District) -> None:
    for person in full_district.people:
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+@lausd\.example", person.email)
    for school in full_district.schools:
        assert re.fullmatch(r"213-555-01\d\d", school.landline)


def test_nobody_is_named_like_a_real_person(full_district: District) -> None:
    real = [name for line in REAL_NAMES.read_text(encoding="utf-8").splitlines() if (name := person_name(line))]
    assert len(real) > 20
    taken = {(name.last, name.first) for name in real}
    for found in (*full_district.people, *district("small").people):
        name = person_name(found.name)
        assert name is not None
        assert (name.last, name.first) not in taken


def test_no_file_but_the_districts_own_tables_names_a_real_person() -> None:
    real = [name for line in REAL_NAMES.read_text(encoding="utf-8").splitlines() if (name := person_name(line))]
    pairs = {f" {one} {other} " for name in real for one, other in permutations((name.last, name.first))}
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if DATA not in path.parents]
    files = [path for path in (*ROOT.glob("*"), *inside) if path.suffix in TEXTS]
    assert len(files) > 500
    keys = {path: f" {name_key(path.read_text(encoding='utf-8'))} " for path in files}
    assert [(path.name, pair) for path, key in keys.items() for pair in pairs if pair in key] == []


def test_directors_show_every_shape_of_a_last_name() -> None:
    lasts = [director.last for director in district("small").directors]
    assert [bool(re.search(shape, last)) for shape, last in zip("ñ -'", lasts, strict=True)] == [True] * 4


def test_every_person_has_a_scope_that_exists(full_district: District) -> None:
    known = {school.code for school in full_district.schools}
    for person in full_district.people:
        if person.role in ("principal", "designee"):
            assert person.scope
            assert set(person.scope) <= known
    roles = Counter(person.role for person in full_district.people)
    assert roles["director"] == 48
    assert {"central", "desk", "ops"} <= set(roles)


def test_an_extraction_has_about_3300_rows_and_is_dated_inside_the_open_window(
    weeks: tuple[DemoExtraction, ...],
) -> None:
    opens, closes = window(TODAY)
    assert [week.on for week in weeks] == sorted({week.on for week in weeks})
    for week in weeks:
        assert 3200 <= len(week.rows) <= 3400
        assert opens <= week.on < TODAY <= closes
        assert max(Counter((row.ploc, row.school, row.group) for row in week.rows).values()) == 1


def test_students_are_asked_neither_in_early_education_nor_in_primary_centers(
    weeks: tuple[DemoExtraction, ...],
) -> None:
    students = [row for week in weeks for row in week.rows if row.group == "Students"]
    assert students
    assert not [row.school for row in students if row.school.endswith((" EEC", " PC"))]


def test_every_director_of_the_rows_is_a_person_except_one_damaged_spelling(
    full_district: District, weeks: tuple[DemoExtraction, ...]
) -> None:
    known = {spelling for head in full_district.directors for spelling in (full(head), *aliases(head))}
    unknown = {row.director for week in weeks for row in week.rows} - known
    assert unknown == set(full_district.misspelt.values())
    assert len(unknown) == 1
    assert person_name(unknown.pop()) is None


def test_no_two_directors_can_be_taken_for_each_other(full_district: District) -> None:
    found = [name for head in full_district.directors if (name := person_name(full(head)))]
    assert len(found) == 48
    assert not [(a, b) for i, a in enumerate(found) for b in found[:i] if same_person(a, b)]


def test_parents_leave_tier_one_over_the_window(weeks: tuple[DemoExtraction, ...]) -> None:
    shares = [tier_one_share(week, "Parents") for week in weeks]
    assert shares[0] > 0.9
    assert 0.55 <= shares[2] <= 0.75
    assert 0.08 <= shares[-1] <= 0.20
    assert shares == sorted(shares, reverse=True)


def test_schools_without_any_parent_survey_cluster_with_some_directors(weeks: tuple[DemoExtraction, ...]) -> None:
    parents = [row for row in weeks[5].rows if row.group == "Parents" and row.total]
    stuck = Counter(row.director for row in parents if 50 * row.submitted <= row.total)
    assert stuck.total() > 40
    assert sum(count for _, count in stuck.most_common(12)) > 0.6 * stuck.total()


def test_paper_arrives_in_batches_counts_fall_totals_change_and_some_pass_a_hundred_percent(
    weeks: tuple[DemoExtraction, ...],
) -> None:
    seen: Counter[str] = Counter()
    for before, after in pairwise(weeks):
        old = counts_of(before)
        for key, row in counts_of(after).items():
            if (was := old.get(key)) and row.total:
                seen["fell"] += row.submitted < was.submitted
                seen["other total"] += row.total != was.total
                seen["jumped"] += row.total > 50 and (row.submitted - was.submitted) * 100 > 30 * row.total
    assert 8 <= seen["fell"] <= 40
    assert 40 <= seen["other total"] <= 100
    assert seen["jumped"] > 50
    assert 15 <= sum(row.submitted > row.total for row in weeks[-1].rows) <= 60
    assert sum(row.total == 0 for row in weeks[-1].rows) == 5


def test_schools_move_are_renamed_close_and_open(full_district: District, weeks: tuple[DemoExtraction, ...]) -> None:
    first, last = ({(row.ploc, row.school) for row in week.rows} for week in (weeks[0], weeks[-1]))
    closed, opened = set(full_district.closed_at), set(full_district.opened_at)
    named = {school.code: (school.ploc, school.name) for school in full_district.schools}
    assert {named[code] for code in closed} <= first - last
    assert {named[code] for code in opened} <= last - first
    assert len(last - first) == 3
    moved = [code for code, change in full_district.changes.items() if named[code][1] == change.name]
    assert 12 <= len(moved) <= 18


def test_the_term_follows_the_day_the_window_opens() -> None:
    assert term_label(date(2026, 3, 16)) == "Sp26"
    assert term_label(date(2026, 10, 17)) == "Fa26"
    assert {week.term for week in extractions(district("small"), date(2026, 7, 20))} == {"Sp26"}


def test_results_start_near_seventy_and_fall(full_district: District) -> None:
    found = list(results(full_district))
    schools = sum(school.level == "Elementary" for school in full_district.schools)
    assert {result.item for result in found} == set(ITEMS)
    assert 0.93 < len(found) / (schools * len(ITEMS) * len(PERIODS)) < 0.97
    means = [_mean([float(r.percent) for r in found if r.period == period]) for period in PERIODS]
    assert 69 < means[0] < 71
    assert means == sorted(means, reverse=True)
    assert all(0 <= result.percent <= 100 for result in found)


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def test_a_strike_day_has_late_and_silent_schools_and_a_morning_peak(full_district: District) -> None:
    reports = strike_day(full_district, 1)
    assert reports == strike_day(full_district, 1)
    firsts = [report for report in reports if report.sequence == 1]
    assert 0.975 <= len(firsts) / 1150 < 1
    assert 1 <= sum(report.minute > 630 for report in firsts) <= 0.07 * 1150
    assert sum(480 <= report.minute < 525 for report in firsts) > 1000
    enrolled = {school.code: school.enrolled for school in full_district.schools}
    present = sum(report.counts["students_present"] for report in firsts)
    assert 0.30 < present / sum(enrolled[report.code] for report in firsts) < 0.36
    assert set(Counter(report.code for report in reports).values()) == {2, 3, 4, 5}


def test_the_directory_file_has_a_row_for_each_school_and_person(folder: Path) -> None:
    sheets = cells(folder / "directory.xlsx")
    small = district("small")
    assert list(sheets) == ["Schools", "People"]
    assert [row[0] for row in sheets["Schools"][1:]] == [school.code for school in small.schools]
    assert [row[2] for row in sheets["People"][1:]] == [person.email for person in small.people]


def test_the_tabs_have_the_districts_headers_order_and_exact_tiers(folder: Path) -> None:
    sheets = cells(folder / "example" / "participation_2026-04-19.xlsx")
    assert list(sheets) == ["Students", "Staff", "Parents"]
    for group, (header, *rows) in sheets.items():
        assert header[:5] == ["Region", "PLOC", "CoS", "Regional_Director", "School"]
        assert header[8:] == [
            "Total_Surveys_Sp26",
            "Surveys_Submitted_Sp26",
            "Response_Rate_Sp26",
            "Date_of_Extraction",
        ]
        assert [row[0] for row in rows] == sorted(str(row[0]) for row in rows)
        for row in rows:
            number = tier(int(row[9]), int(row[8]))
            assert row[5] == group
            assert row[6:8] == ([f"Tier-{number}", TIER_LABELS[number]] if number else ["", ""])
            assert isinstance(row[1], str)
            assert row[11] == "2026-04-19"


def test_the_csv_prints_whole_percent_and_no_rate_for_an_empty_group(folder: Path) -> None:
    lines = (folder / "example" / "participation_2026-04-19.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    for line in lines[1:]:
        assert re.search(r",\d+,\d+,\d+%,2026-04-19$|,,,0,0,,2026-04-19$", line)


def test_files_written_again_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, "small", TODAY)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    assert len(names) == 14
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_complete_folder_is_used_again_for_its_size_only(folder: Path, tmp_path: Path) -> None:
    found = written_before(folder, "small")
    assert isinstance(found, Written)
    assert [kind for kind, _ in found.uploads] == [
        "directory",
        *["participation"] * 7,
        "survey-results",
        "lcap-actions",
        "lcap-measures",
    ]
    assert found.example not in [name for _, name in found.uploads]
    assert written_before(folder, "full") is None
    assert written_before(tmp_path, "small") is None


def test_the_committed_examples_are_what_the_generator_writes(tmp_path: Path) -> None:
    write_examples(tmp_path)
    for name in ("directory_small.xlsx", "participation_small.xlsx"):
        assert cells(EXAMPLES / name) == cells(tmp_path / name)
