"""Which word a sentence attends to most (focus), and which word goes with it (related).

Pure NumPy. Attention *from* a split word is the mean over its pieces, attention *to* it the sum
(Clark et al. 2019, "What Does BERT Look At?"), so that rows still add up to 1. Special tokens
send attention as every token does, but are no words: their columns are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from trendlib.encoding import Encoding, Provenance
from trendlib.errors import (
    ArrayError,
    HeadOutOfRangeError,
    LayerOutOfRangeError,
    check_choice,
)
from trendlib.language import to_say
from trendlib.typing import (
    AttentionRows,
    Attentions,
    Ballots,
    Counts,
    Leaders,
    Received,
    ReceivedRow,
    Rows,
    UnitAttentions,
    UnitMatrix,
    UnitRow,
)
from trendlib.words import Word

Last = Literal["last"]
FINAL_PERIOD = "."


@dataclass(frozen=True)
class Reading:
    """A way to read focus and related word off the attentions.

    Attributes:
        name: The name to choose it by.
        layer: The layer whose heads vote (0-based, or "last"). None lets the layers vote, each
            the mean of its heads.
        focus_row: The row whose most attended word is the focus word (0-based, or "last").
        drop: Words that are no candidates: the "final period", or all "punctuation".
        note: What it is, in a sentence.
    """

    name: str
    layer: int | Last | None
    focus_row: int | Last
    drop: Literal["final period", "punctuation"]
    note: str


ARTICLE = Reading(
    name="article",
    layer=0,
    focus_row="last",
    drop="final period",
    note=to_say(
        "the heads of the first layer vote and its last head names the focus word, "
        'as the article computed it (it calls the heads "layers")'
    ),
)
WORDS_ONLY = Reading(
    name="words-only",
    layer=0,
    focus_row="last",
    drop="punctuation",
    note=to_say("as the article's, but no punctuation mark is a candidate"),
)
LAYERS = Reading(
    name="layers",
    layer=None,
    focus_row="last",
    drop="final period",
    note=to_say(
        "the layers vote, each the mean of its heads, and the last one names the focus word, "
        "as the article's text says"
    ),
)
LAST_LAYER = Reading(
    name="last-layer",
    layer="last",
    focus_row="last",
    drop="final period",
    note=to_say("the heads of the last layer vote and its last head names the focus word"),
)
READINGS = {reading.name: reading for reading in (ARTICLE, WORDS_ONLY, LAYERS, LAST_LAYER)}


def reading_named(name: str) -> Reading:
    """Look a reading up.

    Raises:
        UnknownChoiceError: If there is none of that name.
    """
    check_choice("reading", name, READINGS)
    return READINGS[name]


@dataclass(frozen=True)
class Focus:
    """The focus word: the word that receives most attention in the focus row.

    Attributes:
        index: Its index among the candidates.
        word: The word.
        received: The attention it receives, in attention heads' units (a query gives 1).
        tied: Whether another word receives exactly as much; then the first one is taken.
    """

    index: int
    word: str
    received: float
    tied: bool


@dataclass(frozen=True)
class Related:
    """The related word: the most frequent runner-up in the rows that the focus word leads.

    Attributes:
        index: Its index among the candidates.
        word: The word.
        votes: How many rows it is the runner-up of.
        mass: The attention it receives in all the rows that the focus word leads.
        tied: Whether another word has as many votes.
        decided_by: What told them apart: "votes", else "attention mass", else "position"
            (the first one is taken).
    """

    index: int
    word: str
    votes: int
    mass: float
    tied: bool
    decided_by: Literal["votes", "attention mass", "position"]


class Reason(StrEnum):
    """Why a sentence has no related word."""

    ONE_WORD = to_say("the focus word is the only candidate")
    LEADS_NO_ROW = to_say("the focus word leads no row")


@dataclass(frozen=True)
class NoRelated:
    """The outcome where there is no related word."""

    reason: Reason


@dataclass(frozen=True, eq=False)
class Vote:
    """The rows that the focus word leads, and what they say.

    Attributes:
        rows: The rows that the focus word leads.
        runners_up: In each of them, the candidate that comes second; empty where there is but
            one candidate.
        counts: For each candidate, how many rows it is the runner-up of.
        outcome: The related word, or why there is none.
    """

    rows: Rows
    runners_up: Ballots
    counts: Counts
    outcome: Related | NoRelated


@dataclass(frozen=True, eq=False)
class AttentionResult:
    """What a reading finds in a sentence.

    Attributes:
        reading: How it was read.
        candidates: The words that could be chosen.
        word_indices: Their indices among the sentence's words.
        received: The attention that each candidate receives in each row.
        leaders: In each row, the candidate that receives most.
        focus: The focus word.
        vote: The vote for the related word.
        layer: The layer whose heads are the rows; None where the rows are layers.
        provenance: Where the attentions come from; None for printed ones.
    """

    reading: Reading
    candidates: tuple[str, ...]
    word_indices: tuple[int, ...]
    received: Received
    leaders: Leaders
    focus: Focus
    vote: Vote
    layer: int | None
    provenance: Provenance | None = None

    @property
    def related(self) -> Related | NoRelated:
        """The related word, or why there is none."""
        return self.vote.outcome

    @property
    def chosen(self) -> tuple[Focus | Related, ...]:
        """The focus word, and after it the related word if there is one."""
        if isinstance(self.related, NoRelated):
            return (self.focus,)
        return self.focus, self.related

    @property
    def chosen_words(self) -> tuple[int, ...]:
        """Where the chosen words are among the sentence's: one word may stand there twice."""
        return tuple(self.word_indices[word.index] for word in self.chosen)

    @property
    def row_kind(self) -> str:
        """What a row is: "head" or "layer"."""
        return "layer" if self.layer is None else "head"

    @property
    def focus_row(self) -> int:
        """The row that names the focus word."""
        return _resolve(self.reading.focus_row, len(self.received))


