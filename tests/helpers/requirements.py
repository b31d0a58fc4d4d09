"""What pyproject.toml and constraints.txt say about other packages."""

import re
import tomllib
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


def constraints() -> dict[str, str]:
    """The pinned versions, by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normalized(name): version for name, version in pins}
