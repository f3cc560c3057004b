"""An Ed-Fi package as a source of the directory, beside the rosters of test_rosters.py."""

from tests.ingest.rosters import Record, csv_text, zipped
from tests.ingest.test_rosters import MAPPINGS, codes, load_directory, people, send
from tests.people import api_of

AGENCIES = [{"localEducationAgencyId": "900", "nameOfInstitution": "Community North"}]
EDFI_SCHOOLS = [
    {
        "schoolId": "1400101",
        "nameOfInstitution": "Alder El",
        "localEducationAgencyReference.localEducationAgencyId": "900",
    },
    {
        "schoolId": "1400201",
        "nameOfInstitution": "Birch El",
        "localEducationAgencyReference.localEducationAgencyId": "900",
    },
]
STAFF = [
    {
        "staffUniqueId": "7",
        "firstName": "Per",
        "lastSurname": "Lindqvist",
        "electronicMailAddress": "lind@lausd.example",
    },
    {"staffUniqueId": "8", "firstName": "Marta", "lastSurname": "Vega", "electronicMailAddress": "vega@lausd.example"},
]


def assigned(person: str, word: str, at: str, **others: str) -> Record:
    described = f"uri://ed-fi.org/StaffClassificationDescriptor#{word}"
    names = (
        "staffReference.staffUniqueId",
        "staffClassificationDescriptor",
        "educationOrganizationReference.educationOrganizationId",
    )
    return {
        **dict(zip(names, (person, described, at), strict=True)),
        "beginDate": "2020-08-01",
        "endDate": "",
        **others,
    }


def test_an_ed_fi_package_is_read_by_the_words_of_its_data_model(clean: None) -> None:
    central = api_of("central")
    load_directory(central)
    assignments = [assigned("7", "Principal", "1400201"), assigned("7", "Teacher", "1400101"),
                   assigned("7", "Principal", "1400101", endDate="2021-06-30"),
                   assigned("8", "LEA Administrator", "900")]  # fmt: skip
    files = {"Schools": EDFI_SCHOOLS, "LocalEducationAgency": AGENCIES, "Staff": STAFF,
             "StaffEducationOrganizationAssignmentAssociations": assignments}  # fmt: skip
    content = zipped({f"export/{name}.csv": "\ufeff" + csv_text(list(rows[0]), rows) for name, rows in files.items()})
    said = {"types": {"School": "school", "LocalEducationAgency": ""}, "columns": {"cost_center": "schoolId"},
            "roles": {"Principal at School": "principal", "Teacher at School": "",
                      "LEA Administrator at LocalEducationAgency": "director"}}  # fmt: skip
    assert central.put(f"{MAPPINGS}/ed-fi", json=said).status_code == 200
    answer = send(central, content)
    assert answer.status_code == 201, answer.text
    found = people(central)
    assert found["principal:lind@lausd.example"]["scope"] == ["1400201"]
    assert found["director:vega@lausd.example"]["scope"] == ["1400101", "1400201"]
    assert codes(answer)["roster_role_ended"] == 1
