"""Sentences with their gold trees: Universal Dependencies English EWT and GUM.

A treebank and this package split a sentence into words by different rules. Words that overlap are
merged into *units*; an edge joins two units if it joins a word of one with a word of the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import conllu

from trendlib.attention import merge_pieces, unit_tokens
from trendlib.encoding import Encoding
from trendlib.errors import DataError
from trendlib.evaluate.data import Source, fetch
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.vectors import progress, usable
from trendlib.readings import Pieces
from trendlib.typing import UnitAttentions
from trendlib.words import Word

CONTENT = frozenset({"ADJ", "ADV", "NOUN", "PROPN", "VERB"})
"""Parts of speech of content words."""
DOCUMENT = "newdoc id"
"""How a line begins that names the document of the sentences after it."""
FORWARD, BACKWARD = "attends to", "is attended to by"
"""The two directions of attention from a word to another."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Edge:
    """An edge of a tree, between two words or units, which are given by their numbers.

    Attributes:
        dependent: The dependent.
        head: The dependent's head.
        relation: Its relation, without a subtype ("obj", "nsubj", ...).
    """

    dependent: int
    head: int
    relation: str


@dataclass(frozen=True)
class Tree:
    """A sentence of the treebank.

    Attributes:
        text: The sentence.
        spans: Start and end of each word in the text; "don't" is one word here.
        is_content: For each word, whether it, or a part of it, is a content word.
        edges: Its edges, without those inside a word and the one to the root.
        document: The id of the document that it is in.
    """

    text: str
    spans: tuple[Span, ...]
    is_content: tuple[bool, ...]
    edges: tuple[Edge, ...]
    document: str


@dataclass(frozen=True)
class Aligned:
    """The units of a sentence.

    Attributes:
        units: The units; each is a ``Word`` with the tokens of its words.
        is_content: For each unit, whether it has a content word.
        edges: The edges between two units.
    """

    units: tuple[Word, ...]
    is_content: tuple[bool, ...]
    edges: tuple[Edge, ...]

    def neighbours(self, unit: int) -> dict[int, str]:
        """Map each unit that an edge joins to this one to the relation of the edge."""
        joined = {edge.head: edge.relation for edge in self.edges if edge.dependent == unit}
        return joined | {edge.dependent: edge.relation for edge in self.edges if edge.head == unit}


def read_trees(source: Source) -> list[Tree]:
    """Read a file of the treebank.

    Raises:
        DataError: If it cannot be had, if a word cannot be found in its sentence, or if a sentence
            stands before the first document.
    """
    trees, document = [], None
    with fetch(source).open(encoding="utf-8") as file:
        for sentence in conllu.parse_incr(file):
            document = sentence.metadata.get(DOCUMENT, document)
            if document is None:
                raise DataError(f"{source.path} has a sentence before its first '# {DOCUMENT} = '")
            trees.append(_tree(sentence, document))
    return trees


def usable_trees(workbench: Workbench, source: Source) -> list[Tree]:
    """Read the sentences of a file of the treebank that the model can embed.

    Raises:
        DataError: As ``read_trees``.
    """
    trees = read_trees(source)
    good = usable(workbench, [tree.text for tree in trees])
    return [tree for tree, is_usable in zip(trees, good, strict=True) if is_usable]


def run_trees(
    workbench: Workbench, source: Source, quick_count: int
) -> Iterator[tuple[Tree, Encoding]]:
    """Run the sentences of a part of a treebank, each alone, with all attentions.

    Yields:
        A sentence and its encoding: all encodings together would fill the memory.
    """
    chosen = workbench.sample(usable_trees(workbench, source), quick_count)
    with progress(len(chosen), "sentences with trees") as bar:
        for tree in chosen:
            yield tree, workbench.encoder.encode(tree.text)
            bar.update()


