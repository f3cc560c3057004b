"""Where the platform has less than Linux: what is taken away here is taken away as macOS lacks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.files.children import ROOT

# macOS refuses every value for RLIMIT_AS.
AS_ON_MACOS = """
import resource, sys
limited, set_limit = [], resource.setrlimit
def setrlimit(which, most):
    if which == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    limited.append(which)
    set_limit(which, most)
resource.setrlimit = setrlimit
real, sys.platform = sys.platform, "{platform}"
from shared.files import confinement
sys.platform = real
"""


def run(program: str, platform: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", AS_ON_MACOS.format(platform=platform) + program]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False)


def test_a_reader_reads_where_memory_cannot_be_limited(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("School,Total\nAlder El,410\n")
    read = "from services.ingest.sheets.child import confine, rows_of\nconfine(1 << 29, 60)\n"
    read += f"print(list(rows_of({str(file)!r}, 'table'))[1:], len(limited))"
    done = run(read, "darwin")
    assert (done.returncode, done.stderr) == (0, "")
    assert "'Alder El'" in done.stdout and done.stdout.endswith(" 3\n")


def test_where_memory_can_be_limited_a_refusal_is_not_passed_over() -> None:
    done = run("confinement.confine(1 << 29, 60)", "linux")
    assert done.returncode != 0 and "exceeds maximum limit" in done.stderr


def test_only_one_module_takes_limits_so_that_every_platform_is_thought_of_once() -> None:
    files = [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py"), *ROOT.glob("deploy/**/*.py")]
    users = [os.fspath(file.relative_to(ROOT)) for file in files if "setrlimit" in file.read_text()]
    assert users == ["shared/files/confinement.py"]


@pytest.mark.parametrize("word", ["/proc/", "prctl", "PR_SET"])
def test_what_only_linux_has_is_asked_for_on_linux_alone(word: str) -> None:
    files = [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py"), *ROOT.glob("deploy/**/*.py")]
    users = [file for file in files if word in file.read_text()]
    assert [file.name for file in users if 'sys.platform == "linux"' not in file.read_text()] == []
