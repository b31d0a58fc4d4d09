"""Recompute every figure that the articles printed.

Some follow from others that were printed (which word leads a row of a printed matrix). The rest
needs the model, bert-base-uncased.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from trendlib.articles import published
from trendlib.articles.published import Comparison, Value
from trendlib.attention import received_by_unit
from trendlib.choice import Choice, Related, choose_words, find_words
from trendlib.embedding import add_trends
from trendlib.encoding import Encoding
from trendlib.model.encoder import Encoder
from trendlib.model.weights import BERT_BASE
from trendlib.readings import ARTICLE
from trendlib.similarity import FIRST, pairwise_cosines
from trendlib.trend import Kind, Trend, fourier_magnitude, log_quotient, trend
from trendlib.typing import Array, Vector

Recomputed = Mapping[str, Sequence[Value]]


def compare_printed(article: str | None = None) -> list[Comparison]:
    """Recompute what follows from printed data alone, and compare."""
    ours = {
        published.TOKEN_TRENDS: token_trends_from_printed(),
        published.SENTENCE_EMBEDDING: sentence_embedding_from_printed(),
    }
    return [
        comparison
        for group in published.groups(article)
        if group.tolerance_printed is not None
        for comparison in published.compare(
            group, ours[group.article][group.name], published.PRINTED_DATA
        )
    ]


def compare_model(encoder: Encoder, article: str | None = None) -> list[Comparison]:
    """Recompute the figures with a model, and compare.

    Figures of another model than the articles' are given beside the printed ones, but not
    compared: the verdict is "not run".
    """
    ours = {
        published.TOKEN_TRENDS: token_trends_from_model,
        published.SENTENCE_EMBEDDING: sentence_embedding_from_model,
        published.FOURIER: fourier_from_model,
    }
    names = published.ARTICLES if article is None else (article,)
    recomputed = {name: ours[name](encoder) for name in names}
    return [
        comparison
        for group in _model_groups(article)
        for comparison in published.compare(
            group, recomputed[group.article][group.name], encoder.provenance
        )
    ]


def compare_all(encoder: Encoder) -> list[Comparison]:
    """Recompute every figure, from other printed ones and with a model, and compare."""
    return [*compare_printed(), *compare_model(encoder)]


def not_run(why: str) -> list[Comparison]:
    """List the figures that need the model as not run."""
    return [
        comparison
        for group in _model_groups()
        for comparison in published.compare(group, None, BERT_BASE.name, why)
    ]


def token_trends_from_printed() -> Recomputed:
    """Recompute the first article's figures that follow from its printed ones."""
    printed = published.article(published.TOKEN_TRENDS)
    toys = [
        log_quotient(np.array(toy["static"]), np.array(toy["contextual"])).values
        for toy in printed["toy_examples"]
    ]
    matrix = np.array(printed["attention_layer0_head11_rounded"]["values"])
    received = printed["received_attention_layer0_head11"]
    leader = int(np.argmax(received["values"]))
    return {
        "log quotients of the toy vectors": _flat(toys),
        "received attention, layer 0, head 11": _flat([received_by_unit(matrix)[1:-1]]),
        "most important word": [received["tokens"][leader]],
    }


def sentence_embedding_from_printed() -> Recomputed:
    """Recompute the second article's figures that follow from its printed ones."""
    printed = published.article(published.SENTENCE_EMBEDDING)
    matrix, words = published.printed_matrix()
    total = np.add(printed["trend_apple_first10"], printed["trend_want_first10"])
    return {
        **_decisions(choose_words(matrix, words, ARTICLE)),
        "sentence embedding": _flat([total]),
    }


