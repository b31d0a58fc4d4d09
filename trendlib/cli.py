"""The command ``trendlib``.

What a command needs is imported when it runs: torch takes seconds to load.
"""

import argparse
import re
import shutil
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from trendlib.attention import ARTICLE, READINGS
from trendlib.encoding import DTYPES
from trendlib.errors import ModelNotReachableError, ParameterError, TrendlibError
from trendlib.weights import AUTO, BERT_BASE, MINILM, ModelFallbackWarning

if TYPE_CHECKING:
    from trendlib.published import Comparison
    from trendlib.runs.runner import Summary
    from trendlib.runs.sentences import Sentences
    from trendlib.runs.settings import Settings

OK, DIFFERENT, FAILED, WRONG_USE = 0, 1, 1, 2
RUNS = Path("runs")
NOTEBOOK_BYTES = 1_600_000
"""What a sentence's notebook and page take on the disk, roughly."""

RUN_EXAMPLES = """\
examples:
  trendlib run "I sold my car." "She sent a card."
  trendlib run --file sentences.txt --out runs/mine --jobs 2
  trendlib run --file reviews.csv --column text --reading layers
  trendlib run --file sentences.jsonl --no-notebook
  trendlib run --file sentences.txt --out runs/mine     (again: goes on where it stopped)

exit status: 0 all sentences are done, 1 some failed or the run could not go on, 2 wrong use,
130 or 143 it was stopped (Ctrl-C, or a termination signal)
"""
COMPARE_EXAMPLES = """\
example:
  trendlib run --file sentences.txt --out runs/article
  trendlib run --file sentences.txt --out runs/layers --reading layers
  trendlib compare runs/article runs/layers
"""


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = command_line().parse_args(arguments)
    try:
        return int(options.run(options))
    except (TrendlibError, OSError) as error:
        print(f"trendlib: {error}", file=sys.stderr)
        return WRONG_USE


def command_line() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    parser = argparse.ArgumentParser(prog="trendlib", description="Trend embeddings.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_compare(commands)
    _add_reproduce(commands)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "run",
        help="run the walkthrough over sentences of your own",
        description="Run a notebook over sentences: each becomes an executed notebook, a page, and "
        "a record in results.parquet and results.csv; index.html lists them all. What is done "
        "already is not done again.",
        epilog=RUN_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("sentences", nargs="*", metavar="SENTENCE", help="a sentence")
    command.add_argument(
        "--file",
        type=Path,
        help="sentences: .txt (one a line), .csv (with a header), or .jsonl, in UTF-8",
    )
    command.add_argument(
        "--column",
        default="sentence",
        help="the column of a .csv, or the key of a .jsonl, that holds them (default: %(default)s)",
    )
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help=f"the run's folder (default: one in {RUNS}/)"
    )
    command.add_argument(
        "--jobs", type=_positive, metavar="N", help="workers (default: one a processor core)"
    )
    command.add_argument(
        "--model",
        default=AUTO,
        help=f"{AUTO} (the default), {BERT_BASE.name}, {MINILM.name}, or a folder that holds a "
        "BERT model",
    )
    command.add_argument(
        "--reading", default=ARTICLE.name, help=f"{', '.join(READINGS)} (default: %(default)s)"
    )
    command.add_argument(
        "--dtype", default="float64", help=f"{', '.join(DTYPES)} (default: %(default)s)"
    )
    command.add_argument(
        "--notebook", type=Path, help="run this notebook instead of the walkthrough"
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="another parameter of the notebook",
    )
    command.add_argument(
        "--no-notebook", action="store_true", help="make only the records, many times faster"
    )
    command.set_defaults(run=_run)


def _add_compare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "compare",
        help="show where two runs find other words",
        description="Compare two runs of the same sentences, such as two readings or two models: "
        "where the focus word or the related word differs, and how often.",
        epilog=COMPARE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("first", type=Path, metavar="A", help="folder of a run")
    command.add_argument("second", type=Path, metavar="B", help="folder of another one")
    command.add_argument(
        "--rows", type=_positive, default=20, help="sentences to print (default: %(default)s)"
    )
    command.add_argument(
        "--csv", type=Path, metavar="FILE", help="write all the differing sentences to this file"
    )
    command.set_defaults(run=_compare)


def _add_reproduce(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "reproduce",
        help="recompute every figure that the articles printed",
        description="Recompute every figure that the articles printed, and print the verdicts. "
        "Exit status: 0 nothing differs (figures may be 'not run'), 1 a figure differs, 2 the "
        "model cannot be used or the file cannot be written.",
    )
    command.add_argument(
        "--model",
        default=BERT_BASE.name,
        help="%(default)s (the default), or a folder that holds its files",
    )
    command.add_argument(
        "--csv", type=Path, metavar="FILE", help="also write the table to this file"
    )
    command.set_defaults(run=_reproduce)