def read(encoding: Encoding, reading: Reading = ARTICLE) -> AttentionResult:
    """Find a sentence's focus word and related word.

    Args:
        encoding: The sentence.
        reading: How to read its attentions.

    Returns:
        The received attention, the focus word, the vote and its outcome.

    Raises:
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        HeadOutOfRangeError: If it names a head that the model lacks.
    """
    rows = attention_rows(encoding.attentions, reading)
    return read_rows(rows, encoding.words, reading, len(encoding.attentions), encoding.provenance)


def attention_rows(attentions: Attentions, reading: Reading) -> AttentionRows:
    """Take the attention matrices that have a row each in a reading.

    Returns:
        One matrix a head of the reading's layer; or one a layer, the mean of its heads.

    Raises:
        LayerOutOfRangeError: If the reading names a layer that the model lacks.

    >>> attention_rows(np.ones((6, 12, 3, 3)), LAYERS).shape
    (6, 3, 3)
    """
    layer = layer_of(reading, len(attentions))
    rows: AttentionRows = attentions.mean(axis=1) if layer is None else attentions[layer]
    return rows


def layer_of(reading: Reading, n_layers: int) -> int | None:
    """Say which layer's heads are the rows of a reading; None where the layers are.

    Raises:
        LayerOutOfRangeError: If the model lacks that layer.
    """
    if reading.layer is None:
        return None
    layer = _resolve(reading.layer, n_layers)
    check_layer(layer, n_layers)
    return layer


def read_rows(
    rows: AttentionRows,
    words: Sequence[Word],
    reading: Reading,
    n_layers: int,
    provenance: Provenance | None = None,
) -> AttentionResult:
    """Find focus and related word, given the attention matrices that a reading is about.

    Args:
        rows: The matrices, see ``attention_rows``.
        words: The sentence's words.
        reading: How to read them.
        n_layers: How many layers the model has.
        provenance: Where the attentions come from.

    Raises:
        LayerOutOfRangeError: If the reading names a layer that the model lacks.
        HeadOutOfRangeError: If it names a head that the model lacks.
    """
    layer = layer_of(reading, n_layers)
    check = check_layer if layer is None else check_head
    check(_resolve(reading.focus_row, len(rows)), len(rows))
    kept = candidate_indices(words, reading)
    texts = [words[index].text for index in kept]
    received = received_by_word(rows, words)
    return decide(received[:, kept], texts, reading, layer, kept, provenance)


