"""Sentences with their gold trees: Universal Dependencies English EWT.

Words of the treebank and words of this package are cut by different rules. Both are put together
into *units* that have the same ends in both; an edge joins two units if it joins a word of one with
a word of the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import conllu

from trendlib.errors import DataError
from trendlib.evaluate.data import Source, fetch
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.vectors import usable
from trendlib.words import Word

CONTENT = frozenset({"ADJ", "ADV", "NOUN", "PROPN", "VERB"})
"""Parts of speech of content words."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Edge:
    """An edge of a tree, between numbers of words or units.

    Attributes:
        dependent: Where it ends.
        head: Where it comes from.
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
        spans: Where its words are in the text; "don't" is one word here.
        is_content: For each word, whether (a part of) it is a content word.
        edges: Its edges, but for those inside a word and that to the root.
    """

    text: str
    spans: tuple[Span, ...]
    is_content: tuple[bool, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Aligned:
    """The units of a sentence.

    Attributes:
        units: Them, as words.
        is_content: For each unit, whether it has a content word.
        edges: The edges between two units.
    """

    units: tuple[Word, ...]
    is_content: tuple[bool, ...]
    edges: tuple[Edge, ...]

    def neighbours(self, unit: int) -> dict[int, str]:
        """List the units that an edge joins with one, and the relation."""
        joined = {edge.head: edge.relation for edge in self.edges if edge.dependent == unit}
        return joined | {edge.dependent: edge.relation for edge in self.edges if edge.head == unit}


def read_trees(source: Source) -> list[Tree]:
    """Read a file of the treebank.

    Raises:
        DataError: If it cannot be had, or a word cannot be found in its sentence.
    """
    with fetch(source).open(encoding="utf-8") as file:
        return [_tree(sentence) for sentence in conllu.parse_incr(file)]


def usable_trees(workbench: Workbench, source: Source) -> list[Tree]:
    """Read the sentences of a file of the treebank that the model can take.

    Raises:
        DataError: As ``read_trees``.
    """
    trees = read_trees(source)
    good = usable(workbench, [tree.text for tree in trees])
    return [tree for tree, yes in zip(trees, good, strict=True) if yes]


def align(words: Sequence[Word], tree: Tree) -> Aligned:
    """Put the words of a sentence, and those of its tree, together into units.

    >>> words = [Word("New", 0, 3, (1,)), Word("York", 4, 8, (2,)), Word("-", 8, 9, (3,))]
    >>> tree = Tree("New York-", ((0, 3), (4, 9)), (True, True), (Edge(0, 1, "compound"),))
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
    content = {unit_of[word] for word, yes in enumerate(tree.is_content) if yes and word in unit_of}
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
    """Group spans of two cuts that overlap, from left to right."""
    tagged = [(span, 0, number) for number, span in enumerate(ours)]
    tagged += [(span, 1, number) for number, span in enumerate(theirs)]
    group: tuple[list[int], list[int]] = ([], [])
    reach = 0
    for (start, end), cut, number in sorted(tagged):
        if start >= reach and (group[0] or group[1]):
            yield group
            group = ([], [])
        group[cut].append(number)
        reach = max(reach, end)
    yield group


def _tree(sentence: conllu.TokenList) -> Tree:
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
    )
