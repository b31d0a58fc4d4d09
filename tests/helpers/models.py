"""Small models, made for a test, and the hub's cache."""

import json
import shutil
from pathlib import Path

import torch
from transformers import BertConfig, BertForPreTraining, BertTokenizerFast

from trendlib.model.weights import BERT_BASE, HUB_FILES

VOCABULARY = """
[PAD] [UNK] [CLS] [SEP] [MASK] . , ! ? ' [ ] $ < > - i want an a apple orange adventure had very
good she sent card my the to her mother don t em ##bed ##ding ##s hello sep mask cafe u s b 5 6 x
""".split()  # noqa: SIM905


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
