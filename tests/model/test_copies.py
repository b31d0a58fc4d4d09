"""Results and encoders are copied, pickled and sent to other processes, and stay as they are."""

import copy
import io
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import joblib
import numpy as np
import pytest

from trendlib.embedding import embed_encoding
from trendlib.model.encoder import Encoder
from trendlib.trend import trend


def by_joblib(value: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(value, file)
    return joblib.load(file)


COPIES: tuple[Callable[[Any], Any], ...] = (
    copy.copy,
    copy.deepcopy,
    lambda value: pickle.loads(pickle.dumps(value)),
    by_joblib,
)


@pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle", "joblib"])
def test_results_are_copied_and_stay_read_only(tiny: Encoder, copied: Callable[[Any], Any]) -> None:
    encoding = tiny.encode("I want an apple.")
    embedding = embed_encoding(encoding)
    assert copied(encoding.provenance) == encoding.provenance
    with pytest.raises(TypeError):
        copied(encoding.provenance).versions["torch"] = "0"
    assert copied(embedding.choice).focus == embedding.choice.focus
    arrays = ("hidden_states", "attentions"), ("values", "defined"), ("values", "defined")
    static, contextual = encoding.static[0], encoding.contextual[0]
    for value, names in zip((encoding, embedding, trend(static, contextual)), arrays, strict=True):
        again = copied(value)
        for name in names:
            np.testing.assert_array_equal(getattr(again, name), getattr(value, name))
            assert not getattr(again, name).flags.writeable


@pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle", "joblib"])
def test_an_encoder_is_copied(tiny: Encoder, copied: Callable[[Any], Any]) -> None:
    again = copied(tiny)
    expected = tiny.encode("I want an apple.")
    np.testing.assert_array_equal(again.encode("I want an apple.").attentions, expected.attentions)
    assert again.provenance == tiny.provenance


def test_an_encoder_works_in_a_process_pool(tiny: Encoder) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        found = pool.submit(tiny.encode, "I want an apple.").result(timeout=120)
    expected = tiny.encode("I want an apple.")
    np.testing.assert_allclose(found.hidden_states, expected.hidden_states, atol=1e-12)
    assert found.provenance == tiny.provenance
