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
from trendlib.evaluate.conditions import (
    AS_PRINTED,
    READING_CONDITIONS,
    Condition,
    Conditioned,
)
from trendlib.evaluate.protocol import Measured, Task, Workbench
from trendlib.evaluate.scores import Score
from trendlib.evaluate.treebank import usable_trees
from trendlib.evaluate.vectors import progress, usable
from trendlib.readings import ARTICLE, LAYERS, WORDS_ONLY, Pieces, Reading
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
    """The attention that the words of a sentence receive, summed or averaged over their pieces.

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


ByPieces = Mapping[Pieces, ReceivedAttention]
"""The attention by what a word of several pieces receives."""


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

    def under(self, condition: Condition) -> Conditioned["ReadingMethod"]:
        """Return the method with the pieces and the ties of a condition."""
        changed = replace(self, reading=condition.applied_to(self.reading))
        return Conditioned(changed, condition)

    @property
    def layer(self) -> int | None:
        """The layer whose heads vote; None if the rows are layers."""
        return self.reading.layer if isinstance(self.reading.layer, int) else None

    @property
    def head(self) -> int | None:
        """The head that names the focus word; None if it has no number here."""
        is_head = self.layer is not None and isinstance(self.reading.focus_row, int)
        return int(self.reading.focus_row) if is_head else None

    def choose(self, attention: ByPieces) -> Choice:
        """Choose the words of a sentence."""
        received = attention[self.reading.pieces]
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


def methods_of(n_layers: int, n_heads: int) -> list[Conditioned[ReadingMethod]]:
    """List the readings that a model allows; the article's is the first.

    The article's and that of the layers, which a claim compares, come under each condition.

    >>> [method.name for method in methods_of(1, 2)][:5]
    ['article', 'layer 0, head 0', 'layers', 'rollout', 'words-only']
    >>> [method.name for method in methods_of(1, 2)][5:7]
    ['article, mean over pieces', 'layers, mean over pieces']
    """
    last = (0, n_heads - 1)
    article = _head(*last, ARTICLES)
    listed = [article]
    for layer in range(n_layers):
        for head in range(n_heads):
            if (layer, head) != last:
                listed.append(_head(layer, head, f"layer {layer}, head {head}"))
    listed += [ALL_LAYERS, ROLLOUT, NO_MARKS]
    changed = [condition for condition in READING_CONDITIONS if condition != AS_PRINTED]
    return [method.under(AS_PRINTED) for method in listed] + [
        method.under(condition) for condition in changed for method in (article, ALL_LAYERS)
    ]


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

Versions = dict[str, ByPieces]
"""The attention in a sentence, under the empty name, and in its changed versions."""


@dataclass(frozen=True, eq=False)
class SentenceVersions:
    """A sentence, and the same with small changes.

    Attributes:
        document: The id of its document.
        versions: The attention in it and in its changed versions.
    """

    document: str
    versions: Versions


class Readings(Task[Conditioned[ReadingMethod], list[SentenceVersions]]):
    """Sentences of the treebank's development part."""

    name = "readings"
    question = "Do other readings of the attentions find other words?"
    sources = (data.EWT_DEV,)

    def methods(self, workbench: Workbench) -> Sequence[Conditioned[ReadingMethod]]:
        """List the readings."""
        return methods_of(workbench.encoder.n_layers, workbench.encoder.n_heads)

    def prepare(self, workbench: Workbench) -> list[SentenceVersions]:
        """Run each sentence, and its changed versions, once for all conditions."""
        chosen = workbench.sample(usable_trees(workbench, data.EWT_DEV), QUICK_SENTENCES)
        prepared = []
        with progress(len(chosen), "sentences and their changes") as bar:
            for tree in chosen:
                versions = {"": receive(workbench.encoder.encode(tree.text))}
                for name, change in CHANGES.items():
                    changed = change(tree.text)
                    if changed is not None and all(usable(workbench, [changed])):
                        versions[name] = receive(workbench.encoder.encode(changed))
                prepared.append(SentenceVersions(tree.document, versions))
                bar.update()
        return prepared

    def facts(self, prepared: list[SentenceVersions]) -> dict[str, Any]:
        """Count sentences, those that can be changed, and candidates of several pieces."""
        sentences = [each.versions[""]["sum"].words for each in prepared]
        split = [
            len(words[index].tokens) > 1
            for words in sentences
            for index in candidate_indices(words, ARTICLE)
        ]
        return {
            "sentences": len(prepared),
            "documents": len({each.document for each in prepared}),
            "changed": {name: sum(name in each.versions for each in prepared) for name in CHANGES},
            "candidates": len(split),
            "candidates of several pieces": sum(split) / len(split),
        }

    def measure(
        self, method: Conditioned[ReadingMethod], prepared: list[SentenceVersions]
    ) -> Measured:
        """Find focus and related word in every version of every sentence."""
        found = [
            {name: method.method.choose(received) for name, received in each.versions.items()}
            for each in prepared
        ]
        plain = [choices[""] for choices in found]
        related = [choice.related for choice in plain]
        several = [
            [len(word.tokens) > 1 for word in each.versions[""]["sum"].words] for each in prepared
        ]
        documents = np.array([each.document for each in prepared])
        measured: dict[str, NDArray[Any]] = {
            "document": documents,
            "focus": np.array([_focus(choice) for choice in plain]),
            "related": np.array([_related(choice) for choice in plain]),
            "one word": np.array(
                [isinstance(word, NoRelated) and word.reason is Reason.ONE_WORD for word in related]
            ),
            "tied": np.array([not isinstance(word, NoRelated) and word.tied for word in related]),
            "split focus": np.array(
                [split[_focus(choice)] for split, choice in zip(several, plain, strict=True)]
            ),
        }
        for name in CHANGES:
            changed = np.array([name in choices for choices in found])
            pairs = [(choices[""], choices[name]) for choices in found if name in choices]
            measured[f"changed: {name}"] = changed
            measured[f"focus kept: {name}"] = np.array(
                [_focus(old) == _focus(new) for old, new in pairs]
            )
            measured[f"both kept: {name}"] = np.array(
                [(_focus(old), _related(old)) == (_focus(new), _related(new)) for old, new in pairs]
            )
        return measured

    def scores(self, measured: Mapping[Conditioned[ReadingMethod], Measured]) -> list[Score]:
        """Compute shares of sentences; documents are drawn as a whole.

        A reading is compared with the article's under the same condition, and with itself as
        printed.
        """
        by_name = {
            (method.method.name, method.condition): found for method, found in measured.items()
        }
        return [
            replace(
                score,
                layer=method.method.layer,
                head=method.method.head,
                condition=method.condition.name,
            )
            for method, found in measured.items()
            for score in _scores(
                method.method.name,
                found,
                by_name[ARTICLES, method.condition],
                by_name[method.method.name, AS_PRINTED],
            )
        ]


