"""Heads or layers? How much focus and related word depend on how attention is read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trendlib.attention import received_by_word
from trendlib.choice import Choice, NoRelated, Reason, candidate_indices, choose_words
from trendlib.encoding import Encoding
from trendlib.evaluate import data, statistics
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import usable_trees
from trendlib.evaluate.vectors import progress, usable
from trendlib.readings import ARTICLE, LAYERS, WORDS_ONLY, Reading
from trendlib.typing import AttentionRows, Attentions, Received
from trendlib.words import Word

QUICK_SENTENCES = 60
NONE = -1
"""Stands for "no related word"."""

SYNONYMS = {
    "also": "too", "answer": "reply", "area": "region", "ask": "inquire", "bad": "poor",
    "big": "large", "buy": "purchase", "car": "automobile", "child": "kid", "close": "near",
    "company": "firm", "correct": "right", "couple": "pair", "doctor": "physician",
    "end": "finish", "enough": "sufficient", "error": "mistake", "even": "yet",
    "fast": "quick", "film": "movie", "find": "discover", "force": "power", "full": "complete",
    "get": "obtain", "gift": "present", "give": "provide", "good": "fine", "great": "wonderful",
    "happy": "glad", "hard": "difficult", "help": "assist", "home": "house", "idea": "thought",
    "important": "significant", "job": "work", "kids": "children", "large": "big",
    "leave": "depart", "like": "enjoy", "little": "small", "look": "glance", "many": "numerous",
    "maybe": "perhaps", "money": "cash", "movie": "film", "need": "require", "nice": "pleasant",
    "often": "frequently", "only": "just", "part": "portion", "people": "folks",
    "perhaps": "maybe", "place": "spot", "price": "cost", "problem": "trouble",
    "quick": "fast", "really": "truly", "road": "street", "say": "state", "see": "view",
    "sick": "ill", "small": "little", "start": "begin", "store": "shop", "sure": "certain",
    "take": "grab", "talk": "speak", "tell": "inform", "think": "believe", "town": "city",
    "trip": "journey", "try": "attempt", "use": "employ", "very": "quite", "want": "desire",
    "whole": "entire", "work": "labor", "wrong": "incorrect",
}  # fmt: skip
"""For a word, another that can replace it without a change of the sentence's structure."""


@dataclass(frozen=True, eq=False)
class ReceivedAttention:
    """The attention that the words of a sentence receive.

    Attributes:
        words: The words.
        heads: For each layer, one row per head.
        layers: One row per layer: the mean of its heads.
        rollout: One row per layer: attention rollout up to it.
    """

    words: tuple[Word, ...]
    heads: tuple[Received, ...]
    layers: Received
    rollout: Received


@dataclass(frozen=True)
class ReadingMethod:
    """A way to find focus and related word in the attentions.

    Attributes:
        name: Its name in tables.
        note: What it does, in a sentence.
        reading: The reading.
        rows: What the rows are: the heads of the reading's layer, the layers, or rollout.
    """

    name: str
    note: str
    reading: Reading
    rows: Literal["heads", "layers", "rollout"]

    @property
    def layer(self) -> int | None:
        """The layer whose heads vote; None if the rows are layers."""
        return self.reading.layer if isinstance(self.reading.layer, int) else None

    @property
    def head(self) -> int | None:
        """The head that names the focus word; None if it has no number here."""
        is_head = self.layer is not None and isinstance(self.reading.focus_row, int)
        return int(self.reading.focus_row) if is_head else None

    def choose(self, received: ReceivedAttention) -> Choice:
        """Choose the words of a sentence."""
        rows = received.rollout if self.rows == "rollout" else received.layers
        layer: int | None = None
        if isinstance(self.reading.layer, int):
            layer = self.reading.layer
            rows = received.heads[layer]
        kept = candidate_indices(received.words, self.reading)
        texts = [received.words[index].text for index in kept]
        choice = choose_words(rows[:, kept], texts, self.reading)
        return replace(choice, word_indices=tuple(kept), layer=layer)


