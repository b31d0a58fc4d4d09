"""Trees of the treebank, and words that they join."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trendlib.errors import DataError
from trendlib.evaluate import data, treebank
from trendlib.evaluate.conditions import AS_PRINTED, Conditioned
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.tasks import heads, syntax
from trendlib.words import Word


def test_trees_are_read_with_their_contractions(files: Path) -> None:
    long, short, dots = treebank.read_trees(data.EWT_DEV)[:3]
    cut = [long.text[start:end] for start, end in long.spans]
    assert cut == ["The", "man", "didn't", "sell", "the", "boat", "."]
    edges = {(cut[e.dependent], cut[e.head], e.relation) for e in long.edges}
    assert ("didn't", "sell", "aux") in edges
    assert ("didn't", "sell", "advmod") in edges
    assert ("man", "sell", "nsubj") in edges
    assert len(long.edges) == 7
    assert long.is_content == (False, True, False, True, False, True, False)
    assert len(short.edges) == 4
    assert dots.edges == ()
    documents = [tree.document for tree in treebank.read_trees(data.EWT_DEV)]
    assert documents == [str(number) for number in range(6) for _ in range(3)]


def test_a_sentence_in_no_document_is_told(files: Path) -> None:
    path = files / data.EWT_DEV.path
    path.write_text(path.read_text().replace("# newdoc id = 0\n", "", 1))
    with pytest.raises(DataError, match="a sentence before its first '# newdoc id = '"):
        treebank.read_trees(data.EWT_DEV)


def test_a_word_that_is_not_in_its_sentence_is_told(files: Path) -> None:
    path = files / data.EWT_DEV.path
    path.write_text(path.read_text().replace("# text = I see", "# text = I saw", 1))
    with pytest.raises(DataError, match="lacks its word 'see'"):
        treebank.read_trees(data.EWT_DEV)


def test_units_have_ends_in_both_cuts() -> None:
    words = [Word("a", 0, 1, (1,)), Word("b", 1, 2, (2,)), Word("cd", 3, 5, (3, 4))]
    edges = (treebank.Edge(1, 0, "x"), treebank.Edge(2, 1, "y"))
    tree = treebank.Tree("ab cd", ((0, 2), (3, 4), (4, 5)), (True, False, False), edges, "a")
    aligned = treebank.align(words, tree)
    assert [(unit.text, unit.tokens) for unit in aligned.units] == [("ab", (1, 2)), ("cd", (3, 4))]
    assert aligned.edges == (treebank.Edge(1, 0, "x"),)  # the other one is inside a unit
    assert aligned.is_content == (True, False)
    assert aligned.neighbours(0) == {1: "x"}


@pytest.fixture
def parts(files: Path, workbench: Workbench) -> syntax.TreebankParts:
    return syntax.Syntax().prepare(workbench)


@pytest.fixture
def test_part(parts: syntax.TreebankParts) -> list[syntax.ParsedSentence]:
    return parts.test[AS_PRINTED]


def chosen(method: syntax.PartnerMethod, parsed: syntax.ParsedSentence) -> dict[int, float]:
    """The partners, and their weights, by a method that has nothing to fit."""
    return method.fit([]).choose(parsed)[1]


def test_partners_are_where_they_should_be(test_part: list[syntax.ParsedSentence]) -> None:
    for parsed in test_part:
        focus = parsed.focus
        after = [unit for unit in parsed.others if unit > focus]
        before = [unit for unit in parsed.others if unit < focus]
        assert chosen(syntax.NEXT_WORD, parsed) == {after[0] if after else before[-1]: 1}
        assert chosen(syntax.PREVIOUS_WORD, parsed) == {before[-1] if before else after[0]: 1}
        chances = chosen(syntax.RANDOM_WORD, parsed)
        assert sum(chances.values()) == pytest.approx(1)
        assert focus not in chances
        (nearest,) = chosen(syntax.NEAREST_CONTENT_WORD, parsed)
        assert parsed.aligned.is_content[nearest]


def test_the_best_head_is_found_on_the_development_part(parts: syntax.TreebankParts) -> None:
    """A head that is made to attend to a neighbour in the tree must be the best one."""
    planted = []
    for parsed in parts.dev[AS_PRINTED]:
        joined = parsed.aligned.neighbours(parsed.focus)
        good = [unit for unit in parsed.others if unit in joined]
        bad = [unit for unit in parsed.others if unit not in joined]
        if good and bad:
            attended = np.zeros_like(parsed.attended)
            attended[..., bad[0]] = 1
            attended[1, 3, 4, good[0]] = 2
            planted.append(replace(parsed, attended=attended))
    assert len(planted) > 3
    best = syntax.fit_best_head(planted)
    assert best.note == "layer 3, head 4: the word that the focus word is attended to by"
    assert all(best.choose(parsed)[1].keys() <= set(parsed.others) for parsed in planted)


def test_directions_are_from_the_focus_word_and_to_it(files: Path, workbench: Workbench) -> None:
    pairs = treebank.run_trees(workbench, data.EWT_TEST, syntax.QUICK_SENTENCES)
    tree, encoding = next(pair for pair in pairs if len(pair[1].tokens) == 7)
    aligned = treebank.align(encoding.words, tree)
    parsed = syntax.parse(encoding, aligned, tree.document, AS_PRINTED)
    place = 1 + parsed.focus  # every word is one token here
    assert np.allclose(parsed.attended[0], encoding.attentions[:, :, place, 1:-1])
    assert np.allclose(parsed.attended[1], encoding.attentions[:, :, 1:-1, place])


def test_joined_is_what_the_tree_says(parts: syntax.TreebankParts) -> None:
    method = Conditioned(syntax.BY_ARTICLE, AS_PRINTED)
    measured = syntax.Syntax().measure(method, parts)
    for parsed, joined in zip(parts.test[AS_PRINTED], measured["joined"], strict=True):
        focus, related = parsed.choices["article"].chosen_words
        edges = {frozenset((e.head, e.dependent)) for e in parsed.aligned.edges}
        assert joined == (frozenset((focus, related)) in edges)


def test_heads_are_counted_as_by_hand(files: Path, workbench: Workbench) -> None:
    dev, test = heads.Heads().prepare(workbench)
    assert test.relations[0] == "all"
    assert test.edges[:, 0].sum() == test.edges[:, 1:].sum()
    layer, head, hits, edges = 2, 7, 0, 0
    for tree, encoding in treebank.run_trees(workbench, data.EWT_TEST, syntax.QUICK_SENTENCES):
        aligned = treebank.align(encoding.words, tree)
        matrix = treebank.unit_attention(encoding, aligned)[layer, head]
        for edge in aligned.edges:
            if edge.relation == "punct":
                continue
            row = {unit: matrix[edge.dependent, unit] for unit in range(len(matrix))}
            del row[edge.dependent]
            edges += 1
            hits += max(row, key=lambda unit: row[unit]) == edge.head
    assert test.edges[:, 0].sum() == edges
    assert test.by_head[AS_PRINTED][:, 0, layer, head, 0].sum() == hits
    assert dev.by_offset.sum() > 0


def test_the_treebank_has_the_edges_that_others_count() -> None:
    try:
        trees = treebank.read_trees(data.EWT_TEST)
    except DataError:
        pytest.skip("not run: data not reachable (UD English EWT)")
    edges = [edge for tree in trees for edge in tree.edges]
    near = sum(abs(edge.head - edge.dependent) == 1 for edge in edges) / len(edges)
    assert len(trees) == 2077
    assert near == pytest.approx(0.41, abs=0.01)
