"""Trend embeddings from an exported ONNX file, without trendlib, by each recipe that has a name."""

import json
import sys
from bisect import bisect_right
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnxruntime
import regex
from tokenizers import Tokenizer


def log_quotient(static: np.ndarray, contextual: np.ndarray) -> np.ndarray:
    """Return the article's trend, 0 where it is undefined."""
    defined = (static != 0) & (np.sign(static) == np.sign(contextual))
    logs = (np.log(np.abs(state), where=defined, out=0 * state) for state in (contextual, static))
    return np.subtract(*logs)


def angle(static: np.ndarray, contextual: np.ndarray) -> np.ndarray:
    """Return the spherical logarithm; two words' vectors are never opposite."""
    start, end = (vector / np.linalg.norm(vector) for vector in (static, contextual))
    way = end - (start @ end) * start
    sine = np.linalg.norm(way)
    return way * np.arctan2(sine, start @ end) / sine if sine > 0 else way


RECIPES = {
    "article": log_quotient,
    "all-words-difference": lambda static, contextual: contextual - static,
    "angle": angle,
    "discounted-trend": lambda first, contextual: 0.7 * contextual + 0.3 * first,
}


def made_of(
    parts: list[list[int]], before: np.ndarray, after: np.ndarray, trend: Callable
) -> np.ndarray:
    """Return the trend of each part, a word or a token, from the mean of its tokens."""
    pairs = ((before[part].mean(axis=0), after[part].mean(axis=0)) for part in parts)
    return np.array([trend(*pair) for pair in pairs])


def embed(path: Path, sentence: str, recipe: str) -> tuple[list[str], list[float]]:
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
    found = {match.start() for match in regex.finditer(about["words"], sentence)} - inside
    edges = sorted(found | {0, len(sentence)})
    words: dict[int, list[int]] = {}
    for place, span in enumerate(spans):
        if span:
            words.setdefault(bisect_right(edges, span[0]) - 1, []).append(place)
    texts = {number: sentence[edges[number] : edges[number + 1]] for number in words}
    ids = np.array([coded.ids])
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    static, contextual, rows, first = (array[0] for array in session.run(None, given))
    share = np.ones(len(coded.ids), np.float32)
    for places in words.values():
        share[places] = 1 / len(places)
    kept = [n for n in words if not (texts[n] in tuple(".。．｡।۔") and n == max(words))]
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
    parts, before = list(words.values()), static
    if recipe == "article":
        parts = [words[kept[place]] for place in chosen]
    elif recipe == "discounted-trend":
        parts, before = [[token] for token in range(len(coded.ids))], first
    vectors = made_of(parts, before, contextual, RECIPES[recipe])
    embedding = vectors.sum(axis=0) if recipe == "article" else vectors.mean(axis=0)
    return [texts[kept[place]] for place in chosen], embedding.tolist()


if __name__ == "__main__":
    file, *texts = sys.argv[1:]
    for text in texts:
        print(json.dumps({recipe: embed(Path(file), text, recipe) for recipe in RECIPES}))
