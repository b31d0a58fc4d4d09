"""Resolve what set-up installs, as ``make lock`` does: ``lock.py [--upgrade]``.

uv resolves for every Python and system at once, and notes the sha256 of each file that an index
offers for a version. torch is left out of the files with hashes, since one version of it comes in
several builds, each with packages of its own: ``constraints.txt`` pins its version.
"""

import argparse
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

from install import CONSTRAINTS, LOCKS, PYTHONS

OLDEST_TRANSFORMERS = Path(".github") / "transformers-4.57.txt"
OF_TORCH = re.compile(r"(?:torch|triton|cuda-[\w-]+|nvidia-[\w-]+)==")
"""What torch's own step installs: torch pins the exact versions of its CUDA libraries itself."""


def main() -> int:
    """Run the command; returns an exit status."""
    parser = argparse.ArgumentParser(description="Pin what set-up installs.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args()
    try:
        lock(keep=not options.upgrade)
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        print("Nothing was written.", file=sys.stderr)
        return 1
    return 0


def lock(*, keep: bool) -> None:
    """Write the pins, all files or none.

    Args:
        keep: Keep the versions that are pinned now, where pyproject.toml still allows them.

    Raises:
        subprocess.CalledProcessError: If uv finds no versions that fit together.
    """
    everything = resolve("test", CONSTRAINTS if keep else None)
    new = CONSTRAINTS.with_suffix(".new")
    new.write_text("\n".join([heading(CONSTRAINTS), *versions(everything)]) + "\n")
    try:
        written = {
            LOCKS["test"]: everything,
            LOCKS["book"]: resolve("book", new),
            OLDEST_TRANSFORMERS: with_hashes(versions(blocks(OLDEST_TRANSFORMERS.read_text()))),
        }
    except subprocess.CalledProcessError:
        new.unlink()
        raise
    for path, content in written.items():
        kept = [block for block in content if not OF_TORCH.match(block)]
        path.write_text("\n".join([heading(path), *kept]) + "\n")
    new.replace(CONSTRAINTS)


def resolve(extra: str, pins: Path | None) -> list[str]:
    """Resolve the repository with an extra; returns a block of lines for each package."""
    wanted = ["pyproject.toml", "--extra", extra, *(["--constraints", str(pins)] if pins else [])]
    return compiled(wanted)


def with_hashes(pins: list[str]) -> list[str]:
    """Add hashes to pins, and nothing that they need."""
    return compiled(["-", "--no-deps"], "\n".join(pins))


def compiled(wanted: list[str], given: str | None = None) -> list[str]:
    """Ask uv."""
    uv = Path(sys.executable).with_name("uv")
    program = str(uv) if uv.is_file() else shutil.which("uv") or "uv"
    oldest = ".".join(map(str, PYTHONS[0]))
    command = [program, "pip", "compile", *wanted, "--universal", "--python-version", oldest]
    # Without it, uv would look for the oldest Python on the machine.
    # One version of a package for every Python: the figures of a build must not depend on it.
    command += ["--python", sys.executable]
    command += ["--generate-hashes", "--fork-strategy", "fewest", "--no-header", "--no-annotate"]
    ran = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return blocks(ran.stdout)


def blocks(content: str) -> list[str]:
    """Split a file of requirements: each begins at a line's first character."""
    return re.findall(r"^[^\s#].*(?:\n[ \t].*)*", content, re.MULTILINE)


def versions(content: list[str]) -> list[str]:
    """Leave the hashes out, and what torch brings with it."""
    pins = [block.partition("\\")[0].strip() for block in content]
    return [pin for pin in pins if pin.startswith("torch==") or not OF_TORCH.match(pin)]


def heading(path: Path) -> str:
    """Return the comment that a file begins with."""
    lines = path.read_text().splitlines()
    return "\n".join(itertools.takewhile(lambda line: line.startswith("#"), lines))


if __name__ == "__main__":
    sys.exit(main())
