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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import openvino
import psutil
import torch
from onnxruntime.quantization import quantize_dynamic
from sentence_transformers import SentenceTransformer
from transformers import BertModel, BertTokenizerFast
from transformers.utils import logging as transformers_logging

from trendlib.embedding import ARTICLE_RECIPE, SentenceEmbedding
from trendlib.encoding import FULL, TORCH, Tokenized
from trendlib.evaluate import data
from trendlib.files.embed import embed_columns
from trendlib.model import graphs
from trendlib.model.batch import pad_batch
from trendlib.model.corpus import TOKEN_BUDGET, Embedded, embed_array, embed_many
from trendlib.model.encoder import Encoder, load_encoder, load_own_encoder
from trendlib.model.engines import BF16, ONNX, OPENVINO, OnnxRuntime
from trendlib.model.packing import batched, pack
from trendlib.model.weights import MINILM, find_weights

ROOT = Path(__file__).resolve().parents[2]

TRENDLIB = Path(sys.executable).with_name("trendlib")
FOLDER = find_weights(MINILM.name).folder
OURS = {
    "torch": (TORCH, FULL),
    "onnx": (ONNX, FULL),
    "openvino": (OPENVINO, FULL),
    "torch, bf16": (TORCH, BF16),
    "openvino, bf16": (OPENVINO, BF16),
}
"""Our engines, by the names that tables have for them."""
POOLING = "mean pooling by sentence-transformers"
BARE = "the bare forward pass, torch"
BARE_OPENVINO = "the bare forward pass, OpenVINO"
LOOP = "the article's loop"
INT8 = "onnx, int8"
GOALS = [
    ("onnx", BARE_OPENVINO, 0.90),
    ("openvino", BARE_OPENVINO, 0.90),
    ("onnx", POOLING, 0.42),
    ("onnx", "torch", 0.65),
    ("torch", BARE, 1.10),
    ("openvino, bf16", "onnx", 0.50),
    ("openvino, bf16", "torch", 0.50),
    ("onnx", LOOP, 0.1),
]
"""Which of ours is compared with what, and the largest ratio of wall times that is good enough."""


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


def whole_network() -> BertModel:
    """Load transformers' own model, with its fused attention."""
    return BertModel.from_pretrained(
        FOLDER, attn_implementation="sdpa", add_pooling_layer=False, local_files_only=True
    ).eval()


