"""What the tests of the workflows share."""

import shutil
from pathlib import Path

import pytest

from helpers.workflows import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if shutil.which("git") is None:
        pytest.skip("not run: no git on this machine")
    return Machine(tmp_path)