def _scores(method: str, found: Measured, article: Measured, printed: Measured) -> Iterator[Score]:
    several, documents = ~found["one word"], found["document"]
    related = found["related"] != NONE
    shares = {
        "no vote": (~related, several),
        "tied vote": (found["tied"], related),
        "focus word of several pieces": (found["split focus"], np.ones(len(related), bool)),
    }
    if method != ARTICLES:
        shares |= _others(found, article, "other {} word")
    if found is not printed:
        shares |= _others(found, printed, "{} word changed by the condition")
    for measure, (hits, among) in shares.items():
        yield _share(method, measure, hits[among], documents[among])
    for change in CHANGES:
        of_changed = documents[found[f"changed: {change}"]]
        for what in ("focus", "both"):
            yield _share(
                method, f"{what} kept", found[f"{what} kept: {change}"], of_changed, change
            )


Hits = NDArray[np.bool_]


def _others(found: Measured, base: Measured, measure: str) -> dict[str, tuple[Hits, Hits]]:
    """Tell where two readings choose other words, and among which sentences that is counted."""
    both = (found["related"] != NONE) & (base["related"] != NONE)
    return {
        measure.format("focus"): (found["focus"] != base["focus"], np.ones(len(both), bool)),
        measure.format("related"): (found["related"] != base["related"], both),
    }


def receive(encoding: Encoding) -> ByPieces:
    """Compute the attention that each word receives, both ways for words of several pieces."""
    attentions, words = encoding.attentions, encoding.words
    layers, rolled = attentions.mean(axis=1), rollout(attentions)
    return {
        pieces: ReceivedAttention(
            words,
            tuple(received_by_word(layer, words, pieces) for layer in attentions),
            received_by_word(layers, words, pieces),
            received_by_word(rolled, words, pieces),
        )
        for pieces in PIECES
    }


PIECES: tuple[Pieces, ...] = ("sum", "mean")


def _focus(choice: Choice) -> int:
    return choice.chosen_words[0]


def _related(choice: Choice) -> int:
    return NONE if isinstance(choice.related, NoRelated) else choice.chosen_words[1]


def _share(
    method: str, measure: str, hits: Hits, documents: NDArray[Any], group: str = ""
) -> Score:
    if len(hits) == 0:
        return statistics.share_score(method, measure, 0, 0, group)
    return statistics.clustered_mean_score(method, measure, hits.astype(float), documents, group)