def unit_attention(encoding: Encoding, aligned: Aligned, pieces: Pieces = "sum") -> UnitAttentions:
    """Merge word pieces into units, and leave the special tokens out (Clark et al. 2019)."""
    merged: UnitAttentions = merge_pieces(encoding.attentions, aligned.units, pieces)
    # Tokens of no word are units too: the special ones, and a space that is a token of its own.
    of_words = {unit.tokens for unit in aligned.units}
    units = enumerate(unit_tokens(aligned.units, len(encoding.tokens)))
    kept = [place for place, tokens in units if tokens in of_words]
    return merged[:, :, kept][:, :, :, kept]


def align(words: Sequence[Word], tree: Tree) -> Aligned:
    """Merge the words of a sentence, and those of its tree, into units.

    >>> words = [Word("New", 0, 3, (1,)), Word("York", 4, 8, (2,)), Word("-", 8, 9, (3,))]
    >>> edges = (Edge(0, 1, "compound"),)
    >>> tree = Tree("New York-", ((0, 3), (4, 9)), (True, True), edges, document="a")
    >>> aligned = align(words, tree)
    >>> [unit.tokens for unit in aligned.units], aligned.edges
    ([(1,), (2, 3)], (Edge(dependent=0, head=1, relation='compound'),))
    """
    units: list[Word] = []
    unit_of: dict[int, int] = {}  # by the number of the tree's word
    for group in _groups([(word.start, word.end) for word in words], tree.spans):
        inside = [words[number] for number in group[0]]
        if inside:  # the model may know nothing of a word of the tree
            unit_of |= dict.fromkeys(group[1], len(units))
            units.append(_merged(inside, tree.text))
    edges = [
        Edge(unit_of[edge.dependent], unit_of[edge.head], edge.relation)
        for edge in tree.edges
        if edge.dependent in unit_of and edge.head in unit_of
    ]
    content = {unit for word, unit in unit_of.items() if tree.is_content[word]}
    return Aligned(
        tuple(units),
        tuple(unit in content for unit in range(len(units))),
        tuple(edge for edge in edges if edge.dependent != edge.head),
    )


def _merged(words: Sequence[Word], text: str) -> Word:
    start, end = words[0].start, words[-1].end
    tokens = tuple(token for word in words for token in word.tokens)
    return Word(text[start:end], start, end, tokens)


def _groups(ours: Sequence[Span], theirs: Sequence[Span]) -> Iterator[tuple[list[int], list[int]]]:
    """Group spans of two tokenizations that overlap, from left to right."""
    tagged = [(span, 0, number) for number, span in enumerate(ours)]
    tagged += [(span, 1, number) for number, span in enumerate(theirs)]
    group: tuple[list[int], list[int]] = ([], [])
    reach = 0
    for (start, end), side, number in sorted(tagged):
        if start >= reach and (group[0] or group[1]):
            yield group
            group = ([], [])
        group[side].append(number)
        reach = max(reach, end)
    yield group


def _tree(sentence: conllu.TokenList, document: str) -> Tree:
    text = sentence.metadata["text"]
    spans: list[Span] = []
    word_of: dict[int, int] = {}  # by the treebank's own number
    last_inside = 0
    position = 0
    for token in sentence:
        number = token["id"]
        if isinstance(number, int):
            if number <= last_inside:  # a part of the word before, such as the "n't" of "don't"
                word_of[number] = len(spans) - 1
                continue
            word_of[number] = len(spans)
        elif number[1] == "-":
            last_inside = number[2]
        else:
            continue  # a word that is not in the text
        start = text.find(token["form"], position)
        if start < 0:
            raise DataError(f"the treebank's sentence {text!r} lacks its word {token['form']!r}")
        position = start + len(token["form"])
        spans.append((start, position))
    plain = [token for token in sentence if isinstance(token["id"], int)]
    content = {word_of[token["id"]] for token in plain if token["upos"] in CONTENT}
    edges = [
        Edge(word_of[token["id"]], word_of[token["head"]], token["deprel"].partition(":")[0])
        for token in plain
        if token["head"]
    ]
    return Tree(
        text,
        tuple(spans),
        tuple(number in content for number in range(len(spans))),
        tuple(edge for edge in edges if edge.dependent != edge.head),
        document,
    )
