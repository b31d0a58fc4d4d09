"""The list of planted errors fits the code, and the script tells an error from none."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from evaluate.mutants import COMPARES_WITH_KEPT_FIGURES, MUTANTS, ROOT, Mutant, failing_tests
from helpers.programs import warm_python

ONE = next(mutant for mutant in MUTANTS if mutant.name == "the margin is ignored")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_error_can_still_be_planted(mutant: Mutant) -> None:
    planted = mutant.planted()
    assert planted != (ROOT / mutant.path).read_text(encoding="utf-8")
    compile(planted, mutant.file, "exec")
    assert (ROOT / "tests/evaluate" / mutant.tests).is_file()
    assert mutant.tests != COMPARES_WITH_KEPT_FIGURES


def test_code_that_has_changed_is_told() -> None:
    with pytest.raises(ValueError, match=r"stands 0 times in .*verdicts\.py, not once: bring the"):
        replace(ONE, right="no such code").planted()


def test_an_error_is_noticed_and_a_harmless_change_survives(tmp_path: Path) -> None:
    for name in ("trendlib", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert failing_tests(ONE, tmp_path, warm_python())
    harmless = replace(
        ONE, right="return Outcome.SUPPORTED\n", wrong="return Outcome.SUPPORTED  #\n"
    )
    assert failing_tests(harmless, tmp_path, warm_python()) == []
    with pytest.raises(RuntimeError, match="did not run"):
        failing_tests(replace(ONE, tests="no_such_file.py"), tmp_path, warm_python())
