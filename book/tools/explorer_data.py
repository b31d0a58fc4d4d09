"""Everything that the book's sentence explorer shows, as data for its page.

Words, votes, attentions and trends are what ``choice``, ``attention`` and ``embedding`` return.
Numbers are rounded so that the page stays small, but never so that the page would write one of them
in another way than the figures do, which have the whole numbers.
"""

import base64
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from trendlib.attention import attention_rows, merge_pieces, unit_tokens
from trendlib.choice import Choice, NoRelated
from trendlib.embedding import Recipe, SentenceEmbedding, embed_encoding
from trendlib.encoding import Encoding
from trendlib.errors import ArrayError
from trendlib.readings import READINGS
from trendlib.show.figure import readable_on
from trendlib.show.numbers import fixed, shortest
from trendlib.show.plots import unit_names
from trendlib.show.style import SEQUENTIAL
from trendlib.similarity import heaviest, share_of_square
from trendlib.typing import Array, Mask, UnitRows, Vector

ATTENTION_STEP = 1 / 65535
"""Attentions are from 0 to 1: as whole numbers of 16 bits they keep four decimals."""
TREND_DTYPE = "<f4"
"""Trends may be as large as 150 where a model's last layer has a dead coordinate, and the page
shows two decimals of all; undefined ones are NaN."""
ATTENTION_PLACES = (1, 2, 3)
"""With how many decimals the page writes attentions, received ones too, and sums of them."""
TREND_PLACES = (2,)
LARGEST = 3
"""How many of the largest coordinates the page counts, as ``report.trend_text`` does."""
SHADES = 64

Data = dict[str, Any]
Strips = dict[str, tuple[Vector, Mask]]


@dataclass(frozen=True, eq=False)
class Explored:
    """A sentence and its embeddings by all readings.

    Attributes:
        encoding: The sentence.
        embeddings: One per entry of ``READINGS``, in the same order.
    """

    encoding: Encoding
    embeddings: tuple[SentenceEmbedding, ...]

    @property
    def strips(self) -> Strips:
        """The trends of the chosen words, and the embeddings, by the words that they belong to.

        Readings that choose the same words share them, in whichever order they choose them.
        """
        strips: Strips = {}
        for embedding in self.embeddings:
            words = embedding.choice.chosen_words
            for word, trend in zip(words, embedding.trends, strict=True):
                strips[strip_key([word])] = trend.values, trend.defined
            strips[strip_key(words)] = embedding.values, embedding.defined
        return strips


def explore(encoding: Encoding) -> Explored:
    """Embed a sentence by all readings."""
    return Explored(
        encoding, tuple(embed_encoding(encoding, Recipe(reading)) for reading in READINGS.values())
    )


def explorer_data(groups: Mapping[str, Sequence[Encoding]]) -> Data:
    """Collect the data of the explorer's page, ready for JSON.

    Args:
        groups: The sentences of each group, all encoded by one model.

    Raises:
        ArrayError: If there is no sentence, if one occurs twice, or if there are several models.
    """
    encodings = [encoding for members in groups.values() for encoding in members]
    _check(encodings)
    explored = [explore(encoding) for encoding in encodings]
    known = np.concatenate(
        [
            np.abs(values[defined])
            for sentence in explored
            for values, defined in sentence.strips.values()
        ]
    )
    return {
        "provenance": encodings[0].provenance.as_dict(),
        "attentionStep": ATTENTION_STEP,
        # As in ``plots``: the few largest must not leave all others without a colour.
        "trendLimit": float(np.percentile(known, 98)) if known.size else 1.0,
        "shades": _shades(),
        "readings": [
            {"name": reading.name, "note": reading.note, "ties": reading.ties}
            for reading in READINGS.values()
        ],
        "groups": [
            {"name": name, "sentences": [slug(encoding.sentence) for encoding in members]}
            for name, members in groups.items()
        ],
        "sentences": {
            slug(sentence.encoding.sentence): _sentence(sentence) for sentence in explored
        },
    }


def slug(sentence: str) -> str:
    """Return the name of a sentence in addresses.

    >>> slug("They didn't answer, so we couldn't wait.")
    'they-didn-t-answer-so-we-couldn-t-wait'
    """
    plain = unicodedata.normalize("NFKD", sentence).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def strip_key(words: Sequence[int]) -> str:
    """Return the key of a word's trend, or of the sum of two words' trends.

    >>> strip_key([4, 1])
    '1+4'
    """
    return "+".join(map(str, sorted(words)))


def _check(encodings: Sequence[Encoding]) -> None:
    if not encodings:
        raise ArrayError("no sentence to explore: pass at least one")
    sources = {str(encoding.provenance.as_dict()) for encoding in encodings}
    if len(sources) > 1:
        raise ArrayError(
            f"sentences of {len(sources)} models or settings: encode all of them with one encoder"
        )
    slugs = [slug(encoding.sentence) for encoding in encodings]
    for encoding, name in zip(encodings, slugs, strict=True):
        if not name or slugs.count(name) > 1:
            raise ArrayError(
                f"the sentence {encoding.sentence!r} needs a name of its own in addresses, but "
                f"{name!r} is empty or another sentence's: change its letters a-z or its digits"
            )


