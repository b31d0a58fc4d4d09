"""Models that the table does not have, models that the method does not fit, and bad input."""

import copy
import json
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken

from helpers.models import KINDS, Kind, byte_pairs, make_encoder, plain_byte_pairs, word_pieces
from trendlib.embedding import embed_encoding
from trendlib.errors import CorruptedWeightsError, ModelError, TooLongError, UnsupportedModelError
from trendlib.model import tryout
from trendlib.model.batch import start
from trendlib.model.corpus import Embedded, embed_many
from trendlib.model.encoder import load_encoder
from trendlib.model.tensors import WEIGHTS_FILE
from trendlib.model.tryout import SlowBatchesWarning

CONFIG, SETTINGS, TOKENIZER = "config.json", "tokenizer_config.json", "tokenizer.json"
SENTENCES = ["I want an apple.", "She sent a card to her mother, who had had it!", "hello"]


def change(path: Path, changed: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    changed(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def check_batches(folder: Path, dtype: str = "float64") -> None:
    encoder = load_encoder(folder, dtype)
    rounding = 1e-9 if dtype == "float64" else 1e-5
    for number, outcome in embed_many(encoder, SENTENCES, usual=True):
        assert isinstance(outcome, Embedded)
        encoding = encoder.encode(SENTENCES[number])
        assert outcome.embedding.choice.chosen_words == embed_encoding(encoding).choice.chosen_words
        assert outcome.usual is not None
        np.testing.assert_allclose(outcome.usual.mean, encoding.mean, atol=rounding)


# Encoders that the table does not have are tried out


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        (Kind("RoFormerModel", word_pieces, {"embedding_size": 24}), 80),
        (Kind("BertGenerationEncoder", word_pieces), 80),
        (Kind("IBertModel", byte_pairs), 78),
        # It fails with another error than most where its table of positions ends.
        (Kind("XmodModel", byte_pairs, {"default_language": "en_XX"}), 78),
        # It would attend to parts of a text, and all of its layers change when one is short.
        (Kind("BigBirdModel", word_pieces, {"block_size": 2, "num_random_blocks": 1}), 80),
    ],
    ids=lambda each: getattr(each, "model", each),
)
def test_an_unknown_encoder_is_tried_out(tmp_path: Path, kind: Kind, longest: int) -> None:
    folder = make_encoder(tmp_path / "other", kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SlowBatchesWarning)
        encoder = load_encoder(folder, "float64")
        check_batches(folder)
    assert not encoder.architecture.known
    assert encoder.max_tokens == longest
    assert encoder.dead_coordinates == ()
    with pytest.raises(TooLongError):
        encoder.encode("apple " * longest)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        # Its landmarks are of the padding.
        (Kind("NystromformerModel", word_pieces), r"the largest difference is \d"),
        (Kind("LayoutLMModel", word_pieces), "it rounds attention to float32"),
        # A decoder by its type, which declares that its tokens attend both ways.
        (Kind("LlamaModel", plain_byte_pairs, {"is_causal": False}), "it rounds attention to floa"),
    ],
    ids=lambda each: getattr(each, "model", ""),
)
def test_what_differs_in_a_batch_is_run_alone_and_told_once(
    tmp_path: Path, kind: Kind, reason: str
) -> None:
    folder = make_encoder(tmp_path / "other", kind)
    with pytest.warns(SlowBatchesWarning, match=f"{reason}.*run one by one, which is slo") as told:
        check_batches(folder)
    assert len(told) == 1
    assert load_encoder(folder, "float64").architecture.batch == "single"


def save(folder: Path, model: Any, longest: int | None) -> Path:
    """Save a model that has no table of positions, with a tokenizer that may declare a limit."""
    tokenizer = word_pieces()
    if longest is not None:
        tokenizer.model_max_length = longest
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def xlnet() -> Any:
    config = transformers.XLNetConfig(
        vocab_size=len(word_pieces()), d_model=24, n_layer=3, n_head=3, d_inner=32, pad_token_id=0
    )
    return transformers.XLNetModel(config)


def t5_encoder() -> Any:
    config = transformers.T5Config(
        vocab_size=len(word_pieces()), d_model=24, num_layers=3, num_heads=3, d_kv=8, d_ff=32
    )
    return transformers.T5EncoderModel(config)


