"""Benchmark of batches against their peers, in one run on one machine, with the same weights.

`make bench` calls it. The sentences are those of SMS Spam, TREC and the STS benchmark; every ratio
is the median of repeats in which the two sides take turns.
"""

import argparse
import datetime
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertModel, BertTokenizerFast
from transformers.utils import logging as transformers_logging

from trendlib.encoding import Tokenized
from trendlib.evaluate import data
from trendlib.model.batch import pad_batch
from trendlib.model.corpus import TOKEN_BUDGET, embed_array
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.packing import pack
from trendlib.model.weights import MINILM, find_weights

ROOT = Path(__file__).resolve().parents[2]

TRENDLIB = Path(sys.executable).with_name("trendlib")
FOLDER = find_weights(MINILM.name).folder
GOALS = {
    "mean pooling by sentence-transformers": 1.05,
    "the bare forward pass over the same batches": 1.10,
    "the article's loop": 0.1,
}


def usable(encoder: Encoder, sentences: Sequence[str]) -> list[str]:
    """Leave out what has no trend embedding, so that both sides do the same sentences."""
    outcomes = encoder.tokenize(sentences)
    return [
        s for s, outcome in zip(sentences, outcomes, strict=True) if isinstance(outcome, Tokenized)
    ]


def sample(encoder: Encoder, count: int) -> list[str]:
    """Draw sentences from each corpus, always the same ones."""
    drawn = [
        sentence
        for name in data.CORPORA
        for sentence in random.Random(0).sample(data.sentences(name), count)
    ]
    return usable(encoder, drawn)


def bare_forward(sentences: Sequence[str]) -> Callable[[], object]:
    """Prepare transformers' own model, with its fused attention, on the batches that we make."""
    encoder = load_encoder(MINILM.name)
    model = BertModel.from_pretrained(
        FOLDER, attn_implementation="sdpa", add_pooling_layer=False, local_files_only=True
    ).eval()
    tokenized = [each for each in encoder.tokenize(sentences) if isinstance(each, Tokenized)]
    batches = []
    for numbers in pack([len(each.ids) for each in tokenized], TOKEN_BUDGET):
        batch = [tokenized[number] for number in numbers]
        ids, keep = pad_batch(batch, encoder.device, encoder.padding)
        batches.append((ids, None if keep is None else keep[:, 0, 0].long()))

    def run() -> None:
        with torch.inference_mode():
            for ids, mask in batches:
                model(input_ids=ids, attention_mask=mask)

    return run


def article_loop(sentences: Sequence[str]) -> Callable[[], object]:
    """Prepare the article's way: one sentence at a time, every state and every attention."""
    model = BertModel.from_pretrained(
        FOLDER, attn_implementation="eager", add_pooling_layer=False, local_files_only=True
    ).eval()
    tokenizer = BertTokenizerFast.from_pretrained(FOLDER)

    def run() -> None:
        for sentence in sentences:
            inputs = tokenizer(sentence, return_tensors="pt")
            with torch.no_grad():
                output = model(**inputs, output_hidden_states=True, output_attentions=True)
            states = [state[0].numpy() for state in output.hidden_states]
            received = np.stack([head.numpy().sum(axis=0) for head in output.attentions[0][0]])
            with np.errstate(invalid="ignore", divide="ignore"):
                trends = np.nan_to_num(np.log(states[-1] / states[0]))
            focus = int(received[-1][1:-1].argmax())
            leads = received[:, 1:-1].argmax(axis=1) == focus
            others = np.delete(received[leads][:, 1:-1], focus, axis=1)
            related = int(np.bincount(others.argmax(axis=1)).argmax()) if others.size else focus
            trends[1 + focus] + trends[1 + related]

    return run


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def paired(
    ours: Callable[[], object], peer: Callable[[], object], repeats: int
) -> dict[str, float]:
    """Time two sides in turns, after one round that does not count."""
    ours(), peer()
    pairs = [(seconds(ours), seconds(peer)) for _ in range(repeats)]
    ratios = [one / other for one, other in pairs]
    return {
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
        "ours_seconds": statistics.median(one for one, _ in pairs),
        "peer_seconds": statistics.median(other for _, other in pairs),
    }


