"""Every architecture of the table: batches give what the reference gives, and state 0 is known."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch
import transformers

from helpers.models import KINDS, make_encoder
from helpers.strict import no_warnings
from trendlib.embedding import RECIPES, Recipe, embed_encoding
from trendlib.encoding import Tokenized
from trendlib.errors import LayerOutOfRangeError, TooLongError
from trendlib.model.architectures import ARCHITECTURES
from trendlib.model.batch import run_whole, start
from trendlib.model.corpus import Embedded, embed_array, embed_many
from trendlib.model.encoder import DEAD, Encoder, load_encoder
from trendlib.model.network import without_pooler
from trendlib.readings import ARTICLE, LAST_LAYER, LAYERS, READINGS

SENTENCES = [
    "I want an apple.",
    "She sent a card to her mother, who had had a very good adventure!",
    "hello",
    "我想要一个苹果。",
    "  two  spaces,\tand don't\nU.S.A. ",
    "J'ai été à Paris",
    "an apple an apple an apple an apple an apple an apple",
]
EXACT = 1e-9


@pytest.fixture(scope="module", params=KINDS)
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = make_encoder(tmp_path_factory.mktemp("models") / request.param, KINDS[request.param])
    with no_warnings():  # none of them may be slow
        return load_encoder(folder, "float64")


def test_the_table_is_tested() -> None:
    tested = {getattr(transformers, kind.model).config_class.model_type for kind in KINDS.values()}
    assert tested == ARCHITECTURES.keys()


def test_batches_are_the_reference(encoder: Encoder) -> None:
    batch = [each for each in encoder.tokenize(SENTENCES) if isinstance(each, Tokenized)]
    assert len(batch) >= 6
    assert len({len(each.ids) for each in batch}) > 3
    encodings = [encoder.encode(each.sentence) for each in batch]
    for reading in READINGS.values():
        started = start(encoder, batch, reading, first=1)
        finished = started.finish([range(len(each.ids)) for each in batch])
        whole = run_whole(encoder, batch, reading)
        for encoding, stack, pair, (rows, states) in zip(
            encodings, started.attention, finished, whole, strict=True
        ):
            expected = encoding.attentions
            expected = expected.mean(axis=1) if stack.layer is None else expected[stack.layer]
            np.testing.assert_allclose(stack.matrices, expected, atol=EXACT, rtol=0)
            np.testing.assert_allclose(rows.matrices, expected, atol=EXACT, rtol=0)
            reference = encoding.hidden_states
            np.testing.assert_allclose(pair[0], reference[1], atol=EXACT, rtol=0)
            np.testing.assert_allclose(pair[1], reference[-1], atol=EXACT, rtol=0)
            np.testing.assert_allclose(states, reference, atol=EXACT, rtol=0)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_the_reference(encoder: Encoder, name: str) -> None:
    for reading in (ARTICLE, LAYERS, LAST_LAYER):
        recipe = dataclasses.replace(RECIPES[name], reading=reading)
        for number, outcome in embed_many(encoder, SENTENCES, recipe, budget=60, usual=True):
            if not isinstance(outcome, Embedded):
                continue
            encoding = encoder.encode(SENTENCES[number])
            expected = embed_encoding(encoding, recipe)
            found = outcome.embedding
            assert found.choice.chosen_words == expected.choice.chosen_words
            np.testing.assert_array_equal(found.defined, expected.defined)
            # A logarithm of what is close to zero amplifies rounding.
            tolerance = 1e-7 if recipe.kind == "log-quotient" else EXACT
            np.testing.assert_allclose(found.values, expected.values, atol=tolerance, rtol=0)
            assert outcome.usual is not None
            np.testing.assert_allclose(outcome.usual.mean, encoding.mean, atol=EXACT, rtol=0)


def test_arrays_are_those_of_transformers(encoder: Encoder) -> None:
    """Hidden states and attentions are those of the library's own eager attention."""
    model = encoder.model
    ids = encoder.encode(SENTENCES[0])
    eager = type(model)(copy.deepcopy(model.config), **without_pooler(type(model)))
    eager = eager.double().eval()
    eager.set_attn_implementation("eager")
    eager.load_state_dict(model.state_dict())
    (tokenized,) = encoder.tokenize([SENTENCES[0]])
    assert isinstance(tokenized, Tokenized)
    with torch.no_grad():
        output = eager(
            torch.tensor([tokenized.ids]), output_hidden_states=True, output_attentions=True
        )
    rounding = 1e-5 if encoder.architecture.attention == "exact" else 1e-12
    for state, expected in zip(ids.hidden_states, output.hidden_states, strict=True):
        np.testing.assert_allclose(state, expected[0], atol=rounding)
    for layer, expected in zip(ids.attentions, output.attentions, strict=True):
        np.testing.assert_allclose(layer, expected[0], atol=rounding)
    np.testing.assert_allclose(ids.hidden_states[-1], output.last_hidden_state[0], atol=rounding)


