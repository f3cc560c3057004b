"""The tracker's pages: what they show, save, refuse and offer, without script."""

import re
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from httpx2 import Response

from services.tracker.tasks import store_rates
from shared.db import transaction
from shared.events import TierRow, TiersComputed
from tests.people import api_of, browser_of
from tests.tracker.district import ALDER, CEDAR, tell_directory, tell_results

PAGE = f"/tracker/schools/{ALDER}"
HAPPY = "I am happy to be at this school."
pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(autouse=True)
def district(clean: None) -> None:
    tell_directory()


def saved(period: int, item: str = "1b-happy") -> str | None:
    line = api_of("central").get(f"/tracker/api/v1/schools/{ALDER}/items/{item}").json()
    value: str | None = [line["baseline"], *line["results"]][period]
    return value


def value_of(answer: Response, field: str) -> str:
    found = re.search(rf'name="{field}" value="([^"]*)"', answer.text)
    assert found is not None
    return found[1]


def test_a_school_enters_its_values_and_sees_what_follows() -> None:
    principal = browser_of("principal")
    answer = principal.post(PAGE, data={"v-1b-happy-0": "74", "v-1b-happy-1": "75,3", "w-1b-happy-0": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?level=Elementary")
    page = principal.get(answer.headers["location"])
    assert "2 values saved." in page.text
    assert "78.2" in page.text
    assert re.search("\N{MINUS SIGN}1.2<span[^>]*> below", page.text)
    assert "off track" in page.text


def test_the_page_asks_the_rules_while_a_person_types_and_saves_nothing() -> None:
    principal = browser_of("principal")
    answer = principal.get(f"{PAGE}/items/1b-happy/preview", params={"v-1b-happy-0": "74", "v-1b-happy-1": "0.75"})
    assert "76.5" in answer.text
    assert "Is 0.75 meant as 75%?" in answer.text
    assert saved(0) is None


def test_bad_values_are_shown_at_their_fields_and_nothing_is_saved() -> None:
    answer = browser_of("principal").post(PAGE, data={"v-1b-happy-0": "74", "v-1b-happy-1": "abc"})
    assert answer.status_code == 422
    assert 'href="#v-1b-happy-1"' in answer.text
    assert value_of(answer, "v-1b-happy-0") == "74"
    assert saved(0) is None


def test_a_percent_below_one_is_saved_once_it_is_meant() -> None:
    principal = browser_of("principal")
    assert "small_is_meant" in principal.post(PAGE, data={"v-1b-happy-0": "0.7"}).text
    principal.post(PAGE, data={"v-1b-happy-0": "0.7", "small_is_meant": "on"})
    assert saved(0) == "0.7"


def test_two_people_at_one_page_do_not_overwrite_each_other_unseen() -> None:
    principal, designee = browser_of("principal"), browser_of("designee")
    designee.post(PAGE, data={"v-1b-happy-0": "70", "w-1b-happy-0": "", "v-2a-safe-0": "60", "w-2a-safe-0": ""})
    mine = {"v-1b-happy-0": "74", "w-1b-happy-0": "", "v-2a-safe-0": "", "w-2a-safe-0": ""}
    answer = principal.post(PAGE, data=mine)
    assert answer.status_code == 409
    assert "designee@lausd.example (Designee) changed this to 70.0 meanwhile" in answer.text
    assert [value_of(answer, name) for name in ("v-1b-happy-0", "w-1b-happy-0", "v-2a-safe-0", "w-2a-safe-0")] == [
        "74",
        "70.0",
        "60.0",
        "60.0",
    ]
    assert saved(0) == "70.0"
    principal.post(PAGE, data={**mine, "w-1b-happy-0": "70.0", "v-2a-safe-0": "60.0", "w-2a-safe-0": "60.0"})
    assert (saved(0), saved(0, "2a-safe")) == ("74.0", "60.0")


def test_a_director_reads_and_does_not_write() -> None:
    director = browser_of("director")
    assert "v-1b-happy-0" not in director.get(PAGE).text
    assert director.post(PAGE, data={"v-1b-happy-0": "74"}).status_code == 403
    assert director.get(f"/tracker/schools/{CEDAR}").status_code == 404


def test_the_start_page_lists_only_the_schools_of_the_person() -> None:
    seen = {role: browser_of(role).get("/tracker/").text for role in ("central", "director", "principal", "desk")}
    named = {role: [n for n in ("Alder El", "Birch MS", "Cedar El") if n in text] for role, text in seen.items()}
    assert named == {
        "central": ["Alder El", "Birch MS", "Cedar El"],
        "director": ["Alder El", "Birch MS"],
        "principal": ["Alder El"],
        "desk": ["Alder El", "Birch MS"],
    }


def test_a_value_of_a_results_file_is_filled_in_beside_all_that_was_typed_and_saved_by_the_person() -> None:
    principal = browser_of("principal")
    principal.post(PAGE, data={"v-1b-happy-0": "74"})
    tell_results([(ALDER, HAPPY, "Fall 2021", "60.0")])
    assert "60.0 in the file, 74.0 here." in principal.get(PAGE).text
    typed = {"v-2a-safe-0": "55", "w-2a-safe-0": "", "w-1b-happy-0": "74.0", "v-1b-happy-0": "74.0"}
    filled = principal.post(f"{PAGE}/fill", data={**typed, "offer": "file/0/1b-happy"})
    assert (value_of(filled, "v-1b-happy-0"), value_of(filled, "v-2a-safe-0")) == ("60.0", "55")
    assert "It is not saved yet" in filled.text
    assert (saved(0), saved(0, "2a-safe")) == ("74.0", None)
    principal.post(PAGE, data={**typed, "v-1b-happy-0": "60.0"})
    assert (saved(0), saved(0, "2a-safe")) == ("60.0", "55.0")
    assert "in the file" not in principal.get(PAGE).text


def test_an_offered_value_can_be_dismissed_until_the_file_says_something_else() -> None:
    principal = browser_of("principal")
    principal.post(PAGE, data={"v-1b-happy-0": "74"})
    tell_results([(ALDER, HAPPY, "Fall 2021", "60.0")])
    page = principal.post(f"{PAGE}/dismiss", data={"offer": "file/0/1b-happy", "v-2a-safe-0": "55", "w-2a-safe-0": ""})
    assert value_of(page, "v-2a-safe-0") == "55"
    assert "in the file" not in principal.get(PAGE).text
    tell_results([(ALDER, HAPPY, "Fall 2021", "61.0")], revision=2)
    assert "61.0 in the file, 74.0 here." in principal.get(PAGE).text
    assert saved(0) == "74.0"


ALDERS_RATE = TierRow(ALDER, "4001", "Alder El", "E", "North CoS", "VEGA, MARTA", 400, 207, 3, None, Decimal("51.7500"))
PARENTS_RATE = TiersComputed(
    upload_id=uuid4(), term="Fall 2024", extraction_date=date(2025, 3, 28), revision=1, state=1, groups=("parents",),
    group="parents", part=1, parts=1, thin=False, is_undo=False, window_closes=date(2025, 3, 28),
    rows=[ALDERS_RATE], removed=[],
)  # fmt: skip


def hear(*events: TiersComputed) -> None:
    for event in events:
        with transaction("tracker") as session:
            store_rates(session, event)


RATE_ITEM = "3d-participation-rate"


def test_the_parents_response_rate_is_offered_for_the_year_of_its_own_term_alone() -> None:
    hear(PARENTS_RATE)
    principal = browser_of("principal")
    page = principal.get(PAGE).text
    assert "<strong>51.8%</strong>" in page and "Fall 2024 is blank." in page
    assert "Fill in 51.8 for Fall 2024" in page and "preliminary" not in page
    assert saved(3, RATE_ITEM) is None
    filled = principal.post(f"{PAGE}/fill", data={"offer": f"rate/Fall 2024/{RATE_ITEM}"})
    assert value_of(filled, f"v-{RATE_ITEM}-3") == "51.8"
    assert saved(3, RATE_ITEM) is None
    principal.post(PAGE, data={f"v-{RATE_ITEM}-3": "51.8", f"w-{RATE_ITEM}-3": ""})
    assert saved(3, RATE_ITEM) == "51.8"
    assert "<strong>51.8%</strong>" not in principal.get(PAGE).text
    assert principal.post(f"{PAGE}/fill", data={"offer": f"rate/Fall 2024/{RATE_ITEM}"}).status_code == 404


def test_a_rate_says_what_it_would_replace_and_is_preliminary_until_the_window_has_closed() -> None:
    hear(PARENTS_RATE.model_copy(update={"window_closes": date(2099, 1, 1)}))
    principal = browser_of("principal")
    principal.post(PAGE, data={f"v-{RATE_ITEM}-3": "78.3"})
    page = principal.get(PAGE).text
    assert "preliminary" in page and "It would replace 78.3 in Fall 2024." in page
    assert saved(3, RATE_ITEM) == "78.3"


def test_a_rate_of_a_term_that_is_no_year_of_the_plan_is_not_offered_until_staff_name_its_year() -> None:
    hear(PARENTS_RATE.model_copy(update={"term": "Fa26"}))
    principal = browser_of("principal")
    page = principal.get(PAGE).text
    assert "No year of Strategic Plan 2022-2026 is of this term" in page and "Fill in 51.8" not in page
    browser_of("central").post("/tracker/periods/4/terms", data={"terms": "Fall 2026"})
    assert "Fill in 51.8 for Fall 2025" in principal.get(PAGE).text


def test_a_rate_that_was_taken_back_is_offered_no_more_even_where_it_comes_late() -> None:
    undone = PARENTS_RATE.model_copy(update={"state": 2, "revision": 2, "rows": [], "removed": [ALDER]})
    hear(undone, PARENTS_RATE)
    principal = browser_of("principal")
    assert "<strong>51.8%</strong>" not in principal.get(PAGE).text
    hear(PARENTS_RATE.model_copy(update={"state": 3, "revision": 3}))
    assert "<strong>51.8%</strong>" in principal.get(PAGE).text
    hear(undone.model_copy(update={"state": 4, "revision": 4}))
    assert "<strong>51.8%</strong>" not in principal.get(PAGE).text


def rate_of(day: int, rate: str) -> TiersComputed:
    """Alder's Parents rate at an extraction of March 2025."""
    rows = [ALDERS_RATE._replace(rate=Decimal(rate))]
    return PARENTS_RATE.model_copy(update={"extraction_date": date(2025, 3, day), "rows": rows})


def test_a_rate_that_was_taken_back_leaves_those_of_the_other_extractions_of_its_term() -> None:
    wrong_date = PARENTS_RATE.model_copy(update={"extraction_date": date(2025, 4, 21)})
    undone = wrong_date.model_copy(update={"state": 2, "revision": 2, "rows": [], "removed": [ALDER]})
    hear(rate_of(14, "49.25"), wrong_date, undone)
    principal = browser_of("principal")
    assert "<strong>49.3%</strong>" in principal.get(PAGE).text
    hear(rate_of(28, "55.25"), rate_of(21, "52.00"))
    page = principal.get(PAGE).text
    assert "<strong>55.3%</strong>" in page
    assert page.count("Fall 2024: <strong>") == 1


def test_a_rate_of_more_surveys_than_parents_is_offered_as_a_hundred() -> None:
    hear(rate_of(14, "150000.0000"), rate_of(21, "214748364700.0000"))
    principal = browser_of("principal")
    assert "<strong>100.0%</strong>" in principal.get(PAGE).text
    filled = principal.post(f"{PAGE}/fill", data={"offer": f"rate/Fall 2024/{RATE_ITEM}"})
    assert value_of(filled, f"v-{RATE_ITEM}-3") == "100.0"


def test_changes_are_listed_newest_first() -> None:
    principal = browser_of("principal")
    principal.post(PAGE, data={"v-1b-happy-0": "74"})
    principal.post(PAGE, data={"v-1b-happy-0": "75", "w-1b-happy-0": "74.0"})
    text = principal.get(f"{PAGE}/history").text
    assert text.index(">75.0<") < text.index(">blank<")
