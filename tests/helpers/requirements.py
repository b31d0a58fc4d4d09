"""What pyproject.toml and the files of pins say about other packages."""

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from helpers.paths import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]


def normalized(line: str) -> str:
    """The name of a requirement, as packages compare names."""
    return re.sub(r"[-_.]+", "-", Requirement(line).name).lower()


def of_extras(*extras: str) -> set[str]:
    """The requirements of the plain package and of extras, with those that these bring."""
    found = set(PROJECT["dependencies"])
    waiting = list(extras)
    while waiting:
        for line in PROJECT["optional-dependencies"][waiting.pop()]:
            requirement = Requirement(line)
            if requirement.name == PROJECT["name"]:
                waiting += requirement.extras
            else:
                found.add(line)
    return found


def pins(path: Path) -> dict[str, str]:
    """The pinned versions in a file of requirements, by name."""
    lines = re.findall(r"^[^\s#].*", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    requirements = [Requirement(line.rstrip("\\")) for line in lines]
    found = {normalized(each.name): str(each.specifier).removeprefix("==") for each in requirements}
    assert len(found) == len(lines), f"{path} pins a package twice"
    return found


def constraints() -> dict[str, str]:
    """All pinned versions, by name."""
    return pins(ROOT / "constraints.txt")
