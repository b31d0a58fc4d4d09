"""The book's JavaScript modules, run without a browser."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from helpers.paths import ROOT

SCRIPTS = ROOT / "tests" / "book" / "scripts"


def run_script(name: str, given: Any, *arguments: str | Path) -> Any:
    """Run a script of ``tests/book/scripts`` that reads and writes JSON."""
    deno = Path(sys.executable).with_name("deno")
    command = [deno, "run", "--quiet", "--no-check", "--allow-read", SCRIPTS / name, *arguments]
    result = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
