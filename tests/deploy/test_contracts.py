"""The contract of the events: kept beside the docs, valid, and checked for what the release before would get wrong."""

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploy import contracts
from deploy.contracts import DOCUMENT, Contract, breaking, contract, text_of

SPECIFICATION = Path(__file__).parent.parent / "data" / "asyncapi" / "3.0.0.json.gz"
TIERS, ROW = "TiersComputed", "TierRow"


def problems(document: Contract) -> list[str]:
    schema = json.loads(gzip.decompress(SPECIFICATION.read_bytes()))
    validator = jsonschema.validators.validator_for(schema)(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def test_the_kept_contract_is_that_of_the_code() -> None:
    assert DOCUMENT.read_text() == text_of(contract()), "an event changed: run `python -m deploy.contracts`"


def test_the_contract_follows_the_schema_of_asyncapi_and_a_broken_one_does_not() -> None:
    document = contract()
    assert problems(document) == []
    document["operations"]["rates.tiers_computed"]["action"] = "shout"
    assert problems(document) != []


def schema(document: Contract, name: str = TIERS) -> Any:
    return document["components"]["schemas"][name]


def another_field(document: Contract) -> None:
    schema(document)["properties"]["mood"] = {"type": "string", "default": ""}


def another_default(document: Contract) -> None:
    schema(document)["properties"]["is_whole"]["default"] = False


def another_cell(document: Contract) -> None:
    schema(document, ROW)["prefixItems"].append({"type": "integer", "default": 0})
    schema(document, ROW)["maxItems"] += 1


def another_event(document: Contract) -> None:
    document["channels"]["rates.window_closed"] = {"address": "rates.window_closed"}


def gone_with_a_newer_schema(document: Contract) -> None:
    del schema(document)["properties"]["thin"]
    schema(document)["properties"]["schema_version"]["default"] += 1


@pytest.mark.parametrize(
    "change", [another_field, another_default, another_cell, another_event, gone_with_a_newer_schema]
)
def test_what_a_reader_passes_over_breaks_nothing(change: Callable[[Contract], None]) -> None:
    now = copy.deepcopy(contract())
    change(now)
    assert breaking(contract(), now) == []


def field_gone(document: Contract) -> None:
    del schema(document)["properties"]["thin"]


def field_of_another_form(document: Contract) -> None:
    schema(document)["properties"]["state"]["type"] = "string"


def field_without_default(document: Contract) -> None:
    schema(document)["properties"]["mood"] = {"type": "string"}
    schema(document)["required"].append("mood")


def cell_moved(document: Contract) -> None:
    schema(document, ROW)["prefixItems"].insert(0, {"type": "integer"})


def cell_gone(document: Contract) -> None:
    schema(document, ROW)["prefixItems"].pop()


def cell_without_default(document: Contract) -> None:
    schema(document, ROW)["prefixItems"].append({"type": "integer"})
    schema(document, ROW)["minItems"] += 1


def topic_gone(document: Contract) -> None:
    del document["channels"]["rates.tiers_computed"]


def task_renamed(document: Contract) -> None:
    document["operations"]["notify.plan_mails"] = document["operations"].pop("notify.plan_digests")


@pytest.mark.parametrize(
    "change",
    [
        field_gone,
        field_of_another_form,
        field_without_default,
        cell_moved,
        cell_gone,
        cell_without_default,
        topic_gone,
        task_renamed,
    ],
)
def test_what_the_release_before_would_get_wrong_is_named(change: Callable[[Contract], None]) -> None:
    now = copy.deepcopy(contract())
    change(now)
    assert len(breaking(contract(), now)) == 1


@pytest.mark.parametrize(("kept", "status"), [("0.9.0", 0), ("1.0.0", 1)])
def test_a_released_contract_is_not_overwritten_by_one_that_breaks_it(
    kept: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contract()
    before["info"]["version"] = kept
    schema(before)["properties"]["mood"] = {"type": "string"}
    document = tmp_path / "asyncapi.json"
    document.write_text(text_of(before))
    monkeypatch.setattr(contracts, "DOCUMENT", document)
    assert contracts.main() == status
    assert "TiersComputed: the field mood is gone" in capsys.readouterr().err
    assert (document.read_text() == text_of(before)) is bool(status)
