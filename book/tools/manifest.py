"""What was run for a copy of the book, and what was not: a manifest, and the page that shows it.

The manifest is made from the run, and from the results that are kept. It names no machine, no user
and no folder.
"""

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from day import build_date
from trendlib.articles.published import ARTICLES, Comparison, Verdict
from trendlib.benchmark.results import read_benchmark
from trendlib.evaluate.results import BOOK_FIGURES, TaskResult, read_result
from trendlib.model.weights import BERT_BASE, MINILM, Weights

BOOK = Path(__file__).resolve().parents[1]
PAGE = "trust.md"
FILE = "manifest.json"
DTYPE = "float64"  # of the figures that are recomputed
UNKNOWN = "unknown"

LIBRARIES = (
    "trendlib",
    "torch",
    "transformers",
    "numpy",
    "pandas",
    "matplotlib",
    "scikit-learn",
    "sentence-transformers",
    "papermill",
    "jupyter-book",
    "sphinx",
)


def recomputed_figures(weights: Weights) -> list[dict[str, Any]]:
    """Recompute the articles' figures with a model, and count how many are equal."""
    # These load torch, which the build itself does without.
    from trendlib.articles import reproduce
    from trendlib.model.encoder import load_encoder

    return count_figures(reproduce.compare_all(load_encoder(weights.choice, DTYPE)))


def make_manifest(
    weights: Weights,
    figures: Sequence[Mapping[str, Any]],
    notebooks: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Tell what the book was built with, what was run, and which kept results it shows.

    Args:
        weights: The model.
        figures: What ``recomputed_figures`` found.
        notebooks: By name, the day on which a notebook was run, and the seconds that it took.
    """
    config = yaml.safe_load((BOOK / "_config.yml").read_bytes())
    buttons = config["sphinx"]["config"]["html_theme_options"]
    return {
        "date": build_date(),
        "commit": commit(BOOK),
        "repository": buttons["repository_url"],
        "branch": buttons["repository_branch"],
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "model": {
            "name": weights.name,
            "revision": weights.revision,
            "weights_sha256": weights.sha256,
            "dtype": DTYPE,
        },
        "models": {
            "of_the_articles": BERT_BASE.name,
            "of_committed_outputs": MINILM.name,
            "sha256_of_committed_outputs": MINILM.sha256,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "figures": figures,
        "notebooks": notebooks,
        "evaluation": evaluation(),
        "benchmark": benchmark(),
    }


def evaluation(folder: Path = BOOK_FIGURES) -> list[dict[str, Any]]:
    """List when and with what the kept results of the claims were computed.

    Tasks that were run on one day, on machines and with versions that are the same, are one entry.

    Args:
        folder: The folder of the results, with a folder for each model.
    """
    grouped: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for path in sorted(folder.glob("*/*.json")):
        result = read_result(path)
        run = _run_of(result)
        grouped.setdefault(json.dumps(run), (run, []))[1].append(result.task)
    return [run | {"tasks": tasks} for run, tasks in grouped.values()]


def _run_of(result: TaskResult) -> dict[str, Any]:
    model = result.provenance
    return {
        "model": model.model,
        "weights_sha256": model.weights_sha256,
        "dtype": model.dtype,
        "measured": result.measured,
        "sample": result.quick,
        "cores": result.cores,
        "versions": dict(model.versions),
    }


def benchmark() -> dict[str, Any]:
    """Tell when and with what the kept times were measured."""
    found = read_benchmark()
    return {
        "model": found.provenance.model,
        "measured": found.measured,
        "processor": found.processor,
        "cores": found.cores,
        "versions": dict(found.provenance.versions),
    }


def commit(folder: Path) -> str:
    """Name the commit that a folder is at, and say if files were changed since."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return UNKNOWN
    return f"{head}, with changes" if _git(folder, "status", "--porcelain") else head


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def count_figures(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Count the verdicts on the articles' figures, by article and by what they come from."""
    grouped: dict[tuple[str, str], list[Comparison]] = {}
    in_order = sorted(comparisons, key=lambda comparison: ARTICLES.index(comparison.article))
    for comparison in in_order:
        grouped.setdefault((comparison.article, comparison.basis), []).append(comparison)
    return [
        {
            "article": article,
            "recomputed_from": basis,
            **_count(members),
            "why_not_run": sorted({comparison.why for comparison in members if comparison.why}),
        }
        for (article, basis), members in grouped.items()
    ]


def _count(comparisons: Sequence[Comparison]) -> dict[str, int]:
    counts = Counter(comparison.verdict for comparison in comparisons)
    return {verdict.value: counts[verdict] for verdict in Verdict}


def manifest_files(manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Make the manifest's file, and the page that shows it, as sources of the book."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    templates = Environment(
        loader=FileSystemLoader(BOOK),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    page = templates.get_template(f"{PAGE}.j2").render(
        manifest=manifest, file_name=FILE, verdicts=[verdict.value for verdict in Verdict]
    )
    return {FILE: f"{text}\n".encode(), PAGE: page.encode()}
