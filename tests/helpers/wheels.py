"""Wheels that hold nothing, and an index of them, for tests of what installs packages."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile


def wheel(folder: Path, name: str, version: str = "1.0", needs: str = "") -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {needs}\n" * bool(needs)
    with ZipFile(path, "w") as packed:
        packed.writestr(f"{about}/METADATA", metadata)
        packed.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        packed.writestr(f"{about}/RECORD", "")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_index(folder: Path, wheels: Iterable[Path]) -> str:
    """Lay wheels out as an index that tells their hashes; returns its address."""
    for path in wheels:
        place = folder / path.name.partition("-")[0].replace("_", "-")
        place.mkdir(parents=True, exist_ok=True)
        moved = path.rename(place / path.name)
        with (place / "index.html").open("a", encoding="utf-8") as page:
            page.write(f'<a href="{path.name}#sha256={sha256(moved)}">{path.name}</a>\n')
    return folder.as_uri()
