"""Draw the picture of the README and of the opening page: the article's sentence, embedded."""

from pathlib import Path

from trendlib import plots, published
from trendlib.embedding import embed
from trendlib.encoder import load_encoder
from trendlib.weights import MINILM

PICTURE = Path(__file__).resolve().parent / "images" / "walkthrough.png"

if __name__ == "__main__":
    sentence = published.article(published.SENTENCE_EMBEDDING)["sentence"]
    encoding = load_encoder(MINILM.name, "float64").encode(sentence)
    plots.embedding_strips(embed(encoding)).savefig(PICTURE, metadata={"Software": None})