def peak_mib(side: str, count: int) -> float:
    """Measure a process of its own that embeds with one side."""
    command = [sys.executable, __file__, "--peak", side, "--sentences", str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def embed_and_tell_peak(side: str, count: int) -> None:
    """Be that process."""
    encoder = load_encoder(MINILM.name)
    sentences = sample(encoder, count)
    if side == "ours":
        embed_array(encoder, sentences)
    else:
        SentenceTransformer(str(FOLDER), device="cpu").encode(sentences)
    print(high_water_mib(os.getpid()))


def high_water_mib(process: int) -> float:
    """Read the most memory that a process has taken since its program began; 0 if it is gone.

    What the operating system reports of a child that has ended counts its parent's memory too.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def growth(encoder: Encoder, counts: Sequence[int]) -> list[dict[str, float]]:
    """Run the command on more and more rows; the corpora are repeated until there are enough."""
    every = usable(encoder, [each for name in data.CORPORA for each in data.sentences(name)])
    random.Random(0).shuffle(every)
    tokens = [len(each.ids) for each in encoder.tokenize(every) if isinstance(each, Tokenized)]
    found = []
    for count in counts:
        rows = [every[number % len(every)] for number in range(count)]
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "s.txt"
            source.write_text("\n".join(" ".join(row.split()) for row in rows), encoding="utf-8")
            out = Path(name) / "o.parquet"
            command = [TRENDLIB, "embed", source, "--out", out, "--model", MINILM.name]
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, high_water_mib(process.pid))
                time.sleep(0.05)
            if process.returncode != 0:
                raise SystemExit(f"bench: trendlib embed ended with status {process.returncode}")
            found.append(
                {
                    "sentences": count,
                    "tokens": sum(tokens[number % len(tokens)] for number in range(count)),
                    "seconds": time.perf_counter() - start,
                    "peak_mib": peak,
                    "file_mb": out.stat().st_size / 1e6,
                }
            )
    return found


def on_ray(encoder: Encoder, count: int) -> dict[str, float]:
    """Embed rows with Ray Data on this one node, with one worker that has all its cores."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    from trendlib.interfaces.ray_data import embed_dataset

    cores = len(os.sched_getaffinity(0))
    every = sample(encoder, -(-count // len(data.CORPORA)))[:count]
    ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.from_items([{"sentence": each} for each in every])
    start = time.perf_counter()
    embedded = embed_dataset(rows, 1, model=MINILM.name, num_cpus=cores).materialize()
    taken = time.perf_counter() - start
    if embedded.count() != len(every):
        raise SystemExit(f"bench: Ray gave {embedded.count()} rows for {len(every)}")
    ray.shutdown()
    return {"sentences": len(every), "seconds": taken}


def work(encoder: Encoder, sentences: Sequence[str]) -> float:
    """Count the floating-point operations of the blocks' matrix products, without padding.

    Of the last block, only keys and values are counted: those that every token needs.
    """
    config = encoder.model.config
    tokens = sum(
        len(each.ids) for each in encoder.tokenize(sentences) if isinstance(each, Tokenized)
    )
    square, wide = config.hidden_size**2, config.hidden_size * config.intermediate_size
    whole_blocks = (config.num_hidden_layers - 1) * (4 * square + 2 * wide)
    return 2.0 * tokens * (whole_blocks + 2 * square)


def roofline() -> float:
    """Measure the machine's own speed at the product that takes most of the time, in GFLOP/s."""
    left, right = torch.rand(TOKEN_BUDGET, 384), torch.rand(384, 1536)
    work = 2 * TOKEN_BUDGET * 384 * 1536 * 50
    times = [seconds(lambda: [left @ right for _ in range(50)]) for _ in range(5)]
    return work / min(times) / 1e9


def main() -> None:
    """Run the benchmark, print its table, and write its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=1000, help="of each corpus")
    parser.add_argument(
        "--loop", type=int, default=300, help="of each corpus, for the article's loop"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--ray", type=int, default=10_000, help="rows for Ray on one node")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "bench" / "encode.json")
    parser.add_argument("--peak", choices=["ours", "peer"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        embed_and_tell_peak(options.peak, options.sentences)
        return
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    encoder = load_encoder(MINILM.name)
    many, few = sample(encoder, options.sentences), sample(encoder, options.loop)
    peer = SentenceTransformer(str(FOLDER), device="cpu")
    names = list(GOALS)
    ratios = {
        names[0]: paired(
            lambda: embed_array(encoder, many), lambda: peer.encode(many), options.repeats
        ),
        names[1]: paired(lambda: embed_array(encoder, many), bare_forward(many), options.repeats),
        names[2]: paired(lambda: embed_array(encoder, few), article_loop(few), options.repeats),
    }
    print(f"{len(many)} sentences of SMS Spam, TREC and the STS benchmark; {MINILM.name}, float32")
    print(
        f"{'wall time: ours /':44} {'ratio':>7} {'range':>15} {'goal':>6} {'ours':>8} {'peer':>8}"
    )
    for name, found in ratios.items():
        print(
            f"{name:44} {found['ratio']:7.3f}   {found['least']:.3f} to {found['most']:.3f} "
            f"{GOALS[name]:6.2f} {found['ours_seconds']:6.2f} s {found['peer_seconds']:6.2f} s"
        )
    memory = {side: peak_mib(side, options.sentences) for side in ("ours", "peer")}
    print(f"Peak memory: ours {memory['ours']:.0f} MiB, peer {memory['peer']:.0f} MiB.")
    grown = growth(encoder, options.rows)
    print(
        f"{'rows':>8} {'tokens':>10} {'seconds':>9} {'tokens/s':>9} {'peak MiB':>9} {'file MB':>8}"
    )
    for each in grown:
        print(
            f"{each['sentences']:8,} {each['tokens']:10,} {each['seconds']:9.1f} "
            f"{each['tokens'] / each['seconds']:9.0f} {each['peak_mib']:9.0f} "
            f"{each['file_mb']:8.1f}"
        )
    node = on_ray(encoder, options.ray)
    print(
        f"Ray Data on this node, one worker: {node['sentences']:,} rows in {node['seconds']:.1f} s "
        f"(the worker's start included), {node['sentences'] / node['seconds']:.0f} rows/s."
    )
    speed = roofline()
    least = work(encoder, few) / speed / 1e9
    bound = {
        "least_seconds": least,
        "loop_over_least": ratios[names[2]]["peer_seconds"] / least,
    }
    figures = {
        "provenance": encoder.provenance.as_dict(),
        "measured": datetime.date.today().isoformat(),
        "machine": {"cores": len(os.sched_getaffinity(0)), "processor": platform.machine()},
        "sentences": len(many),
        "goals": GOALS,
        "ratios": ratios,
        "peak_mib": memory,
        "growth": grown,
        "ray": node,
        "gflops_of_the_largest_product": speed,
        "bound_for_the_loop": bound,
    }
    print(
        f"The model's largest product runs at {speed:.0f} GFLOP/s here. At that speed its products "
        f"alone take {bound['least_seconds']:.2f} s for the loop's sentences: nothing in float32 "
        f"is more than {bound['loop_over_least']:.1f} times as fast as the loop."
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
