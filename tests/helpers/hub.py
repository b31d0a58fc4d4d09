"""A hub on this machine, with one repository."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from huggingface_hub import constants, file_download

from trendlib.model import hub

FIRST, SECOND = "a" * 40, "b" * 40
NAME = "someone/tiny-roberta"
OLD_NAME = "tiny-roberta"


@dataclass
class Site:
    """What the hub of a test has.

    Attributes:
        folders: The files of each commit.
        branches: The commits that branches lead to.
        status: The answer to all questions, if not 0.
        code: The hub's own word for it.
        asked: The paths that were asked for.
    """

    folders: dict[str, Path]
    branches: dict[str, str]
    status: int = 0
    code: str | None = None
    asked: list[str] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    """As much of the hub as its client needs."""

    site: Site

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        self.site.asked.append(self.path)
        if self.site.status:
            return self._refuse(self.site.status, self.site.code)
        name, _, rest = self.path[1:].partition("/resolve/")
        if name == OLD_NAME:
            return self._lead_on(f"/{NAME}/resolve/{rest}")
        revision, _, file = rest.partition("/")
        commit = self.site.branches.get(revision, revision)
        if name != NAME:
            return self._refuse(404, "RepoNotFound")
        if commit not in self.site.folders:
            return self._refuse(404, "RevisionNotFound")
        path = self.site.folders[commit] / file
        if not path.is_file():
            return self._refuse(404, "EntryNotFound", commit)
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if with_body:
            self.wfile.write(content)
        return None

    def _lead_on(self, path: str) -> None:
        self.send_response(307)
        self.send_header("Content-Length", "0")
        self.send_header("Location", path)
        self.end_headers()

    def _refuse(self, status: int, code: str | None, commit: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if code is not None:
            self.send_header("X-Error-Code", code)
        if commit is not None:
            self.send_header("X-Repo-Commit", commit)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Answer as the hub does; yields the address."""
    handler = type("OwnHandler", (Handler,), {"site": site})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def use_hub(monkeypatch: pytest.MonkeyPatch, endpoint: str, cache: Path) -> None:
    """Let this process ask the hub at an address, with an empty cache."""
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    # huggingface_hub before 1.0 has a copy of it, which a later one does not miss.
    monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.resolve.cache_clear()
