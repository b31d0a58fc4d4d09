"""A copy of the repository, for what rewrites files."""

import shutil
import subprocess
from pathlib import Path

from address import texts
from helpers.paths import ROOT


def copy_of_texts(folder: Path) -> Path:
    """Copy all texts that are tracked, as they are now, into a repository of their own."""
    for path, _ in texts(ROOT):
        new = folder / path.relative_to(ROOT)
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, new)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", "add", "--all", "--force"], cwd=folder, check=True)
    return folder
