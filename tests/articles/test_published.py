"""The printed figures as data, the comparison, and `trendlib reproduce`, failing path included."""

import copy
import dataclasses
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from transformers import BertTokenizerFast

from helpers.models import fill_cache, make_tiny_model
from trendlib.articles import published, reproduce
from trendlib.articles.published import PRINTED_DATA, Group, Recomputation, Verdict, compare
from trendlib.choice import choose_words
from trendlib.cli import main
from trendlib.embedding import add_trends
from trendlib.errors import UnknownChoiceError, counted
from trendlib.model import weights
from trendlib.model.agreement import tokenizer_sha256
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import BERT_BASE
from trendlib.readings import ARTICLE

SECOND = published.SENTENCE_EMBEDDING


def test_the_printed_figures_are_counted() -> None:
    counts = {(group.article, group.name): len(group.printed) for group in published.groups()}
    second = {name: count for (article, name), count in counts.items() if article == SECOND}
    assert second == {
        "received attention, layer 0, heads 0 to 10": 44,
        "received attention, layer 0, head 11": 4,
        "leading word of each head": 12,
        "runner-up where the focus word leads": 5,
        "words": 2,
        "trend of apple": 10,
        "trend of want": 10,
        "sentence embedding": 10,
    }
    totals = Counter(dict.fromkeys(published.ARTICLES, 0))
    for (article, _), count in counts.items():
        totals[article] += count
    assert totals == {"token_trends": 80, "sentence_embedding": 97, "fourier": 39}


def test_every_figure_has_a_label_of_its_own() -> None:
    for group in published.groups():
        assert len(set(group.labels)) == len(group.labels) == len(group.printed)


def test_figures_and_labels_are_those_of_the_printed_words() -> None:
    labels = {(group.article, group.name): list(group.labels) for group in published.groups()}
    tokens = published.article("token_trends")["received_attention_layer0_head11"]["tokens"]
    units = ["[CLS]", *tokens, "[SEP]"]
    words = published.article(SECOND)["received_attention"]["words"]
    assert labels["token_trends", "received attention, layer 0, head 11"] == tokens
    assert labels["token_trends", "attention, layer 0, head 11"] == [
        f"from {query}, to {key}" for query in units for key in units
    ]
    assert labels[SECOND, "received attention, layer 0, heads 0 to 10"] == [
        f"head {head}, {word}" for head in range(11) for word in words
    ]
    assert labels[SECOND, "received attention, layer 0, head 11"] == words
    printed = {(group.article, group.name): list(group.printed) for group in published.groups()}
    for word in ("apple", "want"):
        trend = published.article(SECOND)[f"trend_{word}_first10"]
        assert printed[SECOND, f"trend of {word}"] == trend
    assert labels["fourier", "cosines of differences"][:4] == [
        "apple-orange, a",
        "apple-orange, very",
        "apple-orange, good",
        "apple-adventure, a",
    ]


def test_each_group_names_functions_that_exist_and_no_function_is_left_over() -> None:
    for basis, functions in (
        ("from_printed", reproduce.FROM_PRINTED),
        ("from_model", reproduce.FROM_MODEL),
    ):
        recomputations = [getattr(group, basis) for group in published.groups()]
        assert {named.function for named in recomputations if named} == functions.keys()


def test_unknown_article() -> None:
    with pytest.raises(UnknownChoiceError, match="'fourier'"):
        published.article("fourth")


def test_the_articles_reading_gives_its_printed_answers_from_its_printed_matrix() -> None:
    printed = published.article(SECOND)
    matrix, words = published.printed_matrix()
    assert matrix.shape == (12, 4)
    choice = choose_words(matrix, words, ARTICLE)
    assert choice.leaders.tolist() == [1, 3, 0, 2, 1, 1, 3, 0, 3, 3, 1, 1]
    assert (choice.focus.index, choice.focus.word) == (1, "want")
    assert choice.focus.received == 0.79827666
    assert choice.vote.rows.tolist() == [0, 4, 5, 10, 11]
    assert choice.vote.runners_up.tolist() == [0, 3, 3, 3, 0]
    assert choice.related.word == printed["related_word"]["word"] == "apple"
    assert (choice.related.votes, choice.related.tied) == (3, False)


def test_what_follows_from_printed_data_is_equal() -> None:
    comparisons = reproduce.compare_printed()
    assert len(comparisons) == 98
    assert {each.verdict for each in comparisons} == {Verdict.EQUAL}
    decisions = [each for each in comparisons if isinstance(each.printed, int | str)]
    assert len(decisions) == 24
    assert all(each.printed == each.ours for each in decisions)


