"""Draw the picture of the opening page: the article's sentence, embedded.

The README shows the embedded model's picture, which is committed; ``make picture`` draws it again.
The book draws its own, with the model that it is built with.
"""

from pathlib import Path
from typing import BinaryIO

from trendlib.articles import published
from trendlib.embedding import embed_encoding
from trendlib.model.encoder import load_encoder
from trendlib.model.weights import MINILM
from trendlib.show import plots

COMMITTED = Path(__file__).resolve().parents[1] / "images" / "walkthrough.png"


def draw(model: str | Path, picture: Path | BinaryIO) -> None:
    """Draw the picture with a model, and write it as PNG."""
    sentence = published.article(published.SENTENCE_EMBEDDING)["sentence"]
    embedding = embed_encoding(load_encoder(model, "float64").encode(sentence))
    plots.embedding_strips(embedding).savefig(picture, format="png", metadata={"Software": None})


if __name__ == "__main__":
    draw(MINILM.name, COMMITTED)
