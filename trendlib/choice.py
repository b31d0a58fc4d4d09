"""The focus word, which is attended to most, and the related word, which goes with it.

The rows that the focus word leads vote for the word that comes second in them; the word with most
votes is the related word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

import numpy as np

from trendlib.attention import (
    AttentionStack,
    check_head,
    check_layer,
    received_by_word,
    row_number,
    stack_attention,
)
from trendlib.encoding import Encoding, Provenance
from trendlib.errors import ArrayError
from trendlib.language import N_
from trendlib.readings import ARTICLE, Reading
from trendlib.typing import Ballots, Counts, Leaders, Received, ReceivedRow, Rows
from trendlib.words import Word

FINAL_PERIOD = "."


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

    ONE_WORD = N_("the focus word is the only candidate")
    LEADS_NO_ROW = N_("the focus word leads no row")


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
class Choice:
    """The words that a reading chooses in a sentence, and what led to them.

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
        return row_number(self.reading.focus_row, len(self.received))


def find_words(encoding: Encoding, reading: Reading = ARTICLE) -> Choice:
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
    return find_words_in(stack_attention(encoding, reading), encoding.words, reading)


def find_words_in(stack: AttentionStack, words: Sequence[Word], reading: Reading) -> Choice:
    """Find focus and related word, given the attention matrices that a reading is about.

    Args:
        stack: The matrices, see ``attention.stack_attention``.
        words: The sentence's words.
        reading: How to read them.

    Raises:
        LayerOutOfRangeError: If a layer is to name the focus word that the model lacks.
        HeadOutOfRangeError: If a head is.
    """
    check = check_layer if stack.layer is None else check_head
    rows = len(stack.matrices)
    check(row_number(reading.focus_row, rows), rows)
    kept = candidate_indices(words, reading)
    texts = [words[index].text for index in kept]
    choice = choose_words(received_by_word(stack.matrices, words)[:, kept], texts, reading)
    return replace(choice, word_indices=tuple(kept), layer=stack.layer, provenance=stack.provenance)


def choose_words(
    received: Received, candidates: Sequence[str], reading: Reading = ARTICLE
) -> Choice:
    """Choose focus and related word, given the attention that each candidate receives.

    This is the article's procedure from its printed matrix on.

    Args:
        received: One row a head (or layer), one column a candidate.
        candidates: The candidates' texts.
        reading: Says which row names the focus word.

    Raises:
        ArrayError: If there is no row, no candidate, or a value is NaN or infinite.

    >>> received = np.array([[0.2, 0.9, 0.4], [0.3, 0.8, 0.2]])
    >>> choice = choose_words(received, ["I", "want", "apples"])
    >>> choice.focus.word, choice.related.word, choice.related.decided_by
    ('want', 'apples', 'attention mass')
    """
    if received.shape[0] == 0 or received.shape[1] != len(candidates) or not candidates:
        raise ArrayError(
            f"received attention of shape {received.shape} for {len(candidates)} candidates: "
            "give at least one row, and one column for each of at least one candidate"
        )
    if not np.isfinite(received).all():
        raise ArrayError("received attention holds NaN or infinity: give finite numbers")
    focus = find_focus(received[row_number(reading.focus_row, len(received))], candidates)
    return Choice(
        reading=reading,
        candidates=tuple(candidates),
        word_indices=tuple(range(len(candidates))),
        received=received,
        leaders=received.argmax(axis=1),
        focus=focus,
        vote=find_related(received, candidates, focus.index),
        layer=reading.layer if isinstance(reading.layer, int) else None,
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


def candidate_indices(words: Sequence[Word], reading: Reading) -> list[int]:
    """List the words that can become focus or related word.

    A sentence always keeps at least one: the encoder refuses one that is all punctuation.

    >>> from trendlib.readings import WORDS_ONLY
    >>> words = [Word("Yes", 0, 3, (1,)), Word(",", 3, 4, (2,)), Word(".", 4, 5, (3,))]
    >>> candidate_indices(words, ARTICLE), candidate_indices(words, WORDS_ONLY)
    ([0, 1], [0])
    """
    if reading.drop == "punctuation":
        return [index for index, word in enumerate(words) if not word.is_punctuation]
    kept = list(range(len(words)))
    return kept[:-1] if words[-1].text == FINAL_PERIOD else kept


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
