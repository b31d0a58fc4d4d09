"""The scorecard, and the third article's cosines as a table and as a figure."""

from helpers.figures import drawn, drawn_texts, sticks_out
from trendlib.articles import plots, published, reproduce, tables
from trendlib.articles.published import Verdict
from trendlib.model.encoder import Encoder


def test_the_scorecard_counts_every_comparison_once(minilm: Encoder) -> None:
    comparisons = reproduce.compare_all(minilm)
    card = tables.scorecard(comparisons)
    assert list(card["article"]) == ["first", "first", "second", "second", "third", "third"]
    assert list(card["checked against"]) == ["other printed figures", "all-MiniLM-L6-v2"] * 3
    for column, verdict in (
        ("agrees", Verdict.EQUAL),
        ("differs", Verdict.DIFFERS),
        ("not run", Verdict.NOT_RUN),
    ):
        assert card[column].sum() == sum(row.verdict is verdict for row in comparisons)
    by_model = card[card["checked against"] == "all-MiniLM-L6-v2"]
    assert (by_model["agrees"] == 0).all()
    assert (by_model["not run"] > 0).all()


def test_the_table_has_every_cosine_that_the_third_article_printed() -> None:
    cosines = tables.printed_cosines()
    shown = cosines.iloc[:, 2:].to_numpy().ravel().tolist()
    printed = [
        value
        for group in published.groups(published.FOURIER)
        if group.name.startswith("cosines")
        for value in group.printed
    ]
    assert sorted(shown) == sorted(map(float, printed))
    (very,) = cosines.query("vectors == 'difference' and word == 'very'")["apple-orange"]
    assert very == published.article("fourier")["cosine_first10"]["apple-orange"]["diff"]["very"]


def test_the_figure_shows_every_printed_cosine_at_its_place() -> None:
    cosines = tables.printed_cosines()
    figure = drawn(plots.cosines_by_word(cosines))
    assert {"“a”", "“very”", "“good”", "apple-adventure", "log quotient"} <= drawn_texts(figure)
    assert not sticks_out(figure)
    for axes in figure.axes:
        rows = cosines[cosines["word"] == axes.get_title().strip("“”")]
        for line in axes.lines:
            pair = str(line.get_label())
            assert list(line.get_xdata())[::-1] == list(rows[pair])
