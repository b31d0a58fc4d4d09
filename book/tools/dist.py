"""Build the sdist and the wheel, check them, and try each where nothing else is installed.

Each goes into an environment of its own, outside the repository, with the newest versions of what
it asks for: that is what somebody gets who installs it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = Path("dist")
TRY = """
import sys, trendlib

assert trendlib.__file__.startswith(sys.prefix), trendlib.__file__
print(trendlib.embed("I sold my car.", model="all-MiniLM-L6-v2").values.shape)
"""


class DistError(Exception):
    """Something that cannot be published."""


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Build the sdist and the wheel, and try both.")
    parser.add_argument("--out", type=Path, default=ROOT / DIST, help="where to put them")
    parser.add_argument("--index", help="extra package index, for torch")
    options = parser.parse_args()
    try:
        for file in build(options.out.resolve()):
            with tempfile.TemporaryDirectory() as folder:
                _run("-m", "venv", folder)
                told = tried(file, Path(folder), options.index)
            print(f"{file.name}: {told}", flush=True)
    except DistError as error:
        print(f"dist: {error}", file=sys.stderr)
        return 1
    return 0


def build(out: Path) -> list[Path]:
    """Build the sdist from the repository and the wheel from the sdist, and check what they state.

    Args:
        out: The folder that they go into. What an earlier build left there is removed.

    Raises:
        DistError: If they cannot be built, or if an index would not take them.
    """
    for old in [*out.glob("trendlib-*.tar.gz"), *out.glob("trendlib-*.whl")]:
        old.unlink()
    _run("-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT))
    files = sorted([*out.glob("trendlib-*.tar.gz"), *out.glob("trendlib-*.whl")])
    _run("-m", "twine", "check", "--strict", *map(str, files))
    return files


def tried(file: Path, environment: Path, index: str | None = None) -> str:
    """Install a file into an environment, and run its command and a line of Python there.

    Args:
        file: The sdist or the wheel.
        environment: The folder of an empty environment, outside the repository.
        index: An extra package index, for torch.

    Returns:
        What they printed.

    Raises:
        DistError: If one of them fails.
    """
    programs = environment / "bin"
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(file)]
    _run(*pip, *(["--extra-index-url", index] if index else []), program=programs / "python")
    told = _run("--version", program=programs / "trendlib", folder=environment)
    told += _run("-c", TRY, program=programs / "python", folder=environment)
    return ", ".join(told.splitlines())


def _run(*arguments: str, program: str | Path = sys.executable, folder: Path = ROOT) -> str:
    """Run a program, which finds the packages of its environment alone; return what it printed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [program, *arguments], cwd=folder, env=kept, capture_output=True, text=True, check=False
    )
    if result.returncode:
        ran = " ".join([Path(program).name, *arguments])
        raise DistError(f"{ran}\n{result.stdout}{result.stderr}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
