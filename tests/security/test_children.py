"""A reader of somebody's file has no secret of ours, and ends by its bounds, not by those of the machine."""

import ast
import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from xlsxwriter import Workbook

from deploy import backup
from services.ingest.sheets.reading import read_parts
from services.ingest.sheets.refusals import UnreadableFile
from services.tracker.workbook.child import UnreadableBook, read_sheets
from shared.files import children
from shared.files.children import ROOT, ChildFailed, ChildrenBusy, run_child
from tests.people import api_of
from tests.security.greedy import SMALL

CHILD = "tests.security.greedy"


def repeated(length: int = 30_000, rows: int = 2_000, columns: int = 60) -> bytes:
    """A workbook of a few kB in which every cell shows the same long text."""
    made = BytesIO()
    book = Workbook(made, {"in_memory": True})
    book.add_worksheet("Students").write_string(0, 0, "x" * length)
    book.close()
    cells = "".join('<c t="s"><v>0</v></c>' for _ in range(columns))
    data = "".join(f"<row>{cells}</row>" for _ in range(rows))
    out = BytesIO()
    with ZipFile(made) as read, ZipFile(out, "w", ZIP_DEFLATED) as written:
        for part in read.infolist():
            text = read.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                before, _, rest = text.decode().partition("<sheetData>")
                text = f"{before}<sheetData>{data}{rest[rest.index('</sheetData>') :]}".encode()
            written.writestr(part.filename, text)
    return out.getvalue()


@pytest.mark.parametrize("how", ["memory", "time", "sleep", "output", "file"])
def test_a_child_that_wants_more_than_its_bounds_fails(how: str) -> None:
    with pytest.raises(ChildFailed):
        run_child(CHILD, how, bounds=SMALL)


def test_a_child_has_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SES_LINK_KEY", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@proxy")
    names = set(run_child(CHILD, "environment", bounds=SMALL).decode().split())
    assert names <= {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LC_ALL", "LC_CTYPE"}


STARTS = {"Popen", "run", "call", "check_call", "check_output", "system", "popen", "create_subprocess_exec"}


def is_start(call: ast.Call) -> bool:
    """Whether a call starts a program: `subprocess.run(...)`, `Popen(...)`, `os.system(...)` and their like."""
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id in ("subprocess", "os", "asyncio") and call.func.attr in STARTS
    return isinstance(call.func, ast.Name) and call.func.id in STARTS - {"run", "call", "system"}


def without_environment(code: str) -> list[int]:
    """The lines that start a program with everything that this one has: `subprocess` hands all SES_* on unasked."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and is_start(node)]
    return [call.lineno for call in calls if "env" not in {keyword.arg for keyword in call.keywords}]


def test_every_program_that_the_services_and_backups_start_is_given_an_environment() -> None:
    assert without_environment("subprocess.run(x)\nos.system(x)\nsubprocess.Popen(x, env={})\nrun(x)") == [1, 2]
    paths = (*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py"), ROOT / "deploy" / "backup.py")
    assert [f"{path}:{line}" for path in paths for line in without_environment(path.read_text())] == []


def test_the_programs_of_a_backup_get_one_password_of_all_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SES_LINK_KEY", "quillfeather")
    monkeypatch.setenv("SES_EVENT_KEYS__RATES", "quillfeather")
    given = backup._environment()
    assert "PGPASSWORD" in given and [name for name in given if name.startswith("SES_")] == []


def peak_of(program: str, content: bytes) -> int:
    """Bytes of memory at most that this process's like needs to take the file in."""
    ask = f"import resource, sys; {program}; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, input=content, capture_output=True, check=True)
    return int(done.stdout.split()[-1]) * 1024


READS = {
    "tracker": "from services.tracker.workbook.child import read_sheets, UnreadableBook\n"
    "try: read_sheets(sys.stdin.buffer.read())\nexcept UnreadableBook: pass\n",
    "ingest": "from services.ingest.sheets.reading import read_parts\n"
    "from services.ingest.sheets.refusals import UnreadableFile\n"
    "try: rows = list(read_parts(sys.stdin.buffer.read()))\nexcept UnreadableFile: pass\n",
}


@pytest.mark.parametrize("service", READS)
def test_a_small_file_of_repeated_strings_is_refused_and_takes_no_memory_of_ours(service: str) -> None:
    bomb = repeated()
    assert len(bomb) < 60_000
    with pytest.raises((UnreadableBook, UnreadableFile)):
        list(read_sheets(bomb) if service == "tracker" else read_parts(bomb))
    program = f"exec({READS[service]!r})"
    assert peak_of(program, bomb) - peak_of(program, b"x") < 120 * 1024 * 1024


@pytest.mark.usefixtures("clean")
def test_a_principal_who_uploads_it_is_told_so_in_a_sentence() -> None:
    answer = api_of("principal").post("/tracker/api/v1/workbooks", files={"file": ("book.xlsx", repeated())})
    assert (answer.status_code, answer.json()["code"]) == (415, "book_unreadable")


def test_nothing_of_a_workbook_is_unpacked_before_its_size_is_known() -> None:
    """A text of 512 MB that says which kind of file this is, packed into half a megabyte."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as packed:
        with packed.open("mimetype", "w") as part:
            for _ in range(512):
                part.write(bytes(1024 * 1024))
        packed.writestr("xl/workbook.xml", "")
    program = f"exec({READS['tracker']!r})"
    assert peak_of(program, made.getvalue()) - peak_of(program, b"x") < 60 * 1024 * 1024


def test_a_workbook_packed_in_a_way_of_its_own_is_refused_in_a_sentence() -> None:
    made = BytesIO()
    with ZipFile(made, "w") as packed:
        packed.writestr("mimetype", "x")
        packed.writestr("xl/workbook.xml", "")
    odd = made.getvalue().replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff")
    assert odd != made.getvalue()
    with pytest.raises(UnreadableBook):
        read_sheets(odd)


def test_few_files_wait_and_more_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that waits holds one of the threads that the pages of all services need."""
    monkeypatch.setattr(children, "WAIT_SECONDS", 60.0)
    with ThreadPoolExecutor(40) as threads:
        for _ in range(children.AT_ONCE):
            children._room.acquire()
        runs = [threads.submit(run_child, CHILD, "environment", bounds=SMALL) for _ in range(40)]
        busy = list(itertools.islice(as_completed(runs), 40 - children.AT_ONCE - children.WAITING))
        assert all(isinstance(run.exception(), ChildrenBusy) for run in busy)
        for _ in range(children.AT_ONCE):
            children._room.release()
    assert sum(run.exception() is None for run in runs) == children.AT_ONCE + children.WAITING


@pytest.mark.usefixtures("clean")
def test_many_workbooks_within_an_hour_are_too_many() -> None:
    client = api_of("principal")
    statuses = [client.post("/tracker/api/v1/workbooks", files={"file": ("x", b"x")}).status_code for _ in range(31)]
    assert statuses == [415] * 30 + [429]
