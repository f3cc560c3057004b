"""`ses upload` against the real programs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.access import issue_token
from tests.files import extraction, guide_rows
from tests.stack import ROOT, Programs


def ses_upload(url: str, *arguments: str | Path, token: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SES_PUBLIC_URL": url, "UPLOAD_TOKEN": token}
    program = "from deploy.cli import app; app()"
    return subprocess.run(
        [sys.executable, "-c", program, "upload", *map(str, arguments)],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_script_learns_from_the_exit_code_what_became_of_its_file(stack: Programs, tmp_path: Path) -> None:
    good, future, broken = (tmp_path / name for name in ("good.xlsx", "future.xlsx", "broken.xlsx"))
    good.write_bytes(extraction(guide_rows()))
    future.write_bytes(extraction(guide_rows("2031-02-21")))
    broken.write_bytes(b"PK\x03\x04 no workbook")
    token = issue_token("central")
    done = [ses_upload(stack.url, path, token=token) for path in (good, good, future, broken)]
    assert [run.returncode for run in done] == [0, 0, 3, 1], [run.stdout + run.stderr for run in done]
    assert "good.xlsx: published. 16 accepted, 16 changed" in done[0].stdout
    assert "future" in done[2].stdout
    assert "damaged" in done[3].stdout
    assert "uploaded before, nothing was changed" in done[1].stdout
    dry, doubtful = (ses_upload(stack.url, path, "--dry-run", token=token) for path in (good, future))
    assert (dry.returncode, "it would be published" in dry.stdout) == (0, True)
    assert (doubtful.returncode, "lies in the future" in doubtful.stdout) == (3, True)
    assert ("16 accepted, 0 changed" in dry.stdout, "16 accepted, 16 changed" in doubtful.stdout) == (True, True)
    assert ses_upload("http://127.0.0.1:9", good, token=token).returncode == 4


@pytest.mark.parametrize("arguments", [("--kind",), ("no such file.xlsx",)])
def test_a_wrong_call_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert ses_upload("http://127.0.0.1:9", *arguments, token="x").returncode == 2


@pytest.mark.parametrize("token", ["tok\u00e9n", "token\n", "two tokens"])
def test_a_token_that_was_copied_wrongly_is_refused_and_not_shown(token: str, tmp_path: Path) -> None:
    (tmp_path / "good.xlsx").write_bytes(extraction(guide_rows()))
    run = ses_upload("http://127.0.0.1:9", tmp_path / "good.xlsx", token=token)
    assert (run.returncode, "A token has letters" in run.stderr) == (2, True), run.stderr
    assert token not in run.stderr
