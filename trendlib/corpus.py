"""Trend embeddings of many sentences, at the speed of the model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trendlib.attention import read_rows
from trendlib.batch import start
from trendlib.embedding import ARTICLE_RECIPE, Recipe, SentenceEmbedding, compose
from trendlib.encoder import Encoder
from trendlib.encoding import Tokenized
from trendlib.errors import BadRowsError, NotTextError, SentenceError, check_choice
from trendlib.packing import batched, pack
from trendlib.typing import SentenceVectors, Vector
from trendlib.words import Word, mean_over_pieces

TOKEN_BUDGET = 1536
"""The most tokens of a batch: enough to keep a processor busy, few enough for its caches."""
WINDOW = 4096
"""How many sentences are sorted by their length at a time, and held in memory."""


@dataclass(frozen=True, eq=False)
class Pooled:
    """The usual sentence vectors, beside a trend embedding.

    Attributes:
        cls: The first token's vector in the last hidden state.
        mean: The mean of the last hidden state over all tokens, the special ones included.
    """

    cls: Vector
    mean: Vector


@dataclass(frozen=True, eq=False)
class Embedded:
    """What a sentence of many becomes.

    Attributes:
        embedding: The trend embedding.
        pooled: The usual vectors, if they were asked for.
    """

    embedding: SentenceEmbedding
    pooled: Pooled | None


BAD_ROWS = ("raise", "nan", "zero")
"""What becomes of sentences that have no embedding: see ``embed_array``."""

Outcome = tuple[int, Embedded | SentenceError]


def embed_many(
    encoder: Encoder,
    sentences: Iterable[str],
    recipe: Recipe = ARTICLE_RECIPE,
    *,
    pooled: bool = False,
    budget: int = TOKEN_BUDGET,
) -> Iterator[Outcome]:
    """Embed sentences in batches; the result is that of ``embed``, one sentence at a time.

    Args:
        encoder: The model.
        sentences: The sentences, as many as there are: only ``WINDOW`` of them are held at a time.
        recipe: How each becomes a vector; the article's way if left out.
        pooled: Whether to give the [CLS] vector and the mean too. They need the last state of
            every token, which costs about a tenth more.
        budget: The most tokens of a batch, padding included.

    Yields:
        The number of a sentence, from 0, and what it becomes; or the error that says why it
        becomes nothing. All of a window come before the next one's, but not in their order.

    Raises:
        NotTextError: If one string is given in the place of many.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model cannot run batches.
    """
    if isinstance(sentences, str):
        raise NotTextError("one string is given: give a list of sentences, or call embed")
    for number, window in enumerate(batched(sentences, WINDOW)):
        good = []
        for place, outcome in enumerate(encoder.tokenize(window), start=number * WINDOW):
            if isinstance(outcome, SentenceError):
                yield place, outcome
            else:
                good.append((place, outcome))
        for numbers in pack([len(each.ids) for _, each in good], budget):
            places, batch = zip(*(good[each] for each in numbers), strict=True)
            yield from zip(places, embed_batch(encoder, batch, recipe, pooled=pooled), strict=True)


def embed_array(
    encoder: Encoder,
    sentences: Sequence[str],
    recipe: Recipe = ARTICLE_RECIPE,
    bad_rows: str = "raise",
) -> SentenceVectors:
    """Embed sentences into one array, in their order.

    Args:
        encoder: The model.
        sentences: The sentences.
        recipe: How each becomes a vector; the article's way if left out.
        bad_rows: What becomes of sentences that have no embedding: "raise" an error, before the
            work on their ``WINDOW`` begins; "nan", a row of NaN; or "zero", a row of zeros,
            which has no direction.

    Returns:
        A row a sentence.

    Raises:
        BadRowsError: If sentences have no embedding, with ``bad_rows="raise"``.
        UnknownChoiceError: If there is no such choice.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model cannot run batches.
    """
    check_choice("choice for bad rows", bad_rows, BAD_ROWS)
    width = recipe.width(encoder.hidden_size)
    rows = np.full((len(sentences), width), 0 if bad_rows == "zero" else np.nan, encoder.dtype)
    refused: dict[int, SentenceError] = {}
    for number, outcome in embed_many(encoder, sentences, recipe):
        if isinstance(outcome, Embedded):
            if refused and bad_rows == "raise":
                break  # a window's refusals come before its work
            rows[number] = outcome.embedding.values
        else:
            refused[number] = outcome
    if refused and bad_rows == "raise":
        raise _bad_rows(refused)
    return rows


def _bad_rows(refused: Mapping[int, SentenceError]) -> BadRowsError:
    shown = [f"row {number}: {why}" for number, why in list(refused.items())[:5]]
    more = f"; and {len(refused) - 5:,} more" if len(refused) > 5 else ""
    return BadRowsError(
        f"{len(refused):,} sentences have no embedding (rows are counted from 0): "
        f"{'; '.join(shown)}{more}: mend or drop them, or choose bad_rows='nan'"
    )


def embed_batch(
    encoder: Encoder,
    batch: Sequence[Tokenized],
    recipe: Recipe = ARTICLE_RECIPE,
    *,
    pooled: bool = False,
) -> list[Embedded]:
    """Embed the sentences of one batch, padded to the longest one; see ``embed_many``."""
    started = start(encoder, batch, recipe.reading)
    n_layers = encoder.model.config.num_hidden_layers
    results = [
        read_rows(rows, each.words, recipe.reading, n_layers, encoder.provenance)
        for rows, each in zip(started.rows, batch, strict=True)
    ]
    chosen = [
        [each.words[index] for index in result.chosen_words]
        for each, result in zip(batch, results, strict=True)
    ]
    wanted = [
        list(range(len(each.ids))) if pooled else [token for word in words for token in word.tokens]
        for each, words in zip(batch, chosen, strict=True)
    ]
    embedded = []
    parts = zip(batch, results, chosen, wanted, started.finish(wanted), strict=True)
    for each, result, words, tokens, states in parts:
        placed = _placed(words, tokens)
        static, contextual = (mean_over_pieces(state, placed) for state in states)
        embedding = compose(each.sentence, result, static, contextual, recipe)
        last = states[1]
        embedded.append(
            Embedded(embedding, Pooled(last[0].copy(), last.mean(axis=0)) if pooled else None)
        )
    return embedded


def _placed(words: Sequence[Word], tokens: Sequence[int]) -> list[Word]:
    """Give words the places of their tokens among the tokens that there are."""
    places = {token: place for place, token in enumerate(tokens)}
    return [
        Word(word.text, word.start, word.end, tuple(places[token] for token in word.tokens))
        for word in words
    ]