def test_rows_of_attention_sum_to_1_in_the_number_format(encoder: Encoder) -> None:
    attentions = encoder.encode(SENTENCES[1]).attentions
    np.testing.assert_allclose(attentions.sum(axis=-1), 1, atol=1e-13)


def state_0(encoder: Encoder, ids: list[int]) -> torch.Tensor:
    """Compute hidden state 0 from the tables alone, as the table of architectures describes it."""
    model, kind = encoder.model, encoder.architecture.model_type
    tensors = dict(model.named_parameters())
    token = model.get_input_embeddings().weight[ids]
    static = token
    start = 0
    if encoder.architecture.positions == "after padding":
        start = model.config.pad_token_id + 1
    if "embeddings.position_embeddings.weight" in tensors:
        static = (
            static
            + tensors["embeddings.position_embeddings.weight"][
                torch.arange(start, start + len(ids))
            ]
        )
    if "embeddings.token_type_embeddings.weight" in tensors:
        static = static + tensors["embeddings.token_type_embeddings.weight"][0]
    if kind in ("eurobert", "megatron-bert", "xlm-roberta-xl"):  # these are not normalized here
        return static
    norm = model.embeddings.norm if kind == "modernbert" else model.embeddings.LayerNorm
    static = norm(static)
    for name in ("embeddings_project", "encoder.embedding_hidden_mapping_in"):
        if f"{name}.weight" in tensors:
            static = static @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]
    return static


def test_hidden_state_0_is_what_the_table_says(encoder: Encoder) -> None:
    (tokenized,) = encoder.tokenize([SENTENCES[0]])
    assert isinstance(tokenized, Tokenized)
    with torch.no_grad():
        expected = state_0(encoder, list(tokenized.ids))
    found = encoder.encode(SENTENCES[0]).hidden_states[0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_dead_coordinates_are_those_that_never_change(encoder: Encoder) -> None:
    """A gain of almost nothing is found, and there the last state is one number."""
    module = encoder.model
    for part in encoder.architecture.normalization.split("."):
        module = module[int(part)] if part.lstrip("-").isdigit() else getattr(module, part)
    gains = module.weight
    before = gains[5].item()
    assert encoder.dead_coordinates == ()
    with torch.no_grad():
        gains[5] = DEAD / 10 * gains.abs().median()
    try:
        assert encoder.dead_coordinates == (5,)
        last = encoder.encode(SENTENCES[1]).hidden_states[-1]
        assert np.ptp(last[:, 5]) < 0.01 < np.ptp(last[:, 6])
    finally:
        with torch.no_grad():
            gains[5] = before


def test_the_longest_sentence_fits_and_one_more_token_does_not(encoder: Encoder) -> None:
    longest = encoder.max_tokens
    if encoder.architecture.positions == "after padding":
        assert longest == 80 - encoder.model.config.pad_token_id - 1
    else:
        assert longest == 80
    number = encoder.tokenizer("apple")["input_ids"][1]
    tokens = Tokenized("", (), (number,) * longest)
    assert run_whole(encoder, [tokens], ARTICLE)[0][1].shape[1] == longest
    assert encoder.encode_tokens(tokens.ids).hidden_states.shape[1] == longest
    with pytest.raises(TooLongError, match=f"has room for {longest}"):
        encoder.encode("apple " * (longest + 1))


def test_an_encoder_is_copied_with_what_was_found_out(encoder: Encoder) -> None:
    again = pickle.loads(pickle.dumps(encoder))
    assert again.architecture == encoder.architecture
    for mine, other in zip(
        (encoder.encode(SENTENCES[0]), embed_array(encoder, SENTENCES[:2])),
        (again.encode(SENTENCES[0]), embed_array(again, SENTENCES[:2])),
        strict=True,
    ):
        if isinstance(mine, np.ndarray):
            np.testing.assert_allclose(mine, other, atol=1e-12)
        else:
            np.testing.assert_allclose(mine.hidden_states, other.hidden_states, atol=1e-12)


def test_a_layer_that_it_does_not_have(encoder: Encoder) -> None:
    with pytest.raises(LayerOutOfRangeError, match="4 layers"):
        embed_array(encoder, SENTENCES, Recipe(dataclasses.replace(ARTICLE, layer=4)))