def change(monkeypatch: pytest.MonkeyPatch, article: str, *path: Any, value: Any) -> None:
    """Change one printed figure."""
    printed = {name: copy.deepcopy(published.article(name)) for name in published.ARTICLES}
    place: Any = printed[article]
    for key in path[:-1]:
        place = place[key]
    assert place[path[-1]] != value
    place[path[-1]] = value
    monkeypatch.setattr(published, "article", printed.__getitem__)


@pytest.mark.parametrize(
    ("article", "path", "value", "differing"),
    [
        (SECOND, ("leader_per_row", 3), 1, {"head 3"}),
        (SECOND, ("received_attention", "values", 11, 0), 0.9, {"head 11", "focus word"}),
        (SECOND, ("runner_up_where_focus_leads", "values", 0), 1, {"vote 0"}),
        (SECOND, ("related_word", "word"), "an", {"related word"}),
        (SECOND, ("sentence_embedding_first10", 4), 0.11528, {"coordinate 4"}),
        (SECOND, ("trend_want_first10", 0), 0.1, {"coordinate 0"}),
        (
            "token_trends",
            ("toy_examples", 0, "printed_log_quotient", 1),
            0.6,
            {"toy 1, coordinate 1"},
        ),
        ("token_trends", ("received_attention_layer0_head11", "values", 0), 0.72, {"i"}),
        ("token_trends", ("most_important_word",), "an", {"word"}),
        ("token_trends", ("token", "index"), 1, {"want"}),
        (
            "token_trends",
            ("attention_layer0_head11_rounded", "values", 2, 1),
            0.46,
            {"from want, to i", "from want, to [CLS]"},
        ),
        (
            "token_trends",
            ("received_attention_layer0_head11", "values", 3),
            0.36948616,
            {"apple"},
        ),
        (SECOND, ("received_attention", "values", 11, 2), 0.45695213, {"an"}),
        ("fourier", ("tokens", "very"), 5, {"very"}),
    ],
)
def test_a_changed_printed_figure_is_found(
    monkeypatch: pytest.MonkeyPatch, article: str, path: Any, value: Any, differing: set[str]
) -> None:
    change(monkeypatch, article, *path, value=value)
    found = {e.figure for e in reproduce.compare_printed() if e.verdict is Verdict.DIFFERS}
    assert differing <= found
    assert main(["reproduce", "--model", "all-MiniLM-L6-v2"]) == 1


def test_another_models_figures_are_shown_but_never_compared(minilm: Encoder) -> None:
    comparisons = reproduce.compare_model(minilm)
    assert len(comparisons) == 210
    assert {each.verdict for each in comparisons} == {Verdict.NOT_RUN}
    assert {each.difference for each in comparisons} == {None}
    assert all("not the article's model" in each.why for each in comparisons)
    assert any(each.ours is not None for each in comparisons)


def group(printed: tuple[published.Value, ...], tolerance: float) -> Group:
    labels = tuple(f"figure {index}" for index in range(len(printed)))
    recomputation = Recomputation("function", tolerance)
    return Group("article", "group", labels, printed, from_printed=recomputation)


@pytest.mark.parametrize(
    ("printed", "ours", "verdict"),
    [
        (1.0, 1.05, Verdict.EQUAL),
        (1.0, 0.95, Verdict.EQUAL),
        (1.0, 1.2, Verdict.DIFFERS),
        (1.0, float("nan"), Verdict.DIFFERS),
        (1.0, float("inf"), Verdict.DIFFERS),
        ("want", "want", Verdict.EQUAL),
        ("want", "apple", Verdict.DIFFERS),
        ("want", 1, Verdict.DIFFERS),
    ],
)
def test_verdicts(printed: Any, ours: Any, verdict: Verdict) -> None:
    (comparison,) = compare(group((printed,), 0.1), [ours], PRINTED_DATA)
    assert comparison.verdict is verdict


PINNED = {
    "token_trends": "32b37026d2361c2b6e470738b75544c51cf4408445b49605555ee50101c48fd9",
    "sentence_embedding": "57d1c35e7936ca972f11bcf47df819136a14acd5cefbc8e8f927e072abbe9916",
    "fourier": "70d2f7ff875a11a50e8d8361fd95f26f0985806fa6350acf4367515371ef83ef",
}


def test_the_printed_figures_are_those_that_were_copied_from_the_articles() -> None:
    """A change of a printed figure is an error, unless the article was misread: compare with it."""
    assert PINNED.keys() == set(published.ARTICLES)
    for name, expected in PINNED.items():
        content = (
            Path(published.__file__).with_name("printed").joinpath(f"{name}.json").read_bytes()
        )
        assert sha256(content).hexdigest() == expected, name


