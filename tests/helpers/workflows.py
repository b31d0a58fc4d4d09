"""The workflows of GitHub Actions, and a machine that runs their steps as GitHub does."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from helpers.paths import ROOT

WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))
    return content


def triggers(name: str) -> dict[str, Any]:
    return read(name)[True]  # type: ignore[index]  # YAML takes "on" for true


class Machine:
    """A checkout with an origin, and stand-ins on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout = folder / "checkout"
        self.files = self.checkout / "_build" / "drift"
        self.output, self.summary = folder / "output", folder / "summary"
        self.calls = folder / "calls"
        (folder / "bin").mkdir()
        self.environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_SHA": "0123abc",
            "RUN": "the run's address",
        }
        self.git("init", "--quiet", "--bare", str(folder / "origin"), at=folder)
        self.git("clone", "--quiet", str(folder / "origin"), str(self.checkout), at=folder)
        author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
        self.git(*author, "commit", "--quiet", "--allow-empty", "-m", "Begin")
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
        self.files.mkdir(parents=True)
        (self.checkout / ".venv").symlink_to(folder)  # a step names programs there by their path

    def git(self, *arguments: str, at: Path | None = None) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=at or self.checkout,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def stand_in(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.calls}"\n{script}\n')
        path.chmod(0o755)

    def called(self) -> list[str]:
        return self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []

    def step(self, job: str, name: str, workflow: str = "drift") -> int:
        """Run a step, and return its exit status."""
        steps = read(workflow)["jobs"][job]["steps"]
        (step,) = (step for step in steps if step.get("name") == name)
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.checkout,
            env=self.environment,
            check=False,
            capture_output=True,
        ).returncode
