"""A figure with its caption and its description, shown as a part of a notebook's output."""

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import Any

from matplotlib.figure import Figure

from trendlib.language import _
from trendlib.show.svg import drawn_svg, missing_glyphs_are_fine

PNG_DPI = 100


def captioned(figure: Figure, caption: str, alt: str) -> None:
    """Show a figure in a notebook, with a caption below it and a description for screen readers.

    Both are kept in the notebook's outputs, so that they are there wherever it is opened. The book
    makes a numbered figure of them. The figure is kept as SVG, and as PNG for JupyterLab, which
    shows no SVG of a notebook that the reader has not run yet.

    Args:
        figure: The figure.
        caption: What the reader should look for, in Markdown.
        alt: What is to be seen, for somebody who does not see it.
    """
    from IPython.display import Markdown, display

    caption, alt = _(caption), _(alt)  # `make catalogues` finds them in the notebooks
    metadata = {kind: {"alt": alt} for kind in ("image/svg+xml", "image/png")}
    pictures = {"image/svg+xml": drawn_svg(figure), "image/png": _png(figure), "text/plain": alt}
    display(pictures, raw=True, metadata=metadata)  # type: ignore[no-untyped-call]
    summary = f"<summary>{_('Description of the figure')}</summary>"
    folded = f"<details>{summary}\n\n{escape(alt, quote=False)}\n\n</details>"
    display(Markdown(f"*{caption}*\n\n{folded}"))  # type: ignore[no-untyped-call]


def description_of(output: Mapping[str, Any]) -> str | None:
    """Return the description of a figure that ``captioned`` showed; None of another output."""
    alt: str | None = output.get("metadata", {}).get("image/svg+xml", {}).get("alt")
    return alt


def caption_in(markdown: str) -> str:
    r"""Take the caption out of what is shown below a figure.

    >>> caption_in("*Look here.*\n\n<details><summary>Description of the figure</summary>...")
    'Look here.'
    """
    return markdown.partition("\n\n<details>")[0].removeprefix("*").removesuffix("*")


def _png(figure: Figure) -> str:
    content = io.BytesIO()
    with missing_glyphs_are_fine():
        figure.savefig(content, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return base64.b64encode(content.getvalue()).decode()