ALL_LAYERS = ReadingMethod(
    "layers", "the layers vote, each the mean of its heads; the last names the focus", LAYERS,
    "layers",
)  # fmt: skip
ROLLOUT = ReadingMethod(
    "rollout", "as layers, but attention is followed through the layers", LAYERS, "rollout"
)
NO_MARKS = ReadingMethod(
    "words-only", "the article's, but no punctuation mark is a candidate", WORDS_ONLY, "heads"
)
ARTICLES = "article"


def methods_of(n_layers: int, n_heads: int) -> list[ReadingMethod]:
    """List the readings that a model allows; the article's is the first.

    >>> [method.name for method in methods_of(1, 2)]
    ['article', 'layer 0, head 0', 'layers', 'rollout', 'words-only']
    """
    last = (0, n_heads - 1)
    listed = [_head(*last, ARTICLES)]
    for layer in range(n_layers):
        for head in range(n_heads):
            if (layer, head) != last:
                listed.append(_head(layer, head, f"layer {layer}, head {head}"))
    return [*listed, ALL_LAYERS, ROLLOUT, NO_MARKS]


def _head(layer: int, head: int, name: str) -> ReadingMethod:
    note = f"the heads of layer {layer} vote; its head {head} names the focus word"
    return ReadingMethod(name, note, Reading(name, layer, head, ARTICLE.drop, note), "heads")


