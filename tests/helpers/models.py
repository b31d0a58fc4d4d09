"""Small models, made for a test, and the hub's cache."""

import json
import pydoc_data.topics
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForPreTraining, BertTokenizerFast

from trendlib.model.weights import BERT_BASE, HUB_FILES

VOCABULARY = """
[PAD] [UNK] [CLS] [SEP] [MASK] . , ! ? ' [ ] $ < > - i want an a apple orange adventure had very
good she sent card my the to her mother don t em ##bed ##ding ##s hello sep mask cafe u s b 5 6 x
""".split()  # noqa: SIM905

ODD = [
    "I want an apple.",
    "hello",
    "She sent a card to her mother, and had a very good adventure!",
    "embeddings embeddings embeddings",
    "an apple an apple an apple",
    "a.b.c, 5 - 6 $ [x]",
    "Don't",
]
"""Sentences of the words of ``VOCABULARY``: short, long, split, repeated, with odd characters."""


def make_tiny_model(folder: Path, *, layers: int = 5, heads: int = 3, seed: int = 0) -> Path:
    """Save a random BERT, laid out as the hub's checkpoint of bert-base-uncased is.

    Its tensors have the prefix "bert." and a pre-training head beside them, so that loading it
    goes the way that loading the real one goes.
    """
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=heads * 8,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=32,
        max_position_embeddings=40,
        initializer_range=0.8,  # far from uniform attention
    )
    BertForPreTraining(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    settings = {"do_lower_case": True, "model_max_length": 40, "tokenizer_class": "BertTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    BertTokenizerFast.from_pretrained(folder).save_pretrained(folder)
    return folder


def fill_cache(cache: Path, folder: Path, repository: str) -> Path:
    """Lay files out as the hub's client does in its cache."""
    snapshot = cache / f"models--{repository.replace('/', '--')}" / "snapshots" / BERT_BASE.revision
    snapshot.mkdir(parents=True)
    for name in HUB_FILES:
        shutil.copy(folder / name, snapshot / name)
    return snapshot


# Other architectures, with tokenizers that are trained here

TOKENS = 400
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BERTS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
OWN_TEXT = (
    "I want an apple. She sent a card to her mother, who had had a very good adventure!",
    "我想要一个苹果。 これは本です。 ภาษาไทย Ich möchte einen Äpfel. J'ai été à Paris.",
)


@cache
def texts() -> tuple[str, ...]:
    """Return the lines that tokenizers are trained on: texts that every Python has, and our own."""
    topics = "\n".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))
    return (*topics.splitlines()[:3000], *OWN_TEXT * 40)


@cache
def _pieces() -> tuple[str, ...]:
    """Train a vocabulary of WordPiece in both cases."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=TOKENS, special_tokens=BERTS, show_progress=False
    )
    lines = [*texts(), *(line.lower() for line in texts())]
    tokenizer.train_from_iterator(lines, trainer)
    numbers = tokenizer.get_vocab()
    return tuple(sorted(numbers, key=numbers.__getitem__))


def word_pieces(*, cased: bool = False) -> Any:
    """Make BERT's tokenizer."""
    vocabulary = {piece: number for number, piece in enumerate(_pieces())}
    return BertTokenizerFast(vocab=vocabulary, do_lower_case=not cased)


@cache
def _byte_level() -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return str(tokenizer.to_str())


def byte_pairs(name: str = "RobertaTokenizer") -> Any:
    """Make a tokenizer of byte-level BPE."""
    model = json.loads(_byte_level())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    return getattr(transformers, name)(vocab=model["vocab"], merges=merges)


def plain_byte_pairs() -> Any:
    """Make the same with the spaces left in the offsets, as ModernBERT's has none of a class."""
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_byte_level()),
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )


@cache
def _unigram(special: tuple[str, ...], unknown: str) -> tuple[tuple[str, float], ...]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=TOKENS, special_tokens=list(special), unk_token=unknown, show_progress=False
    )
    tokenizer.train_from_iterator(texts(), trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    return tuple((piece, score) for piece, score in vocabulary)


def unigram(name: str = "XLMRobertaTokenizer") -> Any:
    """Make a tokenizer of Unigram."""
    berts = name in ("AlbertTokenizer", "DebertaV2Tokenizer")
    special = ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]") if berts else tuple(SPECIAL)
    if name == "DebertaV2Tokenizer":
        special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    vocabulary = list(_unigram(special, special[1 if berts else 3]))
    return getattr(transformers, name)(vocab=vocabulary)