def decide(
    received: Received,
    candidates: Sequence[str],
    reading: Reading = ARTICLE,
    layer: int | None = 0,
    word_indices: Sequence[int] | None = None,
    provenance: Provenance | None = None,
) -> AttentionResult:
    """Decide on focus and related word, given the attention that each candidate receives.

    This is the article's procedure from its printed matrix on.

    Args:
        received: One row a head (or layer), one column a candidate.
        candidates: The candidates' texts.
        reading: Says which row names the focus word.
        layer: The layer whose heads the rows are, or None if they are layers.
        word_indices: The candidates' indices among the sentence's words; 0, 1, ... if left out.
        provenance: Where the attentions come from.

    Raises:
        ArrayError: If there is no row, no candidate, or a value is NaN or infinite.

    >>> received = np.array([[0.2, 0.9, 0.4], [0.3, 0.8, 0.2]])
    >>> result = decide(received, ["I", "want", "apples"])
    >>> result.focus.word, result.related.word, result.related.decided_by
    ('want', 'apples', 'attention mass')
    """
    if received.shape[0] == 0 or received.shape[1] != len(candidates) or not candidates:
        raise ArrayError(
            f"received attention of shape {received.shape} for {len(candidates)} candidates: "
            "give at least one row, and one column for each of at least one candidate"
        )
    if not np.isfinite(received).all():
        raise ArrayError("received attention holds NaN or infinity: give finite numbers")
    focus = find_focus(received[_resolve(reading.focus_row, len(received))], candidates)
    return AttentionResult(
        reading=reading,
        candidates=tuple(candidates),
        word_indices=tuple(range(len(candidates)) if word_indices is None else word_indices),
        received=received,
        leaders=received.argmax(axis=1),
        focus=focus,
        vote=find_related(received, candidates, focus.index),
        layer=layer,
        provenance=provenance,
    )


def find_focus(received: ReceivedRow, candidates: Sequence[str]) -> Focus:
    """Take the word that receives most attention; of equals, the first one.

    >>> find_focus(np.array([0.1, 0.7, 0.7]), ["I", "want", "apples"])
    Focus(index=1, word='want', received=0.7, tied=True)
    """
    index = int(received.argmax())
    return Focus(
        index=index,
        word=candidates[index],
        received=float(received[index]),
        tied=bool((received == received[index]).sum() > 1),
    )


def find_related(received: Received, candidates: Sequence[str], focus: int) -> Vote:
    """Let the rows that the focus word leads vote for the word that comes second in them.

    Ties are broken by votes, then by the attention received in those rows, then by position.
    The article stops at votes and takes the first word.

    Args:
        received: One row a head (or layer), one column a candidate.
        candidates: The candidates' texts.
        focus: The focus word's index among the candidates.

    Returns:
        The vote; its outcome is ``NoRelated`` where nobody could vote.

    >>> find_related(np.array([[0.2, 0.1], [0.4, 0.3]]), ["Go", "home"], focus=1).outcome.reason
    <Reason.LEADS_NO_ROW: 'the focus word leads no row'>
    """
    rows = np.flatnonzero(received.argmax(axis=1) == focus)
    voting = received[rows].copy()
    voting[:, focus] = -np.inf  # out of the running, without shifting the others' indices
    runners_up = voting.argmax(axis=1)
    if len(candidates) == 1:
        runners_up = runners_up[:0]
    counts = np.bincount(runners_up, minlength=len(candidates))
    if runners_up.size == 0:
        reason = Reason.ONE_WORD if len(candidates) == 1 else Reason.LEADS_NO_ROW
        return Vote(rows, runners_up, counts, NoRelated(reason))
    return Vote(rows, runners_up, counts, _winner(counts, received[rows].sum(axis=0), candidates))


def merge_pieces(attentions: Attentions, words: Sequence[Word]) -> UnitAttentions:
    """Put word pieces together: sum over key pieces, mean over query pieces.

    Args:
        attentions: One row and one column a token.
        words: The words; tokens in no word (the special ones) stay as they are.

    Returns:
        One row and one column a unit (word or special token), in the sentence's order.

    >>> attention = np.array([[[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.6, 0.1, 0.3]]]])
    >>> merge_pieces(attention, [Word("apples", 0, 6, (1, 2))])
    array([[[[0.5, 0.5],
             [0.4, 0.6]]]])
    """
    units = unit_tokens(words, attentions.shape[-1])
    member = np.zeros((len(units), attentions.shape[-1]), dtype=attentions.dtype)
    for row, tokens in zip(member, units, strict=True):
        row[list(tokens)] = 1
    mean = member / member.sum(axis=1, keepdims=True)
    merged: UnitAttentions = mean @ attentions @ member.T
    return merged


def unit_tokens(words: Sequence[Word], n_tokens: int) -> list[tuple[int, ...]]:
    """List each unit's tokens: the words', and every other token alone, in order.

    >>> unit_tokens([Word("apples", 0, 6, (1, 2))], n_tokens=4)
    [(0,), (1, 2), (3,)]
    """
    in_words = {token for word in words for token in word.tokens}
    alone: list[tuple[int, ...]] = [(token,) for token in range(n_tokens) if token not in in_words]
    return sorted([word.tokens for word in words] + alone)


