"""``trendlib compare``."""

import argparse

from trendlib.cli.options import OK, local_path, positive, show
from trendlib.show.labels import shortened

EXAMPLES = """\
example:
  trendlib run --file sentences.txt --out runs/article
  trendlib run --file sentences.txt --out runs/layers --reading layers
  trendlib compare runs/article runs/layers
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Compare two runs over the same sentences, for example with two readings or two models: "
        "how often the focus word or the related word differs, and in which sentences."
    )
    command.epilog = EXAMPLES
    command.add_argument("first", type=local_path, metavar="A", help="folder of a run")
    command.add_argument("second", type=local_path, metavar="B", help="folder of the other run")
    command.add_argument(
        "--rows",
        type=positive,
        default=20,
        help="how many differing sentences to print (default: %(default)s)",
    )
    command.add_argument(
        "--csv",
        type=local_path,
        metavar="FILE",
        help="write all differing sentences to this file; a text that a spreadsheet would take "
        "for a "
        "formula gets a ' in front",
    )
    command.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    from trendlib.files.own import OwnFile
    from trendlib.runs.comparison import compare_runs
    from trendlib.runs.results import spreadsheet_text

    csv = None if options.csv is None else OwnFile(options.csv, "compare")
    if csv is not None:
        csv.check()
    comparison = compare_runs(options.first, options.second)
    differing = comparison.differing
    if csv is not None:  # before anything is printed, which may fail
        with csv.replacing() as new:
            differing.map(spreadsheet_text).to_csv(new, index=False, lineterminator="\r\n")
    show(str(comparison))
    if len(differing):
        shown = differing.head(options.rows).copy()
        shown["sentence"] = shown["sentence"].map(lambda text: shortened(text, 60))
        show(f"\n{shown.to_string(index=False, justify='left')}")
    if len(differing) > options.rows:
        show(f"... and {len(differing) - options.rows:,} more: use --rows or --csv to see them")
    return OK
