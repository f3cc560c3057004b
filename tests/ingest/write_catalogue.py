"""Writes the table of docs/files.md anew: `python -m tests.ingest.write_catalogue`."""

from tests.ingest import cases_cells, cases_history, cases_shapes
from tests.ingest.catalogue import CASES, DOCS, written

if __name__ == "__main__":
    DOCS.write_text(written(), encoding="utf-8")
    print(f"{len(CASES)} cases of {cases_cells.__name__}, {cases_shapes.__name__}, {cases_history.__name__}")
