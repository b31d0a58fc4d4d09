"""The evaluation: its data, its protocol, its checks, and what makes of figures a verdict."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import evaluation_data
import numpy as np
import pytest

from trendlib.choice import NoRelated, find_words
from trendlib.cli import main
from trendlib.embedding import Recipe, embed_encoding
from trendlib.errors import DataError, EvaluationError, InputFileError
from trendlib.evaluate import claims, data, runner, statistics, store, tables, treebank, vectors
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.results import (
    BOOK_FIGURES,
    TaskResult,
    read_result,
    result_with,
    write_result,
)
from trendlib.evaluate.scores import Score
from trendlib.evaluate.store import Store
from trendlib.evaluate.tasks import classification, complement, contexts, heads, readings, syntax
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import MINILM
from trendlib.readings import ARTICLE
from trendlib.trend import fourier_magnitude, log_quotient, signed_log_abs
from trendlib.words import Word


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small files in the place of the public ones, whose checksums they do not have."""
    folder = tmp_path / "data"
    evaluation_data.write_all(folder)
    monkeypatch.setattr(data, "fetch", lambda source: folder / source.path)
    monkeypatch.setattr(treebank, "fetch", lambda source: folder / source.path)
    return folder


@pytest.fixture(scope="module")
def single() -> Encoder:
    return load_encoder(MINILM.name, "float32")


@pytest.fixture
def workbench(single: Encoder, minilm: Encoder, tmp_path: Path) -> Workbench:
    return Workbench(single, lambda: minilm, Store(tmp_path / "store"), quick=True)


@pytest.fixture
def exact(minilm: Encoder, tmp_path: Path) -> Workbench:
    return Workbench(minilm, lambda: minilm, Store(tmp_path / "exact"), quick=True)


@pytest.mark.parametrize("name", runner.TASKS)
def test_a_task_runs_once_and_then_reads_what_it_found(
    name: str, files: Path, workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = runner.TASKS[name]
    result = runner.run_task(task, workbench)
    assert result.scores
    assert list(result.methods) == [method.name for method in task.methods(workbench)]
    assert {score.method for score in result.scores} <= set(result.methods)
    assert all(score.count > 0 for score in result.scores)
    for score in result.scores:
        if score.low is not None and score.high is not None and np.isfinite(score.low):
            assert score.low - 1e-9 <= score.value <= score.high + 1e-9
    path = write_result(result, tmp_path / "out")
    again = read_result(path)
    assert again.provenance == result.provenance
    assert len(again.scores) == len(result.scores)
    assert write_result(again, tmp_path / "twice").read_text() == path.read_text()

    def never(*_: object) -> None:
        raise AssertionError("it was computed again")

    monkeypatch.setattr(type(task), "measure", never)
    monkeypatch.setattr(type(task), "prepare", never)
    assert runner.run_task(task, workbench).scores == result.scores


def test_other_code_other_seed_and_other_size_are_computed_anew(workbench: Workbench) -> None:
    task = runner.TASKS["contexts"]
    key = runner._key(task, workbench, "x")
    assert key != runner._key(task, replace(workbench, seed=1), "x")
    assert key != runner._key(task, replace(workbench, quick=False), "x")
    assert key != runner._key(runner.TASKS["stsb"], workbench, "x")


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("tasks.heads", "evaluate/tasks/syntax.py"),
        ("tasks.complement", "evaluate/tasks/sts.py"),
        ("vectors", "model/batch.py"),
        ("tasks.contexts", "similarity.py"),
    ],
)
def test_code_that_is_imported_is_part_of_the_key(
    module: str, imported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "trendlib"
    shutil.copytree(store.PACKAGE, package, ignore=shutil.ignore_patterns("*.json", "__pycache__"))
    key = store.code_key.__wrapped__
    name = f"trendlib.evaluate.{module}"
    here = key(name)
    monkeypatch.setattr(store, "PACKAGE", package)
    assert key(name) == here
    with (package / imported).open("a", encoding="utf-8") as file:
        file.write("CHANGED = True\n")
    assert key(name) != here


def test_a_damaged_file_of_the_store_is_made_again(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    kept.write("a", {"x": np.arange(3)})
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:50])
    assert kept.find("a") is None
    assert kept.keep("a", lambda: {"x": np.ones(2)})["x"].tolist() == [1, 1]