def places(printed: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List where the printed numbers stand."""
    if isinstance(printed, dict | list):
        entries = printed.items() if isinstance(printed, dict) else enumerate(printed)
        for key, entry in entries:
            yield from places(entry, (*path, key))
    elif isinstance(printed, int | float):
        yield path


NOTICED = {
    ("token_trends", "token"): 1,  # of 1
    ("token_trends", "num_hidden_states"): 0,  # of 1
    ("token_trends", "hidden_size"): 0,  # of 1
    ("token_trends", "toy_examples"): 14,  # of 18
    ("token_trends", "contextual_want_sentence1_first10"): 0,  # of 10
    ("token_trends", "cosine_first10_contextual"): 0,  # of 3
    ("token_trends", "cosine_first10_trend"): 0,  # of 3
    ("token_trends", "attention_layer0_head11_rounded"): 49,  # of 49
    ("token_trends", "received_attention_layer0_head11"): 5,  # of 5
    (SECOND, "received_attention"): 11,  # of 48
    (SECOND, "leader_per_row"): 12,  # of 12
    (SECOND, "focus_word"): 0,  # of 1
    (SECOND, "runner_up_where_focus_leads"): 5,  # of 5
    (SECOND, "related_word"): 0,  # of 1
    (SECOND, "trend_apple_first10"): 10,  # of 10
    (SECOND, "trend_want_first10"): 10,  # of 10
    (SECOND, "sentence_embedding_first10"): 10,  # of 10
    ("fourier", "tokens"): 3,  # of 3
    ("fourier", "cosine_first10"): 0,  # of 36
}
"""How many numbers are noticed when 0.05 (or 1, to a count) is added to them."""


def test_how_many_changed_figures_are_noticed_without_a_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Change one number at a time. The checksums notice each; this counts what figures say."""
    noticed: Counter[tuple[str, str]] = Counter()
    for name in published.ARTICLES:
        for path in places(published.article(name)):
            value: Any = published.article(name)
            for key in path:
                value = value[key]
            with monkeypatch.context() as patch:
                change(patch, name, *path, value=value + (1 if isinstance(value, int) else 0.05))
                verdicts = {each.verdict for each in reproduce.compare_printed()}
            noticed[name, path[0]] += Verdict.DIFFERS in verdicts
    assert noticed == NOTICED


def test_a_wrong_number_of_values_differs() -> None:
    for ours in ([1.0], [1.0, 2.0, 3.0], []):
        comparisons = compare(group((1.0, 2.0), 0.1), ours, PRINTED_DATA)
        assert {each.verdict for each in comparisons} == {Verdict.DIFFERS}
        assert {each.why for each in comparisons} == {f"{counted(len(ours), 'value')} instead of 2"}


def test_not_run_says_why() -> None:
    comparisons = reproduce.comparisons_not_run("weights not reachable")
    assert len(comparisons) == 210
    assert {(each.verdict, each.why) for each in comparisons} == {
        (Verdict.NOT_RUN, "weights not reachable")
    }


@pytest.mark.usefixtures("empty_cache")
def test_reproduce_without_the_weights(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["reproduce", "--csv", str(tmp_path / "sub" / "figures.csv")]) == 3
    output = capsys.readouterr()
    assert "216 printed figures." in output.out
    assert "Recomputed from printed data: 98 equal." in output.out
    assert "bert-base-uncased: 210 not run: weights not reachable." in output.out
    assert output.out.rstrip().endswith(
        "Not run: 210 of 216 printed figures need bert-base-uncased, which was not run. Compared "
        "with what other printed figures say: 98, and all are equal."
    )
    assert "HF_HOME" in output.err
    table = pd.read_csv(tmp_path / "sub" / "figures.csv")
    assert len(table) == 308
    assert len(table.drop_duplicates(["article", "group", "figure"])) == 216


def test_with_another_model_it_is_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--model", "all-MiniLM-L6-v2"]) == 3
    assert "Not run: 210 of 216 printed figures need bert-base-uncased" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["equal", "equal"], "Equal: all 2 printed figures were recomputed, and none differs."),
        (["equal", "differs"], "Different: 1 of 2 printed figures differ from ours."),
        (["not run", "differs"], "Different: 1 of 2 printed figures differ from ours."),
        (["not run", "equal"], "Not run: 1 of 2 printed figures need bert-base-uncased"),
    ],
)
def test_the_headline_and_the_status_never_tell_not_run_as_a_success(
    verdicts: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [
        dataclasses.replace(each, verdict=Verdict(verdict))
        for each, verdict in zip(reproduce.compare_printed()[:2], verdicts, strict=True)
    ]
    monkeypatch.setattr(reproduce, "compare_printed", lambda: found)
    monkeypatch.setattr(reproduce, "compare_model", lambda _: [])
    statuses = {"Equal": 0, "Different": 1, "Not run": 3}
    expected_status = statuses[expected.partition(":")[0]]
    assert main(["reproduce", "--model", str(tiny_folder)]) == expected_status
    assert capsys.readouterr().out.split("\n\n")[-1].startswith(expected)


@pytest.fixture
def stand_in(
    empty_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Encoder:
    """A random model of twelve layers and heads in the place of bert-base-uncased."""
    folder = make_tiny_model(tmp_path / "stand-in", layers=12, heads=12)
    sha256 = weights.sha256_of(folder / weights.WEIGHTS_FILE)
    cuts = tokenizer_sha256(BertTokenizerFast.from_pretrained(folder))
    as_bert = dataclasses.replace(BERT_BASE, sha256=sha256, tokenizer_sha256=cuts)
    monkeypatch.setattr(weights, "BERT_BASE", as_bert)
    monkeypatch.setattr(published, "BERT_BASE", as_bert)
    fill_cache(empty_cache, folder, "bert-base-uncased")
    return load_encoder("bert-base-uncased", "float64")


def test_reproduce_fails_where_the_model_gives_other_figures(
    stand_in: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce"]) == 1
    assert "differs" in capsys.readouterr().out


def test_reproduce_succeeds_where_the_model_gives_the_printed_figures(
    stand_in: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Print the stand-in's own figures: then every one must be found equal."""
    ours = {
        article: {
            group.name: values
            for group, values in reproduce.recompute_with_model(stand_in, article)
        }
        for article in published.ARTICLES
    }
    original = published.groups

    def printed_by_the_stand_in(name: str | None = None) -> tuple[Group, ...]:
        return tuple(
            dataclasses.replace(each, printed=tuple(ours[each.article][each.name]))
            if each.name in ours[each.article]
            and len(ours[each.article][each.name]) == len(each.printed)
            else each
            for each in original(name)
        )

    monkeypatch.setattr(published, "groups", printed_by_the_stand_in)
    comparisons = reproduce.compare_model(stand_in)
    verdicts = Counter((each.group, each.verdict) for each in comparisons)
    unequal = {name for (name, verdict) in verdicts if verdict is not Verdict.EQUAL}
    # The random model's focus word leads another number of heads than the article's.
    assert unequal <= {"runner-up where the focus word leads"}
    assert sum(verdicts.values()) == 210

    first, *others = ours["fourier"]["cosines of differences"]
    assert isinstance(first, float)
    ours["fourier"]["cosines of differences"] = [first + 0.01, *others]
    differing = [
        each.figure
        for each in reproduce.compare_model(stand_in, "fourier")
        if each.verdict is Verdict.DIFFERS
    ]
    assert differing == ["apple-orange, a"]


def test_tolerances_have_room_for_float32(minilm: Encoder) -> None:
    """The articles computed in float32, we compare in float64: ten times that must still fit."""
    single = reproduce.compare_model(load_encoder("all-MiniLM-L6-v2", "float32"))
    double = reproduce.compare_model(minilm)
    tolerances = {
        (group.article, group.name): group.from_model.tolerance
        for group in published.groups()
        if group.from_model is not None
    }
    for one, two in zip(single, double, strict=True):
        if isinstance(one.ours, float) and isinstance(two.ours, float):
            assert abs(one.ours - two.ours) * 10 <= tolerances[one.article, one.group]
        else:
            assert one.ours == two.ours


def test_reproduce_with_damaged_weights(
    empty_cache: Path,
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill_cache(empty_cache, tiny_folder, "bert-base-uncased")
    assert main(["reproduce"]) == 2
    assert BERT_BASE.sha256 in capsys.readouterr().err


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--model", "no/such/model"]) == 2
    assert "'bert-base-uncased'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["no-such-command"])
    assert caught.value.code == 2


def test_bert_base_gives_every_printed_figure(bert_base: Encoder) -> None:
    comparisons = reproduce.compare_model(bert_base)
    assert [each for each in comparisons if each.verdict is not Verdict.EQUAL] == []


def test_the_two_articles_printed_the_same_head() -> None:
    """The first printed its attention and its sums, the second printed the sums again."""
    attention, tokens = published.printed_attention()
    received, words = published.printed_received()
    matrix, candidates = published.printed_matrix()
    assert tokens[1:6] == words
    assert words[:4] == candidates
    np.testing.assert_allclose(attention.sum(axis=1), 1, atol=7 * 0.005)
    np.testing.assert_allclose(attention.sum(axis=0)[1:6], received, atol=7 * 0.005)
    np.testing.assert_allclose(matrix[11], received[:4], atol=1e-6)


def test_the_printed_trends_add_up_to_the_last_digit() -> None:
    want, apple = published.printed_trends()
    values, defined = add_trends(want, apple)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, published.printed_embedding())
    assert defined.tolist() == [True] * 9 + [False]
