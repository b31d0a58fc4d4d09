"""Draw the picture of the opening page: the method on the article's sentence, as it was printed.

No model is run for it. The README shows it as a file, which is committed; ``make picture`` draws
that one again. The opening page of the book has it as a part of the page.
"""

import re
from pathlib import Path

from trendlib.articles import published
from trendlib.choice import choose_words
from trendlib.embedding import add_trends
from trendlib.language import _
from trendlib.model.weights import BERT_BASE
from trendlib.show.hero import alone, hero

TYPED = "explorer.html#typed-My_cat_sleeps_on_the_warm_radiator-2e-"
"""The explorer, with a sentence in its box: typed.js says how an address holds one."""
COMMITTED = Path(__file__).resolve().parents[1] / "images" / "walkthrough.svg"


def draw() -> str:
    """Draw the picture, as SVG within a page."""
    matrix, _words = published.printed_matrix()
    typed = re.findall(r"\w+", published.article(published.SENTENCE_EMBEDDING)["sentence"])
    trends = published.printed_trends()
    return hero(
        choose_words(matrix, typed),
        trends,
        add_trends(*trends),
        _("{model}, as the article printed it").format(model=BERT_BASE.name),
    )


def page_part() -> str:
    """Draw the picture for the opening page, as Markdown, with its caption."""
    caption = _(
        "Attention chooses two words of the sentence. The change of one, plus the change of the "
        "other, is the vector of the sentence; its first ten coordinates are shown."
    )
    figure = f'<figure class="hero">\n{draw()}\n<figcaption>{caption}</figcaption>\n</figure>'
    own = _("Try a sentence of your own")
    link = f'<p class="try noprint"><a href="{TYPED}">{own}</a></p>'
    return f"```{{raw}} html\n{figure}\n{link}\n```\n"


if __name__ == "__main__":
    COMMITTED.write_text(alone(draw()), encoding="utf-8")