def test_a_task_without_data_does_not_stop_the_others(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(tmp_path / "nothing"))
    told: list[str] = []
    tasks = [runner.TASKS["sms"], runner.TASKS["contexts"]]
    outcome = runner.run_tasks(workbench, tasks, tmp_path / "out", told.append)
    assert list(outcome.not_run) == ["sms"]
    assert list(outcome.done) == ["contexts"]
    assert told[0].startswith("sms: not run: data not reachable (the folder that TRENDLIB_DATA")


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--skip-unreachable"], 0)])
def test_the_command_says_what_was_not_run(
    options: list[str],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(tmp_path / "nothing"))
    command = ["evaluate", "--quick", "--model", MINILM.name, "--task", "sms"]
    assert main([*command, "--out", str(tmp_path), *options]) == status
    assert "0 tasks done, 1 not run, 0 failed" in capsys.readouterr().out


@pytest.mark.usefixtures("empty_cache")
def test_a_model_out_of_reach_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--model", "bert-base-uncased", "--task", "contexts"]
    assert main([*command, "--out", str(tmp_path)]) == 3
    assert "not run: weights not reachable" in capsys.readouterr().err
    assert list(tmp_path.glob("*/*.json")) == []


def test_the_command_refuses_an_unknown_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--task", "imdb"]) == 2
    assert "unknown task 'imdb': choose one of 'readings'" in capsys.readouterr().err


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(data.CACHE_VARIABLE, "/some/where")
    assert data.cache_folder() == Path("/some/where")
    monkeypatch.delenv(data.CACHE_VARIABLE)
    assert data.cache_folder().name == "trendlib"


# Errors that are planted, and that the checks must find.


def relabel(path: Path, seed: int = 3) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    labels = np.random.default_rng(seed).permutation([line.split("\t")[0] for line in lines])
    texts = [line.split("\t", 1)[1] for line in lines]
    path.write_text("\n".join(f"{a}\t{b}" for a, b in zip(labels, texts, strict=True)) + "\n")


def test_shuffled_labels_are_found(files: Path, workbench: Workbench) -> None:
    relabel(files / "sms/sms.tsv")
    with pytest.raises(EvaluationError, match="check that each label is that of its text"):
        runner.run_task(runner.TASKS["sms"], workbench)


def test_test_texts_in_the_training_part_are_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(train: Any, test: Any, _: object) -> Any:
        return train, test, {}

    monkeypatch.setattr(classification, "without_repeats", careless)
    with pytest.raises(EvaluationError, match="1 of 36 test texts are in the training part too"):
        runner.run_task(runner.TASKS["trec"], workbench)


def test_the_same_text_in_two_folds_is_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files / "mr/rt-polarity.pos"
    path.write_text(path.read_text() * 2)
    monkeypatch.setattr(classification, "without_repeats", lambda train, test, _: (train, test, {}))
    with pytest.raises(EvaluationError, match="test texts are in the training part too"):
        runner.run_task(runner.TASKS["mr"], workbench)


