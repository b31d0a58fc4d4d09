"""The method is tested in seconds: its tests and doctests load neither a model nor a browser."""

import subprocess
import sys

from helpers.paths import ROOT

DOOR = ("__init__", "__main__")
"""They have no doctest, and pytest asks the first one for all names that it offers."""
HEAVY = ("torch", "transformers", "matplotlib", "pandas", "playwright")

CODE = f"""
import sys
import pytest
status = pytest.main(sys.argv[1:])
loaded = [name for name in {HEAVY} if name in sys.modules]
sys.exit(f"the tests of the method load {{', '.join(loaded)}}" if loaded else status)
"""


def test_the_methods_tests_load_neither_a_model_nor_a_browser() -> None:
    files = [path for path in (ROOT / "trendlib").glob("*.py") if path.stem not in DOOR]
    arguments = ["-v", "-p", "no:cacheprovider", ROOT / "tests" / "core", *sorted(files)]
    result = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for name in ("tests/core/test_words.py", "trendlib/words.py"):
        assert name in result.stdout
