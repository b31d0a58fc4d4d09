"""A copy of the package, to change its code and to run its command."""

import os
import shutil
import subprocess
from pathlib import Path

from helpers.paths import ROOT
from helpers.programs import warm_python, with_warm_kernels


class PackageCopy:
    """The package and its notebooks, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        unwanted = shutil.ignore_patterns("__pycache__")
        for name in ("trendlib", "notebooks"):
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a text that stands once in a file."""
        path = self.folder / "trendlib" / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new), "utf-8")

    def trendlib(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run the command of this copy."""
        return subprocess.run(
            [*warm_python(), "-m", "trendlib", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=with_warm_kernels({**os.environ, "PYTHONPATH": str(self.folder)}),
        )
