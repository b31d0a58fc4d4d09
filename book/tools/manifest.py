"""How the book was built: a manifest, and the page that shows it.

The manifest is made from the run. It names no machine, no user and no folder.
"""

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trendlib.articles.published import ARTICLES, Comparison, Verdict
from trendlib.model.weights import Weights

BOOK = Path(__file__).resolve().parents[1]
PAGE = "built.md"
FILE = "manifest.json"
DTYPE = "float64"  # of the figures that are recomputed
UNKNOWN = "unknown"
SOURCE_DATE_EPOCH = "SOURCE_DATE_EPOCH"
"""The environment variable that states when a build is made; see reproducible-builds.org."""

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
    weights: Weights, figures: Sequence[Mapping[str, Any]], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Tell what the book was built with, and what was reproduced.

    Args:
        weights: The model.
        figures: What ``recomputed_figures`` found.
        seconds: How long each notebook ran, by its name.
    """
    return {
        "date": build_date(),
        "commit": commit(BOOK),
        "platform": f"{platform.system()} {platform.machine()}",
        "model": {
            "name": weights.name,
            "revision": weights.revision,
            "weights_sha256": weights.sha256,
            "dtype": DTYPE,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "figures": figures,
        "notebooks": {name: round(duration, 1) for name, duration in seconds.items()},
    }


def build_date() -> str:
    """Return the day of the build: today, or that of the environment variable SOURCE_DATE_EPOCH."""
    epoch = os.environ.get(SOURCE_DATE_EPOCH)
    # If it is not a number of seconds, numpy has stopped before it comes here.
    moment = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    return moment.date().isoformat()


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
        manifest=manifest, file=FILE, verdicts=[verdict.value for verdict in Verdict]
    )
    return {FILE: f"{text}\n".encode(), PAGE: page.encode()}
