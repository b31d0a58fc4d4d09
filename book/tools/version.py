"""Give the package and the book another version, wherever the version stands.

A release is a tag, and all that it publishes leads to that tag: the buttons for Binder and Colab,
and the cell that installs the package on Colab. So a page still opens the code that made it when
that has changed. A development version, such as ``0.2.0.dev0``, leads to the branch ``main``: its
pages are replaced whenever that changes.

The workflow of releases runs this before it installs anything, so it needs nothing but Python.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from address import CONFIG, ROOT, SITES, repository, texts

GITHUB, BINDER, COLAB, _ = SITES
PROJECT = Path("pyproject.toml")
CITATION = Path("CITATION.cff")
CHANGES = Path("book") / "changelog.md"
VERSION = re.compile(r"\d+\.\d+\.\d+(\.dev\d+)?")
BRANCH = "main"
"""Where development goes on."""


class VersionError(Exception):
    """A version that cannot be given, or places that do not agree."""


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Give the package and the book another version.")
    parser.add_argument("version", nargs="?", help="such as 0.2.0, or 0.3.0.dev0 after a release")
    parser.add_argument("--check", metavar="TAG", help="check that a tag can be published, instead")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    options = parser.parse_args()
    try:
        if options.check is not None:
            check(options.root, options.check)
            return 0
        today = datetime.now(UTC).date()
        for path, text in rewritten(options.root, options.version or "", today).items():
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(options.root))
    except VersionError as error:
        print(f"version: {error}", file=sys.stderr)
        return 2
    return 0


def reference(version: str) -> str:
    """Return the tag of a release, or the branch of a development version.

    >>> reference("0.2.0"), reference("0.3.0.dev0")
    ('v0.2.0', 'main')
    """
    return BRANCH if ".dev" in version else f"v{version}"


def check(root: Path, tag: str) -> None:
    """Check that a tag is that of the version, and that every place states it.

    Raises:
        VersionError: If not.
    """
    version, released = stated(root)
    if tag != f"v{version}" or released is None:
        raise VersionError(
            f"the tag is {tag}, and the version is {version}: give it the version of the tag with "
            "`make version`, commit, and tag that commit"
        )
    others = [path.relative_to(root).as_posix() for path in rewritten(root, version, released)]
    if others:
        raise VersionError(
            f"not of version {version}, released on {released}: {', '.join(others)}; run "
            f"`make version VERSION={version}`, commit, and tag that commit"
        )


def stated(root: Path) -> tuple[str, date | None]:
    """Read the version, and the date of the release that the citation states, if there is one."""
    project = (root / PROJECT).read_text(encoding="utf-8")
    citation = (root / CITATION).read_text(encoding="utf-8")
    version = re.search(r'^version = "(.*)"$', project, flags=re.MULTILINE)
    released = re.search(r"^date-released: (\S+)$", citation, flags=re.MULTILINE)
    if not version:
        raise VersionError(f"{PROJECT} states no version: write one under [project]")
    return version[1], date.fromisoformat(released[1]) if released else None


def rewritten(root: Path, version: str, today: date) -> dict[Path, str]:
    """Return the files that change with a version, as they are then.

    Args:
        root: The repository.
        version: The version.
        today: The date of its release; a development version has none.

    Raises:
        VersionError: If this is no version, or if a file has no place for it.
    """
    if not VERSION.fullmatch(version):
        raise VersionError(
            f"{version!r} is no version: write one like VERSION=0.2.0, or VERSION=0.3.0.dev0 after "
            "a release"
        )
    old = dict(texts(root))
    new = {path: _linked(text, repository(root), reference(version)) for path, text in old.items()}
    for name, pattern, replacement in _places(version, today):
        path = root / name
        new[path], count = re.subn(pattern, replacement, new[path], flags=re.MULTILINE)
        if count != 1:
            raise VersionError(
                f"{name} has {count} places for {replacement.strip()!r}, instead of one: look for "
                f"lines that match {pattern}"
            )
    return {path: text for path, text in new.items() if text != old[path]}


def _places(version: str, today: date) -> Iterator[tuple[Path, str, str]]:
    """Go through the places of a version: a file, what stands there, and what will."""
    released = ".dev" not in version
    dated = f"date-released: {today}\n" if released else ""
    yield PROJECT, r'^version = ".*"$', f'version = "{version}"'
    yield CITATION, r"^version: .*\n(date-released: .*\n)?", f"version: {version}\n{dated}"
    yield Path(".zenodo.json"), r'^  "version": ".*"', f'  "version": "{version}"'
    yield CONFIG, r'^    release: ".*"$', f'    release: "{version}"'
    yield CONFIG, r"repository_branch: .*$", f"repository_branch: {reference(version)}"
    if released:
        day = f"{today.day} {today:%B %Y}"
        yield CHANGES, rf"^## (Unreleased.*|{re.escape(version)}, .*)$", f"## {version}, {day}"


def _linked(text: str, name: str, to: str) -> str:
    """Let what opens or installs the repository's code lead to a tag or a branch."""
    before = rf"git\+{GITHUB}{name}@|{BINDER}{name}/|{COLAB}{name}/blob/"
    return re.sub(rf"({before})[\w.-]+", rf"\g<1>{to}", text)


if __name__ == "__main__":
    sys.exit(main())