def test_labels_among_the_features_are_found(
    files: Path, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the control learns, it has seen what it should not have seen."""
    monkeypatch.setattr(
        classification.ShuffledLabels, "training_labels", lambda _self, labels, seed: labels
    )
    with pytest.raises(EvaluationError, match="test labels leak into its features"):
        runner.run_task(runner.TASKS["sms"], workbench)


def test_what_goes_is_counted(files: Path, workbench: Workbench) -> None:
    result = runner.run_task(runner.TASKS["trec"], workbench)
    assert result.facts["removed"]["in the test part"] == 1
    result = runner.run_task(runner.TASKS["sms"], workbench)
    assert result.facts["removed"] == {
        "without a word": 1,
        "repeated": 1,
        "contradictory": 0,
        "in the test part": 0,
    }


# Sentence vectors.


def test_vectors_are_what_the_encoder_gives_one_by_one(exact: Workbench) -> None:
    texts = ["The train left at noon.", "Stop!", "Word embeddings are vectors."]
    methods = [*vectors.TRENDS, vectors.FOURIER, *vectors.USUAL]
    rows = vectors.vectors(exact, methods, texts)
    for place, text in enumerate(texts):
        encoding = exact.encoder.encode(text)
        trend = embed_encoding(encoding).values
        words = zip(encoding.static, encoding.contextual, strict=True)
        last = encoding.hidden_states[-1]
        expected = {
            "trend": trend,
            "trend, clipped": np.clip(trend, -5, 5),
            "trend, all words": np.mean(
                [log_quotient(*pair).undefined_as_zero for pair in words], axis=0
            ),
            "trend, difference": embed_encoding(encoding, Recipe(kind="difference")).values,
            "trend, signed log-abs": embed_encoding(encoding, Recipe(kind="signed log-abs")).values,
            "trend, Fourier": fourier_magnitude(trend),
            "CLS": last[0],
            "mean": last.mean(axis=0),
            "max": last.max(axis=0),
            "first + last": (encoding.hidden_states[1] + last).mean(axis=0) / 2,
            "mean of layer 0": encoding.hidden_states[0].mean(axis=0),
        }
        assert set(expected) == set(rows)
        for name, vector in expected.items():
            assert np.allclose(rows[name][place], vector, atol=1e-8), name


def test_vectors_are_made_once(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vectors.vectors(workbench, [vectors.Mean()], ["Stop!"])
    monkeypatch.setattr(vectors, "_make", lambda *_: pytest.fail("made again"))
    again = vectors.vectors(workbench, [vectors.Mean()], ["Stop!"])
    assert np.array_equal(first["mean"], again["mean"])


def test_signed_log_abs_has_the_log_quotients_values_where_that_is_defined() -> None:
    rng = np.random.default_rng(0)
    static, contextual = rng.normal(size=(2, 50))
    quotient, signed = (kind(static, contextual) for kind in (log_quotient, signed_log_abs))
    assert signed.defined.all()
    both = quotient.defined
    assert np.allclose(signed.values[both], quotient.values[both])
    assert np.allclose(signed.values[~both], -log_quotient(static, -contextual).values[~both])


def test_rollout_keeps_what_there_is() -> None:
    attention = np.random.default_rng(1).dirichlet(np.ones(4), size=(3, 2, 4))
    rolled = readings.rollout(attention)
    assert np.allclose(rolled.sum(axis=-1), 1)
    half = (attention.mean(axis=1) + np.eye(4)) / 2
    assert np.allclose(rolled[2], half[2] @ half[1] @ half[0])


# Readings.


def test_the_articles_reading_is_the_articles(workbench: Workbench) -> None:
    methods = readings.methods_of(6, 12)
    assert len(methods) == 72 + 3
    encoding = workbench.encoder.encode("The old man sold his boat to a friend.")
    looked = readings._look(encoding)
    assert methods[0].read(looked).chosen_words == find_words(encoding, ARTICLE).chosen_words
    (last,) = [each for each in methods if each.name == "layer 5, head 11"]
    assert last.read(looked).layer == 5
    assert last.read(looked).focus_row == 11
    layers = readings.ALL_LAYERS.read(looked)
    assert layers.received.shape[0] == 6
    assert not np.allclose(layers.received, readings.ROLLOUT.read(looked).received)


def test_an_uncased_model_does_not_see_a_capital(files: Path, workbench: Workbench) -> None:
    result = runner.run_task(runner.TASKS["readings"], workbench)
    for method in ("article", "layers", "rollout"):
        assert result.score(method, "both kept", group="capital").value == 1
        assert result.score(method, "focus kept", group="capital").value == 1
    assert result.of("other focus word")["layers"].value > 0
    assert "article" not in result.of("other focus word")


@pytest.mark.parametrize(
    "sentence", ["Go home.", "Go", "Wait...", "How?", "42", "The big car is good."]
)
def test_a_changed_sentence_has_its_words_where_they_were(sentence: str) -> None:
    for change in readings.CHANGES.values():
        changed = change(sentence)
        assert changed != sentence
        if changed is not None:
            assert len(changed.split()) == len(sentence.split())


def test_no_synonym_is_more_than_a_word() -> None:
    for word, other in readings.SYNONYMS.items():
        assert word != other
        assert word.isalpha()
        assert other.isalpha()


# Trees.


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


def test_a_word_that_is_not_in_its_sentence_is_told(files: Path) -> None:
    path = files / data.EWT_DEV.path
    path.write_text(path.read_text().replace("# text = I see", "# text = I saw", 1))
    with pytest.raises(DataError, match="lacks its word 'see'"):
        treebank.read_trees(data.EWT_DEV)


def test_units_have_ends_in_both_cuts() -> None:
    words = [Word("a", 0, 1, (1,)), Word("b", 1, 2, (2,)), Word("cd", 3, 5, (3, 4))]
    edges = (treebank.Edge(1, 0, "x"), treebank.Edge(2, 1, "y"))
    tree = treebank.Tree("ab cd", ((0, 2), (3, 4), (4, 5)), (True, False, False), edges)
    aligned = treebank.align(words, tree)
    assert [(unit.text, unit.tokens) for unit in aligned.units] == [("ab", (1, 2)), ("cd", (3, 4))]
    assert aligned.edges == (treebank.Edge(1, 0, "x"),)  # the other one is inside a unit
    assert aligned.is_content == (True, False)
    assert aligned.neighbours(0) == {1: "x"}


@pytest.fixture
def parts(files: Path, workbench: Workbench) -> syntax.Parts:
    return syntax.Syntax().prepare(workbench)


def test_partners_are_where_they_should_be(parts: syntax.Parts) -> None:
    for parsed in parts.test:
        focus = parsed.focus
        after = [unit for unit in parsed.others if unit > focus]
        before = [unit for unit in parsed.others if unit < focus]
        assert syntax.Neighbour(1).choose(parsed)[1] == {after[0] if after else before[-1]: 1}
        assert syntax.Neighbour(-1).choose(parsed)[1] == {before[-1] if before else after[0]: 1}
        chances = syntax.AnyWord().choose(parsed)[1]
        assert sum(chances.values()) == pytest.approx(1)
        assert focus not in chances
        (nearest,) = syntax.NearestContentWord().choose(parsed)[1]
        assert parsed.aligned.is_content[nearest]


def test_the_best_head_is_found_on_the_development_part(parts: syntax.Parts) -> None:
    """A head that is made to attend to a neighbour in the tree must be the best one."""
    planted = []
    for parsed in parts.dev:
        joined = parsed.aligned.neighbours(parsed.focus)
        good = [unit for unit in parsed.others if unit in joined]
        bad = [unit for unit in parsed.others if unit not in joined]
        if good and bad:
            attended = np.zeros_like(parsed.attended)
            attended[..., bad[0]] = 1
            attended[1, 3, 4, good[0]] = 2
            planted.append(replace(parsed, attended=attended))
    assert len(planted) > 3
    best = syntax.BestHead()
    assert best.fit(planted) == "layer 3, head 4: the word that the focus word is attended to by"
    assert all(best.choose(each)[1].keys() <= set(each.others) for each in planted)


def test_directions_are_from_the_focus_word_and_to_it(files: Path, workbench: Workbench) -> None:
    trees, encodings = syntax.run_trees(workbench, data.EWT_TEST)
    (tree, encoding), *_ = [
        pair for pair in zip(trees, encodings, strict=True) if len(pair[1].tokens) == 7
    ]
    parsed = syntax._parse(encoding, tree)
    place = 1 + parsed.focus  # every word is one token here
    assert np.allclose(parsed.attended[0], encoding.attentions[:, :, place, 1:-1])
    assert np.allclose(parsed.attended[1], encoding.attentions[:, :, 1:-1, place])


def test_joined_is_what_the_tree_says(parts: syntax.Parts) -> None:
    measured = syntax.Syntax().measure(syntax.ByReading(ARTICLE), parts)
    for parsed, joined in zip(parts.test, measured["joined"], strict=True):
        focus, related = parsed.read["article"].chosen_words
        edges = {frozenset((e.head, e.dependent)) for e in parsed.aligned.edges}
        assert joined == (frozenset((focus, related)) in edges)


def test_heads_are_counted_as_by_hand(files: Path, workbench: Workbench) -> None:
    dev, test = heads.Heads().prepare(workbench)
    assert test.relations[0] == "all"
    assert test.edges[0] == test.edges[1:].sum()
    layer, head, hits, edges = 2, 7, 0, 0
    trees, encodings = syntax.run_trees(workbench, data.EWT_TEST)
    for tree, encoding in zip(trees, encodings, strict=True):
        aligned = treebank.align(encoding.words, tree)
        matrix = syntax.word_attention(encoding, aligned)[layer, head]
        for edge in aligned.edges:
            if edge.relation == "punct":
                continue
            row = {unit: matrix[edge.dependent, unit] for unit in range(len(matrix))}
            del row[edge.dependent]
            edges += 1
            hits += max(row, key=lambda unit: row[unit]) == edge.head
    assert test.edges[0] == edges
    assert test.by_head[0, layer, head, 0] == hits
    assert dev.by_offset.sum() > 0


# Complementary trends.


def pairs_of(focus: list[list[float]], related: list[list[float]]) -> complement.Pairs:
    one, other = np.array(focus), np.array(related)
    return complement.Pairs(one, other, one, one, seed=0)


def test_coordinates_are_counted() -> None:
    nan = np.nan
    pairs = pairs_of([[1, nan, 2, nan]] * 3, [[nan, nan, 3, 4]] * 3)
    task = complement.Complement()
    found = task.measure(task.ARTICLES, pairs)
    assert found["exactly one"].tolist() == [0.5] * 3
    assert found["both"].tolist() == [0.25] * 3
    random, _, independent = task.NULLS
    assert task.measure(random, pairs)["exactly one"].tolist() == [0] * 3
    assert task.measure(independent, pairs)["exactly one"].tolist() == [0.5] * 3


def test_every_sentence_is_compared_with_another() -> None:
    for count in (2, 3, 10):
        pairs = pairs_of([[1.0]] * count, [[1.0]] * count)
        assert sorted(pairs.shuffled) == list(range(count))
        assert (pairs.shuffled != np.arange(count)).all()


def test_zeros_change_no_cosine_where_nothing_is_undefined() -> None:
    rng = np.random.default_rng(0)
    pairs = complement.Pairs(*rng.normal(size=(4, 6, 30)), seed=0)
    found = complement.Zeros().measure(complement.WHOLE, pairs)
    assert np.allclose(found["cosine, undefined as 0"], found["cosine, defined in all"])
    assert (found["of one trend alone"] == 0).all()
    cut = complement.Zeros().measure(complement.CUT, pairs)
    assert (cut["carried by the heaviest"] == 0).all()
    assert (found["carried by the heaviest"] > 0).all()


# Contexts.


def test_triples_are_many_and_differ_in_their_nouns() -> None:
    made = list(contexts.triples())
    assert len(made) >= 200
    assert len({triple.sentences for triple in made}) == len(made)
    for triple in made:
        assert len(set(triple.sentences)) == 3
        assert all(
            triple.word in sentence.split() or triple.word in sentence
            for sentence in triple.sentences
        )
        assert not any(f" a {vowel}" in s for s in triple.sentences for vowel in "aeiou")


def test_a_contrast_is_found_where_there_is_one() -> None:
    rng = np.random.default_rng(2)
    like, other = rng.normal(size=(2, 40))
    runs = []
    for number in range(12):
        noise = rng.normal(size=(3, 40)) / 10
        made = [like + noise[0], like + noise[1], other + noise[2]]
        triple = contexts.Triple(("a", "b", "c"), "x", number)
        runs.append((triple, [(np.ones(40), vector) for vector in made]))
    method = contexts.Representation("contextual", False, "all coordinates")
    measured = {method.name: contexts.Contexts().measure(method, runs)}
    size, share = contexts.Contexts().scores(measured)
    assert share.value == 1
    assert size.low is not None
    assert size.low > 2


# Statistics.


def test_folds_are_compared_with_nadeau_and_bengios_correction() -> None:
    one, other = np.array([0.8, 0.7, 0.9, 0.6]), np.array([0.7, 0.7, 0.7, 0.6])
    mean, low, high, p = statistics.folds_difference(one, other, 1 / 3)
    spread = np.sqrt((1 / 4 + 1 / 3) * np.var(one - other, ddof=1))
    assert mean == pytest.approx(0.075)
    assert high - low == pytest.approx(2 * 3.182446 * spread, rel=1e-5)
    assert 0 < p < 1
    assert statistics.folds_difference(other, one, 1 / 3)[3] == pytest.approx(p)


def test_intervals_cover_what_they_should() -> None:
    """Of many intervals of 95 %, about 95 % hold the true mean."""
    rng = np.random.default_rng(5)
    drawn = rng.normal(1.0, 2.0, size=(200, 60))
    held = [low <= 1 <= high for low, high in (statistics.mean_interval(x, 300) for x in drawn)]
    assert 0.88 < np.mean(held) < 0.99


def test_clusters_make_intervals_wider() -> None:
    rng = np.random.default_rng(6)
    values = np.repeat(rng.normal(size=12), 10) + rng.normal(size=120) / 100
    alone = statistics.mean_interval(values)
    low, high = statistics.clustered_interval(
        values, np.repeat(np.arange(12), 10), lambda drawn: float(drawn.mean())
    )
    assert high - low > 2 * (alone[1] - alone[0])


def test_paired_correlations_are_compared() -> None:
    rng = np.random.default_rng(7)
    gold = rng.normal(size=120)
    good, bad = gold + rng.normal(size=120) / 2, rng.normal(size=120)
    difference, low, high, p = statistics.spearman_difference(good, bad, gold, 300)
    assert low < difference < high
    assert low > 0
    assert p < 0.05
    assert statistics.spearman_difference(good, good, gold, 300)[3] == 1


# Verdicts.


def made_result(task: str, scores: list[Score]) -> TaskResult:
    kept = read_result(BOOK_FIGURES / MINILM.name / f"{task}.json")
    return replace(kept, scores=tuple(scores))


def difference(value: float, **fields: Any) -> Score:
    return Score(
        fields.pop("method"), fields.pop("measure"), value, value - 0.01, value + 0.01, 10, **fields
    )


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ((0.1, 0.1, 0.1, 0.1), "holds"),
        ((0.1, -0.1, 0.1, 0.1), "holds in part"),
        ((-0.1, -0.1, -0.1, -0.1), "does not hold"),
        ((0.005, 0.005, 0.005, 0.005), "does not hold"),
    ],
)
def test_syntax_is_judged_by_its_baselines(more: tuple[float, ...], verdict: str) -> None:
    scores = [
        difference(value, method="article", measure="joined", baseline=other)
        for value, other in zip(more, claims.BASELINES, strict=True)
    ]
    names = ["article", "best head", *claims.BASELINES]
    scores += [Score(name, "joined", 0.5, 0.4, 0.6, 10) for name in names]
    found = claims.CLAIMS[2].finding("m", {"syntax": made_result("syntax", scores)})
    assert found.verdict == verdict


def test_a_claim_without_results_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "some-model").mkdir()
    for claim in claims.CLAIMS:
        (found,) = claims.findings(claim, tmp_path)
        assert found.verdict is claims.Verdict.NOT_RUN
    assert claims.claims_table(tmp_path).count("**not run**") == len(claims.CLAIMS)


def test_the_claims_table_follows_the_files(tmp_path: Path) -> None:
    """Another figure in a file is another figure in the table."""
    folder = tmp_path / MINILM.name
    folder.mkdir()
    for path in (BOOK_FIGURES / MINILM.name).glob("*.json"):
        (folder / path.name).write_text(path.read_text())
    before = claims.claims_table(tmp_path)
    assert before == claims.claims_table()
    path = folder / "readings.json"
    content = json.loads(path.read_text())
    for score in content["scores"]:
        if (score["method"], score["measure"]) == ("layers", "other focus word"):
            score |= {"value": 0.01, "low": 0.005, "high": 0.02}
    path.write_text(json.dumps(content))
    after = claims.claims_table(tmp_path)
    assert "1.0 % (0.5 to 2.0)" in after
    assert after.splitlines()[2].count("**holds**") == 1


def test_results_of_two_models_stand_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = read_result(BOOK_FIGURES / MINILM.name / "stsb.json")
    other = replace(kept, provenance=replace(kept.provenance, model="another-model"))
    for each in (kept, other):
        write_result(each, tmp_path)
    monkeypatch.setattr(tables, "results_of", lambda task: [kept, other])
    table = tables.score_table("stsb", ["Spearman"])
    assert list(table.columns) == [(MINILM.name, "Spearman"), ("another-model", "Spearman")]
    assert result_with("stsb", "another-model", tmp_path).provenance.model == "another-model"
    assert len(claims.findings(claims.CLAIMS[4], tmp_path)) == 2


def test_a_figure_that_is_not_there_is_told() -> None:
    result = read_result(BOOK_FIGURES / MINILM.name / "stsb.json")
    with pytest.raises(InputFileError, match="have no figure"):
        result.score("trend", "F1")
    with pytest.raises(InputFileError, match="holds no results of a task"):
        read_result(BOOK_FIGURES / "nothing.json")


# The results that are kept with the book.


@pytest.mark.parametrize("name", runner.TASKS)
def test_the_kept_results_are_whole(name: str, minilm: Encoder) -> None:
    task, result = runner.TASKS[name], read_result(BOOK_FIGURES / MINILM.name / f"{name}.json")
    assert not result.quick
    assert result.seed == 0
    assert result.provenance.weights_sha256 == minilm.provenance.weights_sha256
    assert result.provenance.model == MINILM.name
    assert result.sources == {source.what: source.sha256 for source in task.sources}
    workbench = Workbench(minilm, lambda: minilm, Store(Path("nowhere")))
    assert result.methods == {each.name: each.note for each in task.methods(workbench)}
    assert result.question == task.question


def test_what_is_kept_is_what_comes_out_again(minilm: Encoder, tmp_path: Path) -> None:
    """The task that needs no data, run whole, in float64 instead of float32."""
    workbench = Workbench(minilm, lambda: minilm, Store(tmp_path))
    fresh = runner.run_task(runner.TASKS["contexts"], workbench)
    kept = read_result(BOOK_FIGURES / MINILM.name / "contexts.json")
    for one, other in zip(fresh.scores, kept.scores, strict=True):
        assert (one.method, one.measure, one.baseline) == (
            other.method,
            other.measure,
            other.baseline,
        )
        assert one.value == pytest.approx(other.value, abs=0.02)


def test_the_treebank_has_the_edges_that_others_count() -> None:
    try:
        trees = treebank.read_trees(data.EWT_TEST)
    except DataError:
        pytest.skip("not run: data not reachable (UD English EWT)")
    edges = [edge for tree in trees for edge in tree.edges]
    near = sum(abs(edge.head - edge.dependent) == 1 for edge in edges) / len(edges)
    assert len(trees) == 2077
    assert near == pytest.approx(0.41, abs=0.01)


def test_no_related_word_is_no_word(workbench: Workbench) -> None:
    looked = readings._look(workbench.encoder.encode("Stop."))
    result = readings.methods_of(6, 12)[0].read(looked)
    assert isinstance(result.related, NoRelated)
    assert readings._related(result) == readings.NONE
