"""``trendlib reproduce``."""

import argparse
from typing import TYPE_CHECKING

from trendlib.cli.options import (
    DIFFERENT,
    NOT_RUN,
    OK,
    add_model,
    fallback_told,
    local_path,
    say,
    show,
)
from trendlib.errors import ModelNotReachableError
from trendlib.model.weights import BERT_BASE

if TYPE_CHECKING:
    from trendlib.articles.published import Comparison


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Recompute every figure that the articles printed, and print a verdict for each. "
        "Exit status: 0 if all figures are equal, 1 if one differs, 2 if the model cannot be used "
        "or the file cannot be written, 3 if none differs, but some were not run because they "
        f"need {BERT_BASE.name}."
    )
    note = (
        f". The weights of {BERT_BASE.name} are known by their checksum, whatever they are called; "
        "with any others, figures that need a model are not run"
    )
    add_model(command, BERT_BASE.name, note)
    command.add_argument(
        "--csv", type=local_path, metavar="FILE", help="also write the table to this file"
    )
    command.set_defaults(run=_reproduce)


def _reproduce(options: argparse.Namespace) -> int:
    import pandas as pd

    from trendlib.articles import reproduce, tables
    from trendlib.articles.published import Verdict
    from trendlib.files.own import OwnFile

    csv = None if options.csv is None else OwnFile(options.csv, "reproduce")
    if csv is not None:
        csv.check()
    comparisons = [*reproduce.compare_printed(), *_with_model(options.model)]
    table = tables.comparison_table(comparisons)
    try:
        if csv is not None:  # before anything is printed, which may fail
            with csv.replacing() as new:
                table.to_csv(new)
    finally:
        with pd.option_context("display.max_rows", None, "display.width", 250):
            summary = tables.summary_table(comparisons).to_string(index=False, justify="left")
            parts = [table.to_string(justify="left"), summary, tables.summary_text(comparisons)]
        # Last, where a reader of a terminal looks.
        show("\n\n".join([*parts, tables.headline(comparisons)]))
    verdicts = {found.verdict for found in comparisons}
    if Verdict.DIFFERS in verdicts:
        return DIFFERENT
    return NOT_RUN if Verdict.NOT_RUN in verdicts else OK


def _with_model(model: str) -> "list[Comparison]":
    from trendlib.articles import reproduce
    from trendlib.model.encoder import load_encoder

    try:
        with fallback_told():
            encoder = load_encoder(model, dtype="float64")
    except ModelNotReachableError as error:
        say(str(error))
        return reproduce.comparisons_not_run("weights not reachable")
    return reproduce.compare_model(encoder)