def packed(encoder: Encoder, sentences: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Make the ids and the masks of the batches that our own engines run."""
    tokenized = [each for each in encoder.tokenize(sentences) if isinstance(each, Tokenized)]
    batches = []
    for numbers in pack([len(each.ids) for each in tokenized], TOKEN_BUDGET):
        batch = [tokenized[number] for number in numbers]
        ids, keep = pad_batch(batch, encoder.device, encoder.padding)
        batches.append((ids, torch.ones_like(ids) if keep is None else keep[:, 0, 0].long()))
    return batches


def bare_forward(encoder: Encoder, sentences: Sequence[str]) -> Callable[[], object]:
    """Prepare transformers' own model on the batches that we make."""
    model, batches = whole_network(), packed(encoder, sentences)

    def run() -> None:
        with torch.inference_mode():
            for ids, mask in batches:
                model(input_ids=ids, attention_mask=None if mask.all() else mask)

    return run


def bare_openvino(encoder: Encoder, sentences: Sequence[str]) -> Callable[[], object]:
    """Prepare the whole network in OpenVINO, in float32, on the batches that we make."""
    example = torch.ones((2, 8), dtype=torch.long)
    with torch.inference_mode(), graphs.quiet_export():
        # Positional, and the last state alone: what its fused attention needs is exported.
        converted = openvino.convert_model(
            whole_network(), example_input={"input_ids": example, "attention_mask": example}
        )
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(converted, "CPU", settings)
    request = compiled.create_infer_request()
    batches = [
        {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        for ids, mask in packed(encoder, sentences)
    ]

    def run() -> None:
        for batch in batches:
            request.infer(batch, share_inputs=True, share_outputs=True)

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


def in_turns(sides: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Time several sides in turns, after one round that does not count."""
    for call in sides.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, call in sides.items():
            taken[name].append(seconds(call))
    return taken


def ratio(ours: Sequence[float], peer: Sequence[float], goal: float) -> dict[str, float]:
    """Compare the repeats of two sides, round by round."""
    ratios = [one / other for one, other in zip(ours, peer, strict=True)]
    return {
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
        "goal": goal,
        "ours_seconds": statistics.median(ours),
        "peer_seconds": statistics.median(peer),
    }


def with_int8(encoder: Encoder, folder: Path) -> Encoder:
    """Let this encoder's ONNX Runtime run weights that were rounded to int8."""
    other = encoder.with_engine(ONNX)
    embed_array(other, ["I want an apple."])
    parts = graphs.parts_of(other, 0, 0)
    cached = graphs.cache_folder() / "graphs" / graphs._name(other)
    for name in ("begin-0-0-5", "end"):
        path = folder / f"{name}.int8.onnx"
        quantize_dynamic(graphs._kept(cached, name), path)
        parts._loaded[f"_{name.partition('-')[0]}"] = OnnxRuntime(str(path), FULL)
    return other


def embeddings(encoder: Encoder, sentences: Sequence[str]) -> list[SentenceEmbedding]:
    """Embed sentences, all of which can be embedded, in their order."""
    found = dict(embed_many(encoder, sentences))
    embedded = [found[number] for number in range(len(sentences))]
    return [each.embedding for each in embedded if isinstance(each, Embedded)]


def agreement(
    encoder: Encoder, reference: Sequence[SentenceEmbedding], sentences: Sequence[str]
) -> dict[str, float]:
    """Compare an engine's words and vectors with those of float64.

    The error is that of the coordinates that are defined in both, without the dead ones; the
    cosine is that of sentences with the same words, again without them.
    """
    live = np.setdiff1d(np.arange(encoder.hidden_size), encoder.dead_coordinates)
    same, errors, cosines = 0, [], []
    for ours, exact in zip(embeddings(encoder, sentences), reference, strict=True):
        if ours.choice.chosen_words != exact.choice.chosen_words:
            continue
        same += 1
        one, other = ours.values[live], exact.values[live]
        both = (ours.defined & exact.defined)[live]
        errors.append(np.abs(one - other)[both])
        cosines.append(float(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))
    return {
        "sentences": len(reference),
        "same_words": same,
        "median_error": float(np.median(np.concatenate(errors))),
        "median_cosine": statistics.median(cosines),
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
        embed_array(encoder.with_engine(ONNX), sentences)
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


def repeated(encoder: Encoder, count: int) -> tuple[list[str], int]:
    """Repeat the corpora until there are enough rows; returns them and the number of tokens."""
    every = usable(encoder, [each for name in data.CORPORA for each in data.sentences(name)])
    random.Random(0).shuffle(every)
    tokens = [len(each.ids) for each in encoder.tokenize(every) if isinstance(each, Tokenized)]
    rows = [every[number % len(every)] for number in range(count)]
    return rows, sum(tokens[number % len(tokens)] for number in range(count))


def growth(encoder: Encoder, counts: Sequence[int], model: str) -> list[dict[str, float]]:
    """Run the command on more and more rows; the corpora are repeated until there are enough."""
    found = []
    for count in counts:
        rows, tokens = repeated(encoder, count)
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "s.txt"
            source.write_text("\n".join(" ".join(row.split()) for row in rows), encoding="utf-8")
            out = Path(name) / "o.parquet"
            command = [TRENDLIB, "embed", source, "--out", out, "--model", model]
            command += ["--device", "cpu", "--engine", ONNX]
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, high_water_mib(process.pid))
                time.sleep(0.05)
            if process.returncode not in (0, 1):  # 1: a small vocabulary may refuse some rows
                raise SystemExit(f"bench: trendlib embed ended with status {process.returncode}")
            found.append(
                {
                    "sentences": count,
                    "tokens": tokens,
                    "seconds": time.perf_counter() - start,
                    "peak_mib": peak,
                    "file_mb": out.stat().st_size / 1e6,
                }
            )
    return found


def on_pool(encoder: Encoder, count: int) -> dict[str, float]:
    """Encode rows with sentence-transformers' own pool of processes, one for each core."""
    rows, tokens = repeated(encoder, count)
    peer = SentenceTransformer(str(FOLDER), device="cpu")
    cores = len(os.sched_getaffinity(0))
    pool = peer.start_multi_process_pool(["cpu"] * cores)
    peer.encode(rows[:64], pool=pool)  # each process has loaded the model
    start = time.perf_counter()
    peer.encode(rows, pool=pool)
    taken = time.perf_counter() - start
    children = [child.pid for child in psutil.Process().children(recursive=True)]
    peak = sum(high_water_mib(child) for child in children)
    peer.stop_multi_process_pool(pool)
    return {"sentences": count, "tokens": tokens, "seconds": taken, "peak_mib": peak}


def on_ray(encoder: Encoder, count: int) -> dict[str, float]:
    """Embed rows with Ray Data on this one node, and without it; the worker's start is excluded.

    One worker has all cores. Of two datasets, the difference is taken: both start a worker.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    from trendlib.interfaces.ray_data import BATCH_ROWS, embed_dataset

    cores = len(os.sched_getaffinity(0))
    every, _ = repeated(encoder, count + BATCH_ROWS)
    ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    taken = []
    for rows in (every[:BATCH_ROWS], every):
        dataset = ray.data.from_items([{"sentence": each} for each in rows])
        embedded = embed_dataset(
            dataset, 1, model=MINILM.name, device="cpu", engine=ONNX, num_cpus=cores
        )
        start = time.perf_counter()
        if embedded.materialize().count() != len(rows):
            raise SystemExit("bench: Ray lost rows")
        taken.append(time.perf_counter() - start)
    ray.shutdown()
    other = encoder.with_engine(ONNX)
    start = time.perf_counter()
    for batch in batched(every[BATCH_ROWS:], BATCH_ROWS):
        columns, _ = embed_columns(other, batch, ARTICLE_RECIPE)
        columns.arrays()
    plain = time.perf_counter() - start
    return {
        "sentences": count,
        "seconds": taken[1] - taken[0],
        "plain_seconds": plain,
        "ratio": (taken[1] - taken[0]) / plain,
    }


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


def processor() -> str:
    """Name this machine's processor."""
    found = torch.cpu.get_capabilities()
    wide = [name for name in ("avx2", "avx512_f", "avx512_bf16", "amx_bf16") if found.get(name)]
    return f"{found.get('cpu_name', platform.machine())} ({', '.join(wide)})"


def print_growth(grown: Sequence[dict[str, float]]) -> None:
    """Print a table of runs with more and more rows."""
    print(f"{'rows':>9} {'tokens':>11} {'seconds':>9} {'tokens/s':>9} {'peak MiB':>9}")
    for each in grown:
        print(
            f"{each['sentences']:9,} {each['tokens']:11,} {each['seconds']:9.1f} "
            f"{each['tokens'] / each['seconds']:9.0f} {each['peak_mib']:9.0f}"
        )


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
    parser.add_argument("--agree", type=int, default=1000, help="of each corpus, against float64")
    parser.add_argument("--pool", type=int, default=10_000, help="rows for sentence-transformers")
    parser.add_argument("--ray", type=int, default=20_000, help="rows for Ray on one node")
    parser.add_argument("--tiny", help="only time `trendlib embed` with the model of this folder")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "bench" / "encode.json")
    parser.add_argument("--peak", choices=["ours", "peer"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        embed_and_tell_peak(options.peak, options.sentences)
        return
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    encoder = load_encoder(MINILM.name)
    if options.tiny:
        print_growth(growth(load_encoder(options.tiny), options.rows, options.tiny))
        return
    many, few = sample(encoder, options.sentences), sample(encoder, options.loop)
    peer = SentenceTransformer(str(FOLDER), device="cpu")
    engines = {name: encoder.with_engine(*chosen) for name, chosen in OURS.items()}
    sides: dict[str, Callable[[], object]] = {
        name: partial(embed_array, engine, many) for name, engine in engines.items()
    }
    sides |= {
        BARE_OPENVINO: bare_openvino(encoder, many),
        BARE: bare_forward(encoder, many),
        POOLING: partial(peer.encode, many),
    }
    taken = in_turns(sides, options.repeats)
    short = in_turns(
        {"onnx": partial(embed_array, engines["onnx"], few), LOOP: article_loop(few)},
        options.repeats,
    )
    ratios = [
        {"ours": ours, "peer": name}
        | ratio(*((short if name == LOOP else taken)[side] for side in (ours, name)), goal)
        for ours, name, goal in GOALS
    ]
    print(f"{len(many)} sentences of SMS Spam, TREC and the STS benchmark; {MINILM.name}")
    print(f"{'wall time: ours / the other':52} {'ratio':>6} {'range':>15} {'goal':>5}")
    for each in ratios:
        print(
            f"{each['ours'] + ' / ' + each['peer']:52} {each['ratio']:6.3f}   {each['least']:.3f} "
            f"to {each['most']:.3f} {each['goal']:5.2f} {each['ours_seconds']:6.2f} s "
            f"{each['peer_seconds']:6.2f} s"
        )
    checked = sample(encoder, options.agree)
    reference = embeddings(load_encoder(MINILM.name, "float64"), checked)
    agree = {name: agreement(engine, reference, checked) for name, engine in engines.items()}
    with tempfile.TemporaryDirectory() as name:
        agree[INT8] = agreement(
            with_int8(load_own_encoder(MINILM.name), Path(name)), reference, checked
        )
    print(f"{'against float64':20} {'same words':>16} {'error':>9} {'cosine':>8}")
    for name, found in agree.items():
        print(
            f"{name:20} {found['same_words']:7,} of {found['sentences']:,} "
            f"{found['median_error']:9.1e} {found['median_cosine']:8.5f}"
        )
    memory = {side: peak_mib(side, options.sentences) for side in ("ours", "peer")}
    print(f"Peak memory: ours {memory['ours']:.0f} MiB, peer {memory['peer']:.0f} MiB.")
    grown = growth(encoder, options.rows, MINILM.name)
    pool = on_pool(encoder, options.pool)
    print_growth([*grown, pool])
    print("(The last row is sentence-transformers' pool of processes, without its start.)")
    node = on_ray(encoder, options.ray)
    print(
        f"Ray Data on this node, one worker: {node['sentences']:,} rows in {node['seconds']:.1f} s,"
        f" without Ray {node['plain_seconds']:.1f} s: {node['ratio']:.2f} times as long."
    )
    speed = roofline()
    least = work(encoder, few) / speed / 1e9
    bound = {
        "least_seconds": least,
        "loop_over_least": statistics.median(short[LOOP]) / least,
    }
    figures = {
        "provenance": encoder.provenance.as_dict(),
        "measured": datetime.date.today().isoformat(),
        "machine": {"cores": len(os.sched_getaffinity(0)), "processor": processor()},
        "versions": {name: version(name) for name in ("onnxruntime", "openvino", "torch")},
        "sentences": len(many),
        "seconds": {name: statistics.median(times) for name, times in taken.items()},
        "ratios": ratios,
        "agreement": agree,
        "peak_mib": memory,
        "growth": grown,
        "pool": pool,
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
