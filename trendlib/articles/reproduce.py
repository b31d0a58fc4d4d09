"""Recompute every figure that the articles printed.

Some follow from other printed figures: a printed matrix says which word leads each of its rows.
The others need the model, bert-base-uncased. ``groups.toml`` names the function below that
recomputes each group of figures. They return the figures in the printed order, arrays row by row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from trendlib.articles import published
from trendlib.articles.published import Comparison, Group, Value
from trendlib.attention import received_by_unit
from trendlib.choice import Choice, Related, choose_words, find_words
from trendlib.embedding import add_trends
from trendlib.encoding import Encoding
from trendlib.model.encoder import Encoder
from trendlib.model.weights import BERT_BASE
from trendlib.similarity import FIRST, pairwise_cosines
from trendlib.trend import Kind, Trend, fourier_magnitude, log_quotient, trend
from trendlib.typing import Array, UnitRow, Vector

Printed = Mapping[str, Any]
Encodings = Sequence[Encoding]
Values = list[Value]
FromPrinted = Callable[[Printed], Values]
FromModel = Callable[[Printed, Encodings], Values]


def compare_printed(article: str | None = None) -> list[Comparison]:
    """Recompute what follows from printed figures alone, and compare.

    Args:
        article: One of ``published.ARTICLES``; all of them if left out.
    """
    return [
        comparison
        for group in published.groups(article)
        if group.from_printed is not None
        for comparison in published.compare(
            group,
            FROM_PRINTED[group.from_printed.function](published.article(group.article)),
            published.PRINTED_DATA,
        )
    ]


def compare_model(encoder: Encoder, article: str | None = None) -> list[Comparison]:
    """Recompute figures with a model, and compare.

    Figures of a model other than the articles' are listed beside the printed ones but not compared
    with them: the verdict is "not run".

    Args:
        encoder: The model.
        article: One of ``published.ARTICLES``; all of them if left out.
    """
    names = published.ARTICLES if article is None else (article,)
    return [
        comparison
        for name in names
        for group, ours in recompute_with_model(encoder, name)
        for comparison in published.compare(group, ours, encoder.provenance)
    ]


def compare_all(encoder: Encoder) -> list[Comparison]:
    """Recompute every figure, from other printed ones and with a model, and compare."""
    return [*compare_printed(), *compare_model(encoder)]


def comparisons_not_run(why: str) -> list[Comparison]:
    """List the figures that need the model as not run."""
    return [
        comparison
        for group in published.groups()
        if group.from_model is not None
        for comparison in published.compare(group, None, BERT_BASE.name, why)
    ]


def recompute_with_model(encoder: Encoder, article: str) -> list[tuple[Group, Values]]:
    """Recompute an article's figures with a model, group by group."""
    printed = published.article(article)
    encodings = encoder.encode_many(printed.get("sentences") or [printed["sentence"]])
    return [
        (group, FROM_MODEL[group.from_model.function](printed, encodings))
        for group in published.groups(article)
        if group.from_model is not None
    ]


def _flat(array: Array) -> Values:
    return list(array.ravel().tolist())


def _words(printed: Printed) -> list[str]:
    return [printed["token"]["word"]] if "token" in printed else list(printed["tokens"])


def _contextual(encoding: Encoding, word: str) -> Vector:
    vector: Vector = encoding.contextual[encoding.index_of(word), :FIRST]
    return vector


def _trend(encoding: Encoding, word: str, kind: Kind = "log quotient") -> Trend:
    index = encoding.index_of(word)
    return trend(encoding.static[index], encoding.contextual[index], kind)


def _difference(encoding: Encoding, word: str) -> Vector:
    return _trend(encoding, word, "difference").values[:FIRST]


def _log_quotient(encoding: Encoding, word: str) -> Vector:
    return _trend(encoding, word).undefined_as_zero[:FIRST]


def _fourier(encoding: Encoding, word: str) -> Vector:
    return fourier_magnitude(_log_quotient(encoding, word))


def _cosines(represent: Callable[[Encoding, str], Vector]) -> FromModel:
    def recompute(printed: Printed, encodings: Encodings) -> Values:
        by_word = []
        for word in _words(printed):
            vectors = {str(n): represent(encoding, word) for n, encoding in enumerate(encodings)}
            by_word.append(list(pairwise_cosines(vectors).values()))
        return _flat(np.array(by_word).T)  # printed pair by pair

    return recompute


def _toy_log_quotients(printed: Printed) -> Values:
    toys = [
        log_quotient(np.array(toy["static"]), np.array(toy["contextual"])).values
        for toy in printed["toy_examples"]
    ]
    return _flat(np.stack(toys))


def _sums_of_printed_attention(printed: Printed) -> Values:
    matrix = np.array(printed["attention_layer0_head11_rounded"]["values"])
    return _flat(received_by_unit(matrix)[1:-1])


