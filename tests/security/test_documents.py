"""The documents about access and security say what is so."""

import re

import pytest

from deploy import inventory, policy_table, privacy_table
from tests.stack import ROOT

PATHS = re.compile(r"`((?:tests|shared|services|deploy)/[\w/.-]+\.\w+)`")
DOCUMENTS = ("access.md", "security.md", "threat-model.md", "asvs.md", "licenses.md")


def test_the_table_of_personal_data_in_the_docs_is_that_of_the_code() -> None:
    document = privacy_table.DOCUMENT.read_text()
    assert privacy_table.rendered(document) == document, "run: .venv/bin/python -m deploy.privacy_table"


def test_the_table_of_permissions_is_todays() -> None:
    document = policy_table.DOCUMENT.read_text()
    assert policy_table.rendered(document) == document, "run: .venv/bin/python -m deploy.policy_table"


def test_every_installed_package_of_the_lock_file_is_in_the_list_with_its_license() -> None:
    listed = set(inventory.DOCUMENT.read_text().splitlines())
    missing = [found.name for found in inventory.packages() if f"| {found.name} | {found.license} |" not in listed]
    assert missing == [], "run: .venv/bin/python -m deploy.inventory licenses"
    assert [found.name for found in inventory.packages() if found.license == "unknown"] == []


def test_the_bill_of_materials_has_the_versions_and_hashes_of_the_lock_file() -> None:
    made = inventory.sbom()
    assert {(part["name"], part["version"]) for part in made["components"]} <= set(inventory.locked())
    assert len(made["components"]) > 80
    assert all(part["properties"] for part in made["components"])


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if (ROOT / "docs" / name).exists()])
def test_every_file_that_a_document_names_exists(name: str) -> None:
    named = PATHS.findall((ROOT / "docs" / name).read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