@pytest.mark.parametrize("make", [xlnet, t5_encoder])
def test_without_a_table_of_positions_the_tokenizer_sets_the_limit(
    tmp_path: Path, make: Callable[[], Any]
) -> None:
    folder = save(tmp_path / "limited", make(), 64)
    check_batches(folder, "float32")
    encoder = load_encoder(folder)
    assert encoder.max_tokens == 64
    with pytest.raises(TooLongError, match="room for 64"):
        encoder.encode("apple " * 64)
    with pytest.raises(UnsupportedModelError, match="set model_max_length to the number"):
        load_encoder(save(tmp_path / "unlimited", make(), None))


def test_a_network_that_runs_in_float32_alone(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"Float.*Double; it may run in float32\)"):
        load_encoder(save(tmp_path / "xlnet", xlnet(), 64), "float64")


def test_positions_are_counted_from_where_the_network_does(tmp_path: Path) -> None:
    """MPNet counts them after token 1, whatever number config.json gives to padding."""
    encoder = load_encoder(make_encoder(tmp_path / "mpnet", KINDS["mpnet"], pad_token_id=0))
    assert encoder.max_tokens == 78
    assert encoder.encode_tokens([5] * 78).hidden_states.shape == (5, 78, 24)


def test_a_warning_that_is_made_an_error_stays_what_it_is(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "other", Kind("LayoutLMModel", word_pieces))
    with warnings.catch_warnings():
        warnings.simplefilter("error", SlowBatchesWarning)
        with pytest.raises(SlowBatchesWarning):
            load_encoder(folder, "float64")


