"""Prepares a fresh machine: `python3 deploy/setup.py env|system [tests/...]|lock|platforms|clean`. Standard library only."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
DATA = ROOT / ".data"
PYTHON = VENV / "bin" / "python"
BOOTSTRAP = DATA / "bootstrap"
STAMP = VENV / "made-from"
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
PACKAGES = {
    "chromium": "chromium",
    "firefox-esr": "firefox-esr",
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
    "soffice": "libreoffice-calc-nogui",
    "exim4": "exim4-daemon-light",
    "dovecot": "dovecot-imapd",
    "caddy": "caddy",
    "pgbouncer": "pgbouncer",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "faketime": "faketime",
}
# The same by Homebrew, where it has them; the browsers are applications there (casks), the others are for Linux only.
BREW = {
    "chromium": "--cask chromium",
    "firefox-esr": "--cask firefox@esr",
    "WebKitWebDriver": "webkitgtk",
    "Xvfb": "xorg-server",
    "soffice": "--cask libreoffice",
    "exim4": "exim",
    "dovecot": "dovecot",
    "caddy": "caddy",
    "pgbouncer": "pgbouncer",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "alertmanager",
    "faketime": "libfaketime",
}
# What the lock must resolve for, by wheels alone; only the first is what the tests run on.
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
UV = "uv==0.13.9"
NAMED = {"exim4": "exim", "prometheus": "promtool"}  # how tests name a program, where it is not by its own name
COMPILE = (
    "pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header"
    " pyproject.toml --extra build --extra folders"
)


def say(line: str) -> None:
    print(f"setup: {line}", flush=True)


def works(*command: str | Path, quiet: bool = True) -> bool:
    """Whether a command, run in the repository, ends with 0."""
    environ = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}  # uv trusts what this machine trusts
    ran = subprocess.run([str(part) for part in command], cwd=ROOT, env=environ, capture_output=quiet, check=False)
    return ran.returncode == 0


def run(*command: str | Path) -> None:
    """Runs a command in the repository; its failure ends this program."""
    if not works(*command, quiet=False):
        sys.exit(f"setup: this failed: {' '.join(str(part) for part in command)}")


def fingerprint() -> str:
    """What the environment must be made from: lock, project, Python and place."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def env() -> None:
    """Makes .venv from requirements.lock; does nothing when it was made from these very files."""
    if sys.version_info < (3, 11):  # noqa: UP036 - run by whatever Python the machine has
        sys.exit(
            f"setup: this is Python {sys.version.split()[0]}; 3.11 or newer is needed (make PYTHON=python3.12 ...)."
        )
    with LOCK.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == fingerprint() and works(PYTHON, "-c", ""):
            return
        STAMP.unlink(missing_ok=True)
        uv = find_uv()
        if uv is None or not install_with_uv(uv):
            install_with_pip()
        STAMP.write_text(fingerprint())


def find_uv() -> str | None:
    """uv where it is there or can be had; None leads to pip, which is slower."""
    found = shutil.which("uv") or shutil.which("uv", path=str(BOOTSTRAP / "bin"))
    if found:
        return found
    say("getting uv, to install faster")
    if works(sys.executable, "-m", "venv", BOOTSTRAP) and works(BOOTSTRAP / "bin" / "pip", "install", "-q", UV):
        return str(BOOTSTRAP / "bin" / "uv")
    return None


def install_with_uv(uv: str) -> bool:
    """Whether uv could; where it cannot, pip may, which follows the machine's own pip settings."""
    say("making .venv from requirements.lock with uv")
    # Compiled once here: where Python may not write bytecode, each program would compile all libraries at every start.
    install = (uv, "pip", "install", "-q", "--compile-bytecode", "--python", PYTHON)
    return (
        works(uv, "venv", "-q", "--clear", "--no-project", "--python", sys.executable, VENV, quiet=False)
        and works(*install, "--require-hashes", "-r", LOCK, quiet=False)
        and works(*install, "--no-deps", "--no-build-isolation", "-e", ROOT, quiet=False)
    )