def token_trends_from_model(encoder: Encoder) -> Recomputed:
    """Recompute the first article's figures with a model."""
    printed = published.article(published.TOKEN_TRENDS)
    target = printed["token"]["word"]
    encodings = encoder.encode_many(printed["sentences"])
    first = encodings[0]
    contextual = [_contextual(encoding, target) for encoding in encodings]
    trends = [_trend(encoding, target).undefined_as_zero[:FIRST] for encoding in encodings]
    last_head = first.attentions.shape[1] - 1
    received = received_by_unit(first.attentions[0, last_head])[1:-1]
    return {
        "position of the token": [_position(first, target)],
        "model size": [first.hidden_states.shape[0], first.hidden_states.shape[2]],
        f"contextual vector of {target}": _flat([contextual[0][:FIRST]]),
        "cosines of contextual vectors": _pairwise([vector[:FIRST] for vector in contextual]),
        "cosines of trends": _pairwise(trends),
        "attention, layer 0, head 11": _flat([first.attentions[0, last_head]]),
        "received attention, layer 0, head 11": _flat([received]),
        "most important word": [first.tokens[1:-1][int(received.argmax())]],
    }


def sentence_embedding_from_model(encoder: Encoder) -> Recomputed:
    """Recompute the second article's figures with a model."""
    printed = published.article(published.SENTENCE_EMBEDDING)
    encoding = encoder.encode(printed["sentence"])
    result = find_words(encoding, ARTICLE)
    # The printed vectors are those of the article's two words, whatever this model chooses.
    focus = _trend(encoding, printed["focus_word"]["word"])
    related = _trend(encoding, printed["related_word"]["word"])
    return {
        "received attention, layer 0": _flat([result.received]),
        **_decisions(result),
        "trend of apple": _flat([related.undefined_as_zero[:FIRST]]),
        "trend of want": _flat([focus.undefined_as_zero[:FIRST]]),
        "sentence embedding": _flat([add_trends(focus, related, "zero")[0][:FIRST]]),
    }


def fourier_from_model(encoder: Encoder) -> Recomputed:
    """Recompute the third article's figures with a model."""
    printed = published.article(published.FOURIER)
    encodings = encoder.encode_many(printed["sentences"])
    tokens = list(printed["tokens"])

    def fourier(encoding: Encoding, word: str) -> Vector:
        return fourier_magnitude(_trend(encoding, word).undefined_as_zero[:FIRST])

    representations = {
        "contextual": lambda encoding, word: _contextual(encoding, word)[:FIRST],
        "diff": lambda encoding, word: _trend(encoding, word, "difference").values[:FIRST],
        "log_quotient": lambda encoding, word: _trend(encoding, word).undefined_as_zero[:FIRST],
        "fourier": fourier,
    }
    cosines = {}
    for kind, represent in representations.items():
        by_word = [
            _pairwise([represent(encoding, word) for encoding in encodings]) for word in tokens
        ]
        cosines[f"cosines, {kind}"] = _flat([np.array(by_word).T])
    return {
        "positions of the tokens": [_position(encodings[0], word) for word in tokens],
        **cosines,
    }


def _model_groups(article: str | None = None) -> list[published.Group]:
    return [group for group in published.groups(article) if group.tolerance is not None]


def _decisions(result: Choice) -> dict[str, Sequence[Value]]:
    focus = result.focus.index
    runners_up = result.vote.runners_up
    related = result.related
    return {
        "leading word of each head": result.leaders.tolist(),
        # The article counts columns after it has deleted the focus word's.
        "runner-up where the focus word leads": (runners_up - (runners_up > focus)).tolist(),
        "words": [
            result.focus.word.lower(),
            related.word.lower() if isinstance(related, Related) else related.reason,
        ],
    }


def _position(encoding: Encoding, word: str) -> int:
    return encoding.words[encoding.index_of(word)].tokens[0]


def _contextual(encoding: Encoding, word: str) -> Vector:
    vector: Vector = encoding.contextual[encoding.index_of(word)]
    return vector


def _trend(encoding: Encoding, word: str, kind: Kind = "log quotient") -> Trend:
    return trend(encoding.static[encoding.index_of(word)], _contextual(encoding, word), kind)


def _pairwise(vectors: Sequence[Vector]) -> list[float]:
    named = {str(number): vector for number, vector in enumerate(vectors)}
    return list(pairwise_cosines(named).values())


def _flat(arrays: Sequence[Array]) -> list[Value]:
    return [float(value) for array in arrays for value in array.ravel()]
