"""Choice: the focus word, which receives most attention, and the related word that goes with it.

Each row holds the attention that the words receive in one head (or layer). One row, the last in the
article, names the *focus word*: the word that receives most in it. Then the rows vote. In every row
that the focus word *leads*, that is, in which it receives most, the *runner-up* gets one vote. The
word with most votes is the *related word*.
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
from trendlib.readings import ARTICLE, Reading, Ties
from trendlib.typing import Ballots, Counts, Leaders, Received, ReceivedRow, Rows
from trendlib.words import Word

FINAL_PERIODS = (".", "。", "\uff0e", "\uff61", "।", "\u06d4")
"""Full stops: of most scripts, of Chinese and Japanese in three widths, of Hindi, of Urdu."""


@dataclass(frozen=True)
class Focus:
    """The focus word: the candidate that receives most attention in the focus row.

    Attributes:
        index: Its index among the candidates.
        word: The word as it was typed.
        received: The attention that it receives in that row; every token gives away exactly 1.
        tied: Whether another candidate receives exactly as much; the first one is then taken.
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
        word: The word as it was typed.
        votes: In how many of those rows it is the runner-up.
        mass: The attention that it receives in those rows, added up.
        tied: Whether another candidate has as many votes.
        decided_by: What decided: "votes"; with a tie "position", which means that the first
            candidate was taken, or "attention mass", if the reading breaks ties by it.
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
    """The outcome of a vote in which no related word was found."""

    reason: Reason


@dataclass(frozen=True, eq=False)
class Vote:
    """The vote for the related word.

    Attributes:
        rows: The numbers of the rows that the focus word leads, which are the rows that vote.
        runners_up: The candidate that each of these rows votes for, by its index; empty if there
            is only one candidate.
        counts: The votes for each candidate.
        outcome: The related word, or why there is none.
    """

    rows: Rows
    runners_up: Ballots
    counts: Counts
    outcome: Related | NoRelated


@dataclass(frozen=True, eq=False)
class Choice:
    """The words that a reading chooses in a sentence, with every step that led to them.

    Attributes:
        reading: How the attentions were read.
        candidates: The words that could be chosen.
        word_indices: Their indices among the sentence's words.
        received: Array of shape (row, candidate): the attention that candidates receive.
        leaders: The index of the candidate that leads each row.
        focus: The focus word.
        vote: The vote for the related word.
        layer: The layer that the rows are the heads of; None if the rows are layers.
        provenance: The model; None for attentions that an article printed.
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
        """The focus word, followed by the related word if there is one."""
        if isinstance(self.related, NoRelated):
            return (self.focus,)
        return self.focus, self.related

    @property
    def chosen_words(self) -> tuple[int, ...]:
        """The chosen words' indices among the sentence's words.

        They tell two occurrences of the same word apart.
        """
        return tuple(self.word_indices[word.index] for word in self.chosen)

    @property
    def row_kind(self) -> str:
        """What the rows are: "head" or "layer"."""
        return "layer" if self.layer is None else "head"

    @property
    def focus_row(self) -> int:
        """The number of the row that names the focus word."""
        return row_number(self.reading.focus_row, len(self.received))


def find_words(encoding: Encoding, reading: Reading = ARTICLE) -> Choice:
    """Find a sentence's focus word and related word.

    Args:
        encoding: The sentence.
        reading: How to read its attentions.

    Returns:
        The two words, with the received attention and the vote that chose them.

    Raises:
        LayerOutOfRangeError: If the model does not have a layer that the reading names.
        HeadOutOfRangeError: If it does not have a head that the reading names.
    """
    return find_words_in(stack_attention(encoding, reading), encoding.words, reading)


def find_words_in(stack: AttentionStack, words: Sequence[Word], reading: Reading) -> Choice:
    """Find the focus word and the related word from the attention matrices that vote.

    Args:
        stack: The matrices, as ``attention.stack_attention`` selects them.
        words: The sentence's words.
        reading: The reading that the matrices were selected for.

    Raises:
        LayerOutOfRangeError: If the model does not have the layer that names the focus word.
        HeadOutOfRangeError: If it does not have the head that does.
    """
    check = check_layer if stack.layer is None else check_head
    rows = len(stack.matrices)
    check(row_number(reading.focus_row, rows), rows)
    kept = candidate_indices(words, reading)
    texts = [words[index].text for index in kept]
    received = received_by_word(stack.matrices, words, reading.pieces)
    choice = choose_words(received[:, kept], texts, reading)
    return replace(choice, word_indices=tuple(kept), layer=stack.layer, provenance=stack.provenance)


def choose_words(
    received: Received, candidates: Sequence[str], reading: Reading = ARTICLE
) -> Choice:
    """Choose the focus word and the related word from the attention that candidates receive.

    The article prints such a matrix; from there on, this is its procedure.

    Args:
        received: Array of shape (row, candidate).
        candidates: The candidates' texts.
        reading: Says which row names the focus word, and how ties are broken.

    Raises:
        ArrayError: If there is no row or no candidate, if their number is not that of the columns,
            or if a value is NaN or infinite.

    >>> received = np.array([[0.2, 0.9, 0.4], [0.3, 0.8, 0.2]])
    >>> choice = choose_words(received, ["I", "want", "apples"])
    >>> choice.focus.word, choice.related.word, choice.related.decided_by
    ('want', 'I', 'position')
    """
    if received.shape[0] == 0 or received.shape[1] != len(candidates) or not candidates:
        raise ArrayError(
            f"received attention of shape {received.shape} for {len(candidates)} candidates: "
            "pass at least one row, and one column per candidate"
        )
    if not np.isfinite(received).all():
        raise ArrayError("received attention holds NaN or infinity: every number must be finite")
    focus = find_focus(received[row_number(reading.focus_row, len(received))], candidates)
    return Choice(
        reading=reading,
        candidates=tuple(candidates),
        word_indices=tuple(range(len(candidates))),
        received=received,
        leaders=received.argmax(axis=1),
        focus=focus,
        vote=find_related(received, candidates, focus.index, reading.ties),
        layer=reading.layer if isinstance(reading.layer, int) else None,
    )


def find_focus(received: ReceivedRow, candidates: Sequence[str]) -> Focus:
    """Find the candidate that receives most attention; if several do, the first of them.

    Args:
        received: Array of shape (candidate,): the focus row.
        candidates: The candidates' texts.

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


