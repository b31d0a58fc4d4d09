"""A figure with its caption and its description, shown as a part of a notebook's output."""

from matplotlib.figure import Figure

from trendlib.language import _


def captioned(figure: Figure, caption: str, alt: str) -> None:
    """Show a figure in a notebook, with a caption below it and a description for screen readers.

    Both are kept in the notebook's outputs, so that they are there wherever it is opened. The book
    makes a numbered figure of them.

    Args:
        figure: The figure.
        caption: What the reader should look for, in Markdown.
        alt: What is to be seen, for somebody who does not see it.
    """
    from IPython.display import Markdown, display

    caption, alt = _(caption), _(alt)  # `make catalogues` finds them in the notebooks
    display(figure, metadata={"image/png": {"alt": alt}})  # type: ignore[no-untyped-call]
    display(Markdown(f"*{caption}*"))  # type: ignore[no-untyped-call]
