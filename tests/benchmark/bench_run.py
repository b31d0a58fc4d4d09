"""Benchmark of `trendlib run` against a shell loop of papermill, in one run on one machine.

`make bench` calls it. Rates are sentences a second, from the start of the command to its end. The
loop is too slow to run over all the sentences: it runs over a few of them, half of them before and
half after what it is compared with.
"""

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "03_with_a_model.ipynb"
BIN = Path(sys.executable).parent
MODEL = "all-MiniLM-L6-v2"
LOOP = 'n=0; for s in "$@"; do "$BIN/papermill" "$NOTEBOOK" "$n.ipynb" -k python3 -r sentence "$s" '
LOOP += "--no-progress-bar >/dev/null 2>&1 || exit 1; n=$((n + 1)); done"

PEOPLE = ["My sister", "The old man", "A student", "Our neighbour", "The driver", "Her teacher"]
PEOPLE += ["The cook", "Nobody", "The committee", "His brother"]
DEEDS = ["sold", "repaired", "lost", "painted", "borrowed", "described", "forgot", "found"]
THINGS = ["the car", "a bicycle", "the letter", "an umbrella", "the piano", "two chairs", "a map"]
ENDS = ["yesterday", "in the rain", "for a friend", "without a word", "before noon"]


def sentences(count: int) -> list[str]:
    """Make different sentences, always the same ones."""
    words = itertools.product(ENDS, THINGS, DEEDS, PEOPLE)
    made = [f"{who} {did} {what} {end}." for end, what, did, who in words]
    if count > len(made):
        raise SystemExit(f"bench: {count} sentences are asked for, {len(made)} can be made")
    return made[:count]


class Memory(threading.Thread):
    """Watches the processes of a command: the most that each kind of them took."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Watch the command and the workers that it starts."""
        super().__init__(daemon=True)
        self.command = 0.0
        self.worker = 0.0
        self._process = psutil.Process(process.pid)

    def run(self) -> None:
        """Look until the command has ended; what two processes share counts half in each."""
        while self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE:
            try:
                self.command = max(self.command, self._process.memory_full_info().pss / 2**20)
                for child in self._process.children():
                    self.worker = max(self.worker, child.memory_full_info().pss / 2**20)
            except psutil.Error:
                pass
            time.sleep(0.3)


def loop(texts: list[str], folder: Path) -> float:
    """Time the shell loop; seconds a sentence."""
    start = time.perf_counter()
    environment = {"PATH": "/usr/bin:/bin", "BIN": str(BIN), "NOTEBOOK": str(NOTEBOOK)}
    command = ["bash", "-c", LOOP, "loop", *texts]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return (time.perf_counter() - start) / len(texts)


def run(texts: list[str], folder: Path, jobs: int, *options: str) -> tuple[float, Memory]:
    """Time `trendlib run`; seconds a sentence."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = folder.with_suffix(".txt")
    listed.write_text("\n".join(texts), encoding="utf-8")
    command = [BIN / "trendlib", "run", "--file", listed, "--out", folder, "--model", MODEL]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--jobs", str(jobs), *options], stdout=subprocess.DEVNULL)
    memory = Memory(process)
    memory.start()
    if process.wait() != 0:
        raise SystemExit(f"bench: trendlib run ended with status {process.returncode}")
    return (time.perf_counter() - start) / len(texts), memory


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--many", type=int, default=2000, help="for the records alone")
    parser.add_argument("--loop", type=int, default=8, help="sentences of the shell loop")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "bench" / "run.json")
    options = parser.parse_args()
    half = options.loop // 2
    texts, few = sentences(options.sentences), sentences(options.loop)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        before = loop(few[:half], work)
        notebooks, memory = run(texts, work / "notebooks", options.jobs)
        records, record_memory = run(texts, work / "records", options.jobs, "--no-notebook")
        many, _ = run(sentences(options.many), work / "many", options.jobs, "--no-notebook")
        after = loop(few[half:], work)
    peer = (before * half + after * (options.loop - half)) / options.loop
    rows = {
        f"shell loop of papermill, {options.loop} sentences": peer,
        f"trendlib run, {options.sentences} sentences": notebooks,
        f"trendlib run --no-notebook, {options.sentences} sentences": records,
        f"trendlib run --no-notebook, {options.many} sentences": many,
    }
    print(f"{'':52} {'sentences/s':>12} {'ratio':>8}")
    for name, seconds in rows.items():
        print(f"{name:52} {1 / seconds:12.3f} {peer / seconds:8.1f}")
    print(f"The loop took {before:.1f} s a sentence before, {after:.1f} s after.")
    print(
        f"Memory (proportional share, {options.jobs} jobs): {memory.worker:.0f} MiB a worker with "
        f"notebooks, {record_memory.worker:.0f} MiB without; {memory.command:.0f} MiB the command."
    )
    figures = {
        "model": MODEL,
        "jobs": options.jobs,
        "seconds_a_sentence": rows,
        "loop_before_after": [before, after],
        "mib_a_worker": {"notebooks": memory.worker, "records": record_memory.worker},
        "mib_command": memory.command,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
