"""Put another address of the repository wherever it stands: buttons, Colab's cells, citation."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path("book") / "_config.yml"
REPOSITORY = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)")
SITES = (
    "https://github.com/",
    "https://mybinder.org/v2/gh/",
    "https://colab.research.google.com/github/",
    "https://codespaces.new/",
)
"""What stands before a repository's owner and name, wherever it is opened."""


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        description="Put another address of the repository everywhere."
    )
    parser.add_argument("address", help="such as https://github.com/you/trendbook")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    options = parser.parse_args()
    new = REPOSITORY.fullmatch(options.address)
    if not new:
        print(
            f"address: {options.address!r} is no address of a repository on GitHub, which Colab "
            "needs: use one like https://github.com/you/trendbook",
            file=sys.stderr,
        )
        return 2
    sites = "|".join(map(re.escape, SITES))
    # No letter may follow, or it would be the name of another repository.
    old = re.compile(rf"({sites}){re.escape(repository(options.root))}(?![\w-])")
    for path, text in texts(options.root):
        changed = old.sub(rf"\g<1>{new[1]}", text)
        if changed != text:
            path.write_text(changed, encoding="utf-8")
            print(path.relative_to(options.root))
    return 0


def repository(root: Path) -> str:
    """Return the owner and the name of the repository, as the book's configuration states them."""
    config = (root / CONFIG).read_text(encoding="utf-8")
    (stated,) = re.findall(rf"^ *repository_url: {SITES[0]}(\S+)$", config, flags=re.MULTILINE)
    return str(stated)


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Read all files that Git tracks, but for those that hold no text, such as images."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = root / name
        if path.is_file() and not path.is_symlink():
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


if __name__ == "__main__":
    sys.exit(main())
