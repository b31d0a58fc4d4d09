"""Readings of the attentions, and small changes of sentences."""

from pathlib import Path

import numpy as np
import pytest

from trendlib.choice import NoRelated, find_words
from trendlib.evaluate import runner
from trendlib.evaluate.protocol import Workbench
from trendlib.evaluate.tasks import readings
from trendlib.readings import ARTICLE


def test_the_articles_reading_is_the_articles(workbench: Workbench) -> None:
    methods = [each.method for each in readings.methods_of(6, 12) if not each.condition.name]
    assert len(methods) == 72 + 3
    assert len(readings.methods_of(6, 12)) == 72 + 3 + 4
    assert methods[0].layer == 0
    assert methods[0].head == 11
    read_one_head = {(method.layer, method.head) for method in methods} - {(0, None), (None, None)}
    assert read_one_head == {(layer, head) for layer in range(6) for head in range(12)}
    encoding = workbench.encoder.encode("The old man sold his boat to a friend.")
    received = readings.receive(encoding)
    assert methods[0].choose(received).chosen_words == find_words(encoding, ARTICLE).chosen_words
    (last,) = [method for method in methods if (method.layer, method.head) == (5, 11)]
    assert last.choose(received).layer == 5
    assert last.choose(received).focus_row == 11
    layers = readings.ALL_LAYERS.choose(received)
    assert layers.received.shape[0] == 6
    assert not np.allclose(layers.received, readings.ROLLOUT.choose(received).received)


def test_an_uncased_model_does_not_see_a_capital(files: Path, workbench: Workbench) -> None:
    result = runner.run_task(runner.TASKS["readings"], workbench)
    for method in ("article", "layers", "rollout"):
        assert result.score(method, "both kept", group="capital").value == 1
        assert result.score(method, "focus kept", group="capital").value == 1
    assert result.by_method("other focus word")["layers"].value > 0
    assert "article" not in result.by_method("other focus word")


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


def test_no_related_word_is_no_word(workbench: Workbench) -> None:
    received = readings.receive(workbench.encoder.encode("Stop."))
    result = readings.methods_of(6, 12)[0].method.choose(received)
    assert isinstance(result.related, NoRelated)
    assert readings._related(result) == readings.NONE


def test_rollout_keeps_what_there_is() -> None:
    attention = np.random.default_rng(1).dirichlet(np.ones(4), size=(3, 2, 4))
    rolled = readings.rollout(attention)
    assert np.allclose(rolled.sum(axis=-1), 1)
    half = (attention.mean(axis=1) + np.eye(4)) / 2
    assert np.allclose(rolled[2], half[2] @ half[1] @ half[0])