def _sentence(explored: Explored) -> Data:
    encoding = explored.encoding
    tokens_of_units = unit_tokens(encoding.words, len(encoding.tokens))
    return {
        "sentence": encoding.sentence,
        "words": [
            {
                "start": word.start,
                "end": word.end,
                "pieces": [encoding.tokens[token] for token in word.tokens],
                "unit": tokens_of_units.index(word.tokens),
            }
            for word in encoding.words
        ],
        "units": unit_names(encoding),
        "attentions": {
            rows_key(embedding.choice): packed(
                attention_steps(_merged_rows(encoding, embedding.choice)), "<u2"
            )
            for embedding in explored.embeddings
        },
        "strips": {
            key: packed(np.where(defined, stored_trend(values), np.nan), TREND_DTYPE)
            for key, (values, defined) in explored.strips.items()
        },
        "readings": {
            embedding.choice.reading.name: reading_data(embedding.choice)
            | {"largest": _largest(embedding)}
            for embedding in explored.embeddings
        },
    }


def rows_key(choice: Choice) -> str:
    """Return the key of the matrices that vote: "layers", or "heads of layer 0"."""
    return "layers" if choice.layer is None else f"heads of layer {choice.layer}"


def _merged_rows(encoding: Encoding, choice: Choice) -> UnitRows:
    rows = attention_rows(encoding.attentions, choice.reading)
    merged: UnitRows = merge_pieces(rows[np.newaxis], encoding.words)[0]
    return merged


def _largest(embedding: SentenceEmbedding) -> Data:
    """Say how much of an embedding's squared length its few largest coordinates make up."""
    known = embedding.values[embedding.defined]
    count = min(LARGEST, len(known))
    share = share_of_square(known, heaviest(known, count))
    return {"count": count, "share": None if np.isnan(share) else share}


def reading_data(choice: Choice) -> Data:
    """Describe what a reading chose. Words are given by their index in the sentence."""
    vote = choice.vote
    words = np.array(choice.word_indices)
    related: Data
    if isinstance(choice.related, NoRelated):
        related = {"none": choice.related.reason.value}
    else:
        related = {
            "word": int(words[choice.related.index]),
            "votes": choice.related.votes,
            "mass": shortest(choice.related.mass, ATTENTION_PLACES),
            "tied": choice.related.tied,
            "decidedBy": choice.related.decided_by,
        }
    return {
        "rows": rows_key(choice),
        "rowKind": choice.row_kind,
        "layer": choice.layer,
        "focusRow": choice.focus_row,
        "candidates": words.tolist(),
        "received": [
            [shortest(value, ATTENTION_PLACES) for value in row] for row in choice.received.tolist()
        ],
        "leaders": words[choice.leaders].tolist(),
        "focus": {
            "word": int(words[choice.focus.index]),
            "received": shortest(choice.focus.received, ATTENTION_PLACES),
            "tied": choice.focus.tied,
        },
        "votingRows": vote.rows.tolist(),
        "runnersUp": words[vote.runners_up].tolist(),
        "votes": vote.counts.tolist(),
        "related": related,
        "strips": {
            "focus": strip_key(choice.chosen_words[:1]),
            "related": strip_key(choice.chosen_words[1:]) or None,
            "sum": strip_key(choice.chosen_words),
        },
    }


def attention_steps(attention: Array) -> Array:
    """Count attentions in steps, so that what the page writes is what the figures write.

    >>> attention_steps(np.array([0.874996])) * ATTENTION_STEP < 0.875
    array([ True])
    """
    steps = np.rint(attention / ATTENTION_STEP)
    moved = steps + np.sign(attention / ATTENTION_STEP - steps)
    agree = _agree(attention, steps * ATTENTION_STEP, ATTENTION_PLACES)
    chosen: Array = np.where(agree, steps, moved)
    return chosen


def stored_trend(values: Array) -> Array:
    """Round trends to the precision that the page has, to numbers that are written the same."""
    stored = values.astype(TREND_DTYPE)
    # The neighbour on the other side of the number itself.
    moved = np.nextafter(stored, np.where(stored > values, -np.inf, np.inf).astype(TREND_DTYPE))
    chosen: Array = np.where(_agree(values, stored, TREND_PLACES), stored, moved)
    return chosen


def _agree(values: Array, rounded: Array, places: Sequence[int]) -> Array:
    """Find the numbers that are written in the same way when they are rounded."""
    same = np.ones(values.shape, dtype=bool)
    for count in places:
        scale = 10.0**count
        # Far from the middle between two decimals, both end at the same one; most numbers do.
        from_middle = np.abs(np.abs(values * scale) % 1 - 0.5)
        near = ~(from_middle > 2 * np.abs(values - rounded) * scale + 1e-6)
        pairs = zip(values[near], rounded[near], strict=True)
        alike = [fixed(float(one), count) == fixed(float(other), count) for one, other in pairs]
        same[near] &= np.array(alike, dtype=bool)
    return same


def packed(numbers: Array, dtype: str) -> str:
    """Write numbers as text that JSON can hold."""
    return base64.b64encode(numbers.astype(dtype).tobytes()).decode()


def _shades() -> list[tuple[str, str]]:
    """List the shades of the figures, each with the readable text colour, black or white."""
    colours = colormaps[SEQUENTIAL](np.linspace(0, 1, SHADES))
    return [(to_hex(colour), readable_on(colour)) for colour in colours]
