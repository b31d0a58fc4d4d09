"""``trendlib run``."""

import argparse
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from trendlib.cli.options import (
    FAILED,
    OK,
    add_cutter,
    add_model,
    add_reading,
    cannot_go_on,
    check_installed,
    fallback_told,
    local_path,
    positive,
    say,
    show,
    stopped,
)
from trendlib.encoding import DTYPES, UNICODE
from trendlib.errors import ParameterError, counted
from trendlib.files.rows import COLUMN
from trendlib.runs import TIMEOUT_SECONDS
from trendlib.show.labels import shortened

if TYPE_CHECKING:
    from trendlib.runs.runner import RunSummary
    from trendlib.runs.sentences import Sentences
    from trendlib.runs.settings import Settings

RUNS = Path("runs")
NOTEBOOK_BYTES = 1_600_000
"""What a sentence's notebook and page take on the disk, roughly."""

EXAMPLES = """\
examples:
  trendlib run "I sold my car." "She sent a card."
  trendlib run --file sentences.txt --out runs/mine --jobs 2
  trendlib run --file reviews.csv --column text --reading layers
  trendlib run --file sentences.jsonl --no-notebook
  trendlib run --file sentences.txt --out runs/mine     (run again: continues where it stopped)

exit status: 0 if all sentences are done, 1 if some failed, if rows were refused (refused.jsonl in
the run's folder says which and why) or if the run could not continue, 2 if the command was used
wrongly, 130 or 143 if it was stopped (by Ctrl-C, or by a termination signal)
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Run a notebook on each of your sentences. Each sentence gets an executed notebook, a "
        "page, "
        "and a row in results.parquet and results.csv; index.html lists them all. What is done "
        "already is not done again."
    )
    command.epilog = EXAMPLES
    command.add_argument("sentences", nargs="*", metavar="SENTENCE", help="a sentence")
    command.add_argument(
        "--file",
        type=local_path,
        help="a file of sentences: .txt (one per line), .csv (with a header), .jsonl, or .parquet",
    )
    command.add_argument(
        "--column",
        default=COLUMN,
        help="the column (in .jsonl: the key) that holds the sentences (default: %(default)s)",
    )
    command.add_argument(
        "--out",
        type=local_path,
        metavar="FOLDER",
        help=f"the folder of the run (default: a new one in {RUNS}/)",
    )
    command.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="how many workers (default: one per processor core)",
    )
    command.add_argument(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        default=TIMEOUT_SECONDS,
        help="how long a sentence may take before it counts as failed; the others continue "
        "(default: %(default)s)",
    )
    add_model(command)
    add_cutter(command)
    add_reading(command)
    command.add_argument(
        "--dtype", default="float64", help=f"{', '.join(DTYPES)} (default: %(default)s)"
    )
    command.add_argument(
        "--notebook", type=local_path, help="run this notebook instead of the walkthrough"
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="set another parameter of the notebook",
    )
    command.add_argument(
        "--no-notebook",
        action="store_true",
        help="write only the tables, without notebooks and pages: many times faster",
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from trendlib.runs.folder import REFUSED
    from trendlib.runs.kernels import WorkerDiedError, WorkerError
    from trendlib.runs.runner import run

    if not options.no_notebook:
        check_installed("ipykernel", "matplotlib")
    sentences, settings = _checked(options)
    folder = options.out or RUNS / _run_name(options, sentences, settings)
    kept = f"What is done so far is kept in {folder}"
    try:
        summary = run(
            sentences.texts,
            settings,
            folder,
            options.jobs,
            notebooks=not options.no_notebook,
            timeout=options.timeout,
            refused=sentences.refused,
        )
    except KeyboardInterrupt as error:
        return stopped(error, kept)
    except (OSError, WorkerError, WorkerDiedError) as error:
        return cannot_go_on("run", error, kept)
    _print_summary(summary)
    if sentences.refused:
        rows = counted(len(sentences.refused), "row")
        say(f"{rows} refused: {summary.folder / REFUSED} lists them, with the reasons")
    return FAILED if summary.failed or sentences.refused else OK


def _checked(options: argparse.Namespace) -> "tuple[Sentences, Settings]":
    """Check everything that can be wrong before anything starts."""
    from trendlib.runs.sentences import distinct, read_sentences
    from trendlib.runs.settings import checked_settings

    if bool(options.sentences) == (options.file is not None):
        raise ParameterError(
            'pass either sentences, or a file of them with --file: trendlib run "I sold my car."'
        )
    if options.file is not None:
        sentences = read_sentences(options.file, options.column)
    else:
        sentences = distinct(options.sentences)
    with fallback_told():
        settings = checked_settings(
            options.model,
            options.reading,
            options.dtype,
            options.notebook,
            dict(options.set),
            options.cutter,
        )
    if sentences.repeats:
        show(
            f"Left out {counted(sentences.repeats, 'repeated sentence')}: each sentence is run "
            "once."
        )
    if sentences.blank:
        show(f"Left out {counted(sentences.blank, 'empty line')}.")
    if not options.no_notebook:
        _warn_of_space(len(sentences.texts), options.out or RUNS)
    return sentences, settings


def _warn_of_space(count: int, folder: Path) -> None:
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free, needed = shutil.disk_usage(place).free, count * NOTEBOOK_BYTES
    if needed > free:
        say(
            f"the notebooks and pages of {counted(count, 'sentence')} take about "
            f"{needed / 1e9:.1f} GB, and the disk has {free / 1e9:.1f} GB free: --no-notebook "
            "writes only the tables"
        )


def _run_name(options: argparse.Namespace, sentences: "Sentences", settings: "Settings") -> str:
    """Name a run's folder so that the same command, with the same sentences, finds it again."""
    from trendlib.runs.folder import folder_name

    name = folder_name("\n".join(sentences.texts))
    if options.file is not None:
        name = f"{options.file.stem}-{name[-12:]}"  # the checksum of the sentences
    choices = [settings.weights.name, settings.reading, settings.dtype]
    choices += [settings.cutter] if settings.cutter != UNICODE else []
    choices += [settings.notebook.stem] if options.notebook else []
    choices += [f"{key}-{value}" for key, value in settings.parameters.items()]
    return re.sub(r"[^\w.-]+", "-", "-".join([name, *choices]))


def _print_summary(summary: "RunSummary") -> None:
    total = counted(summary.done + len(summary.failed), "sentence")
    show(
        f"{total}: {summary.done:,} done ({summary.earlier:,} of them in an earlier run), "
        f"{len(summary.failed):,} failed."
    )
    if summary.others:
        show(
            f"The folder also holds {counted(summary.others, 'sentence')} from earlier commands: "
            "its tables and its index list them after these."
        )
    for path in summary.aside:
        say(f"a table was changed after it was written; the changed one is kept as {path}")
    for record in summary.failed[:10]:
        say(f"failed: {shortened(record['sentence'], 60)!r}: {record['error']}")
    if len(summary.failed) > 10:
        say(f"and {len(summary.failed) - 10:,} more failed")
    show(f"See {summary.folder / 'index.html'}")


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value
