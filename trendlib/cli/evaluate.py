"""``trendlib evaluate``."""

import argparse
from pathlib import Path

from trendlib.cli.options import (
    FAILED,
    NOT_RUN,
    OK,
    add_model,
    cannot_go_on,
    fallback_told,
    local_path,
    printable,
    say,
    show,
    stopped,
)
from trendlib.errors import ModelNotReachableError, check_choice, counted

EXAMPLES = """examples:
  trendlib evaluate --quick
  trendlib evaluate --task contexts --task stsb
  trendlib evaluate --model bert-base-uncased
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Run the evaluation: every task with every method. If it is stopped, the same command "
        "continues where it was. Exit status: 0 if all is done, 1 if a task could not be run or "
        "failed its checks, 2 if the command was used wrongly, 3 if the weights of the model "
        "cannot be reached."
    )
    command.epilog = EXAMPLES
    add_model(command)
    command.add_argument(
        "--task",
        action="append",
        metavar="NAME",
        help="run only this task; repeat the option for several (default: all tasks)",
    )
    command.add_argument(
        "--quick", action="store_true", help="use a small sample, to check that everything works"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="the seed of every random choice (default: %(default)s)"
    )
    command.add_argument(
        "--out",
        type=local_path,
        metavar="FOLDER",
        help="where to write the results, in a folder named after the model (default: the "
        "figures of "
        "the book; with --quick: _build/evaluate)",
    )
    command.add_argument(
        "--skip-unreachable",
        action="store_true",
        help="skip tasks whose data cannot be downloaded: list them, and exit with 0 nevertheless",
    )
    command.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from trendlib.evaluate.results import BOOK_FIGURES
    from trendlib.evaluate.runner import TASKS, open_workbench, run_tasks

    names = options.task or list(TASKS)
    for name in names:
        check_choice("task", name, TASKS)
    out = options.out or (Path("_build/evaluate") if options.quick else BOOK_FIGURES)
    try:
        with fallback_told():
            workbench = open_workbench(options.model, quick=options.quick, seed=options.seed)
    except ModelNotReachableError as error:
        say(f"not run, because the weights cannot be reached: {error}")
        return NOT_RUN
    show(f"Evaluating {workbench.encoder.provenance.model}.")
    kept = "What was measured so far is kept"
    try:
        outcome = run_tasks(
            workbench,
            [TASKS[name] for name in names],
            out,
            lambda text: tqdm.write(printable(text)),
        )
    except KeyboardInterrupt as error:
        return stopped(error, kept)
    except OSError as error:
        return cannot_go_on("evaluation", error, kept)
    show(
        f"{counted(len(outcome.done), 'task')} done, {len(outcome.not_run)} not run, "
        f"{len(outcome.failed)} failed. The results are in {out}."
    )
    missing = outcome.not_run and not options.skip_unreachable
    return FAILED if outcome.failed or missing else OK
