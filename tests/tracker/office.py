"""LibreOffice as a school uses it: opens workbooks, recalculates everything, saves them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""


def resaved(content: bytes, folder: Path) -> bytes:
    """The workbook as LibreOffice saves it after recalculating every cell."""
    return all_resaved({"book": content}, folder)["book"]


def all_resaved(books: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """Several workbooks in one start."""
    profile, out = folder / "profile", folder / "saved"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE)
    for name, content in books.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to"]
    command += ["xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), *(str(folder / f"{name}.xlsx") for name in books)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return {name: (out / f"{name}.xlsx").read_bytes() for name in books}
