"""A trend embedding from an exported ONNX file, without trendlib, by what its metadata say."""

import json
import sys
from bisect import bisect_right
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnxruntime
import regex
from tokenizers import Tokenizer


def embed(path: Path, sentence: str) -> tuple[list[str], list[float]]:
    """Return the chosen words and the embedding."""
    session = onnxruntime.InferenceSession(path)
    about = session.get_modelmeta().custom_metadata_map
    content = path.with_name(about["tokenizer"]).read_bytes()
    assert sha256(content).hexdigest() == about["tokenizer_sha256"], "another tokenizer"
    assert about["drop"] == "final period", "which punctuation to drop is not known here"
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.encode_special_tokens = True  # a typed "[SEP]" is text
    coded = tokenizer.encode(sentence)
    assert len(coded.ids) <= int(about["max_tokens"]), "too long"
    tokens = zip(coded.offsets, coded.special_tokens_mask, strict=True)
    spans = [None if special else span for span, special in tokens]
    inside = {place for span in spans if span for place in range(span[0] + 1, span[1])}
    found = {match.start() for match in regex.finditer(r"(?w)\b", sentence)} - inside
    edges = sorted(found | {0, len(sentence)})
    words: dict[int, list[int]] = {}
    for place, span in enumerate(spans):
        if span:
            words.setdefault(bisect_right(edges, span[0]) - 1, []).append(place)
    texts = {number: sentence[edges[number] : edges[number + 1]] for number in words}
    ids = np.array([coded.ids])
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    static, contextual, rows = (array[0] for array in session.run(None, given))
    share = np.ones(len(coded.ids), np.float32)
    for places in words.values():
        share[places] = 1 / len(places)
    kept = [n for n in words if not (texts[n] == "." and n == max(words))]
    merge = {"sum": np.sum, "mean": np.mean}[about["pieces"]]
    received = np.stack([merge((share @ rows)[:, words[n]], axis=1) for n in kept], axis=1)
    focus = received[int(about["focus_row"])].argmax()
    voting = received[received.argmax(axis=1) == focus]
    others = np.where(np.arange(len(kept)) == focus, -np.inf, voting)
    voted = others.argmax(axis=1) if len(kept) > 1 and len(voting) else np.array([], int)
    chosen = [focus]
    if len(voted):
        counts = np.bincount(voted, minlength=len(kept))
        mass = {"first": np.zeros(len(kept)), "attention mass": voting.sum(axis=0)}[about["ties"]]
        chosen.append(np.where(counts == counts.max(), mass, -np.inf).argmax())
    embedding = np.zeros(static.shape[1], np.float32)
    for place in chosen:
        before, after = (state[words[kept[place]]].mean(axis=0) for state in (static, contextual))
        defined = (before != 0) & (np.sign(before) == np.sign(after))
        embedding[defined] += np.log(np.abs(after[defined])) - np.log(np.abs(before[defined]))
    return [texts[kept[place]] for place in chosen], embedding.tolist()


if __name__ == "__main__":
    print(json.dumps(embed(Path(sys.argv[1]), sys.argv[2])))