def _what_is_left_of_each_row(printed: Printed) -> Values:
    matrix = np.array(printed["attention_layer0_head11_rounded"]["values"])
    return _flat(1 - (matrix.sum(axis=1, keepdims=True) - matrix))


def _received_in_the_first_article(printed: Printed) -> Values:
    first = published.article(published.TOKEN_TRENDS)["received_attention_layer0_head11"]
    by_word = dict(zip(first["tokens"], first["values"], strict=True))
    return [by_word[word] for word in printed["received_attention"]["words"]]


def _positions_in_the_sentence(printed: Printed) -> Values:
    # Every word of these sentences is one token, and the token [CLS] stands before them.
    first = printed["sentences"][0].lower().rstrip(".").split()
    return [first.index(word) + 1 for word in _words(printed)]


def _word_that_receives_most_in_print(printed: Printed) -> Values:
    received = printed["received_attention_layer0_head11"]
    return [received["tokens"][int(np.argmax(received["values"]))]]


def _token_positions(printed: Printed, encodings: Encodings) -> Values:
    first = encodings[0]
    return [first.words[first.index_of(word)].tokens[0] for word in _words(printed)]


def _received_in_last_head(encodings: Encodings) -> UnitRow:
    return received_by_unit(encodings[0].attentions[0, -1])[1:-1]


def _word_that_receives_most(_: Printed, encodings: Encodings) -> Values:
    return [encodings[0].tokens[1:-1][int(_received_in_last_head(encodings).argmax())]]


def _leaders(choice: Choice) -> Values:
    return _flat(choice.leaders)


def _runners_up(choice: Choice) -> Values:
    # The article counts columns after it has deleted the focus word's.
    columns = choice.vote.runners_up
    return _flat(columns - (columns > choice.focus.index))


def _chosen_words(choice: Choice) -> Values:
    related = choice.related
    return [
        choice.focus.word.lower(),
        related.word.lower() if isinstance(related, Related) else related.reason,
    ]


def _from_printed_matrix(decide: Callable[[Choice], Values]) -> FromPrinted:
    return lambda _: decide(choose_words(*published.printed_matrix()))


def _from_attentions(decide: Callable[[Choice], Values]) -> FromModel:
    return lambda _, encodings: decide(find_words(encodings[0]))


# The printed vectors are those of the article's two words, whatever words this model chooses.


def _trend_of(role: str) -> FromModel:
    return lambda printed, encodings: _flat(_log_quotient(encodings[0], printed[role]["word"]))


def _sum_of_trends(printed: Printed, encodings: Encodings) -> Values:
    roles = ("focus_word", "related_word")
    focus, related = (_trend(encodings[0], printed[role]["word"]) for role in roles)
    return _flat(add_trends(focus, related)[0][:FIRST])


_OF_CHOICE = {"leaders": _leaders, "runners_up": _runners_up, "chosen_words": _chosen_words}

FROM_PRINTED: dict[str, FromPrinted] = {
    "toy_log_quotients": _toy_log_quotients,
    "positions_in_the_sentence": _positions_in_the_sentence,
    "what_is_left_of_each_row": _what_is_left_of_each_row,
    "sums_of_printed_attention": _sums_of_printed_attention,
    "word_that_receives_most_in_print": _word_that_receives_most_in_print,
    "received_in_the_first_article": _received_in_the_first_article,
    "sum_of_printed_trends": lambda printed: _flat(
        np.add(printed["trend_apple_first10"], printed["trend_want_first10"])
    ),
    **{name: _from_printed_matrix(function) for name, function in _OF_CHOICE.items()},
}
"""Functions of what an article printed.

:meta hide-value:
"""

FROM_MODEL: dict[str, FromModel] = {
    "token_positions": _token_positions,
    "model_size": lambda _, encodings: list(encodings[0].hidden_states.shape[::2]),
    "contextual_vector": lambda printed, encodings: _flat(
        _contextual(encodings[0], _words(printed)[0])
    ),
    "contextual_cosines": _cosines(_contextual),
    "difference_cosines": _cosines(_difference),
    "log_quotient_cosines": _cosines(_log_quotient),
    "fourier_cosines": _cosines(_fourier),
    "attention_of_last_head": lambda _, encodings: _flat(encodings[0].attentions[0, -1]),
    "received_in_last_head": lambda _, encodings: _flat(_received_in_last_head(encodings)),
    "word_that_receives_most": _word_that_receives_most,
    "received_in_first_heads": lambda _, encodings: _flat(find_words(encodings[0]).received[:-1]),
    "received_by_candidates_in_last_head": lambda _, encodings: _flat(
        find_words(encodings[0]).received[-1]
    ),
    "trend_of_focus_word": _trend_of("focus_word"),
    "trend_of_related_word": _trend_of("related_word"),
    "sum_of_trends": _sum_of_trends,
    **{name: _from_attentions(function) for name, function in _OF_CHOICE.items()},
}
"""Functions of what an article printed, and of the model's encodings of its sentences.

:meta hide-value:
"""
