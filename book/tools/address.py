"""Put another address of the repository wherever it stands: buttons, Colab's cells, citation."""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "book/_config.yml"
PLACES = (CONFIG, "pyproject.toml", "CITATION.cff", "book/commands.md", "notebooks/**/*.ipynb")
ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        description="Put another address of the repository everywhere."
    )
    parser.add_argument("address", help="such as https://github.com/you/trendbook")
    parser.add_argument("--branch", help="branch or tag that the book leads to (default: the same)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    options = parser.parse_args()
    if not ADDRESS.fullmatch(options.address):
        print(
            f"address: {options.address!r} is no address of a repository on GitHub, which Colab "
            "needs: use one like https://github.com/you/trendbook",
            file=sys.stderr,
        )
        return 2
    config = (options.root / CONFIG).read_text(encoding="utf-8")
    address, branch = stated(config, "repository_url"), stated(config, "repository_branch")
    new_branch = options.branch or branch
    replaced = {
        f"{address}@{branch}": f"{options.address}@{new_branch}",
        address: options.address,
        f"repository_branch: {branch}\n": f"repository_branch: {new_branch}\n",
    }
    for path in sorted(path for place in PLACES for path in options.root.glob(place)):
        text = path.read_text(encoding="utf-8")
        changed = text
        for old, new in replaced.items():
            changed = changed.replace(old, new)
        if changed != text:
            path.write_text(changed, encoding="utf-8")
            print(path.relative_to(options.root))
    return 0


def stated(config: str, key: str) -> str:
    """Read what the book's configuration states."""
    return config.partition(f"{key}: ")[2].split(maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main())
