"""Build the book: run the notebooks with a model, and make HTML of them.

Nothing that is committed is touched: the sources are copied to ``_build/source``, and the notebooks
are executed there.
"""

import argparse
import shutil
import subprocess
import sys
import time
from importlib.metadata import distribution
from pathlib import Path

import explorer_page
import papermill
from manifest import make_manifest, write_manifest
from papermill.exceptions import PapermillExecutionError
from picture import COMMITTED, draw

from trendlib.encoder import keep_loaded
from trendlib.errors import TrendlibError
from trendlib.evaluate.claims import claims_table
from trendlib.runs.pages import forget_machine
from trendlib.weights import AUTO, Weights, find_weights

CLAIMS = "claims.md"
"""What the opening page includes: made of the files of results."""
BOOK = Path(__file__).resolve().parent
MATHJAX = "sphinx-mathjax-offline/static/mathjax/tex-svg.js"


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Run the notebooks and build the HTML book.")
    parser.add_argument(
        "--model", default=AUTO, help="model of the notebooks (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=BOOK.parent, help="folder that gets a folder _build"
    )
    options = parser.parse_args()
    out = options.out.resolve() / "_build"
    try:
        # Chosen once, here, so that every notebook names the same model in its parameters.
        weights = find_weights(options.model)
        keep_loaded()  # picture, explorer and manifest need the same model
        print(f"Building the book with {weights.name}.", flush=True)
        source = stage(out / "source")
        draw(weights.choice, source / "images" / COMMITTED.name)
        (source / CLAIMS).write_text(claims_table(), encoding="utf-8")
        explorer_page.write(weights.choice, source / "explorer" / explorer_page.FRAGMENT)
        notebooks = sorted((source / "notebooks").glob("*.ipynb"))
        seconds = {notebook.stem: execute(notebook, weights) for notebook in notebooks}
        write_manifest(make_manifest(weights, seconds), source)
        page = build_html(source, out)
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
    print(f"The book is ready: {page}")
    return 0


def stage(source: Path) -> Path:
    """Copy the book's sources, with the notebooks and MathJax, into a fresh folder."""
    shutil.rmtree(source, ignore_errors=True)
    programs = [path.name for path in BOOK.glob("*.py")]
    kept_back = (*programs, "*.j2", "__pycache__")
    ignored = shutil.ignore_patterns(*kept_back, ".ipynb_checkpoints", "_build")
    shutil.copytree(BOOK, source, ignore=ignored)  # follows the link to the notebooks
    assets = source / "assets"
    assets.mkdir(exist_ok=True)
    mathjax = Path(str(distribution("sphinx-mathjax-offline").locate_file(MATHJAX)))
    shutil.copy(mathjax, assets)
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


def build_html(source: Path, out: Path) -> Path:
    """Make the HTML; warnings are errors."""
    shutil.rmtree(out / "html", ignore_errors=True)
    shutil.rmtree(out / ".doctrees", ignore_errors=True)
    program = str(Path(sys.executable).with_name("jupyter-book"))
    options = ["-W", "-n", "--keep-going", "--path-output", str(out.parent)]
    subprocess.run([program, "build", *options, str(source)], check=True)
    return out / "html" / "index.html"


if __name__ == "__main__":
    sys.exit(main())
