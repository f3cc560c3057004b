"""What is installed and under which license: `python -m deploy.inventory licenses|sbom`, from the packages' own metadata."""

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "licenses.md"
LOCK = ROOT / "requirements.lock"
BEGIN, END = "<!-- from the installed packages -->\n", "<!-- end -->\n"
VENDORED = (("htmx", "4.0.1", "0BSD"), ("axe-core", "4.14.1", "MPL-2.0 (tests only)"))
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]++).*$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class LockedPackage(NamedTuple):
    """A package of the lock file; the license as the package itself states it."""

    name: str
    version: str
    license: str


def locked() -> dict[tuple[str, str], list[str]]:
    """The allowed hashes by (name, version); a name can have several versions, for several versions of Python."""
    text = LOCK.read_text()
    starts = list(_PINNED.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {
        (_key(start[1]), start[2]): _HASH.findall(text[start.start() : end])
        for start, end in zip(starts, ends, strict=True)
    }


def packages() -> list[LockedPackage]:
    """Those of the lock file that are installed here, by name; markers leave some out on some systems."""
    found = {_key(found.name): found for found in distributions() if found.name}
    names = sorted({name for name, _ in locked()} & set(found))
    return [LockedPackage(name, found[name].version, license_of(found[name])) for name in names]


def license_of(distribution: Distribution) -> str:
    """Its license expression, else its classifiers, else the first line of its license's text; `unknown` without any."""
    metadata = distribution.metadata
    if "License-Expression" in metadata:
        return str(metadata["License-Expression"])
    classifiers = [value for value in metadata.get_all("Classifier") or [] if value.startswith("License ::")]
    named = [value.rsplit(" :: ", 1)[-1] for value in classifiers if value != "License :: OSI Approved"]
    if named:
        return ", ".join(sorted(set(named)))
    texts = [distribution.read_text(f"licenses/{name}") for name in metadata.get_all("License-File") or []]
    lines = [line for text in (metadata["License"], *texts) for line in str(text or "").strip().splitlines()]
    return lines[0][:80] if lines else "unknown"


def table() -> str:
    """The licenses as Markdown."""
    rows = [f"| {found.name} | {found.license} |" for found in packages()]
    rows += [f"| {name} {version} (vendored) | {license} |" for name, version, license in VENDORED]
    return "\n".join(["| Package | License |", "|---|---|", *rows, ""])


def rendered(document: str) -> str:
    """The document with the licenses of today between its two marks."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


def sbom() -> dict[str, Any]:
    """A CycloneDX 1.6 bill of materials, with the hashes that the lock file allows; the same input gives the same text."""
    hashes = locked()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "ses", "bom-ref": "ses"}},
        "components": [
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{found.name}@{found.version}",
                "name": found.name,
                "version": found.version,
                "purl": f"pkg:pypi/{found.name}@{found.version}",
                "licenses": [{"license": {"name": found.license}}],
                "properties": [
                    {"name": "ses:allowed-sha256", "value": value}
                    for value in hashes.get((found.name, found.version), ())
                ],
            }
            for found in packages()
        ],
    }


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(words: list[str]) -> int:
    """`licenses` rewrites docs/licenses.md; `sbom` prints the bill of materials."""
    if words == ["licenses"]:
        DOCUMENT.write_text(rendered(DOCUMENT.read_text()))
        return 0
    if words == ["sbom"]:
        print(json.dumps(sbom(), indent=1))
        return 0
    print("usage: python -m deploy.inventory licenses|sbom", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