@dataclass(frozen=True)
class Kind:
    """An architecture with a tokenizer that goes with it.

    Attributes:
        model: The class that is saved, with a head where there is one.
        tokenizer: Makes the tokenizer.
        settings: What differs from the settings of all.
    """

    model: str
    tokenizer: Callable[[], Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


RELATIVE = {
    "relative_attention": True,
    "position_buckets": 8,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "type_vocab_size": 0,
}
LOCAL = {"global_attn_every_n_layers": 2, "local_attention": 6, "initializer_cutoff_factor": 3.0}
KINDS: Mapping[str, Kind] = {
    "bert-uncased": Kind("BertForMaskedLM", word_pieces),
    "bert-cased": Kind("BertModel", lambda: word_pieces(cased=True)),
    "bert-unigram": Kind("BertModel", unigram, {"pad_token_id": 1}),
    "distilbert": Kind("DistilBertForMaskedLM", word_pieces),
    "roberta": Kind("RobertaForMaskedLM", byte_pairs),
    "xlm-roberta": Kind("XLMRobertaModel", unigram),
    "camembert": Kind("CamembertForMaskedLM", lambda: unigram("CamembertTokenizer")),
    "data2vec-text": Kind("Data2VecTextModel", byte_pairs),
    "electra": Kind("ElectraForPreTraining", word_pieces, {"embedding_size": 16}),
    "electra-same-size": Kind("ElectraModel", word_pieces, {"embedding_size": 24}),
    "ernie": Kind("ErnieModel", word_pieces),
    "albert": Kind("AlbertForMaskedLM", lambda: unigram("AlbertTokenizer"), {"embedding_size": 16}),
    "mpnet": Kind("MPNetForMaskedLM", lambda: word_pieces(), {"pad_token_id": 1}),
    "deberta": Kind("DebertaForMaskedLM", lambda: byte_pairs("DebertaTokenizer"), RELATIVE),
    "deberta-v2": Kind("DebertaV2ForMaskedLM", lambda: unigram("DebertaV2Tokenizer"), RELATIVE),
    "modernbert": Kind("ModernBertForMaskedLM", plain_byte_pairs, LOCAL),
    "eurobert": Kind(
        "EuroBertForMaskedLM", plain_byte_pairs, {"num_key_value_heads": 1, "pad_token_id": 1}
    ),
    "nomic_bert": Kind("NomicBertModel", word_pieces),
    "rembert": Kind("RemBertModel", unigram, {"input_embedding_size": 16}),
    "megatron-bert": Kind("MegatronBertModel", word_pieces),
    "roberta-prelayernorm": Kind("RobertaPreLayerNormModel", byte_pairs),
    "xlm-roberta-xl": Kind("XLMRobertaXLModel", unigram),
}
"""Every architecture of the table, some of them with more than one tokenizer."""


def make_encoder(
    folder: Path, kind: Kind, *, layers: int = 4, shard_size: str = "1GB", **settings: Any
) -> Path:
    """Save a random model with a tokenizer of its own.

    Args:
        folder: Where to.
        kind: What it is.
        layers: How many layers it has.
        shard_size: The largest size of a file of weights.
        settings: Further settings of the model.
    """
    torch.manual_seed(0)
    tokenizer = kind.tokenizer()
    cls = getattr(transformers, kind.model)
    numbers = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "cls_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
    }
    config = cls.config_class(
        **{
            "vocab_size": len(tokenizer),
            "hidden_size": 24,
            "num_hidden_layers": layers,
            "num_attention_heads": 3,
            "intermediate_size": 32,
            "max_position_embeddings": 80,
            "initializer_range": 0.3,
            **numbers,
            **kind.settings,
            **settings,
        }
    )
    model = cls(config)
    with torch.no_grad():  # gains and biases are 1 and 0 at first, so that none would be missed
        for name, tensor in model.named_parameters():
            if "norm" in name.lower():
                tensor.add_(torch.randn_like(tensor) * 0.2)
    model.save_pretrained(folder, max_shard_size=shard_size)
    tokenizer.save_pretrained(folder)
    return folder
