"""Measure what a host learns from the files of rows that the explorer asks for.

The page loads the rows of a sentence's tokens in files of several rows, so that a host which keeps
a log sees which files a reader asked for, never which rows. Here somebody guesses: of each file,
the row whose token is the most frequent one in a text of another source. Run it as
``python tests/benchmark/row_files.py TYPED OTHER``, each a file with a sentence a line.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trendlib.model.encoder import load_encoder

SIZES = (8, 32, 64, 128, 512)


def main() -> None:
    """Tabulate how many tokens are guessed, for each way to put rows into files."""
    encoder = load_encoder("all-MiniLM-L6-v2")
    count = len(encoder.tokenizer)
    typed, other = (
        encoder.tokenizer(
            Path(path).read_text(encoding="utf-8", errors="replace").splitlines(),
            add_special_tokens=False,
            verbose=False,
        )["input_ids"]
        for path in sys.argv[1:]
    )
    frequency = Counter(number for line in other for number in line)
    sentences = [set(line) for line in typed if line]
    by_frequency = sorted(range(count), key=lambda number: -frequency[number])
    common = set(by_frequency[:200])
    orders = {
        "by id": np.arange(count),
        "shuffled": np.random.default_rng(0).permutation(count),
        "by frequency": np.argsort(by_frequency),
    }
    print("What is guessed of tokens, of rarer tokens, and of sentences; and files a sentence")
    for size in SIZES:
        for name, place in orders.items():
            found = guessed(sentences, place // size, frequency, common)
            shares = "".join(f"{share:8.1%}" for share in found[:3])
            print(f"{size:4} rows {name:14}{shares}{found[3]:8.1f}")


def guessed(
    sentences: Sequence[set[int]],
    file_of: NDArray[np.int64],
    frequency: Counter[int],
    common: set[int],
) -> tuple[float, float, float, float]:
    """Guess the tokens of sentences from the files that they need.

    Args:
        sentences: The different tokens of each sentence.
        file_of: The file of each row.
        frequency: How often each token occurs in the other text.
        common: The tokens that are not counted as rarer ones.

    Returns:
        The share of tokens that are guessed, of those that are not among the most common ones, of
        sentences that are guessed as a whole, and the mean number of files.
    """
    likeliest: dict[int, int] = {}
    for number, times in frequency.items():
        file = file_of[number]
        if times > frequency[likeliest.get(file, -1)]:
            likeliest[file] = number
    hits = [{n for n in line if likeliest.get(file_of[n]) == n} for line in sentences]
    rare = [line - common for line in sentences]
    files = [len({file_of[n] for n in line}) for line in sentences]
    return (
        sum(map(len, hits)) / sum(map(len, sentences)),
        sum(len(hit - common) for hit in hits) / sum(map(len, rare)),
        sum(hit == line for hit, line in zip(hits, sentences, strict=True)) / len(sentences),
        sum(files) / len(files),
    )


if __name__ == "__main__":
    main()
