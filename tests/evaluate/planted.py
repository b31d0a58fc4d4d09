"""A treebank whose trees, attentions and vectors are planned, so that scores are known by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from trendlib.encoding import Encoding, Provenance
from trendlib.words import Word

PROVENANCE = Provenance("planted", "0", "0" * 64, "float64", {}, "planted")
LAYERS = HEADS = 2


@dataclass(frozen=True)
class Planted:
    """A sentence of words with one piece each, but for those that are named.

    Attributes:
        document: The id of its document.
        words: Its words; each sentence of a test has others.
        kinds: Their parts of speech.
        heads: For each word the number of its head in the tree, from 0; -1 for the root.
        received: What each piece of a word receives from each token: one row per head of layer 0.
        last: The same in layer 1; as in layer 0 if left out.
        pieces: How many pieces a word has, if not one.
        attends: By layer and head, the word that the focus word (the first key) attends to most.
        signs: By word, the sign of each of its trend's coordinates: undefined where it is -1.
    """

    document: str
    words: tuple[str, ...]
    kinds: tuple[str, ...]
    heads: tuple[int, ...]
    received: tuple[tuple[float, ...], tuple[float, ...]]
    last: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    pieces: Mapping[int, int] = field(default_factory=dict)
    attends: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    signs: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def conllu(self) -> str:
        lines = [f"# newdoc id = {self.document}", f"# text = {self.text}"]
        for number, (word, kind, head) in enumerate(
            zip(self.words, self.kinds, self.heads, strict=True), 1
        ):
            relation = "dep" if head >= 0 else "root"
            lines.append(f"{number}\t{word}\t_\t{kind}\t_\t_\t{head + 1}\t{relation}\t_\t_")
        return "\n".join([*lines, "", ""])

    def encoding(self, hidden: int = 4) -> Encoding:
        words, start, token = [], 0, 1
        for number, text in enumerate(self.words):
            tokens = tuple(range(token, token + self.pieces.get(number, 1)))
            words.append(Word(text, start, start + len(text), tokens))
            start, token = start + len(text) + 1, tokens[-1] + 1
        size = token + 1
        attentions = np.zeros((LAYERS, HEADS, size, size))
        for layer, rows in enumerate((self.received, self.last or self.received)):
            for head, row in enumerate(rows):
                for word, amount in zip(words, row, strict=True):
                    attentions[layer, head][:, list(word.tokens)] = amount
        for (layer, head), (focus, target) in self.attends.items():
            attentions[layer, head, words[focus].tokens[0], words[target].tokens[0]] = 9
        states = np.ones((LAYERS + 1, size, hidden))
        for number, signs in self.signs.items():
            states[-1, list(words[number].tokens)] = 2 * np.array(signs)
        return Encoding(self.text, ("x",) * size, tuple(words), states, attentions, PROVENANCE)


class PlantedEncoder:
    """Knows the planted sentences, and counts how often the model runs."""

    n_layers, n_heads, hidden_size = LAYERS, HEADS, 4
    dtype = np.dtype("float64")
    provenance = PROVENANCE

    def __init__(self, sentences: Sequence[Planted], dead: tuple[int, ...] = ()) -> None:
        self.sentences = {sentence.text: sentence for sentence in sentences}
        self.dead_coordinates = dead
        self.runs = 0

    def encode(self, text: str) -> Encoding:
        self.runs += 1
        # Another case or a final period changes nothing here.
        return self.sentences[text.lower().removesuffix(".")].encoding()

    def tokenize(self, texts: Sequence[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace() for _ in texts]


def voting(focus: int, related: int, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What ``count`` words receive if each head prefers one word, and then another."""
    row = [0.01] * count
    row[focus], row[related] = 0.5, 0.3
    return tuple(row), tuple(row)
