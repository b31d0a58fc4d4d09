"""What stands in a figure."""

from matplotlib.figure import Figure
from matplotlib.text import Text


def drawn_texts(figure: Figure) -> set[str]:
    """List every text that stands in a figure."""
    return {text.get_text() for text in figure.findobj(Text)}