def _run(options: argparse.Namespace) -> int:
    from trendlib.runs.kernels import WorkerDiedError, WorkerError
    from trendlib.runs.runner import run

    sentences, settings = _checked(options)
    folder = options.out or RUNS / _run_name(options, settings)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        summary = run(
            sentences.texts, settings, folder, options.jobs, notebooks=not options.no_notebook
        )
    except KeyboardInterrupt as error:
        print(
            f"trendlib: stopped. What is done is kept in {folder}; the same command goes on.",
            file=sys.stderr,
        )
        return 143 if isinstance(error, Terminated) else 130
    except (OSError, WorkerError, WorkerDiedError) as error:
        print(
            f"trendlib: the run cannot go on: {error}\nWhat is done is kept in {folder}; when the "
            "cause is mended, the same command goes on.",
            file=sys.stderr,
        )
        return FAILED
    _print_summary(summary)
    return FAILED if summary.failed else OK


def _checked(options: argparse.Namespace) -> "tuple[Sentences, Settings]":
    """Check everything that can be wrong before anything starts."""
    from trendlib.runs.sentences import distinct, read_sentences
    from trendlib.runs.settings import checked_settings

    if bool(options.sentences) == (options.file is not None):
        raise ParameterError(
            "give sentences, or a file of them with --file (one of the two): "
            'trendlib run "I sold my car."'
        )
    if options.file is not None:
        sentences = read_sentences(options.file, options.column)
    else:
        sentences = distinct(options.sentences)
    with warnings.catch_warnings(record=True, category=ModelFallbackWarning) as caught:
        settings = checked_settings(
            options.model, options.reading, options.dtype, options.notebook, dict(options.set)
        )
    for warning in caught:
        print(f"trendlib: {warning.message}", file=sys.stderr)
    if sentences.repeats:
        print(f"{sentences.repeats:,} sentences are repeats: each sentence is run once.")
    if sentences.blank:
        print(f"{sentences.blank:,} empty lines are passed over.")
    if not options.no_notebook:
        _warn_of_space(len(sentences.texts), options.out or RUNS)
    return sentences, settings


def _warn_of_space(count: int, folder: Path) -> None:
    place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    free, needed = shutil.disk_usage(place).free, count * NOTEBOOK_BYTES
    if needed > free:
        print(
            f"trendlib: {count:,} notebooks with their pages take about {needed / 1e9:.1f} GB, and "
            f"the disk has {free / 1e9:.1f} GB free: --no-notebook makes only the records",
            file=sys.stderr,
        )


def _run_name(options: argparse.Namespace, settings: "Settings") -> str:
    """Name a run's folder so that the same command finds it again."""
    from trendlib.runs.folder import folder_name

    if options.file is not None:
        name = options.file.stem
    else:
        name = folder_name("\n".join(options.sentences))
    choices = [settings.weights.name, settings.reading, settings.dtype]
    choices += [settings.notebook.stem] if options.notebook else []
    choices += [f"{key}-{value}" for key, value in settings.parameters.items()]
    return re.sub(r"[^\w.-]+", "-", "-".join([name, *choices]))


def _print_summary(summary: "Summary") -> None:
    total = summary.done + len(summary.failed)
    print(
        f"{total:,} sentences: {summary.done:,} done ({summary.earlier:,} of them earlier), "
        f"{len(summary.failed):,} failed."
    )
    for record in summary.failed[:10]:
        sentence = record["sentence"]
        shown = sentence if len(sentence) <= 60 else sentence[:59] + "…"
        print(f"failed: {shown!r}: {record['error']}", file=sys.stderr)
    if len(summary.failed) > 10:
        print(f"and {len(summary.failed) - 10:,} more", file=sys.stderr)
    print(f"See {summary.folder / 'index.html'}")


def _compare(options: argparse.Namespace) -> int:
    from trendlib.runs.comparison import compare_runs

    comparison = compare_runs(options.first, options.second)
    print(comparison)
    differing = comparison.differing
    if len(differing):
        shown = differing.head(options.rows).copy()
        shown["sentence"] = shown["sentence"].map(lambda text: _cut(text, 60))
        print(f"\n{shown.to_string(index=False, justify='left')}")
    if len(differing) > options.rows:
        print(f"... and {len(differing) - options.rows:,} more: see them with --rows or --csv")
    if options.csv is not None:
        options.csv.parent.mkdir(parents=True, exist_ok=True)
        differing.to_csv(options.csv, index=False)
    return OK


def _reproduce(options: argparse.Namespace) -> int:
    import pandas as pd

    from trendlib import report, reproduce
    from trendlib.published import Verdict

    comparisons = [*reproduce.compare_printed(), *_with_model(options.model)]
    table = report.comparison_table(comparisons)
    with pd.option_context("display.max_rows", None, "display.width", 250):
        print(table.to_string(justify="left"))
        print()
        print(report.summary_table(comparisons).to_string(index=False, justify="left"))
    print()
    print(report.summary_text(comparisons))
    if options.csv is not None:
        options.csv.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(options.csv)
    differing = [each for each in comparisons if each.verdict is Verdict.DIFFERS]
    return DIFFERENT if differing else OK


def _with_model(model: str) -> "list[Comparison]":
    from trendlib import reproduce
    from trendlib.encoder import load_encoder

    try:
        encoder = load_encoder(model, dtype="float64")
    except ModelNotReachableError as error:
        print(f"trendlib: {error}", file=sys.stderr)
        return reproduce.not_run("weights not reachable")
    return reproduce.compare_model(encoder)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is given: give a whole number from 1")
    return int(text)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is given: give NAME=VALUE")
    return name, value


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
