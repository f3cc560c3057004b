"""Small files to look at and to upload: the small district's directory and its newest extraction of a spring."""

from datetime import date
from pathlib import Path

from deploy.demo.district import district
from deploy.demo.extractions import extractions
from deploy.demo.files import write_directory, write_participation

EXAMPLES = Path(__file__).parent
EXAMPLE_TODAY = date(2026, 4, 20)


def write_examples(folder: Path) -> None:
    """Writes `directory_small.xlsx` and `participation_small.xlsx`, always the same."""
    found = district("small")
    write_directory(folder / "directory_small.xlsx", found)
    write_participation(folder / "participation_small.xlsx", extractions(found, EXAMPLE_TODAY)[-1])