def find_related(
    received: Received, candidates: Sequence[str], focus: int, ties: Ties = "first"
) -> Vote:
    """Let the rows that the focus word leads vote for their runner-up.

    Args:
        received: Array of shape (row, candidate).
        candidates: The candidates' texts.
        focus: The focus word's index among the candidates.
        ties: Who wins if several candidates have equally many votes: the "first" of them, as in
            the article, or the one with most "attention mass" in the rows that vote.

    Returns:
        The vote. Its outcome is ``NoRelated`` if no row could vote.

    >>> find_related(np.array([[0.2, 0.1], [0.4, 0.3]]), ["Go", "home"], focus=1).outcome.reason
    <Reason.LEADS_NO_ROW: 'the focus word leads no row'>
    """
    rows = np.flatnonzero(received.argmax(axis=1) == focus)
    voting = received[rows].copy()
    voting[:, focus] = -np.inf  # deleting the column would shift the others' indices
    runners_up = voting.argmax(axis=1)
    if len(candidates) == 1:
        runners_up = runners_up[:0]
    counts = np.bincount(runners_up, minlength=len(candidates))
    if runners_up.size == 0:
        reason = Reason.ONE_WORD if len(candidates) == 1 else Reason.LEADS_NO_ROW
        return Vote(rows, runners_up, counts, NoRelated(reason))
    mass = received[rows].sum(axis=0)
    return Vote(rows, runners_up, counts, _winner(counts, mass, candidates, ties))


def candidate_indices(words: Sequence[Word], reading: Reading) -> list[int]:
    """List the indices of the words that may become focus word or related word.

    There is always at least one: the encoder refuses a sentence that is all punctuation.

    >>> from trendlib.readings import WORDS_ONLY
    >>> words = [Word("Yes", 0, 3, (1,)), Word(",", 3, 4, (2,)), Word(".", 4, 5, (3,))]
    >>> candidate_indices(words, ARTICLE), candidate_indices(words, WORDS_ONLY)
    ([0, 1], [0])
    >>> candidate_indices([Word("好", 0, 1, (1,)), Word("。", 1, 2, (2,))], ARTICLE)
    [0]
    """
    if reading.drop == "punctuation":
        return [index for index, word in enumerate(words) if not word.is_punctuation]
    kept = list(range(len(words)))
    return kept[:-1] if words[-1].text in FINAL_PERIODS else kept


def _winner(counts: Counts, mass: ReceivedRow, candidates: Sequence[str], ties: Ties) -> Related:
    most = np.flatnonzero(counts == counts.max())
    best, decided_by = most, _DECIDERS["first"]
    if ties == "attention mass":
        best = most[mass[most] == mass[most].max()]
        decided_by = _DECIDERS[ties if len(best) == 1 else "first"]
    index = int(best[0])
    return Related(
        index=index,
        word=candidates[index],
        votes=int(counts[index]),
        mass=float(mass[index]),
        tied=len(most) > 1,
        decided_by=decided_by if len(most) > 1 else "votes",
    )


_DECIDERS: dict[Ties, Literal["attention mass", "position"]] = {
    "first": "position",
    "attention mass": "attention mass",
}
