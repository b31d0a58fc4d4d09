"""Plant errors in the statistics of `evaluate`, one at a time, and see that a test fails.

`make mutants` runs it. Each error is one that a careful person could make, such as a choice made on
the test part, or an interval that draws the wrong units. The comparison with the committed figures
is left out: it would notice any change of a figure, but not say which figure is right.

A copy of the package is changed, never the package itself.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPARES_WITH_KEPT_FIGURES = "test_kept_results.py"
TESTS_FAILED = 1
"""The exit status of pytest."""


@dataclass(frozen=True)
class Mutant:
    """An error that can be planted.

    Attributes:
        name: What is wrong with it.
        file: The file, below `trendlib/evaluate`.
        right: The code as it is; it stands there once.
        wrong: The code with the error.
        tests: The file of tests that has to notice, below `tests/evaluate`.
    """

    name: str
    file: str
    right: str
    wrong: str
    tests: str

    @property
    def path(self) -> Path:
        """The path of the file, relative to the folder of the project."""
        return Path("trendlib", "evaluate", self.file)

    def planted(self) -> str:
        """Return the content of the file with the error.

        Raises:
            ValueError: If the code has changed, so that the error cannot be planted.
        """
        content = (ROOT / self.path).read_text(encoding="utf-8")
        if content.count(self.right) != 1:
            raise ValueError(
                f"{self.name!r}: {self.right!r} stands {content.count(self.right)} times in "
                f"{self.path}, not once: bring the list of planted errors up to date"
            )
        return content.replace(self.right, self.wrong)


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "trained on the training and the test part",
        "classification.py",
        "predicted = _predict(method, rows, prepared.train.labels, test_rows)",
        "both = np.concatenate([prepared.train.labels, prepared.test.labels])\n"
        "            known = np.concatenate([rows, test_rows])\n"
        "            predicted = _predict(method, known, both, test_rows)",
        "test_classification.py",
    ),
    Mutant(
        "a fold is trained on its test part too",
        "classification.py",
        "predicted = _predict(method, rows[fit], train.labels[fit], rows[test])",
        "predicted = _predict(method, rows, train.labels, rows[test])",
        "test_classification.py",
    ),
    Mutant(
        "the penalty is not chosen",
        "classification.py",
        "Cs=penalties,",
        "Cs=penalties[:1],",
        "test_classification.py",
    ),
    Mutant(
        "the control's labels are not shuffled",
        "classification.py",
        "shuffled(labels) if method.shuffles_labels else labels",
        "labels",
        "test_classification.py",
    ),
    Mutant(
        "no correction of Nadeau and Bengio",
        "statistics.py",
        "(1 / count + test_share)",
        "(1 / count)",
        "test_classification.py",
    ),
    Mutant(
        "one-sided p-value of folds",
        "statistics.py",
        "p = 2 * float(stats.t.sf(",
        "p = float(stats.t.sf(",
        "test_classification.py",
    ),
    Mutant(
        "one-sided test of McNemar",
        "statistics.py",
        "stats.binomtest(better, better + worse).pvalue",
        'stats.binomtest(better, better + worse, alternative="greater").pvalue',
        "test_classification.py",
    ),
    Mutant(
        "one-sided p-value of resamples",
        "statistics.py",
        "p = min(1.0, 2 * (beyond + 1)",
        "p = min(1.0, (beyond + 1)",
        "test_statistics.py",
    ),
    Mutant(
        "intervals of 90 %",
        "statistics.py",
        "low, high = np.quantile(drawn, [0.025, 0.975])\n    # The share",
        "low, high = np.quantile(drawn, [0.05, 0.95])\n    # The share",
        "test_statistics.py",
    ),
    Mutant(
        "sentences are drawn instead of documents",
        "statistics.py",
        "names, numbers = np.unique(clusters, return_inverse=True)",
        "names = numbers = np.arange(len(clusters))",
        "test_statistics.py",
    ),
    Mutant(
        "the sign of a difference between documents",
        "statistics.py",
        "differences = np.asarray(one, float) - other",
        "differences = other - np.asarray(one, float)",
        "test_statistics.py",
    ),
    Mutant(
        "the second factor is not drawn",
        "statistics.py",
        "for names, number in levels:",
        "for names, number in levels[:1]:",
        "test_statistics.py",
    ),
    Mutant(
        "p-values are not adjusted (Benjamini and Hochberg)",
        "statistics.py",
        "stats.false_discovery_control(np.minimum(p_values, 1.0))",
        "np.minimum(p_values, 1.0)",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "p-values are not adjusted (Holm)",
        "statistics.py",
        "factors = np.arange(len(order), 0, -1)",
        "factors = np.ones(len(order))",
        "test_statistics.py",
    ),
    Mutant(
        "large data sets count more",
        "statistics.py",
        "differences = (resamples[one] - resamples[other]).mean(axis=0)",
        "differences = (resamples[one] - resamples[other])[-1]",
        "test_statistics.py",
    ),
    Mutant(
        "kinds are drawn, and templates are not",
        "tasks/contexts.py",
        'factors = found["template"][known], found["kind"][known]',
        'factors = found["kind"][known], found["kind"][known]',
        "test_planted_contexts.py",
    ),
    Mutant(
        "dead coordinates become zero and stay",
        "tasks/contexts.py",
        "(np.delete(static, self.dead), np.delete(contextual, self.dead))",
        "(np.where(np.isin(np.arange(len(static)), self.dead), 0, static), contextual)",
        "test_planted_contexts.py",
    ),
    Mutant(
        "dead coordinates are counted",
        "trend_pairs.py",
        "removed, left = (dead, ()) if condition.without_dead else ((), dead)",
        "removed, left = (), dead",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "the null has the related word of the same sentence",
        "tasks/complement.py",
        "related = related[pairs.partners]",
        "related = related[:]",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "the best head is chosen on the test part",
        "tasks/syntax.py",
        "_joined(method.method.fit(dev), test)",
        "_joined(method.method.fit(test), test)",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "a relation's best head is chosen on the test part",
        "tasks/heads.py",
        "best = dev.sum(axis=0)",
        "best = test.sum(axis=0)",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "the kind of the focus word instead of the related word's",
        "tasks/syntax.py",
        "parsed.aligned.is_content[parsed.related]",
        "parsed.aligned.is_content[parsed.focus]",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "a condition does not reach the words",
        "tasks/syntax.py",
        "prepared.dev[method.condition], prepared.test[method.condition]",
        "prepared.dev[AS_PRINTED], prepared.test[AS_PRINTED]",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "the chosen pair is part of its own control",
        "tasks/syntax.py",
        "if set(pair) != chosen:",
        "if pair:",
        "test_planted_treebanks.py",
    ),
    Mutant(
        "settings are chosen on the test part",
        "tasks/ladder.py",
        "    dev = prepared.dev\n",
        "    dev = next(iter(prepared.tests.values()))\n",
        "test_ladder.py",
    ),
    Mutant(
        "the sign of a lead in one set",
        "tasks/ladder.py",
        "lead = rows[chosen] - drawn[MEAN_POOLING.name][chosen]",
        "lead = drawn[MEAN_POOLING.name][chosen] - rows[chosen]",
        "test_ladder.py",
    ),
    Mutant(
        "whitening is fitted on all sentences",
        "tasks/ladder.py",
        "method.settings(prepared.rows.take(prepared.train))",
        "method.settings(prepared.rows)",
        "test_ladder.py",
    ),
    Mutant(
        "a verdict is turned around",
        "verdicts.py",
        "return Outcome.REVERSED if high < self.margin else Outcome.OPEN",
        "return Outcome.SUPPORTED if high < self.margin else Outcome.OPEN",
        "test_claims.py",
    ),
    Mutant(
        "the margin is ignored",
        "verdicts.py",
        "if low > self.margin:",
        "if low > 0:",
        "test_claims.py",
    ),
    Mutant(
        "the sign of the margin",
        "verdicts.py",
        "NOT_WORSE = -0.02",
        "NOT_WORSE = 0.02",
        "test_claims.py",
    ),
    Mutant(
        "one comparison of several is enough",
        "verdicts.py",
        "if all(row.outcome(score)",
        "if any(row.outcome(score)",
        "test_claims.py",
    ),
    Mutant(
        "a reversed comparison is overlooked",
        "verdicts.py",
        "if Outcome.REVERSED in widened_outcomes:",
        "if not pairs:",
        "test_claims.py",
    ),
    Mutant(
        "intervals are not widened for their number",
        "verdicts.py",
        "row.outcome(score, among=count)",
        "row.outcome(score)",
        "test_claims.py",
    ),
    Mutant(
        "alpha is 10 % where intervals are widened",
        "verdicts.py",
        "ALPHA / 2 / count",
        "2 * ALPHA / 2 / count",
        "test_claims.py",
    ),
    Mutant(
        "one treebank is enough",
        "verdicts.py",
        '"syntax-gum": "GUM"',
        '"syntax": "GUM"',
        "test_claims.py",
    ),
    Mutant(
        "a verdict under a condition is the printed one",
        "verdicts.py",
        "            condition=condition,\n        )",
        '            condition="",\n        )',
        "test_claims.py",
    ),
)


def failing_tests(
    mutant: Mutant, copy: Path, python: Sequence[str] = (sys.executable,)
) -> list[str]:
    """Plant an error in a copy of the project, and list the tests that fail.

    Args:
        mutant: The error.
        copy: The folder of the copy.
        python: What runs the tests.

    Raises:
        RuntimeError: If the tests could not be run at all, which would look like a failure.
    """
    path = copy / mutant.path
    right = path.read_text(encoding="utf-8")
    path.write_text(mutant.planted(), encoding="utf-8")
    try:
        found = subprocess.run(
            [*python, "-m", "pytest", "-q", "-x", "-rf", "-p", "no:cacheprovider",
             f"tests/evaluate/{mutant.tests}"],
            cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        path.write_text(right, encoding="utf-8")
    if found.returncode not in (0, TESTS_FAILED):
        raise RuntimeError(f"{mutant.name!r}: {mutant.tests} did not run\n{found.stdout[-2000:]}")
    failed = [line for line in found.stdout.splitlines() if line.startswith("FAILED ")]
    return [line.split("::", 1)[1].split(" - ")[0] for line in failed]


def main() -> int:
    """Plant every error, or those whose name has the given words; return 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="?", default="", help="a part of the name of an error")
    chosen = [mutant for mutant in MUTANTS if parser.parse_args().words in mutant.name]
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "trendbook"
        for name in ("trendlib", "tests", "notebooks", "book", "pyproject.toml"):
            source = ROOT / name
            place = copy / name
            shutil.copytree(source, place) if source.is_dir() else shutil.copy(source, place)
        for number, mutant in enumerate(chosen, start=1):
            failed = failing_tests(mutant, copy)
            survived += not failed
            what = f"noticed by {failed[0]}" if failed else "SURVIVED"
            print(f"{number:2} of {len(chosen)}: {mutant.name}: {what}", flush=True)
    print(f"{len(chosen)} errors planted, {len(chosen) - survived} noticed, {survived} survived.")
    return 1 if survived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
