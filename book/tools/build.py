"""Build the book: run the notebooks with a model, and make HTML or a PDF of them.

Nothing that is committed is touched: the sources are copied to ``_build/source``, and the notebooks
are executed there.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import explorer_page
import papermill
from editions import CHINESE, TRANSLATED
from fonts import write_math_font
from manifest import make_manifest, write_manifest
from papermill.exceptions import PapermillExecutionError
from pdf import find_browser, print_page
from picture import COMMITTED, draw

from trendlib.errors import TrendlibError
from trendlib.evaluate.claims import claims_table
from trendlib.language import CATALOGUE
from trendlib.model.weights import AUTO, Weights, find_weights
from trendlib.runs.pages import forget_machine

CLAIMS = "claims.md"
"""What the opening page includes: made of the files of results."""
BOOK = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Run the notebooks and build the book.")
    parser.add_argument(
        "--model", default=AUTO, help="model of the notebooks (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=BOOK.parent, help="folder that gets a folder _build"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--edition",
        choices=(CHINESE.name,),
        help="make this edition of the HTML anew, beside the English one (default: both)",
    )
    instead.add_argument("--pdf", action="store_true", help="make a PDF, and no HTML")
    instead.add_argument(
        "--links",
        action="store_true",
        help="check the links that leave the book, and build nothing",
    )
    options = parser.parse_args()
    out = options.out.resolve() / "_build"
    try:
        browser = find_browser() if options.pdf else None
        # Chosen once, here, so that every notebook names the same model in its parameters.
        weights = find_weights(options.model)
        print(f"Building the book with {weights.name}.", flush=True)
        source = stage(out / "source")
        draw(weights.choice, source / "images" / COMMITTED.name)
        (source / CLAIMS).write_text(claims_table(), encoding="utf-8")
        explorer_page.write(weights.choice, source / "explorer" / explorer_page.FRAGMENT)
        if options.links:
            write_manifest(make_manifest(weights, {}), source)
            run_sphinx(source, out, "linkcheck")
            return 0
        notebooks = sorted((source / "notebooks").glob("*.ipynb"))
        seconds = {notebook.stem: execute(notebook, weights) for notebook in notebooks}
        write_manifest(make_manifest(weights, seconds), source)
        if browser:
            book = build_pdf(source, out, browser)
        else:
            book = build_editions(source, out, weights, chinese_alone=options.edition is not None)
    except TrendlibError as error:
        print(f"build: {error}", file=sys.stderr)
        return 2
    except PapermillExecutionError as error:
        print(
            f"build: a notebook failed; it is kept with its error in {out}\n{error}",
            file=sys.stderr,
        )
        return 1
    except subprocess.CalledProcessError as error:
        print(f"build: jupyter-book failed with status {error.returncode}", file=sys.stderr)
        return 1
    print(f"The book is ready: {book}")
    return 0


def stage(source: Path) -> Path:
    """Copy the book's sources, with the notebooks, into a fresh folder."""
    shutil.rmtree(source, ignore_errors=True)
    ignored = shutil.ignore_patterns("tools", "*.j2", "__pycache__", ".ipynb_checkpoints", "_build")
    shutil.copytree(BOOK, source, ignore=ignored)  # follows the link to the notebooks
    write_math_font(source / "styles" / "math.woff")
    return source


def execute(notebook: Path, weights: Weights) -> float:
    """Run a notebook in place; returns how many seconds that took."""
    model = weights.choice
    print(f"Running {notebook.name} ...", flush=True)
    started = time.perf_counter()
    default = papermill.inspect_notebook(notebook)["model"]["default"]
    try:
        papermill.execute_notebook(
            notebook,
            notebook,
            # A cell that repeats the default would only puzzle the reader.
            parameters={} if default == f'"{model}"' else {"model": model},
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
        )
    finally:
        forget_machine(notebook, {str(weights.folder): weights.name})
    return time.perf_counter() - started


def build_editions(source: Path, out: Path, weights: Weights, *, chinese_alone: bool) -> Path:
    """Make the HTML of both editions, each of whose pages leads to that of the other.

    Args:
        source: The sources, with executed notebooks.
        out: Where the HTML goes.
        weights: The model.
        chinese_alone: Leave the English edition as it is, if it is there.

    Returns:
        The first page.
    """
    english, chinese = out / "html", out / "html" / CHINESE.name
    if not (chinese_alone and (english / "intro.html").is_file()):
        run_sphinx(source, out, "html")
    translated = translate(source, out / f"source-{CHINESE.name}", weights)
    run_sphinx(translated, out / CHINESE.name / "_build", "html")
    shutil.rmtree(chinese, ignore_errors=True)
    shutil.move(out / CHINESE.name / "_build" / "html", chinese)
    return (chinese if chinese_alone else english) / "index.html"


def translate(source: Path, target: Path, weights: Weights) -> Path:
    """Copy the sources for the Chinese edition, with results that are said in Chinese."""
    print("Translating the book.", flush=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    CHINESE.configure(target)
    catalogue = target / "trendlib.mo"
    CHINESE.compile("trendlib", catalogue)
    os.environ[CATALOGUE] = str(catalogue)
    try:
        (target / CLAIMS).write_text(claims_table(), encoding="utf-8")
        for page in TRANSLATED:
            notebook = target / f"{page}.ipynb"
            if notebook.exists():
                execute(notebook, weights)
    finally:
        del os.environ[CATALOGUE]
    return target


def build_pdf(source: Path, out: Path, browser: str) -> Path:
    """Make the PDF."""
    run_sphinx(source, out, "singlehtml")
    pdf = out / "pdf" / "trendbook.pdf"
    print_page(out / "singlehtml" / "intro.html", pdf, browser)
    return pdf


def run_sphinx(source: Path, out: Path, builder: str) -> None:
    """Make pages; warnings are errors."""
    shutil.rmtree(out / builder, ignore_errors=True)
    shutil.rmtree(out / ".doctrees", ignore_errors=True)
    program = str(Path(sys.executable).with_name("jupyter-book"))
    chosen = ["custom", "--custom-builder", builder] if builder == "gettext" else [builder]
    options = ["-W", "-n", "--keep-going", "--path-output", str(out.parent), "--builder", *chosen]
    subprocess.run([program, "build", *options, str(source)], check=True)


if __name__ == "__main__":
    sys.exit(main())
