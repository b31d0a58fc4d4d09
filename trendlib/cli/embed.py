"""``trendlib embed``."""

import argparse
from dataclasses import replace

from trendlib.cli.options import (
    FAILED,
    OK,
    add_cutter,
    add_engine,
    add_model,
    add_reading,
    cannot_go_on,
    fallback_told,
    local_path,
    printable,
    say,
    show,
    stopped,
)
from trendlib.embedding import RECIPES, UNDEFINED, WORDS, Recipe, recipe_named
from trendlib.encoding import DTYPES
from trendlib.errors import InputChangedError, counted
from trendlib.files.rows import COLUMN, read_rows
from trendlib.readings import reading_named
from trendlib.trend import KINDS

RECIPE_HELP = """\
recipes, which say how a sentence becomes a vector:
{recipes}
--kind, --words and --undefined change one part of a recipe. --reading says how the two words are
chosen; the output lists them with every recipe.

"""
EXAMPLES = """\
examples:
  trendlib embed sentences.txt --out embeddings.parquet
  trendlib embed reviews.csv --column text --out reviews.parquet --reading layers
  trendlib embed reviews.csv --column text --out angles.parquet --recipe angle
  trendlib embed reviews.parquet --column text --out out.parquet --device cuda
  trendlib embed reviews.parquet --column text --out out.parquet --engine auto
  trendlib embed sentences.txt --out embeddings.parquet     (run again: continues where it stopped)

exit status: 0 if all rows were embedded, 1 if some were refused (a file beside the output says
which and why) or the command could not continue, 2 if it was used wrongly, 130 or 143 if it was
stopped (by Ctrl-C, or by a termination signal)
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Describe the command, and its options."""
    command.description = (
        "Compute a trend embedding for every row of a file. A row that cannot be embedded does not "
        "stop the others, and what is done already is not done again."
    )
    width = max(map(len, RECIPES))
    recipes = "\n".join(f"  {name:<{width}}  {recipe}" for name, recipe in RECIPES.items())
    command.epilog = RECIPE_HELP.format(recipes=recipes) + EXAMPLES
    command.add_argument(
        "source",
        type=local_path,
        metavar="INPUT",
        help=".txt (one sentence per line), .csv (with a header), .jsonl, or .parquet",
    )
    command.add_argument(
        "--out", type=local_path, required=True, metavar="OUT.parquet", help="the file to write"
    )
    command.add_argument(
        "--column",
        default=COLUMN,
        help="the column (in .jsonl: the key) that holds the sentences (default: %(default)s)",
    )
    add_model(command)
    add_cutter(command)
    command.add_argument(
        "--recipe",
        default="article",
        help=f"{', '.join(RECIPES)} (default: %(default)s); see below",
    )
    add_reading(command)
    parts = {"kind": KINDS, "words": WORDS, "undefined": UNDEFINED}
    meant = {"undefined": "; what stands for an undefined coordinate: 0 or null"}
    for name, values in parts.items():
        command.add_argument(
            f"--{name}",
            help=f"{', '.join(values)} (default: the recipe's){meant.get(name, '')}",
        )
    command.add_argument(
        "--dtype", default="float32", help=f"{', '.join(DTYPES)} (default: %(default)s)"
    )
    command.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, or another device that torch knows (default: auto)",
    )
    add_engine(command)
    command.set_defaults(run=_embed)


def _embed(options: argparse.Namespace) -> int:
    recipe = recipe_of(options)
    count = sum(1 for _ in read_rows(options.source, options.column))
    from tqdm import tqdm

    from trendlib.files.embed import embed_file
    from trendlib.model.encoder import load_encoder

    kept = f"What is done so far is kept beside {options.out}"
    try:
        with fallback_told():
            encoder = load_encoder(
                options.model,
                options.dtype,
                options.device,
                options.cutter,
                options.engine,
                options.precision,
            )
        # disable=None: quiet where nobody looks at a terminal
        with tqdm(total=count, unit=" rows", disable=None) as bar:
            summary = embed_file(
                options.source,
                options.out,
                encoder,
                recipe,
                options.column,
                on_rows=bar.update,
                say=lambda text: bar.write(printable(text)),
            )
    except KeyboardInterrupt as error:
        return stopped(error, kept)
    except (InputChangedError, OSError) as error:
        return cannot_go_on("command", error, kept)
    earlier = f" ({summary.earlier:,} of them in an earlier run)" if summary.earlier else ""
    show(f"{counted(summary.embedded, 'row')} embedded, {summary.refused:,} refused{earlier}.")
    if summary.side_file is not None:
        say(f"{summary.side_file} lists the refused rows, with the reasons.")
    show(f"See {summary.out}")
    return FAILED if summary.refused else OK


def recipe_of(options: argparse.Namespace) -> Recipe:
    """Build the recipe that the options describe."""
    named = {name: getattr(options, name) for name in ("kind", "words", "undefined")}
    changed = {name: value for name, value in named.items() if value is not None}
    reading = reading_named(options.reading)
    return replace(recipe_named(options.recipe), reading=reading, **changed)