def rollout(attentions: Attentions) -> AttentionRows:
    """Follow attention through the layers (Abnar and Zuidema 2020, "Quantifying Attention Flow").

    The mean of a layer's heads, averaged with the identity for the residual connection, is
    multiplied with those of the layers before it.

    Args:
        attentions: Array of shape (layer, head, query, key).

    Returns:
        Array of shape (layer, query, key) with the share of each token (key) in each token (query)
        after that layer.

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


def other_period(sentence: str) -> str | None:
    """Remove the final period, or add one; None if the sentence ends with another mark.

    >>> other_period("Go home."), other_period("Go home"), other_period("Go home!")
    ('Go home', 'Go home.', None)
    """
    if sentence.endswith(".") and not sentence.endswith(".."):
        return sentence[:-1] or None
    return f"{sentence}." if sentence[-1].isalnum() else None


def other_capital(sentence: str) -> str | None:
    """Swap the case of the first letter; None if it is not a letter.

    >>> other_capital("Go home"), other_capital("42")
    ('go home', None)
    """
    first = sentence[0]
    return first.swapcase() + sentence[1:] if first.swapcase() != first else None


def with_synonym(sentence: str) -> str | None:
    """Replace the first word that has a synonym in ``SYNONYMS``; None if no word has one.

    >>> with_synonym("The car is big."), with_synonym("Hello.")
    ('The automobile is big.', None)
    """
    words = sentence.split(" ")
    for number, word in enumerate(words):
        bare = word.strip(".,!?")
        synonym = SYNONYMS.get(bare.lower())
        if synonym is not None:
            shaped = synonym.capitalize() if bare[0].isupper() else synonym
            return " ".join([*words[:number], word.replace(bare, shaped), *words[number + 1 :]])
    return None


CHANGES: dict[str, Callable[[str], str | None]] = {
    "final period": other_period,
    "capital": other_capital,
    "synonym": with_synonym,
}
"""Small changes of a sentence; none moves a word."""

Versions = dict[str, ReceivedAttention]
"""The attention in a sentence, under the empty name, and in its changed versions."""


class Readings(Task[ReadingMethod, list[Versions]]):
    """Sentences of the treebank's development part."""

    name = "readings"
    question = "Do other readings of the attentions find other words?"
    sources = (data.EWT_DEV,)

    def methods(self, workbench: Workbench) -> Sequence[ReadingMethod]:
        """List the readings."""
        return methods_of(workbench.encoder.n_layers, workbench.encoder.n_heads)

    def prepare(self, workbench: Workbench) -> list[Versions]:
        """Run each sentence, and its changed versions."""
        texts = [tree.text for tree in usable_trees(workbench, data.EWT_DEV)]
        chosen = workbench.sample(texts, QUICK_SENTENCES)
        prepared = []
        with progress(len(chosen), "sentences and their changes") as bar:
            for text in chosen:
                versions = {"": receive(workbench.encoder.encode(text))}
                for name, change in CHANGES.items():
                    changed = change(text)
                    if changed is not None and all(usable(workbench, [changed])):
                        versions[name] = receive(workbench.encoder.encode(changed))
                prepared.append(versions)
                bar.update()
        return prepared

    def facts(self, prepared: list[Versions]) -> dict[str, Any]:
        """Count sentences, and how many can be changed."""
        changed = {name: sum(name in versions for versions in prepared) for name in CHANGES}
        return {"sentences": len(prepared), "changed": changed}

    def measure(self, method: ReadingMethod, prepared: list[Versions]) -> Measured:
        """Find focus and related word in every version of every sentence."""
        found = [
            {name: method.choose(received) for name, received in versions.items()}
            for versions in prepared
        ]
        plain = [choices[""] for choices in found]
        related = [choice.related for choice in plain]
        measured: dict[str, NDArray[Any]] = {
            "focus": np.array([_focus(choice) for choice in plain]),
            "related": np.array([_related(choice) for choice in plain]),
            "one word": np.array(
                [isinstance(word, NoRelated) and word.reason is Reason.ONE_WORD for word in related]
            ),
            "tied": np.array([not isinstance(word, NoRelated) and word.tied for word in related]),
        }
        for name in CHANGES:
            pairs = [(choices[""], choices[name]) for choices in found if name in choices]
            measured[f"focus kept: {name}"] = np.array(
                [_focus(old) == _focus(new) for old, new in pairs]
            )
            measured[f"both kept: {name}"] = np.array(
                [(_focus(old), _related(old)) == (_focus(new), _related(new)) for old, new in pairs]
            )
        return measured

    def scores(self, measured: Mapping[ReadingMethod, Measured]) -> list[Score]:
        """Compute shares of sentences."""
        article = next(found for method, found in measured.items() if method.name == ARTICLES)
        return [
            replace(score, layer=method.layer, head=method.head)
            for method, found in measured.items()
            for score in _scores(method.name, found, article)
        ]


def _scores(method: str, found: Measured, article: Measured) -> Iterator[Score]:
    several = ~found["one word"]
    related = found["related"] != NONE
    both = related & (article["related"] != NONE)
    if method != ARTICLES:
        other_focus = found["focus"] != article["focus"]
        other_related = (found["related"] != article["related"])[both]
        yield _share(method, "other focus word", other_focus)
        yield _share(method, "other related word", other_related)
    yield _share(method, "no vote", ~related[several])
    yield _share(method, "tied vote", found["tied"][related])
    for change in CHANGES:
        for what in ("focus", "both"):
            yield _share(method, f"{what} kept", found[f"{what} kept: {change}"], change)


def receive(encoding: Encoding) -> ReceivedAttention:
    """Compute the attention that each word receives."""
    attentions, words = encoding.attentions, encoding.words
    heads = tuple(received_by_word(layer, words) for layer in attentions)
    return ReceivedAttention(
        words,
        heads,
        received_by_word(attentions.mean(axis=1), words),
        received_by_word(rollout(attentions), words),
    )


def _focus(choice: Choice) -> int:
    return choice.chosen_words[0]


def _related(choice: Choice) -> int:
    return NONE if isinstance(choice.related, NoRelated) else choice.chosen_words[1]


def _share(method: str, measure: str, hits: NDArray[Any], group: str = "") -> Score:
    return statistics.share_score(method, measure, int(hits.sum()), len(hits), group)
