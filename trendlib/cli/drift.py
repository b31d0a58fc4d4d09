"""``trendlib drift``."""

import argparse
from typing import TYPE_CHECKING

from trendlib.cli.options import DIFFERENT, NOT_RUN, OK, local_path, say, show
from trendlib.errors import ModelNotReachableError
from trendlib.model.weights import BERT_BASE

if TYPE_CHECKING:
    from trendlib.articles.drift import Figures

EXAMPLES = """\
example:
  trendlib drift --keep figures.json --report first.md
  trendlib drift --last figures.json --keep figures.json --report second.md
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Recompute every figure that the articles printed, and compare the results with those of "
        "the last run. Exit status: 0 if no figure has changed (in a first run: if none differs "
        "from the printed one), 1 if a figure has changed, is new or is gone, 2 if a file or the "
        "model cannot be used, 3 if nothing was run because the weights cannot be reached."
    )
    command.epilog = EXAMPLES
    command.add_argument(
        "--model",
        default=BERT_BASE.name,
        help="%(default)s (the default), all-MiniLM-L6-v2, a folder that holds an encoder, or a "
        "model of the hub: ORGANIZATION/NAME or ORGANIZATION/NAME@REVISION",
    )
    command.add_argument(
        "--last",
        type=local_path,
        metavar="FILE",
        help="the figures of the last run; omit it in the first run",
    )
    command.add_argument(
        "--keep", type=local_path, metavar="FILE", help="write the figures of this run to this file"
    )
    command.add_argument(
        "--report",
        type=local_path,
        metavar="FILE",
        help="write the report to this file, in Markdown",
    )
    command.set_defaults(run=_drift)


def _drift(options: argparse.Namespace) -> int:
    from trendlib.articles import drift
    from trendlib.files.own import OwnFile

    report = None if options.report is None else OwnFile(options.report, "drift")
    if report is not None:
        report.check()
    if options.keep is not None:
        drift.check_keepable(options.keep)
    last = None if options.last is None else drift.read_figures(options.last)
    now: Figures | None
    try:
        now = _recomputed(options.model)
    except ModelNotReachableError as error:
        say(str(error))
        now, found = None, drift.drift_not_run(last, "weights not reachable")
    else:
        found = drift.compare_with_last(last, now)
    try:  # before anything is printed, which may fail
        if report is not None:
            with report.replacing() as new:
                new.write_text(drift.report_text(found), encoding="utf-8")
        # Last: if the report could not be written, the same drift is found again.
        if options.keep is not None and now is not None:
            drift.keep_figures(now, options.keep)
    finally:
        show(drift.headline(found))
    statuses = {drift.Outcome.DRIFT: DIFFERENT, drift.Outcome.NOT_RUN: NOT_RUN}
    return statuses.get(found.outcome, OK)


def _recomputed(model: str) -> "Figures":
    from trendlib.articles import reproduce
    from trendlib.articles.drift import Figures
    from trendlib.model.encoder import load_encoder

    encoder = load_encoder(model, dtype="float64")
    return Figures(encoder.provenance, tuple(reproduce.compare_all(encoder)))
