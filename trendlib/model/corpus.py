"""Trend embeddings of many sentences, at the speed of the model."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

import numpy as np

from trendlib.choice import find_words_in
from trendlib.embedding import (
    ARTICLE_RECIPE,
    Recipe,
    SentenceEmbedding,
    averaged_parts,
    check_recipe,
    combine,
    embed_encoding,
)
from trendlib.encoding import TORCH, Tokenized, pool
from trendlib.errors import BadRowsError, NotTextError, SentenceError, check_choice, counted
from trendlib.model.batch import start as start_batch
from trendlib.model.cutters import WordCutter
from trendlib.model.encoder import Encoder, load_encoder, plain
from trendlib.model.engines import n_threads
from trendlib.model.packing import batched, pack
from trendlib.model.weights import MINILM
from trendlib.trend import Trend, trends
from trendlib.typing import SentenceVectors, TokenStates, Vector
from trendlib.words import Cutter, Word, mean_over_pieces

TOKEN_BUDGET = 1536
"""The most tokens in a batch: enough to keep a processor busy, few enough for its caches."""
WINDOW = 4096
"""How many sentences are sorted by their length at a time, and held in memory."""
AHEAD = 4
"""How many batches a thread may be ahead of who takes the results."""


@dataclass(frozen=True, eq=False)
class UsualVectors:
    """The usual sentence vectors, for comparison with a trend embedding.

    Attributes:
        cls: The first token's vector in the last hidden state.
        mean: The mean of the last hidden state over all tokens, the special ones included.
    """

    cls: Vector
    mean: Vector


@dataclass(frozen=True, eq=False)
class Embedded:
    """The vectors of one sentence.

    Attributes:
        embedding: The trend embedding.
        usual: The usual vectors, if they were asked for.
    """

    embedding: SentenceEmbedding
    usual: UsualVectors | None


@dataclass(frozen=True, eq=False)
class Window:
    """A few thousand sentences, tokenized and packed into batches of similar length.

    Attributes:
        refused: Why sentences have no embedding, by their numbers.
        batches: The other sentences by their numbers, one mapping per batch.
    """

    refused: dict[int, SentenceError]
    batches: list[dict[int, Tokenized]]


BAD_ROWS = ("raise", "nan", "zero")
"""What ``embed_array`` can do with sentences that have no embedding."""

NumberedEmbedding = tuple[int, Embedded | SentenceError]
"""The number of a sentence, from 0, and its vectors or why it has none."""


def embed(
    sentence: str,
    recipe: Recipe = ARTICLE_RECIPE,
    model: str | Path | Encoder = MINILM.name,
    dtype: str = "float64",
    cutter: str | Cutter | WordCutter | None = None,
) -> SentenceEmbedding:
    """Compute the trend embedding of one sentence.

    Args:
        sentence: The text.
        recipe: How it becomes a vector; as in the article if left out.
        model: A name, a folder, or a model of the hub (see ``weights.find_weights``), or a loaded
            encoder. If left out, the model that comes in a package, so that a line returns the
            same everywhere.
        dtype: "float64" or "float32"; a loaded encoder has its own.
        cutter: Where words begin and end; see ``encoder.load_encoder``. If left out, the
            encoder's own, or Unicode's rules.

    Returns:
        The embedding, with the chosen words, their trends and the model's name.

    Raises:
        UnknownChoiceError: If the recipe is not a ``Recipe``, or no cutter has this name.
        CutterError: If the cutter cannot be used, or returns no words of this text.
        SentenceError: If the sentence has no embedding.
        ModelError: If the model cannot be found or used.

    >>> found = embed("I sold my car.")
    >>> found.values.shape, found.provenance.model
    ((384,), 'all-MiniLM-L6-v2')
    """
    check_recipe(recipe)
    encoder = model if isinstance(model, Encoder) else load_encoder(model, dtype)
    if cutter is not None:
        encoder = encoder.with_cutter(cutter)
    return embed_encoding(encoder.encode(sentence), recipe)


def embed_many(
    encoder: Encoder,
    sentences: Iterable[str],
    recipe: Recipe = ARTICLE_RECIPE,
    *,
    usual: bool = False,
    budget: int = TOKEN_BUDGET,
) -> Iterator[NumberedEmbedding]:
    """Embed sentences in batches; the results are those of ``embed``.

    Args:
        encoder: The model.
        sentences: Any number of sentences; only ``WINDOW`` of them are held in memory at a time.
        recipe: How a sentence becomes a vector; as in the article if left out.
        usual: Whether to return the [CLS] vector and the mean too. They need the last state of
            every token, which costs about a tenth more. So do recipes for more than two words.
        budget: The most tokens in a batch, padding included.

    Yields:
        The number of a sentence, from 0, and its vectors or the error that says why it has none.
        Windows come one after the other, but the sentences of a window in any order.

    Raises:
        NotTextError: If it is a single string instead of a list.
        UnknownChoiceError: If the recipe is not a ``Recipe``.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model cannot run batches.
    """
    if isinstance(sentences, str):
        raise NotTextError("this is a single string: pass a list of sentences, or call embed")
    check_recipe(recipe)

    def run(batch: Mapping[int, Tokenized]) -> list[NumberedEmbedding]:
        embedded = embed_batch(encoder, [*batch.values()], recipe, usual=usual)
        return list(zip(batch, embedded, strict=True))

    windows = tokenize_windows(encoder, sentences, size=WINDOW, budget=budget)
    if encoder.provenance.engine == TORCH:  # which uses all processors for each batch
        for window in windows:
            yield from window.refused.items()
            for batch in window.batches:
                yield from run(batch)
        return
    with ThreadPoolExecutor(n_threads()) as pool:
        waiting: deque[Future[list[NumberedEmbedding]]] = deque()
        try:
            for window in windows:  # tokenized while the pool computes
                yield from window.refused.items()
                for batch in window.batches:
                    waiting.append(pool.submit(run, batch))
                    if len(waiting) > AHEAD * n_threads():
                        yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:  # nobody asks for the rest
            for future in waiting:
                future.cancel()


def tokenize_windows(
    encoder: Encoder, sentences: Iterable[str], *, size: int, budget: int = TOKEN_BUDGET
) -> Iterator[Window]:
    """Tokenize sentences, a window at a time, and pack each window into batches.

    Args:
        encoder: The model.
        sentences: The sentences, numbered from 0.
        size: How many sentences make a window.
        budget: The most tokens in a batch, padding included.
    """
    start = 0
    for window in batched(sentences, size):
        refused: dict[int, SentenceError] = {}
        good: list[tuple[int, Tokenized]] = []
        for number, result in enumerate(encoder.tokenize(window), start):
            if isinstance(result, SentenceError):
                refused[number] = result
            else:
                good.append((number, result))
        packed = pack([len(tokenized.ids) for _, tokenized in good], budget)
        yield Window(refused, [dict(good[place] for place in places) for places in packed])
        start += len(window)


def embed_array(
    encoder: Encoder,
    sentences: Sequence[str],
    recipe: Recipe = ARTICLE_RECIPE,
    bad_rows: str = "raise",
    name_rows: Callable[[int, str], str] = lambda number, _: f"row {number}",
    engine: str | None = None,
) -> SentenceVectors:
    """Embed sentences into one array, in their order.

    Args:
        encoder: The model.
        sentences: The sentences.
        recipe: How a sentence becomes a vector; as in the article if left out.
        bad_rows: What to do with sentences that have no embedding: "raise" an error, before the
            work on their ``WINDOW`` begins; "nan", return a row of NaN; or "zero", return a row
            of zeros, which has no direction.
        name_rows: How the error names a sentence, from its place in the list and its text.
        engine: What runs the network, such as "onnx" or "auto", in full precision; see
            ``Encoder.with_engine``. If left out, the encoder's own engine.

    Returns:
        One row per sentence.

    Raises:
        BadRowsError: If sentences have no embedding, with ``bad_rows="raise"``.
        UnknownChoiceError: If there is no such choice.
        MissingExtraError: If the engine is not installed.
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        UnsupportedModelError: If the model cannot run batches.
    """
    check_choice("choice for bad rows", bad_rows, BAD_ROWS)
    if engine is not None:
        encoder = encoder.with_engine(engine)
    sentences = [plain(sentence) for sentence in sentences]
    width = encoder.hidden_size
    rows = np.full((len(sentences), width), 0 if bad_rows == "zero" else np.nan, encoder.dtype)
    refused: dict[int, SentenceError] = {}
    for number, found in embed_many(encoder, sentences, recipe):
        if isinstance(found, Embedded):
            if refused and bad_rows == "raise":
                break  # a window's refusals come before its work
            rows[number] = found.embedding.values
        else:
            refused[number] = found
    if refused and bad_rows == "raise":
        named = {name_rows(number, sentences[number]): why for number, why in refused.items()}
        raise _bad_rows(named, len(refused))
    return rows


def shorten(_: int, sentence: object) -> str:
    """Name a sentence by its beginning."""
    text = repr(sentence)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _bad_rows(named: Mapping[str, SentenceError], count: int) -> BadRowsError:
    shown = [f"{name}: {why}" for name, why in list(named.items())[:5]]
    more = f"; and {count - len(shown):,} more" if count > len(shown) else ""
    numbered = " (rows are counted from 0)" if shown[0].startswith("row ") else ""
    return BadRowsError(
        f"{counted(count, 'sentence')} without an embedding{numbered}: "
        f"{'; '.join(shown)}{more}: fix or drop them, or choose bad_rows='nan'"
    )


def embed_batch(
    encoder: Encoder,
    batch: Sequence[Tokenized],
    recipe: Recipe = ARTICLE_RECIPE,
    *,
    usual: bool = False,
) -> list[Embedded]:
    """Embed the sentences of one batch, padded to the longest one; see ``embed_many``."""
    started = start_batch(encoder, batch, recipe.reading, recipe.first_state)
    choices = [
        find_words_in(attention, tokenized.words, recipe.reading)
        for attention, tokenized in zip(started.attention, batch, strict=True)
    ]
    chosen = [
        [tokenized.words[index] for index in choice.chosen_words]
        for tokenized, choice in zip(batch, choices, strict=True)
    ]
    needs_all = usual or recipe.words != "two"
    wanted = [
        list(range(len(tokenized.ids)))
        if needs_all
        else [token for word in words for token in word.tokens]
        for tokenized, words in zip(batch, chosen, strict=True)
    ]
    # The tokens of all sentences, one after the other: few calls of NumPy with large arrays.
    first, last = map(np.concatenate, zip(*started.finish(wanted), strict=True))
    words = _reindex_tokens(chosen, wanted)
    static, contextual = mean_over_pieces(first, words), mean_over_pieces(last, words)
    embeddings = map(
        combine,
        [tokenized.sentence for tokenized in batch],
        choices,
        _split(trends(static, contextual, recipe.kind), map(len, chosen)),
        repeat(recipe),
        _averaged_trends(batch, wanted, (first, last), recipe),
    )
    pooled = _usual_vectors(last, wanted) if usual else repeat(None)
    return [Embedded(*pair) for pair in zip(embeddings, pooled, strict=False)]


def _averaged_trends(
    batch: Sequence[Tokenized],
    wanted: Sequence[Sequence[int]],
    states: tuple[TokenStates, TokenStates],
    recipe: Recipe,
) -> Iterable[Sequence[Trend] | None]:
    """Compute, for each sentence, the trends that a recipe averages; None for two words."""
    if recipe.words == "two":
        return repeat(None)
    words = [tokenized.words for tokenized in batch]
    parts = averaged_parts(*states, _reindex_tokens(words, wanted), recipe)
    assert parts is not None  # the recipe is for more than two words
    found = trends(*parts, recipe.kind)
    return _split(found, map(len, wanted if recipe.words == "tokens" else words))


def _usual_vectors(last: TokenStates, wanted: Sequence[Sequence[int]]) -> Iterator[UsualVectors]:
    """Pool the vectors of each sentence's tokens, which lie one sentence after the other."""
    for states in np.split(last, np.cumsum([len(tokens) for tokens in wanted])[:-1]):
        yield UsualVectors(pool(states, "cls"), pool(states, "mean"))


def _split(items: Sequence[Trend], counts: Iterable[int]) -> Iterator[Sequence[Trend]]:
    """Split a sequence into parts of these lengths."""
    rest = iter(items)
    for count in counts:
        yield list(islice(rest, count))


def _reindex_tokens(words: Sequence[Sequence[Word]], wanted: Sequence[Sequence[int]]) -> list[Word]:
    """Number the tokens of sentences' words by their places in all wanted tokens together."""
    found, begin = [], 0
    for of_sentence, tokens in zip(words, wanted, strict=True):
        places = {token: place for place, token in enumerate(tokens, begin)}
        found += [
            Word(word.text, word.start, word.end, tuple(places[token] for token in word.tokens))
            for word in of_sentence
        ]
        begin += len(tokens)
    return found