def install_with_pip() -> None:
    say("making .venv from requirements.lock with pip, which takes a minute")
    if not works(sys.executable, "-m", "venv", "--clear", VENV):
        sys.exit("setup: `python3 -m venv` does not work here. On Debian: sudo apt-get install -y python3-venv")
    run(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", LOCK)
    run(PYTHON, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ROOT)


def system(parts: Sequence[str] = ()) -> None:
    """Installs the programs that the tests start, where apt and the right to use it are there; else says how.

    `parts`: the files and folders of tests that are to run; none: all. Other arguments of pytest are passed over.
    """
    needed = needed_by(
        [ROOT / part.partition("::")[0] for part in parts if part.startswith("tests")] or [ROOT / "tests"]
    )
    missing = [PACKAGES[program] for program in needed if not shutil.which(program, path=SEARCH)]
    if not missing:
        return
    if not shutil.which("apt-get") and shutil.which("brew"):
        sys.exit(
            f"setup: the tests need {', '.join(missing)}. Install them, then run `make test` again:\n  {brewed(needed)}"
        )
    install = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (as_root and not works(*as_root, "true")):
        sys.exit(
            f"setup: the tests need {', '.join(missing)}. Install them, then run `make test` again:\n  sudo {install}"
        )
    say(f"installing for the tests: {' '.join(missing)}")
    run(*as_root, "apt-get", "update", "-q")
    run(*as_root, "env", "DEBIAN_FRONTEND=noninteractive", *install.split())


def brewed(needed: Sequence[str]) -> str:
    """The line that installs by Homebrew what is not there of the programs."""
    names = [BREW[program] for program in needed if not shutil.which(program, path=SEARCH)]
    casks = " ".join(name.removeprefix("--cask ") for name in names if name.startswith("--cask"))
    formulas = " ".join(name for name in names if not name.startswith("--cask"))
    lines = [f"brew install {formulas}" if formulas else "", f"brew install --cask {casks}" if casks else ""]
    return " && ".join(line for line in lines if line)


def needed_by(parts: Sequence[Path]) -> list[str]:
    """Which programs the test files in `parts` name, in themselves or in the files of tests that they import."""
    files = {file for part in parts for file in ([part] if part.is_file() else part.rglob("*.py"))}
    text = "".join(file.read_text() for file in with_imported(files))
    return [program for program in PACKAGES if NAMED.get(program, program) in text]


def with_imported(files: set[Path]) -> set[Path]:
    """The files, and all files of tests that they import, directly or not."""
    known: set[Path] = set()
    new = set(files)
    while new:
        known |= new
        named = {
            name for file in new for name in re.findall(r"^from (tests[\w.]*) import", file.read_text(), re.MULTILINE)
        }
        found = {ROOT / f"{name.replace('.', '/')}{end}" for name in named for end in (".py", "/__init__.py")}
        new = {file for file in found if file.is_file()} - known
    return known


def lock() -> None:
    """Writes both lock files again from pyproject.toml: hashes, no hosts; the image installs runtime.lock."""
    uv = find_uv()
    if not uv:
        sys.exit(f"setup: the lock file is made by uv: pip install {UV}")
    run(uv, *COMPILE.split(), "--extra", "embedded", "--group", "pyproject.toml:dev", "-o", "requirements.lock")
    run(uv, *COMPILE.split(), "-c", "requirements.lock", "-o", "runtime.lock")


def remove_data(data: Path) -> None:
    """Removes a data folder, also what of it lies outside because only root can enter it."""
    link = data / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve().parent, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


def clean() -> None:
    """Removes the environment and all data of the embedded runner; refuses while one runs."""
    for held in DATA.glob("*/lock"):
        with held.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit(f"setup: it runs on {held.parent}: stop it first.")
    for data in DATA.glob("*/"):
        remove_data(data)
    for folder in (VENV, DATA):
        shutil.rmtree(folder, ignore_errors=True)


def platforms() -> None:
    """Resolves the lock for every platform and Python of the README, by wheels alone; installs nothing."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit(f"setup: the lock is resolved by uv: pip install {UV}")
    dry = ("pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:", "--target", DATA / "nothing")
    for platform in PLATFORMS:
        for python in PYTHONS:
            where = ("--python-platform", platform, "--python-version", python)
            if not works(uv, *dry, *where, "-r", LOCK):
                run(uv, *dry, *where, "-r", LOCK)
            say(f"{platform}, Python {python}: resolves")


JOBS: dict[str, Callable[[], None]] = {"env": env, "lock": lock, "platforms": platforms, "clean": clean}

if __name__ == "__main__":
    name, *given = sys.argv[1:] or ["env"]
    if name == "system":
        system(given)
    else:
        JOBS[name]()