def received_by_unit(attention: UnitMatrix) -> UnitRow:
    """Sum the attention that each unit receives from all units (column sums).

    >>> received_by_unit(np.array([[0.9, 0.1], [0.4, 0.6]]))
    array([1.3, 0.7])
    """
    total: UnitRow = attention.sum(axis=0)
    return total


def received_by_word(rows: AttentionRows, words: Sequence[Word]) -> Received:
    """Sum the attention that each word receives from all units, in each of several matrices.

    These are the column sums of the merged matrices, without those of the special tokens, got
    without merging: a query piece counts as its share of a word, and key pieces add up.

    >>> attention = np.array([[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.6, 0.1, 0.3]]])
    >>> received_by_word(attention, [Word("apples", 0, 6, (1, 2))])
    array([[1.1]])
    """
    weights = np.ones(rows.shape[-1], dtype=rows.dtype)
    member = np.zeros((rows.shape[-1], len(words)), dtype=rows.dtype)
    for column, word in enumerate(words):
        pieces = list(word.tokens)
        weights[pieces] = 1 / len(pieces)
        member[pieces, column] = 1
    received: Received = (weights @ rows) @ member
    return received


def rollout(attentions: Attentions) -> AttentionRows:
    """Follow attention through the layers (Abnar and Zuidema 2020, "Quantifying Attention Flow").

    The mean of a layer's heads, and the residual connection beside it with the same weight, are
    multiplied from the first layer on.

    Returns:
        For each layer, how much of each token there is in each token after it.

    >>> attention = np.array([[[[0.0, 1.0], [0.0, 1.0]]]] * 2)
    >>> rollout(attention)[1]
    array([[0.25, 0.75],
           [0.  , 1.  ]])
    """
    steps = (attentions.mean(axis=1) + np.eye(attentions.shape[-1])) / 2
    products = [steps[0]]
    for step in steps[1:]:
        products.append(step @ products[-1])
    rolled: AttentionRows = np.stack(products)
    return rolled


def received_in_head(attentions: UnitAttentions, layer: int, head: int) -> UnitRow:
    """Sum the attention that each unit receives in one head of one layer.

    Raises:
        LayerOutOfRangeError: If there is no such layer.
        HeadOutOfRangeError: If there is no such head.
    """
    check_layer(layer, attentions.shape[0])
    check_head(head, attentions.shape[1])
    return received_by_unit(attentions[layer, head])


def candidate_indices(words: Sequence[Word], reading: Reading) -> list[int]:
    """List the words that can become focus or related word.

    A sentence always keeps at least one: the encoder refuses one that is all punctuation.

    >>> words = [Word("Yes", 0, 3, (1,)), Word(",", 3, 4, (2,)), Word(".", 4, 5, (3,))]
    >>> candidate_indices(words, ARTICLE), candidate_indices(words, WORDS_ONLY)
    ([0, 1], [0])
    """
    if reading.drop == "punctuation":
        return [index for index, word in enumerate(words) if not word.is_punctuation]
    kept = list(range(len(words)))
    return kept[:-1] if words[-1].text == FINAL_PERIOD else kept


def check_layer(layer: int, n_layers: int) -> None:
    """Check a layer's number.

    Raises:
        LayerOutOfRangeError: If there is no such layer.
    """
    if not 0 <= layer < n_layers:
        raise LayerOutOfRangeError(
            f"layer {layer}: this model has {n_layers} layers, give 0 to {n_layers - 1}"
        )


def check_head(head: int, n_heads: int) -> None:
    """Check a head's number.

    Raises:
        HeadOutOfRangeError: If there is no such head.
    """
    if not 0 <= head < n_heads:
        raise HeadOutOfRangeError(
            f"head {head}: this model has {n_heads} heads a layer, give 0 to {n_heads - 1}"
        )


def _resolve(number: int | Last, count: int) -> int:
    return count - 1 if number == "last" else number


def _winner(counts: Counts, mass: ReceivedRow, candidates: Sequence[str]) -> Related:
    most = np.flatnonzero(counts == counts.max())
    heaviest = most[mass[most] == mass[most].max()]
    decided_by: Literal["votes", "attention mass", "position"] = "votes"
    if len(most) > 1:
        decided_by = "attention mass" if len(heaviest) == 1 else "position"
    index = int(heaviest[0])
    return Related(
        index=index,
        word=candidates[index],
        votes=int(counts[index]),
        mass=float(mass[index]),
        tied=len(most) > 1,
        decided_by=decided_by,
    )