def test_a_batch_that_differs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A known architecture too is compared each time that it is loaded."""
    run = start

    def wrong(*arguments: Any) -> Any:
        started = run(*arguments)
        started.attention[0].matrices[0, 0, 0] += 1e-6
        return started

    monkeypatch.setattr(tryout, "start", wrong)
    folder = make_encoder(tmp_path / "roberta", KINDS["roberta"])
    with pytest.warns(SlowBatchesWarning, match=r"\(type roberta\).*1e-06 of the largest"):
        encoder = load_encoder(folder, "float64")
    assert encoder.architecture.batch == "single"
    check_batches(folder)


# What the method does not fit


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind("GPT2LMHeadModel", plain_byte_pairs), "'gpt2', a decoder"),
        (Kind("LlamaModel", plain_byte_pairs), "'llama', a decoder"),
        (Kind("T5Model", plain_byte_pairs, {"d_model": 24, "d_kv": 8}), "is_encoder_decoder=True"),
        (Kind("BartModel", byte_pairs, {"decoder_attention_heads": 3}), "is_encoder_decoder=True"),
        (Kind("ConvBertModel", word_pieces, {"embedding_size": 24}), "declares 3 heads"),
        (Kind("FNetModel", word_pieces), "'fnet' and returned 0 layers of attention instead of 4"),
        (Kind("LongformerModel", word_pieces, {"attention_window": [6] * 4}), "of shape (4, 3, 6"),
        (Kind("YosoModel", word_pieces), "'yoso', which does not give what the method needs"),
        (Kind("SqueezeBertModel", word_pieces, {"embedding_size": 24}), "do not sum to 1"),
        (Kind("CanineModel", word_pieces), "no one table of embeddings for the tokens"),
        (Kind("GPTNeoXModel", plain_byte_pairs), "attend only backwards: it is a decoder"),
        (Kind("BertModel", word_pieces, {"is_decoder": True}), "is_decoder=True"),
    ],
    ids=lambda each: getattr(each, "model", ""),
)
def test_what_is_no_encoder_with_attentions_is_refused(
    tmp_path: Path, kind: Kind, reason: str
) -> None:
    folder = make_encoder(tmp_path / "other", kind)
    with pytest.raises(UnsupportedModelError, match=re.escape(reason)) as caught:
        load_encoder(folder)
    assert "bert, ernie, roberta" in str(caught.value)


def test_a_decoder_that_says_nothing_of_it_is_found_by_its_attention(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trendlib.model.network.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", {})
    folder = make_encoder(tmp_path / "other", Kind("GPT2Model", plain_byte_pairs))
    with pytest.raises(UnsupportedModelError, match="tokens attend only backwards"):
        load_encoder(folder)


def one_way(output: Any) -> None:
    identity = torch.eye(output.attentions[0].shape[-1], dtype=output.attentions[0].dtype)
    output.attentions = (output.attentions[0] * 0 + identity, *output.attentions[1:])


def without_the_first_state(output: Any) -> None:
    output.hidden_states = output.hidden_states[1:]


def with_a_wider_state(output: Any) -> None:
    last = output.hidden_states[-1]
    output.hidden_states = (*output.hidden_states[:-1], torch.cat([last, last], dim=-1))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (one_way, "attend only backwards"),
        (without_the_first_state, "4 hidden states and 4 layers of attention"),
        (with_a_wider_state, r"hidden states are not all of one shape \(\(6, 24\), \(6, 48\)\)"),
    ],
)
def test_what_a_network_returns_is_checked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: Callable[[Any], None],
    reason: str,
) -> None:
    folder = make_encoder(tmp_path / "other", Kind("BertGenerationEncoder", word_pieces))
    forward = transformers.BertGenerationEncoder.forward

    def other(*arguments: Any, **named: Any) -> Any:
        output = forward(*arguments, **named)
        if named.get("output_attentions"):
            changed(output)
        return output

    monkeypatch.setattr(transformers.BertGenerationEncoder, "forward", other)
    with pytest.raises(UnsupportedModelError, match=reason):
        load_encoder(folder)


# Bad input


@pytest.mark.parametrize(
    "settings", [{"return_dict": False}, {"chunk_size_feed_forward": 4}, {"pad_token_id": -1}]
)
def test_settings_that_change_no_number(bert: Path, settings: dict[str, Any]) -> None:
    expected = load_encoder(bert).encode(SENTENCES[1]).hidden_states
    change(bert / CONFIG, lambda config: config.update(settings))
    with warnings.catch_warnings():
        warnings.simplefilter("error", SlowBatchesWarning)
        found = load_encoder(bert).encode(SENTENCES[1]).hidden_states
    np.testing.assert_array_equal(found, expected)


def test_positions_after_a_padding_that_has_no_number(roberta: Path) -> None:
    change(roberta / CONFIG, lambda config: config.update(pad_token_id=None))
    with pytest.raises(UnsupportedModelError, match="sets no pad_token_id"):
        load_encoder(roberta)


@pytest.mark.parametrize("declared", [0, -5, 2])
def test_a_tokenizer_that_declares_no_room_for_a_word(roberta: Path, declared: int) -> None:
    change(roberta / SETTINGS, lambda settings: settings.update(model_max_length=declared))
    with pytest.raises(UnsupportedModelError, match=f"room for {declared} tokens.*no word fits"):
        load_encoder(roberta)


def test_weights_of_another_type_than_the_config(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "other", KINDS["roberta"])

    def lie(config: Any) -> None:
        config.update(model_type="distilbert", architectures=None)

    change(folder / CONFIG, lie)
    with pytest.raises(CorruptedWeightsError, match="declares another model than the weights are"):
        load_encoder(folder)


@pytest.fixture
def roberta(tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "tiny-roberta", KINDS["roberta"])


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "tiny-bert", KINDS["bert-cased"])


def test_a_tokenizer_with_more_tokens_than_the_table_has_rows(roberta: Path) -> None:
    tokenizer = byte_pairs()
    tokenizer.add_tokens(["adventure"])
    tokenizer.save_pretrained(roberta)
    with pytest.raises(UnsupportedModelError, match=r"a token of number (\d+).*has \1 rows"):
        load_encoder(roberta)


def test_a_table_with_rows_for_later_is_right(tmp_path: Path, bert: Path) -> None:
    padded = make_encoder(
        tmp_path / "padded", KINDS["bert-cased"], vocab_size=len(word_pieces()) + 99
    )
    assert load_encoder(padded).encode("hello").word_texts == ("hello",)


def test_a_table_with_many_rows_too_many_is_of_another_tokenizer(tmp_path: Path) -> None:
    size = len(word_pieces())
    folder = make_encoder(tmp_path / "large", KINDS["bert-cased"], vocab_size=size + 200)
    with pytest.raises(
        UnsupportedModelError, match=f"has {size} tokens, but.*has {size + 200} row"
    ):
        load_encoder(folder)


@pytest.mark.parametrize("file", [SETTINGS, CONFIG])
def test_a_tokenizer_class_that_is_not_installed(bert: Path, file: str) -> None:
    change(bert / SETTINGS, lambda settings: settings.pop("tokenizer_class", None))
    change(bert / file, lambda settings: settings.update(tokenizer_class="FutureTokenizer"))
    with pytest.raises(UnsupportedModelError, match="'FutureTokenizer', which transformers 5"):
        load_encoder(bert)


@pytest.mark.parametrize("name", ["BertJapaneseTokenizer", "CanineTokenizer", "PhobertTokenizer"])
def test_a_tokenizer_without_offsets(bert: Path, name: str) -> None:
    change(bert / SETTINGS, lambda settings: settings.update(tokenizer_class=name))
    with pytest.raises(UnsupportedModelError, match=f"'{name}', which is written in Python"):
        load_encoder(bert)


@pytest.mark.parametrize(
    ("kind", "file"), [("albert", "spiece.model"), ("xlm-roberta", "sentencepiece.bpe.model")]
)
def test_a_vocabulary_that_needs_a_library_which_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, file: str
) -> None:
    folder = make_encoder(tmp_path / "other", KINDS[kind], layers=1)
    (folder / file).write_bytes(b"it is not read")
    monkeypatch.setattr("trendlib.model.tokenizer.find_spec", lambda _: None)
    assert load_encoder(folder).encode("hello").word_texts == ("hello",)
    (folder / TOKENIZER).unlink()
    with pytest.raises(UnsupportedModelError, match=f"only there as {file}.*pip install sentencep"):
        load_encoder(folder)


def test_tokenizer_json_may_be_run_as_it_is(bert: Path) -> None:
    expected = load_encoder(bert).encode("Hello, an apple").tokens
    change(
        bert / SETTINGS, lambda settings: settings.update(tokenizer_class="PreTrainedTokenizerFast")
    )
    assert load_encoder(bert).encode("Hello, an apple").tokens == expected


def test_a_tokenizer_that_has_no_file_of_its_own(roberta: Path) -> None:
    """transformers makes an empty vocabulary without a word."""
    (roberta / TOKENIZER).unlink()
    (roberta / "vocab.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ModelError, match="no file that RobertaTokenizer reads"):
        load_encoder(roberta)


def test_a_vocabulary_without_tokenizer_json(roberta: Path) -> None:
    expected = load_encoder(roberta).encode(SENTENCES[0])
    model = json.loads((roberta / TOKENIZER).read_text(encoding="utf-8"))["model"]
    (roberta / TOKENIZER).unlink()
    (roberta / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
    merges = "\n".join(" ".join(merge) for merge in model["merges"])
    (roberta / "merges.txt").write_text(f"#version: 0.2\n{merges}\n", encoding="utf-8")
    found = load_encoder(roberta).encode(SENTENCES[0])
    assert found.tokens == expected.tokens
    np.testing.assert_array_equal(found.hidden_states, expected.hidden_states)


def test_a_tokenizer_without_special_tokens(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "modernbert", KINDS["modernbert"])
    change(folder / TOKENIZER, lambda tokenizer: tokenizer.update(post_processor=None))
    with pytest.raises(UnsupportedModelError, match="adds no special token"):
        load_encoder(folder)


def test_a_tokenizer_without_padding_and_unknown_token(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "eurobert", KINDS["eurobert"])

    def drop(settings: Any) -> None:
        for name in ("pad_token", "unk_token"):
            settings.pop(name, None)

    change(folder / SETTINGS, drop)
    assert load_encoder(folder).tokenizer.pad_token_id is None
    check_batches(folder)


def test_added_tokens_are_pieces_of_words(tmp_path: Path) -> None:
    def with_tokens() -> Any:
        tokenizer = word_pieces()
        wide = AddedToken("Rio", lstrip=True, rstrip=True, normalized=False)
        tokenizer.add_tokens(["covid", AddedToken("New York", normalized=False), wide])
        tokenizer.add_special_tokens({"additional_special_tokens": ["[ENTITY]"]})
        return tokenizer

    encoder = load_encoder(make_encoder(tmp_path / "added", Kind("BertModel", with_tokens)))
    encoding = encoder.encode("I had covid in New York,  Rio  [ENTITY] said.")
    assert encoding.word_texts == (
        *("I", "had", "covid", "in", "New York", ",", "Rio", "[", "ENTITY", "]", "said", "."),
    )
    pieces = [[encoding.tokens[token] for token in word.tokens] for word in encoding.words]
    assert pieces[2] == ["covid"]
    assert pieces[4] == ["New York"]
    assert "[ENTITY]" not in encoding.tokens  # typed, it is text


@pytest.mark.parametrize("declared", [20, 20.0, 10**30])
def test_the_tokenizer_may_declare_fewer_tokens_than_positions(
    roberta: Path, declared: float
) -> None:
    change(roberta / SETTINGS, lambda settings: settings.update(model_max_length=declared))
    encoder = load_encoder(roberta)
    assert encoder.max_tokens == min(declared, 78)
    with pytest.raises(TooLongError, match=f"room for {encoder.max_tokens}"):
        encoder.encode("apple " * 79)


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_in_another_number_format(bert: Path, stored: torch.dtype, dtype: str) -> None:
    """They are computed in the format that is asked for, with the numbers that are stored."""
    tensors = {name: tensor.to(stored) for name, tensor in load_file(bert / WEIGHTS_FILE).items()}
    save_file(tensors, bert / WEIGHTS_FILE, metadata={"format": "pt"})
    change(bert / CONFIG, lambda config: config.update(dtype=str(stored).removeprefix("torch.")))
    encoder = load_encoder(bert, dtype)
    encoding = encoder.encode(SENTENCES[0])
    assert encoding.hidden_states.dtype == dtype
    for name, tensor in encoder.model.state_dict().items():
        expected = tensors[name.removeprefix("bert.")].to(getattr(torch, dtype))
        torch.testing.assert_close(tensor, expected, rtol=0, atol=0)


def test_weights_that_were_made_smaller(bert: Path) -> None:
    tensors = load_file(bert / WEIGHTS_FILE)
    name = next(name for name in tensors if name.endswith("query.weight"))
    tensors[name] = tensors[name].to(torch.float8_e4m3fn)
    save_file(tensors, bert / WEIGHTS_FILE, metadata={"format": "pt"})
    with pytest.raises(UnsupportedModelError, match="in the number format F8_E4M3"):
        load_encoder(bert)


@pytest.mark.parametrize("stored", [torch.int8, torch.int64, torch.bool])
def test_weights_that_are_counts(bert: Path, stored: torch.dtype) -> None:
    """Only tables of positions and token types may be of whole numbers."""
    tensors = load_file(bert / WEIGHTS_FILE)
    tensors["embeddings.position_ids"] = torch.arange(80)[None]
    save_file(tensors, bert / WEIGHTS_FILE, metadata={"format": "pt"})
    assert load_encoder(bert).encode("hello").word_texts == ("hello",)
    name = next(name for name in tensors if name.endswith("query.weight"))
    tensors[name] = tensors[name].to(stored)
    save_file(tensors, bert / WEIGHTS_FILE, metadata={"format": "pt"})
    with pytest.raises(UnsupportedModelError, match=f"holds {name} in the number format"):
        load_encoder(bert)


@pytest.mark.parametrize(
    ("setting", "value", "shape"),
    [
        ("vocab_size", 398, "(398, 24)"),
        ("intermediate_size", 16, "(16,)"),
        ("max_position_embeddings", 40, "(40, 24)"),
        ("type_vocab_size", 1, "(1, 24)"),
    ],
)
def test_a_config_that_lies_about_a_size(bert: Path, setting: str, value: int, shape: str) -> None:
    change(bert / CONFIG, lambda config: config.update({setting: value}))
    with pytest.raises(CorruptedWeightsError, match=f"declares {re.escape(shape)}: give the conf"):
        load_encoder(bert)


@pytest.mark.parametrize("kind", ["roberta", "distilbert", "modernbert"])
@pytest.mark.parametrize("layers", [3, 5])
def test_a_config_that_lies_about_layers(tmp_path: Path, kind: str, layers: int) -> None:
    folder = make_encoder(tmp_path / "other", KINDS[kind])

    def lie(config: Any) -> None:
        config["n_layers" if kind == "distilbert" else "num_hidden_layers"] = layers
        config.pop("layer_types", None)

    change(folder / CONFIG, lie)
    error = UnsupportedModelError if layers == 3 else CorruptedWeightsError
    with pytest.raises(error, match=r"that nothing uses|would be filled with random numbers"):
        load_encoder(folder)


def test_a_config_of_another_type_than_its_class(roberta: Path) -> None:
    change(roberta / CONFIG, lambda config: config.update(model_type="bert"))
    with pytest.raises(UnsupportedModelError, match="the type 'bert' and the class RobertaForMask"):
        load_encoder(roberta)


def test_a_type_that_transformers_does_not_have(roberta: Path) -> None:
    change(roberta / CONFIG, lambda config: config.update(model_type="future", architectures=None))
    with pytest.raises(UnsupportedModelError, match="declares a type that transformers 5"):
        load_encoder(roberta)


def test_an_adapter_beside_the_weights(roberta: Path) -> None:
    (roberta / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UnsupportedModelError, match="declares an adapter"):
        load_encoder(roberta)


def as_it_is(folder: Path) -> None:
    """Let tokenizer.json be run whatever it declares."""
    change(
        folder / SETTINGS,
        lambda settings: settings.update(tokenizer_class="PreTrainedTokenizerFast"),
    )


def test_a_tokenizer_that_splits_words_at_random(roberta: Path) -> None:
    as_it_is(roberta)
    change(roberta / TOKENIZER, lambda content: content["model"].update(dropout=0.5))
    with pytest.raises(UnsupportedModelError, match=r"at random \(dropout=0\.5\)"):
        load_encoder(roberta)


def test_a_tokenizer_without_a_token_for_the_unknown(bert: Path) -> None:
    as_it_is(bert)
    change(bert / TOKENIZER, lambda content: content["model"].update(unk_token="[NONE]"))
    with pytest.raises(UnsupportedModelError, match="no token for what its vocabulary does not"):
        load_encoder(bert)


TRUNCATION = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
PADDING = {
    "strategy": {"Fixed": 30},
    "direction": "Left",
    "pad_to_multiple_of": None,
    "pad_id": 1,
    "pad_type_id": 0,
    "pad_token": "<pad>",
}


@pytest.mark.parametrize("switched_on", [{"truncation": TRUNCATION}, {"padding": PADDING}])
def test_a_tokenizer_neither_cuts_nor_fills_up(
    roberta: Path, switched_on: dict[str, object]
) -> None:
    expected = load_encoder(roberta).encode(SENTENCES[1])
    change(roberta / TOKENIZER, lambda content: content.update(switched_on))
    found = load_encoder(roberta).encode(SENTENCES[1])
    assert found.tokens == expected.tokens
    assert found.words == expected.words
    check_batches(roberta)


def test_a_normalizer_may_change_the_length_of_a_text(roberta: Path) -> None:
    """Words are still those of the text as it was typed."""
    as_it_is(roberta)
    parts = [
        {"type": "NFKD"},
        {"type": "Replace", "pattern": {"String": "a"}, "content": "aaa"},
        {"type": "StripAccents"},
    ]
    normalizer = {"type": "Sequence", "normalizers": parts}
    change(roberta / TOKENIZER, lambda content: content.update(normalizer=normalizer))
    encoding = load_encoder(roberta).encode("ﬁne an apple, İstanbul é")
    assert encoding.word_texts == ("ﬁne", "an", "apple", ",", "İstanbul", "é")
    check_batches(roberta)


def test_a_tokenizer_that_says_the_same_in_other_words_is_right(roberta: Path) -> None:
    """And one that does something else is refused."""
    same = Path(shutil.copytree(roberta, roberta.with_name("same")))

    def in_a_sequence(tokenizer: Any) -> None:
        tokenizer["pre_tokenizer"] = {
            "type": "Sequence",
            "pretokenizers": [copy.deepcopy(tokenizer["pre_tokenizer"])],
        }

    def in_lower_case(tokenizer: Any) -> None:
        tokenizer["normalizer"] = {"type": "Lowercase"}

    change(same / TOKENIZER, in_a_sequence)
    assert load_encoder(same).encode("hello").word_texts == ("hello",)
    change(roberta / TOKENIZER, in_lower_case)
    with pytest.raises(UnsupportedModelError, match="another normalizer than RobertaTokenizer"):
        load_encoder(roberta)


def test_the_class_of_every_kind_is_one_of_transformers() -> None:
    assert all(hasattr(transformers, kind.model) for kind in KINDS.values())


@pytest.mark.parametrize(
    "kind", ["bert-cased", "roberta", "modernbert", "xlm-roberta", "deberta-v2"]
)
def test_words_are_those_of_the_text_whatever_the_tokenizer(tmp_path: Path, kind: str) -> None:
    """White space is in no word, though BPE and Unigram count it to tokens or give it some."""
    text = "  two  spaces,\tand don't\nU.S.A. 我想 x"
    encoding = load_encoder(make_encoder(tmp_path / kind, KINDS[kind])).encode(text)
    assert encoding.word_texts == (
        *("two", "spaces", ",", "and", "don't", "U.S.A", ".", "我", "想", "x"),
    )
    assert all(text[word.start : word.end] == word.text for word in encoding.words)
    emoji = load_encoder(tmp_path / kind).encode("a 中👍 b").words
    assert (emoji[0].text, emoji[-1].text) == ("a", "b")
